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
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from ad_compiler.ir.primitive import Primitive
from ad_compiler.rules.registry import MEANINGS, OPERATORS, PRIMITIVES, RULES, Flat

Expr = Any
Meaning = Callable[..., Expr]


def sympy() -> Any:
    """SymPy, imported when first needed: it takes longer to load than all the rest."""
    return importlib.import_module("sympy")


def choice(*cases: tuple[Expr, Expr], otherwise: Expr) -> Expr:
    """The value of the first case (value, condition) whose condition holds."""
    return sympy().Piecewise(*cases, (otherwise, True))


@lru_cache(maxsize=None)
def step(primitive: Primitive) -> Any:
    """A SymPy function that is flat almost everywhere, standing for a primitive."""
    base = sympy().Function
    members = {
        "nargs": len(primitive.params),
        "fdiff": lambda self, argindex=1: sympy().Integer(0),
        "primitive": primitive,
    }
    return type(f"step_{primitive.name}", (base,), members)


def _floor(x: Expr) -> Expr:
    primitive = MEANINGS.get(math.floor) or MEANINGS[np.floor]
    return step(primitive)(x)


def _abs(x: Expr) -> Expr:
    return choice((x, x > 0), (-x, x < 0), otherwise=sympy().Integer(0))


def _fmod(x: Expr, y: Expr) -> Expr:
    quotient = x / y
    return x - y * choice((_floor(quotient), quotient > 0), otherwise=-_floor(-quotient))


def _halfway(x: Expr, y: Expr, x_wins: Expr, y_wins: Expr) -> Expr:
    """`np.maximum` and `np.minimum`, whose derivative is shared at a tie."""
    return choice((x, x_wins), (y, y_wins), otherwise=(x + y) / 2)


def _cbrt(x: Expr) -> Expr:
    third = sympy().Rational(1, 3)
    return choice((x**third, x > 0), (-((-x) ** third), x < 0), otherwise=sympy().Integer(0))


OPERATOR_MEANINGS: dict[str, Meaning] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "%": lambda a, b: a - b * _floor(a / b),
    "//": lambda a, b: _floor(a / b),
    "neg": operator.neg,
    "pos": operator.pos,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": lambda a, b: sympy().Eq(a, b),
    "!=": lambda a, b: sympy().Ne(a, b),
    "not": lambda a: sympy().Not(a),
}

FUNCTION_MEANINGS: dict[str, Meaning] = {
    "sin": lambda x: sympy().sin(x),
    "cos": lambda x: sympy().cos(x),
    "tan": lambda x: sympy().tan(x),
    "asin": lambda x: sympy().asin(x),
    "acos": lambda x: sympy().acos(x),
    "atan": lambda x: sympy().atan(x),
    "atan2": lambda y, x: sympy().atan2(y, x),
    "sinh": lambda x: sympy().sinh(x),
    "cosh": lambda x: sympy().cosh(x),
    "tanh": lambda x: sympy().tanh(x),
    "asinh": lambda x: sympy().asinh(x),
    "acosh": lambda x: sympy().acosh(x),
    "atanh": lambda x: sympy().atanh(x),
    "exp": lambda x: sympy().exp(x),
    "exp2": lambda x: sympy().Integer(2) ** x,
    "expm1": lambda x: sympy().exp(x) - 1,
    "log1p": lambda x: sympy().log(1 + x),
    "log2": lambda x: sympy().log(x) / sympy().log(2),
    "log10": lambda x: sympy().log(x) / sympy().log(10),
    "sqrt": lambda x: sympy().sqrt(x),
    "cbrt": _cbrt,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "negative": operator.neg,
    "positive": operator.pos,
    "hypot": lambda x, y: sympy().sqrt(x**2 + y**2),
    "erf": lambda x: sympy().erf(x),
    "erfc": lambda x: sympy().erfc(x),
    "gamma": lambda x: sympy().gamma(x),
    "lgamma": lambda x: sympy().log(_abs(sympy().gamma(x))),
    "logaddexp": lambda x, y: sympy().log(sympy().exp(x) + sympy().exp(y)),
    "logaddexp2": lambda x, y: sympy().log(2**x + 2**y) / sympy().log(2),
    "degrees": lambda x: x * 180 / sympy().pi,
    "radians": lambda x: x * sympy().pi / 180,
    "rad2deg": lambda x: x * 180 / sympy().pi,
    "deg2rad": lambda x: x * sympy().pi / 180,
    "fabs": _abs,
    "absolute": _abs,
    "sign": lambda x: choice((1, x > 0), (-1, x < 0), otherwise=sympy().Integer(0)),
    "copysign": lambda x, y: choice((_abs(x), y >= 0), otherwise=-_abs(x)),
    "fmod": _fmod,
    "maximum": lambda x, y: _halfway(x, y, x > y, y > x),
    "minimum": lambda x, y: _halfway(x, y, x < y, y < x),
    "where": lambda c, x, y: choice((x, c), otherwise=y),
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "pow": operator.pow,
    "arcsin": lambda x: sympy().asin(x),
    "arccos": lambda x: sympy().acos(x),
    "arctan": lambda x: sympy().atan(x),
    "arctan2": lambda y, x: sympy().atan2(y, x),
    "arcsinh": lambda x: sympy().asinh(x),
    "arccosh": lambda x: sympy().acosh(x),
    "arctanh": lambda x: sympy().atanh(x),
}
"""By the name that `math` or NumPy gives them."""



