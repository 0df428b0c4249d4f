"""SymPy expressions as statements of a program, spelled as a person would.

Add(x, Mul(-1, y))      x - y
Mul(1/2, x)             0.5 * x
Mul(1/3, x)             x / 3
Mul(x, Pow(y, -1))      x / y
Piecewise               if
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.rules.registry import FUNCTIONS, OPERATORS
from ad_compiler.symbolic.tables import SPELLED, Expr, sympy
from ad_compiler.symbolic.translate import CannotFollow
from ad_compiler.transform.partials import needs_numpy

RELATIONS = {
    "StrictLessThan": "<",
    "LessThan": "<=",
    "StrictGreaterThan": ">",
    "GreaterThan": ">=",
    "Equality": "==",
    "Unequality": "!=",
}


class Writer:
    """Appends the statements that compute expressions, each common part once.

    `known` maps expressions (symbols, mostly) to atoms; `parts` names subexpressions by symbols,
    as `sympy.cse` does. With `careful`, no operation is used that may raise on Python floats and
    was not asked for by the symbols: powers that `may_raise` does not clear are products, and
    negative powers are repeated divisions.
    """

    def __init__(
        self,
        builder: Builder,
        known: Mapping[Expr, Atom],
        parts: Mapping[Expr, Expr] | None = None,
        may_raise: Callable[[Atom, int], bool] | None = None,
    ) -> None:
        self.builder = builder
        self.scopes: list[dict[Expr, Atom]] = [dict(known)]
        self.parts = parts or {}
        self.may_raise = may_raise

    def write(self, expr: Expr) -> Atom:
        """The atom that holds the value of an expression."""
        for scope in reversed(self.scopes):
            if expr in scope:
                return scope[expr]
        atom = self.compute(expr)
        self.scopes[-1][expr] = atom
        return atom

    def compute(self, expr: Expr) -> Atom:
        """Append the statements of an expression that is not known yet."""
        sp = sympy()
        match expr:
            case sp.Symbol():
                if expr not in self.parts:
                    raise CannotFollow(f"{expr} stands for nothing here")
                return self.write(self.parts[expr])
            case sp.Number() | sp.NumberSymbol():
                return self.number(expr)
            case sp.Add():
                return self.sum(expr.as_ordered_terms())
            case sp.Mul():
                return self.product(expr)
            case sp.Pow():
                return self.power(expr.base, expr.exp)
            case sp.Piecewise():
                return self.cases(expr.args)
            case sp.Function():
                return self.function(expr)
            case _:
                raise CannotFollow(f"no operation stands for SymPy's {type(expr).__name__}")

    def rename(self, old: Atom, new: Atom) -> None:
        """Let expressions known as one atom be known as another."""
        scope = self.scopes[-1]
        scope.update({expr: new for expr, atom in scope.items() if atom is old})

    def op(self, symbol: str, *args: Atom) -> Atom:
        """Append an operator."""
        return self.builder.emit(OPERATORS[symbol], *args)

    def number(self, value: Expr) -> Atom:
        """A constant, spelled `math.pi` where it is that."""
        sp = sympy()
        if value.is_Integer:
            return const(int(value)) if abs(int(value)) < 2**53 else const(float(value))
        if value == sp.pi:
            return const(math.pi, "math.pi")
        if value == sp.E:
            return const(math.e, "math.e")
        return const(float(value))

    # -- sums and products --------------------------------------------------------------------

    def sum(self, terms: Sequence[Expr]) -> Atom:
        """Terms left to right, a positive one first where there is one."""
        first = next((k for k, term in enumerate(terms) if not _is_negative(term)), 0)
        total = self.write(terms[first])
        for k, term in enumerate(terms):
            if k == first:
                continue
            if _is_negative(term):
                total = self.op("-", total, self.write(-term))
            else:
                total = self.op("+", total, self.write(term))
        return total

    def product(self, expr: Expr) -> Atom:
        """Coefficient, factors, divisors."""
        coefficient, rest = expr.as_coeff_Mul()
        top, bottom = _split(rest.as_ordered_factors() if rest.is_Mul else [rest])
        negative = bool(coefficient.is_Rational and coefficient < 0)
        above, below = _readable(-coefficient if negative else coefficient)
        factors: list[Atom] = [] if above is None else [above]
        factors += [self.write(factor) for factor in top]
        result = reduce(lambda a, b: self.op("*", a, b), factors) if factors else const(1)
        if negative and bottom:
            result = self.negated(result)
        result = self.quotient(result, bottom)
        if below is not None:
            result = self.op("/", result, below)
        return self.negated(result) if negative and not bottom else result

    def negated(self, value: Atom) -> Atom:
        """Minus a value."""
        if isinstance(value, Const):
            return const(-value.value)
        return self.op("neg", value)

    def quotient(self, value: Atom, divisors: Iterable[tuple[Expr, Expr]]) -> Atom:
        """A value over some powers."""
        for base, exponent in divisors:
            if self.may_raise is not None and exponent.is_Integer:
                divisor = self.write(base)
                for _ in range(int(exponent)):
                    value = self.op("/", value, divisor)
            else:
                value = self.op("/", value, self.write(base**exponent))
        return value

    def power(self, base: Expr, exponent: Expr) -> Atom:
        """A power, a root, or a reciprocal."""
        sp = sympy()
        if exponent == sp.Rational(1, 2):
            return self.call("sqrt", (base,))
        if exponent.is_number and exponent.is_negative:
            return self.quotient(const(1), [(base, -exponent)])
        value = self.write(base)
        if exponent.is_Integer and self.may_raise and self.may_raise(value, int(exponent)):
            half = int(exponent) // 2
            one = self.write(base**half)
            return self.op(
                "*", one, one if 2 * half == exponent else self.write(base ** (half + 1))
            )
        return self.op("**", value, self.write(exponent))

    # -- functions and branches ---------------------------------------------------------------

    def function(self, expr: Expr) -> Atom:
        """A call of the function that SymPy's stands for."""
        primitive = vars(type(expr)).get("stands_for")
        if primitive is not None:
            return self.builder.emit(primitive, *map(self.write, expr.args))
        return self.call(SPELLED.get(type(expr).__name__, type(expr).__name__), expr.args)

    def call(self, name: str, args: Sequence[Expr]) -> Atom:
        """A call of a function by the name that rules use."""
        values = [self.write(arg) for arg in args]
        plain, numpy = FUNCTIONS.get(name, (None, None))
        primitive = numpy if needs_numpy(values) or plain is None else plain
        if primitive is None:
            raise CannotFollow(f"no operation stands for SymPy's {name}")
        missing = primitive.params[len(values) :]
        extra = [const(primitive.defaults[param]) for param in missing]
        return self.builder.emit(primitive, *values, *extra)

    def cases(self, pairs: Sequence[Any]) -> Atom:
        """A `Piecewise`: only the chosen case is computed."""
        (value, condition), rest = pairs[0], pairs[1:]
        if not rest:
            return self.write(value) if condition == sympy().true else const(math.nan)
        cell = self.builder.cell("piece")
        self.builder.if_(
            self.condition(condition),
            lambda: self.arm(cell, lambda: self.write(value)),
            lambda: self.arm(cell, lambda: self.cases(rest)),
        )
        joined = self.builder.read(cell)
        assert joined is not None
        return joined

    def arm(self, cell: Any, build: Callable[[], Atom]) -> None:
        """Compute one case; what it computes is not known outside."""
        self.scopes.append({})
        value = build()
        if isinstance(value, Const) and isinstance(value.value, int):
            value = const(float(value.value))
        self.builder.assign(cell, value)
        self.scopes.pop()

    def condition(self, test: Expr) -> Atom:
        """A truth value. `and` and `or` only look at their right side when they must."""
        sp = sympy()
        match test:
            case sp.And() | sp.Or():
                first, rest = test.args[0], test.func(*test.args[1:])
                stop = isinstance(test, sp.Or)
                return self.short_circuit(first, rest, stop)
            case sp.Not():
                return self.op("not", self.condition(test.args[0]))
            case sp.ITE():
                return self.either(*test.args)
            case sp.logic.boolalg.BooleanAtom():
                return const(bool(test))
            case sp.core.relational.Relational():
                symbol = RELATIONS[type(test).__name__]
                return self.op(symbol, self.write(test.lhs), self.write(test.rhs))
            case _:
                return self.write(test)

    def short_circuit(self, first: Expr, rest: Expr, stop: bool) -> Atom:
        """The truth of `first`, and of `rest` only where that matters."""
        cell = self.builder.cell("test")
        known = const(stop)

        def more() -> None:
            self.scopes.append({})
            self.builder.assign(cell, self.condition(rest))
            self.scopes.pop()

        def done() -> None:
            self.builder.assign(cell, known)

        self.builder.if_(self.condition(first), done if stop else more, more if stop else done)
        joined = self.builder.read(cell)
        assert joined is not None
        return joined

    def either(self, test: Expr, one: Expr, other: Expr) -> Atom:
        """A truth value that depends on another."""
        sp = sympy()
        return self.condition(sp.Or(sp.And(test, one), sp.And(sp.Not(test), other)))


