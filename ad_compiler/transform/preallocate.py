"""Tapes of loops whose trips are counted before they start become arrays.

    tape = tape_new                     tape = np.empty(n)
    for k in range(n):          ⇒       for k in range(n):
        tape = tape_put tape k y            tape[k] = y

What a compiler of numbers makes fast. Tapes of numbers, and of arrays and tapes whose lengths do
not depend on the loop; all others stay lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from ad_compiler.analysis.edges import missing_on_some_path
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    const,
    walk,
)
from ad_compiler.ir.types import (
    NUMPY_NAMES,
    Array,
    Tape,
    Type,
)
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.lengths import Planner, Scope, trips
from ad_compiler.transform.webs import webs_of

ELEMENT = const(("int",))
STORES = {"tape_put": "store", "tape_add": "add_at"}
SAME = {"tape_zeros_like": "zeros_like", "list_sum": "add"}


def preallocate(function: Function) -> Function:
    """The program with arrays for the tapes that can be such."""
    if not any(isinstance(s, Let) and s.prim.name == "tape_new" for s in walk(function.block)):
        return function
    webs = webs_of(function)
    planner = Planner(webs, plans=dict.fromkeys(map(webs.find, _with_gaps(function)), None))
    planner.block(function.block, Scope.of(function.params))
    kept = planner.settled()
    return function.with_block(_Rewriter(planner, kept).block(function.block))


def _with_gaps(function: Function) -> Iterator[Var]:
    """The tapes of what has a length, and is not there on all paths: a list takes other lengths."""
    missing = missing_on_some_path(function)
    for stmt in walk(function.block):
        if isinstance(stmt, Let) and stmt.prim.name == "tape_put":
            tape, _, value = stmt.args
            if isinstance(tape, Var) and isinstance(value.type, Array | Tape) and value in missing:
                yield tape


@dataclass(slots=True)
class _Rewriter:
    """Carries out the plan."""

    planner: Planner
    kept: dict[Var, Array]
    env: dict[Var, Var] = field(default_factory=dict[Var, Var])
    waiting: list[tuple[Var, Let]] = field(default_factory=list[tuple[Var, Let]])
    """The tapes that are yet to be allocated."""

    def block(self, block: Block) -> Block:
        params = self.many(block.params)
        body = tuple(new for stmt in block.body for new in (*self.due(stmt), *self.statement(stmt)))
        stop = None if block.stop is None else self.atom(block.stop)
        return Block(params, body, tuple(map(self.atom, block.results)), stop)

    def due(self, stmt: Stmt) -> Iterator[Stmt]:
        """The allocations for a loop."""
        for tape, let in list(self.waiting):
            if self.planner.origins[tape].loop is stmt:
                self.waiting.remove((tape, let))
                yield from self.allocated(tape, self.var(tape), let)

    def many(self, variables: tuple[Var, ...]) -> tuple[Var, ...]:
        return tuple(map(self.var, variables))

    def atom(self, atom: Atom) -> Atom:
        if isinstance(atom, Var):
            return self.var(atom)
        return atom

    def var(self, var: Var) -> Var:
        """The variable, with the type that it has now."""
        if not isinstance(var.type, Tape):
            return var
        if var not in self.env:
            made = Var(var.name, self.type_of(var), var.temp)
            self.env[var] = self.env[made] = made
        return self.env[var]

    def type_of(self, var: Var) -> Type:
        root = self.planner.webs.find(var)
        if root in self.kept:
            return self.kept[root]
        inner = self.planner.webs.elements.get(root)
        return var.type if inner is None else Tape(self.type_of(inner))

    def fitted(self, atom: Atom, target: Var) -> Atom:
        """What arrives in a variable: a value that is not defined is of its type."""
        return Undef(target.type) if isinstance(atom, Undef) else self.atom(atom)

    def edge(self, atoms: tuple[Atom, ...], targets: tuple[Var, ...]) -> tuple[Atom, ...]:
        return tuple(self.fitted(a, t) for a, t in zip(atoms, targets, strict=True))

    def statement(self, stmt: Stmt) -> Iterator[Stmt]:
        match stmt:
            case Let():
                yield from self.let(stmt)
            case Effect():
                yield replace(stmt, args=tuple(map(self.atom, stmt.args)))
            case If():
                targets = self.many(stmt.targets)
                then, orelse = self.block(stmt.then), self.block(stmt.orelse)
                then = replace(then, results=self.edge(then.results, targets))
                orelse = replace(orelse, results=self.edge(orelse.results, targets))
                test = self.atom(stmt.test)
                yield If(targets, test, then, orelse, stmt.at)
            case For():
                body = self.block(stmt.body)
                body = replace(body, results=self.edge(body.results, body.params[1:]))
                yield replace(
                    stmt,
                    targets=self.many(stmt.targets),
                    inits=self.edge(stmt.inits, body.params[1:]),
                    body=body,
                )
            case While():
                body = self.block(stmt.body)
                body = replace(body, results=self.edge(body.results, body.params))
                yield replace(
                    stmt,
                    targets=self.many(stmt.targets),
                    inits=self.edge(stmt.inits, body.params),
                    cond=self.block(stmt.cond),
                    body=body,
                )
            case _:
                assert_never(stmt)

    def let(self, let: Let) -> Iterator[Stmt]:
        name = let.prim.name
        targets, args = self.many(let.targets), tuple(map(self.atom, let.args))
        tape = let.targets[0] if name == "tape_new" else let.args[0] if let.args else None
        if not (isinstance(tape, Var) and isinstance(tape.type, Tape)):
            yield replace(let, targets=targets, args=args)
        elif self.planner.webs.find(tape) not in self.kept:
            yield replace(let, targets=targets, args=self.element_of_list(let, args))
        elif name == "tape_new":
            self.waiting.append((tape, let))  # its lengths may be computed just before its loop
        elif name in STORES:
            made, k, value = args
            prim = PRIMITIVES[STORES[name]]
            yield Let(targets, prim, (made, ELEMENT, value, k), let.at)
        elif name == "tape_get":
            yield Let(targets, PRIMITIVES["getitem"], (args[0], ELEMENT, args[1]), let.at)
        else:
            prim = PRIMITIVES[SAME[name]] if name in SAME else let.prim
            yield Let(targets, prim, args, let.at)

    def element_of_list(self, let: Let, args: tuple[Atom, ...]) -> tuple[Atom, ...]:
        """The operands of an operation on a list; a new one says what it is a list of."""
        if let.prim.name != "tape_new":
            return args
        tape = self.type_of(let.targets[0])
        assert isinstance(tape, Tape)
        return (Const(None, tape.element),)

    def allocated(self, tape: Var, target: Var, let: Let) -> Iterator[Stmt]:
        """`np.empty` of the trips of the loop, and of the lengths of an element."""
        origin, type_ = self.planner.origins[tape], target.type
        assert isinstance(type_, Array)
        assert origin.loop is not None
        builder = Builder()
        lengths = [trips(builder, origin.loop)]
        lengths += [self.planner.length(builder, d, origin.scope) for d in type_.dims[1:]]
        yield from (replace(s, at=let.at) for s in builder.frame.stmts if isinstance(s, Let))
        dtype = const(NUMPY_NAMES[type_.dtype])
        yield Let((target,), PRIMITIVES["np.empty"], (*lengths, dtype), let.at)
