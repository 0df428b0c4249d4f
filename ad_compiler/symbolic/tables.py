"""Which SymPy expression each primitive stands for, and the way back.

Expressions are built node by node from SymPy's own objects and neutral symbols `v0, v1, …`. No
text ever reaches SymPy, so no name in a program can make it run or parse anything.
"""

from __future__ import annotations

import importlib
import math
import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Bool, Type
from ad_compiler.rules.registry import MEANINGS, OPERATORS, PRIMITIVES, RULES, Flat

Expr = Any
Meaning = Callable[..., Expr]


def sympy() -> Any:
    """SymPy, imported when first needed: it takes longer to load than all the rest."""
    return importlib.import_module("sympy")


def choice(*cases: tuple[Expr, Expr], otherwise: Expr) -> Expr:
    """The value of the first case (value, condition) whose condition holds."""
    return sympy().Piecewise(*cases, (otherwise, True))


@cache
def step(primitive: Primitive) -> Any:
    """A SymPy function that is flat almost everywhere, standing for a primitive."""
    members = {"nargs": len(primitive.params), "fdiff": _flat, "stands_for": primitive}
    return type(f"step_{primitive.name}", (sympy().Function,), members)


def _flat(_function: Expr, _argindex: int = 1) -> Expr:
    return sympy().Integer(0)


def direct(name: str) -> Meaning:
    """SymPy's own function of that name."""

    def act(*args: Expr) -> Expr:
        return vars(sympy())[name](*args)

    return act


def _same(x: Expr, *_dtype: Expr) -> Expr:
    return x


def _floor(x: Expr) -> Expr:
    return step(MEANINGS[math.floor])(x)


def _floor_divide(x: Expr, y: Expr) -> Expr:
    return _floor(x / y)


def _mod(x: Expr, y: Expr) -> Expr:
    return x - y * _floor(x / y)


def _fmod(x: Expr, y: Expr) -> Expr:
    quotient = x / y
    return x - y * choice((_floor(quotient), quotient > 0), otherwise=-_floor(-quotient))


def _abs(x: Expr) -> Expr:
    return choice((x, x > 0), (-x, x < 0), otherwise=sympy().Integer(0))


def _sign(x: Expr) -> Expr:
    return choice((1, x > 0), (-1, x < 0), otherwise=sympy().Integer(0))


def _copysign(x: Expr, y: Expr) -> Expr:
    return choice((_abs(x), y >= 0), otherwise=-_abs(x))


def _max(x: Expr, y: Expr) -> Expr:
    """Python's `max`: the first unless the other is larger."""
    return choice((y, y > x), otherwise=x)


def _min(x: Expr, y: Expr) -> Expr:
    return choice((y, y < x), otherwise=x)


def _maximum(x: Expr, y: Expr) -> Expr:
    """`np.maximum`, whose derivative is shared at a tie."""
    return choice((x, x > y), (y, y > x), otherwise=(x + y) / 2)


def _minimum(x: Expr, y: Expr) -> Expr:
    return choice((x, x < y), (y, y < x), otherwise=(x + y) / 2)


def _where(condition: Expr, x: Expr, y: Expr) -> Expr:
    return choice((x, condition), otherwise=y)


def _truth(x: Expr) -> Expr:
    return sympy().Ne(x, 0)


def _cbrt(x: Expr) -> Expr:
    third = sympy().Rational(1, 3)
    return choice((x**third, x > 0), (-((-x) ** third), x < 0), otherwise=sympy().Integer(0))


def _square(x: Expr) -> Expr:
    return x**2


def _reciprocal(x: Expr) -> Expr:
    return 1 / x


def _hypot(x: Expr, y: Expr) -> Expr:
    return sympy().sqrt(x**2 + y**2)


def _exp2(x: Expr) -> Expr:
    return sympy().Integer(2) ** x


def _expm1(x: Expr) -> Expr:
    return sympy().exp(x) - 1


def _log(x: Expr, base: Expr = None) -> Expr:
    return sympy().log(x) if base is None else sympy().log(x) / sympy().log(base)


def _log1p(x: Expr) -> Expr:
    return sympy().log(1 + x)


def _log2(x: Expr) -> Expr:
    return _log(x, 2)


def _log10(x: Expr) -> Expr:
    return _log(x, 10)


def _lgamma(x: Expr) -> Expr:
    return sympy().log(_abs(sympy().gamma(x)))


def _logaddexp(x: Expr, y: Expr) -> Expr:
    return sympy().log(sympy().exp(x) + sympy().exp(y))


def _logaddexp2(x: Expr, y: Expr) -> Expr:
    return _log(_exp2(x) + _exp2(y), 2)


