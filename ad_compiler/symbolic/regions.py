"""Which statements of a program a rewriting in the reals may touch.

*Fixed* values stay as they are, bit for bit: results the caller asks to keep, what may raise
(and all it is computed from), tests, bounds, indices, and what jumps (`floor`, comparisons).
The other arithmetic is *free*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

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
    Var,
    While,
    walk,
)
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Float, Int, is_complex, is_differentiable
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES, RULES, Flat

BOUNDED = ("math.sin", "math.cos", "math.tanh", "math.erf")
"""Primitives whose results lie in [-1, 1]: no power of them overflows."""
MAX_POWER = 12


def arithmetic(let: Let) -> str | None:
    """The operator symbol of a statement that is `+ - * / ** neg` on real values."""
    symbol = _symbols().get(let.prim)
    if symbol is None or len(let.targets) != 1 or not is_differentiable(let.targets[0].type):
        return None
    if is_complex(let.targets[0].type):
        return None
    if not all(isinstance(a, Var | Const) and _is_real(a) for a in let.args):
        return None
    if symbol == "**" and small_power(let.args[1]) is None:
        return None
    return symbol


def _symbols() -> dict[Primitive, str]:
    table = {OPERATORS[s]: s for s in ("+", "-", "*", "/", "**", "neg") if s in OPERATORS}
    square = PRIMITIVES.get("np.square")
    return table if square is None else {**table, square: "square"}


def _is_real(atom: Atom) -> bool:
    if isinstance(atom, Const):
        return type(atom.value) in (int, float) and abs(atom.value) < float("inf")
    return isinstance(atom.type, Float | Int) or (
        isinstance(atom.type, Array) and is_differentiable(atom.type) and not is_complex(atom.type)
    )


def small_power(exponent: Atom) -> int | None:
    """A constant whole exponent of reasonable size."""
    if isinstance(exponent, Const) and exponent.value in range(MAX_POWER + 1):
        return int(exponent.value)
    return None


class Facts:
    """The fixed values of a program, and the divisions and powers that may run freely."""

    def __init__(self, function: Function, keep: Iterable[int]) -> None:
        self.bounded = _bounded(function.block)
        self.sources: dict[Var, list[Atom]] = {}
        self.harmless: set[Var] = set()
        self.roots: list[Atom] = [function.results[k] for k in keep]
        self._scan(function.block, frozenset())
        self.fixed = self._closure()

    def _scan(self, block: Block, divisors: frozenset[Var]) -> None:
        for stmt in block.body:
            divisors = self._visit(stmt, divisors)

    def _visit(self, stmt: Stmt, divisors: frozenset[Var]) -> frozenset[Var]:
        """Note what a statement depends on and fixes; gives the divisors known not to be 0."""
        match stmt:
            case Let():
                self.sources |= {target: list(stmt.args) for target in stmt.targets}
                return self._let(stmt, divisors)
            case Effect():
                self.roots += stmt.args
            case If():
                self.roots.append(stmt.test)
                self._joins(stmt.targets, stmt.then.results, stmt.orelse.results)
                self._scan(stmt.then, divisors)
                self._scan(stmt.orelse, divisors)
            case For():
                self.roots += (stmt.start, stmt.stop, stmt.step)
                self._joins(stmt.targets, stmt.inits, stmt.body.results)
                self._joins(stmt.body.params[1:], stmt.inits, stmt.body.results)
                self.roots += stops(stmt.body)
                self._scan(stmt.body, divisors)
            case While():
                self.roots += (*stmt.cond.results, *stops(stmt.body))
                for variables in (stmt.targets, stmt.cond.params, stmt.body.params):
                    self._joins(variables, stmt.inits, stmt.body.results)
                self._scan(stmt.cond, divisors)
                self._scan(stmt.body, divisors)
            case _:
                assert_never(stmt)
        return divisors

    def _joins(self, variables: Iterable[Var], *edges: Iterable[Atom]) -> None:
        for variable, *atoms in zip(variables, *edges, strict=True):
            self.sources.setdefault(variable, []).extend(atoms)

    def _let(self, let: Let, divisors: frozenset[Var]) -> frozenset[Var]:
        if isinstance(RULES.get(let.prim), Flat):
            self.roots += let.args
        if not let.prim.raises(let.args):
            return divisors
        symbol = arithmetic(let)
        if symbol == "/" and isinstance(let.args[1], Var) and isinstance(let.args[1].type, Float):
            if let.args[1] in divisors:
                self.harmless.add(let.targets[0])
                return divisors
            self.roots += let.targets
            return divisors | {let.args[1]}
        if symbol == "**" and let.args[0] in self.bounded:
            self.harmless.add(let.targets[0])
        else:
            self.roots += let.targets
        return divisors

    def _closure(self) -> set[Var]:
        """Everything that the roots are computed from."""
        fixed: set[Var] = set()
        pending = [atom for atom in self.roots if isinstance(atom, Var)]
        while pending:
            var = pending.pop()
            if var not in fixed:
                fixed.add(var)
                pending += [a for a in self.sources.get(var, ()) if isinstance(a, Var)]
        return fixed

    def is_free(self, let: Let) -> bool:
        """Whether a statement may be replaced by another way to compute the same real number."""
        return arithmetic(let) is not None and let.targets[0] not in self.fixed

    def may_go(self, stmt: Stmt) -> bool:
        """Whether a statement that nobody reads may be dropped."""
        if not isinstance(stmt, Let) or stmt.prim.allocates:
            return False
        return not stmt.prim.raises(stmt.args) or stmt.targets[0] in self.harmless


def stops(body: Block) -> tuple[Atom, ...]:
    """What decides whether a trip is the last one."""
    return () if body.stop is None else (body.stop,)


def _bounded(block: Block) -> set[Var]:
    """Values in [-1, 1]."""
    known = {PRIMITIVES[name] for name in BOUNDED if name in PRIMITIVES}
    return {let.targets[0] for let in _lets(block) if let.prim in known}


def _lets(block: Block) -> Iterator[Let]:
    return (stmt for stmt in walk(block) if isinstance(stmt, Let))
