"""Rewrites arithmetic by identities that hold in the reals, where that saves operations.

    z = tanh(x)                            z = tanh(x)
    … 40 sums, products and powers   ⇒     … 9 of them, in factored form

Each stretch of straight-line code is written as polynomials in the values it starts from; several
spellings of them (factored, nested, expanded; common parts shared) are tried, the cheapest that
gives the same numbers is taken, and if none is cheaper the code stays as it was. Fixed values
(see `regions`) stay bit for bit, and nothing new can raise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    defined_by,
    read_by,
)
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Float
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.symbolic.accuracy import Judge
from ad_compiler.symbolic.count import operations
from ad_compiler.symbolic.emit import Writer, as_float
from ad_compiler.symbolic.polynomials import (
    algebra_of,
    quotient,
    relations,
    spellings,
    with_divisors,
)
from ad_compiler.symbolic.regions import Facts, arithmetic, small_power
from ad_compiler.symbolic.tables import Expr, sympy
from ad_compiler.symbolic.translate import CannotFollow

WINDOW = 80
"""How many statements are rewritten together."""

Plan = Mapping[Var, Expr]
"""New expressions for some of the values of a stretch of code."""


def simplify(function: Function, *, keep: Iterable[int] = (), operations: int = 4_000) -> Function:
    """The same function with fewer operations, as far as that is found.

    `keep` are the positions of results that must stay bit for bit (the value beside a gradient).
    `operations` bounds the work: so many statements are looked at, the others stay. There is no
    clock, so the same input always gives the same program.
    """
    simplifier = Simplifier(Facts(function, keep), operations)
    return function.with_block(simplifier.block(function.block))


@dataclass(slots=True)
class Simplifier:
    """Walks over a program, window by window, within a budget."""

    facts: Facts
    budget: int

    def block(self, block: Block) -> Block:
        """A block, its windows rewritten from the last to the first."""
        body = tuple(map(self.inner, block.body))
        outside = {a for a in block.yielded if isinstance(a, Var)}
        done: list[tuple[Stmt, ...]] = []
        for window in reversed(list(_windows(body))):
            rewritten = self.window(window, outside)
            outside |= _reads(rewritten)
            done.append(rewritten)
        joined = tuple(stmt for part in reversed(done) for stmt in part)
        return replace(block, body=joined)

    def inner(self, stmt: Stmt) -> Stmt:
        """A statement, its blocks simplified."""
        match stmt:
            case Let() | Effect():
                return stmt
            case If():
                return replace(stmt, then=self.block(stmt.then), orelse=self.block(stmt.orelse))
            case For():
                return replace(stmt, body=self.block(stmt.body))
            case While():
                return replace(stmt, body=self.block(stmt.body))
            case _:
                assert_never(stmt)

    def window(self, body: tuple[Stmt, ...], outside: set[Var]) -> tuple[Stmt, ...]:
        """A stretch of code, rewritten if that is cheaper."""
        self.budget -= len(body)
        results = tuple(v for stmt in body for v in defined_by(stmt) if v in outside)
        stretch = Stretch(Block((), body, results), self.facts)
        if self.budget < 0 or not stretch.outputs:
            return body
        return stretch.improved().body


def _windows(body: tuple[Stmt, ...]) -> Iterator[tuple[Stmt, ...]]:
    for start in range(0, len(body), WINDOW):
        yield body[start : start + WINDOW]


def _reads(body: Iterable[Stmt]) -> set[Var]:
    """What statements read, inside their blocks too."""
    return {var for stmt in body for var in read_by(stmt)}


class Stretch:
    """Straight-line code, and the search for cheaper code."""

    def __init__(self, block: Block, facts: Facts) -> None:
        self.block = block
        self.facts = facts
        lets = [s for s in block.body if isinstance(s, Let) and arithmetic(s) is not None]
        free = {let.targets[0] for let in lets if facts.is_free(let)}
        self.algebra = algebra_of(lets, free)
        self.outputs = self._outputs(lets, free)
        self.place = {t: k for k, s in enumerate(block.body) for t in defined_by(s)}
        self.divisors = {
            d: sympy().Symbol(f"d{r.name[1:]}", real=True)
            for d, r in self.algebra.reciprocals.items()
        }
        self.at_hand = [
            (var, value.as_expr(), sympy().Symbol(f"k{k:03}", real=True))
            for k, (var, value) in enumerate(self.algebra.values.items())
            if var in facts.fixed and len(value.as_expr().args) > 1
        ]

    def _outputs(self, lets: list[Let], free: set[Var]) -> dict[Var, Let]:
        """Free values that other code reads."""
        inner = {id(let) for let in lets if let.targets[0] in free}
        read = _reads(s for s in self.block.body if id(s) not in inner)
        read |= {a for a in self.block.yielded if isinstance(a, Var)} | self.algebra.cuts
        values = self.algebra.values
        named = {let.targets[0]: let for let in lets}
        return {v: let for v, let in named.items() if v in free and v in read and v in values}

    def improved(self) -> Block:
        """The cheapest of the ways to write this code that give the same numbers."""
        judge = Judge(self.block, self.algebra.unknowns)
        best = self.block
        taken: dict[Var, Expr] = {}
        for plan in self.plans():
            for combined in (plan, {**taken, **plan}):
                block = self.rewritten(combined)
                if block is None or operations(block) >= operations(best):
                    continue
                if judge.accepts(block, self.outputs):
                    best, taken = block, dict(combined)
        return best

    def plans(self) -> Iterator[Plan]:
        """Spellings of all outputs alike, then of each alone."""
        choices = {var: found for var in self.outputs if (found := self.choices(var))}
        for k in range(max(map(len, choices.values()), default=0)):
            yield {var: found[min(k, len(found) - 1)] for var, found in choices.items()}
        if len(choices) > 1:
            for var, found in choices.items():
                yield from ({var: expr} for expr in found)

    def choices(self, var: Var) -> list[Expr]:
        """The expressions that an output may be written as."""
        values = [self.algebra.values[var]]
        zero = relations(self.algebra, self.kernels())
        if zero:
            values.append(values[0].rem(zero))
        found: list[Expr] = []
        for value in values:
            numerator, below = with_divisors(self.algebra, value)
            found += [self.finished(var, quotient(e, below)) for e in spellings(numerator)]
            found += [self.finished(var, e) for e in spellings(value)] if below else []
        return list(dict.fromkeys(found))

    def kernels(self) -> dict[Var, Let]:
        """The statements by what they define."""
        return {s.targets[0]: s for s in self.block.body if isinstance(s, Let)}

    def finished(self, var: Var, expr: Expr) -> Expr:
        """An expression that uses the fixed values at hand before its output, and divides."""
        here = self.place[var]
        parts = {e: symbol for v, e, symbol in self.at_hand if self.place[v] < here}
        inverse = {r: 1 / self.divisors[d] for d, r in self.algebra.reciprocals.items()}
        return expr.xreplace(parts).xreplace(inverse)

    def known(self) -> dict[Expr, Atom]:
        """What the symbols of a finished expression stand for."""
        table: dict[Expr, Atom] = {s: v for v, s in self.algebra.unknowns.items()}
        table |= {symbol: divisor for divisor, symbol in self.divisors.items()}
        return table | {symbol: var for var, _, symbol in self.at_hand}

    def rewritten(self, plan: Plan) -> Block | None:
        """The code with some outputs computed anew; None where that cannot be written."""
        parts, exprs = sympy().cse(list(plan.values()), symbols=sympy().numbered_symbols("c"))
        new = dict(zip(plan, exprs, strict=True))
        builder = Builder()
        writer = Writer(builder, self.known(), dict(parts), self.may_raise)
        for stmt in self.block.body:
            target = next(iter(defined_by(stmt)), None)
            if target is None or target not in new:
                builder.append(stmt)
            elif not self.write(builder, writer, target, new[target]):
                return None
        return self.pruned(replace(self.block, body=tuple(builder.frame.stmts)))

    def write(self, builder: Builder, writer: Writer, target: Var, expr: Expr) -> bool:
        """Append the statements that compute an output; whether its type is kept."""
        try:
            value = as_float(writer.write(expr), target)
        except (CannotFollow, TypeRefusal):
            return False
        last = builder.frame.stmts[-1] if builder.frame.stmts else None
        if value.type != target.type:
            return False
        if isinstance(last, Let) and last.targets == (value,) and last.targets[0] not in self.place:
            builder.frame.stmts[-1] = replace(last, targets=(target,))
            writer.rename(value, target)
        else:
            builder.append(Let((target,), PRIMITIVES["identity"], (value,)))
        return True

    def may_raise(self, base: Atom, power: int) -> bool:
        """Whether a power could overflow where the original code could not raise."""
        if not isinstance(base.type, Float) or base in self.facts.bounded:
            return False
        powers = (
            small_power(s.args[1]) or 0
            for s in self.block.body
            if isinstance(s, Let) and s.prim is OPERATORS["**"] and s.args[0] is base
        )
        return power > max(powers, default=0)

    def pruned(self, block: Block) -> Block:
        """Without the statements that nobody reads."""
        live = {a for a in block.yielded if isinstance(a, Var)}
        kept: list[Stmt] = []
        for stmt in reversed(block.body):
            if live.isdisjoint(defined_by(stmt)) and self.facts.may_go(stmt):
                continue
            kept.append(stmt)
            live |= _reads((stmt,))
        return replace(block, body=tuple(reversed(kept)))