def _is_negative(term: Expr) -> bool:
    """Whether a term is written with a minus sign."""
    coefficient = term.as_coeff_Mul()[0]
    return bool(coefficient.is_Rational and coefficient < 0)


def _split(factors: Iterable[Expr]) -> tuple[list[Expr], list[tuple[Expr, Expr]]]:
    """Factors above the line, and (base, exponent) of those below."""
    top: list[Expr] = []
    bottom: list[tuple[Expr, Expr]] = []
    for factor in factors:
        base, exponent = factor.as_base_exp()
        if factor.is_Pow and exponent.is_Rational and exponent.is_negative:
            bottom.append((base, -exponent))
        else:
            top.append(factor)
    return top, bottom


def _readable(coefficient: Expr) -> tuple[Atom | None, Atom | None]:
    """A coefficient as a factor and a divisor: 2, 0.5, or 2/3."""
    if not coefficient.is_Rational:
        return Writer(Builder(), {}).number(coefficient), None
    above, below = int(coefficient.p), int(coefficient.q)
    if below == 1:
        return (None, None) if above == 1 else (_whole(above), None)
    if len(repr(above / below)) <= 5 or max(above, below) > 10**6:
        return const(above / below), None
    return (None if above == 1 else _whole(above)), _whole(below)


def _whole(value: int) -> Const:
    return const(value if value < 2**53 else float(value))


def from_sympy(
    builder: Builder,
    expressions: Sequence[Expr],
    symbols: Mapping[Expr, Atom],
    share: bool = True,
) -> tuple[Atom, ...]:
    """Append statements that compute the expressions, common parts once.

    Raises `CannotFollow` for an expression that no operation stands for.
    """
    sp = sympy()
    branching = any(e.has(sp.Piecewise) for e in expressions)
    parts, rest = ([], list(expressions))
    if share and not branching:  # a part hoisted out of its branch could raise
        parts, rest = sp.cse(list(expressions), symbols=sp.numbered_symbols("c"))
    writer = Writer(builder, symbols, dict(parts))
    return tuple(writer.write(e) for e in rest)


def as_float(value: Atom, like: Var) -> Atom:
    """A result in the number kind of the value that it replaces."""
    if isinstance(value, Const) and value.type != like.type:
        return const(float(value.value))
    return value
