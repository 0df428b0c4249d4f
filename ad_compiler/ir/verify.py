"""Checks that a program is well formed. What fails here is a defect of the compiler."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from ad_compiler.errors import InternalError
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    leaves,
)
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Bool, Int, Static, Tape, Type, is_number


def verify(function: Function) -> None:
    """Raise InternalError, naming the statement, unless the program is well formed."""
    Verifier(function).function(function)


class Verifier:
    """One walk over a program; `scope` are the variables that may be read."""

    def __init__(self, function: Function) -> None:
        self.name = function.name
        self.scope: set[Var] = set()
        self.seen: set[Var] = set()

    def demand(self, holds: bool, problem: str) -> None:
        """Raise unless something holds."""
        if not holds:
            raise InternalError(f"{self.name}: {problem}")

    def function(self, function: Function) -> None:
        """The parameters, the block, the results."""
        given = [v for p in function.parameters for v in leaves(p.tree) if isinstance(v, Var)]
        self.demand(given == list(function.params), "the parameters' leaves are not the block's")
        self.block(function.block)
        self.demand(function.block.stop is None, "a function stops")
        for leaf in leaves(function.output):
            if isinstance(leaf, int):
                self.demand(0 <= leaf < len(function.results), f"there is no result {leaf}")

    def define(self, variables: Iterable[Var]) -> None:
        """Each variable is defined once in the whole program."""
        for var in variables:
            self.demand(var not in self.seen, f"{var} is defined twice")
            self.seen.add(var)
            self.scope.add(var)

    def read(self, atoms: Iterable[Atom], where: str) -> None:
        """What is read was defined before, around here."""
        for atom in atoms:
            if isinstance(atom, Var):
                self.demand(atom in self.scope, f"{where} reads {atom}, which is not defined here")

    def block(self, block: Block) -> None:
        """A block sees the variables around it; nobody sees its own."""
        outer = set(self.scope)
        self.define(block.params)
        for stmt in block.body:
            self.stmt(stmt)
        self.read(block.yielded, "the end of a block")
        self.scope = outer

    def stmt(self, stmt: Stmt) -> None:
        """One statement, and what it defines."""
        match stmt:
            case Let(targets, prim, args):
                self.operands(prim, args)
                self.targets(prim, args, targets)
                self.define(targets)
            case Effect(prim, args):
                self.operands(prim, args)
            case If(targets, test, then, orelse):
                self.read([test], "`if`")
                self.demand(is_number(test.type), f"the test {test} is {test.type}")
                for arm in (then, orelse):
                    self.demand(not arm.params, "an arm of `if` takes parameters")
                    self.demand(arm.stop is None, "an arm of `if` stops")
                    self.block(arm)
                    self.flows(arm.results, targets, "an arm of `if`")
                self.define(targets)
            case For():
                self.loop(stmt)
            case While(targets, inits, cond, body):
                self.read(inits, "`while`")
                for block in (cond, body):
                    self.flows(inits, block.params, "`while`")
                    self.block(block)
                self.demand(
                    len(cond.results) == 1 and isinstance(cond.results[0].type, Bool),
                    "the condition of `while` is no truth value",
                )
                self.demand(cond.stop is None, "the condition of `while` stops")
                self.stop(body)
                self.flows(body.results, body.params, "a trip of `while`")
                self.flows(body.params, targets, "the end of `while`")
                self.define(targets)
            case _:
                assert_never(stmt)

    def loop(self, stmt: For) -> None:
        """The bounds, the carried values, the index."""
        bounds = (stmt.start, stmt.stop, stmt.step)
        self.read((*bounds, *stmt.inits), "`for`")
        for bound in bounds:
            self.demand(isinstance(bound.type, Int), f"the bound {bound} is {bound.type}")
        self.demand(bool(stmt.body.params), "`for` has no index")
        index, *params = stmt.body.params
        self.demand(isinstance(index.type, Int), f"the index {index} is {index.type}")
        self.flows(stmt.inits, params, "`for`")
        self.block(stmt.body)
        self.stop(stmt.body)
        self.demand(not (stmt.descending and stmt.body.stop), "`for` stops on its way back")
        self.flows(stmt.body.results, params, "a trip of `for`")
        self.flows(params, stmt.targets, "the end of `for`")
        self.define(stmt.targets)

    def stop(self, body: Block) -> None:
        """What says that a trip is the last one is a truth value."""
        if body.stop is not None:
            self.demand(isinstance(body.stop.type, Bool), f"`stop` is {body.stop.type}")

    def operands(self, prim: Primitive, args: Sequence[Atom]) -> None:
        """As many operands as parameters; all of them defined."""
        self.read(args, prim.name)
        many = any(name.startswith("*") for name in prim.params)
        expected = len(prim.params)
        enough = len(args) >= expected - 1 if many else len(args) == expected
        self.demand(enough, f"{prim.name} takes {prim.params}, {len(args)} are given")
        self.demand(not any(isinstance(a, Undef) for a in args), f"{prim.name} reads no value")

    def targets(self, prim: Primitive, args: Sequence[Atom], targets: Sequence[Var]) -> None:
        """As many targets as results, of the right kind."""
        inferred = prim.infer(args)
        types = inferred if isinstance(inferred, tuple) else (inferred,)
        self.demand(len(types) == len(targets), f"{prim.name} has {len(types)} results")
        for type_, target in zip(types, targets, strict=True):
            self.demand(
                compatible(type_, target.type),
                f"{prim.name} gives {type_}, {target} is {target.type}",
            )

    def flows(self, values: Sequence[Atom], places: Sequence[Var], where: str) -> None:
        """Each value may stand in its place."""
        self.demand(len(values) == len(places), f"{where}: {len(values)} for {len(places)} places")
        for value, place in zip(values, places, strict=True):
            self.demand(
                isinstance(value, Undef) or compatible(value.type, place.type),
                f"{where}: {value} of type {value.type} goes into {place} of type {place.type}",
            )


def compatible(value: Type, place: Type) -> bool:
    """Whether a value of one type may stand where another is expected: up to kinds and lengths."""
    match value, place:
        case Array(p, m), Array(q, n):
            return p == q and len(m) == len(n)
        case Tape(p), Tape(q):
            return compatible(p, q)
        case Static(), Static():
            return True
        case _:
            return is_number(value) and is_number(place)