def _degrees(x: Expr) -> Expr:
    return x * 180 / sympy().pi


def _radians(x: Expr) -> Expr:
    return x * sympy().pi / 180


ALIKE = {
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "sqrt")},
    **{name: name for name in ("asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh")},
    **{name: name for name in ("erf", "erfc", "gamma")},
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "equal": "Eq", "not_equal": "Ne",
    "logical_and": "And", "logical_or": "Or", "logical_not": "Not",
}  # fmt: skip
"""Functions of `math` and NumPy that SymPy has too, and its name for them."""

OTHERS: dict[str, Meaning] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "negative": operator.neg, "positive": operator.pos,
    "power": operator.pow, "float_power": operator.pow, "pow": operator.pow,
    "less": operator.lt, "less_equal": operator.le,
    "greater": operator.gt, "greater_equal": operator.ge,
    "log": _log, "log1p": _log1p, "log2": _log2, "log10": _log10,
    "exp2": _exp2, "expm1": _expm1, "logaddexp": _logaddexp, "logaddexp2": _logaddexp2,
    "cbrt": _cbrt, "square": _square, "reciprocal": _reciprocal, "hypot": _hypot,
    "lgamma": _lgamma, "degrees": _degrees, "rad2deg": _degrees,
    "radians": _radians, "deg2rad": _radians,
    "fabs": _abs, "absolute": _abs, "sign": _sign, "copysign": _copysign,
    "maximum": _maximum, "minimum": _minimum, "where": _where,
    "mod": _mod, "fmod": _fmod, "floor_divide": _floor_divide, "float64": _same,
}  # fmt: skip
"""Functions of `math` and NumPy that take more than a name."""

BUILTINS: dict[Any, Meaning] = {
    abs: _abs, max: _max, min: _min, pow: operator.pow, float: _same, bool: _truth,
}  # fmt: skip

SYMBOLS: dict[str, Meaning] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "**": operator.pow, "%": _mod, "//": _floor_divide, "neg": operator.neg, "pos": operator.pos,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": direct("Eq"), "!=": direct("Ne"), "not": direct("Not"),
    "&": direct("And"), "|": direct("Or"),
}  # fmt: skip

BY_NAME: dict[str, Meaning] = {
    "identity": _same, "copy": _same, "select": _where, "quiet_div": operator.truediv,
}  # fmt: skip
"""Primitives that no Python object stands for."""

SPELLED: dict[str, str] = {
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log")},
    **{name: name for name in ("asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh")},
    **{name: name for name in ("erf", "erfc", "gamma", "polygamma", "sign")},
    "Abs": "abs",
}
"""What the text of a rule calls a SymPy function, by the name of its class."""


def meaning_of(primitive: Primitive, result: Type) -> Meaning | None:
    """How a primitive acts on SymPy expressions; None where SymPy has no counterpart."""
    found = meanings().get(primitive)
    flat = isinstance(RULES.get(primitive), Flat) and not isinstance(result, Bool)
    return step(primitive) if found is None and flat else found


@cache
def meanings() -> dict[Primitive, Meaning]:
    """The table from primitive to SymPy."""
    by_name = OTHERS | {name: direct(theirs) for name, theirs in ALIKE.items()}
    by_object = dict(BUILTINS)
    for name, act in by_name.items():
        by_object |= {vars(m)[name]: act for m in (math, np) if name in vars(m)}
    table = {MEANINGS[thing]: act for thing, act in by_object.items() if thing in MEANINGS}
    table |= {OPERATORS[symbol]: act for symbol, act in SYMBOLS.items()}
    return table | {PRIMITIVES[name]: act for name, act in BY_NAME.items() if name in PRIMITIVES}


def fraction(value: float) -> Fraction:
    """The number that a person means by a float: 0.1 is a tenth.

    Turning it back into a float gives the same float.
    """
    if isinstance(value, int):
        return Fraction(value)
    short = Fraction(Decimal(repr(float(value))))
    return short if short.denominator < 10**20 else Fraction(value)


@cache
def famous() -> dict[float, Expr]:
    """Floats that stand for a number with a name."""
    sp = sympy()
    return {math.pi: sp.pi, math.e: sp.E, math.log(2): sp.log(2), math.log(10): sp.log(10)}


def number(value: float) -> Expr:
    """A number as a SymPy expression."""
    if not math.isfinite(value):
        return sympy().nan if math.isnan(value) else sympy().oo * (1 if value > 0 else -1)
    if isinstance(value, float) and value in famous():
        return famous()[value]
    exact = fraction(value)
    return sympy().Rational(exact.numerator, exact.denominator)
