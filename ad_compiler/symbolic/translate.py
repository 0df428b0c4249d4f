"""A program as SymPy expressions: one for each result, in neutral symbols `v0, v1, …`.

Branches become `Piecewise`, loops of a known number of trips are unrolled. What SymPy cannot
follow is refused with a reason and a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from ad_compiler.errors import AdCompilerError, Span
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
)
from ad_compiler.ir.types import Bool, Float, Int, Tape, Type, dims_of
from ad_compiler.symbolic.tables import Expr, meaning_of, number, sympy

STEPS = 3_000
"""How many statements are followed, unrolled trips included."""
SIZE = 50_000
"""How many operations an expression may hold, written out in full."""


class CannotFollow(AdCompilerError):
    """A program that SymPy has no expression for: the reason and the place."""

    def __init__(self, reason: str, at: Span | None = None) -> None:
        super().__init__(reason if at is None else f"{at}: {reason}")
        self.reason = reason
        self.at = at


@dataclass(slots=True)
class Follower:
    """Runs a program on expressions instead of numbers."""

    env: dict[Var, Expr]
    sizes: dict[Var, int] = field(default_factory=dict[Var, int])
    steps: int = 0

    def block(self, block: Block) -> tuple[Expr, ...]:
        """Run a block; the expressions of its results."""
        for stmt in block.body:
            self.steps += 1
            if self.steps > STEPS:
                raise CannotFollow(f"more than {STEPS} statements, loops unrolled", stmt.at)
            self.statement(stmt)
        return tuple(self.value(atom, None) for atom in block.results)

    def statement(self, stmt: Stmt) -> None:
        """Run one statement."""
        match stmt:
            case Let():
                self.let(stmt)
            case If():
                self.branch(stmt)
            case For():
                self.loop(stmt)
            case While():
                self.repeat(stmt)
            case Effect():
                raise CannotFollow(f"`{stmt.prim.name}` is no expression", stmt.at)
            case _:
                assert_never(stmt)

    def let(self, let: Let) -> None:
        """Apply the counterpart of a primitive."""
        meaning = meaning_of(let.prim, let.targets[0].type)
        scalar = not any(isinstance(t.type, Tape) or dims_of(t.type) for t in let.targets)
        if meaning is None or not scalar or len(let.targets) != 1:
            what = let.prim.name if scalar else f"{let.prim.name} (it gives an array)"
            raise CannotFollow(f"SymPy has no counterpart of {what}", let.at)
        size = 1 + sum(self.sizes.get(a, 0) for a in let.args if isinstance(a, Var))
        if size > SIZE:
            raise CannotFollow(f"the expression grows beyond {SIZE} operations", let.at)
        args = [self.value(a, let.at) for a in let.args if not _absent(a)]
        (target,) = let.targets
        self.env[target] = meaning(*args)
        self.sizes[target] = size

    def branch(self, stmt: If) -> None:
        """Both arms, joined in a `Piecewise`; one arm where the test is constant."""
        test = self.condition(stmt.test, stmt.at)
        if isinstance(test, bool):
            taken = stmt.then if test else stmt.orelse
            self.bind(stmt.targets, self.block(taken), 1)
            return
        arms = zip(stmt.targets, self.block(stmt.then), self.block(stmt.orelse), strict=True)
        values = [_either(target, test, one, other) for target, one, other in arms]
        size = 1 + sum(self.sizes.get(v, 0) for arm in (stmt.then, stmt.orelse)
                       for v in arm.results if isinstance(v, Var))  # fmt: skip
        self.bind(stmt.targets, tuple(values), size)

    def loop(self, stmt: For) -> None:
        """Unroll a loop over a constant range."""
        bounds = [self.value(a, stmt.at) for a in (stmt.start, stmt.stop, stmt.step)]
        if not all(getattr(b, "is_Integer", False) for b in bounds):
            raise CannotFollow("the number of trips of this loop is not constant", stmt.at)
        trips: Any = range(*map(int, bounds))
        carried = tuple(self.value(a, stmt.at) for a in stmt.inits)
        sizes = [self.sizes.get(a, 0) if isinstance(a, Var) else 0 for a in stmt.inits]
        for index in reversed(trips) if stmt.descending else trips:
            self.env[stmt.body.params[0]] = sympy().Integer(index)
            carried, sizes = self.trip(stmt.body, stmt.body.params[1:], carried, sizes)
            if self.stops(stmt):
                break
        self.env.update(zip(stmt.targets, carried, strict=True))
        self.sizes.update(zip(stmt.targets, sizes, strict=True))

    def repeat(self, stmt: While) -> None:
        """Unroll a `while` whose test is constant each time."""
        carried = tuple(self.value(a, stmt.at) for a in stmt.inits)
        sizes = [self.sizes.get(a, 0) if isinstance(a, Var) else 0 for a in stmt.inits]
        while True:
            self.env.update(zip(stmt.cond.params, carried, strict=True))
            self.block(stmt.cond)
            test = self.condition(stmt.cond.results[0], stmt.at)
            if not isinstance(test, bool):
                raise CannotFollow("the number of trips of this loop is not constant", stmt.at)
            if not test:
                break
            carried, sizes = self.trip(stmt.body, stmt.body.params, carried, sizes)
            if self.stops(stmt):
                break
        self.env.update(zip(stmt.targets, carried, strict=True))
        self.sizes.update(zip(stmt.targets, sizes, strict=True))

    def stops(self, stmt: For | While) -> bool:
        """Whether a loop ends after the trip that was just unrolled."""
        if stmt.body.stop is None:
            return False
        test = self.condition(stmt.body.stop, stmt.at)
        if not isinstance(test, bool):
            raise CannotFollow("the number of trips of this loop is not constant", stmt.at)
        return test

    def trip(
        self, body: Block, params: tuple[Var, ...], carried: tuple[Expr, ...], sizes: list[int]
    ) -> tuple[tuple[Expr, ...], list[int]]:
        """One trip of a loop: the carried values after it, and their sizes."""
        self.env.update(zip(params, carried, strict=True))
        self.sizes.update(zip(params, sizes, strict=True))
        after = self.block(body)
        return after, [self.sizes.get(a, 0) if isinstance(a, Var) else 0 for a in body.results]

    def bind(self, targets: tuple[Var, ...], values: tuple[Expr, ...], size: int) -> None:
        """Enter the results of a statement."""
        self.env.update(zip(targets, values, strict=True))
        self.sizes.update(dict.fromkeys(targets, size))

    def condition(self, atom: Atom, at: Span | None) -> Expr:
        """A truth value: True, False, or a SymPy condition."""
        value = self.value(atom, at)
        if not isinstance(atom.type, Bool):
            value = sympy().Ne(value, 0)
        if value in (sympy().true, sympy().false):
            return bool(value)
        return value

    def value(self, atom: Atom, at: Span | None) -> Expr:
        """The expression of an operand."""
        match atom:
            case Var():
                return self.env[atom]
            case Const(value=bool() as value):
                return sympy().true if value else sympy().false
            case Const(value=int() | float() as value):
                return number(value)
            case Const():
                raise CannotFollow(f"the constant {atom!r} is no number", at)
            case Undef():
                raise CannotFollow("a value may be missing on one path", at)
            case _:
                assert_never(atom)


def _either(target: Var, test: Expr, one: Expr, other: Expr) -> Expr:
    """A value that is `one` if the test holds, and `other` else."""
    if isinstance(target.type, Bool):
        return sympy().ITE(test, one, other)
    return sympy().Piecewise((one, test), (other, True))


def _absent(atom: Atom) -> bool:
    """Whether an operand is left out, like the base of `math.log(x)`."""
    return isinstance(atom, Const) and atom.value is None


def symbol(k: int, type_: Type) -> Expr:
    """The neutral symbol of an input."""
    match type_:
        case Float():
            return sympy().Symbol(f"v{k}", real=True)
        case Int():
            return sympy().Symbol(f"v{k}", integer=True)
        case Bool():
            return sympy().Symbol(f"v{k}")
        case _:
            raise CannotFollow(f"an input is no number but {type_}")


def to_sympy(
    function: Function, fixed: Mapping[int, float] | None = None
) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """The symbols of a program's inputs, and the expressions of its results.

    `fixed` gives inputs (by position) that are constants, such as a number of trips. Raises
    `CannotFollow`.
    """
    known = fixed or {}
    symbols = tuple(symbol(k, p.type) for k, p in enumerate(function.params))
    env = dict(zip(function.params, symbols, strict=True))
    for k, value in known.items():
        env[function.params[k]] = _constant(value)
    return symbols, Follower(env).block(function.block)


def _constant(value: float) -> Expr:
    if isinstance(value, bool):
        return sympy().true if value else sympy().false
    return number(value)