def _log(x: Expr, base: Expr = None) -> Expr:
    return sympy().log(x) if base is None else sympy().log(x) / sympy().log(base)


def _max(*values: Expr) -> Expr:
    """Python's `max`: the first of the largest."""
    return reduce(lambda a, b: choice((b, b > a), otherwise=a), values)


def _min(*values: Expr) -> Expr:
    return reduce(lambda a, b: choice((b, b < a), otherwise=a), values)


OBJECT_MEANINGS: dict[Any, Meaning] = {
    abs: _abs,
    max: _max,
    min: _min,
    pow: operator.pow,
    float: lambda x: x,
    math.log: _log,
    np.log: _log,
}
"""By the Python object."""

BY_NAME: dict[str, Meaning] = {
    "identity": lambda x: x,
    "float": lambda x: x,
    "copy": lambda x: x,
    "select": lambda c, x, y: choice((x, c), otherwise=y),
    "quiet_div": operator.truediv,
}
"""Primitives that no function of `math` or NumPy stands for."""

SPELLED: dict[str, str] = {
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "atan2": "atan2",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "asinh": "asinh",
    "acosh": "acosh",
    "atanh": "atanh",
    "exp": "exp",
    "log": "log",
    "erf": "erf",
    "erfc": "erfc",
    "gamma": "gamma",
    "Abs": "abs",
    "sign": "sign",
}
"""The function of `math` or NumPy for a SymPy function, by the name of its class."""


def meaning_of(primitive: Primitive) -> Meaning | None:
    """How a primitive acts on SymPy expressions; None where SymPy has no counterpart."""
    found = meanings().get(primitive)
    if found is None and isinstance(RULES.get(primitive), Flat):
        return lambda *args: step(primitive)(*args)
    return found


@lru_cache(maxsize=1)
def meanings() -> dict[Primitive, Meaning]:
    """The table from primitive to SymPy, once the rules are loaded."""
    importlib.import_module("ad_compiler.rules")
    table: dict[Primitive, Meaning] = {}
    for name, meaning in FUNCTION_MEANINGS.items():
        for module in (math, np):
            thing = vars(module).get(name)
            if thing is not None and thing in MEANINGS:
                table[MEANINGS[thing]] = meaning
    table |= {MEANINGS[thing]: act for thing, act in OBJECT_MEANINGS.items() if thing in MEANINGS}
    for symbol, meaning in OPERATOR_MEANINGS.items():
        if symbol in OPERATORS:
            table[OPERATORS[symbol]] = meaning
    return table | {PRIMITIVES[name]: act for name, act in BY_NAME.items() if name in PRIMITIVES}


def fraction(value: float) -> Fraction:
    """The number that a person means by a float: 0.1 is a tenth.

    Turning it back into a float gives the same float.
    """
    if isinstance(value, int):
        return Fraction(value)
    short = Fraction(Decimal(repr(float(value))))
    return short if short.denominator < 10**20 else Fraction(value)


def number(value: float) -> Expr:
    """A number as a SymPy expression."""
    if not math.isfinite(value):
        return sympy().nan if math.isnan(value) else sympy().oo * (1 if value > 0 else -1)
    if value in (math.pi, math.e):
        return sympy().pi if value == math.pi else sympy().E
    exact = fraction(value)
    return sympy().Rational(exact.numerator, exact.denominator)
