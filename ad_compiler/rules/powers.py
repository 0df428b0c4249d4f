"""Powers. One line cannot serve them all, because `**` on Python floats raises at so many points.

A derivative must not raise where `x ** y` did not, nor lose the values at a zero base: those of
`x**0.0`, `x**1.0` and `x**2.0` at 0 are 0, 1 and 0, and so on for every higher derivative.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Operator, Primitive, TypeRefusal
from ad_compiler.ir.types import (
    PY,
    PY_FLOAT,
    PY_INT,
    Array,
    Bool,
    Float,
    Int,
    Type,
    is_differentiable,
    is_number,
)
from ad_compiler.rules import infer
from ad_compiler.rules.forms import integer_power, rule, ufunc_raises
from ad_compiler.rules.registry import OPERATORS, Flat, Partials, register

_BASE_OF_NUMBER = (
    "y * x ** (y - 1) if y >= 1 else "
    "(quiet_div(y, x ** (1 - y)) if y > 0 else y * z / where(x, x, 1))"
)
_BASE_OF_INTEGER = "y * x ** (y - 1) if y >= 1 else y * z / where(x, x, 1)"
# What is not chosen is computed too, on arrays: with other operands, that it does not warn.
_LOW = "where(y < 1, y, 1)"
_BASE_OF_ARRAY = (
    "where(y < 1, "
    f"where(x, {_LOW} * z / where(y < 1, where(x, x, 1.0), 1), "
    f"where(y > 0, quiet_div({_LOW}, where(x, 1.0, x)), {_LOW} * z)), "
    "y * x ** (where(y < 1, 1, y) - 1))"
)
_EXPONENT_OF_NUMBERS = "z * log(x) if x > 0 else (nan * z if x < 0 else 0)"
_EXPONENT_OF_ARRAY = "where(x > 0, z * log(where(x > 0, x, 2.0)), where(x < 0, nan * z, 0))"

CONVENTION = (
    "at x = 0: 0 for y = 0, 1 for y = 1, 0 for y > 1, inf for 0 < y < 1; "
    "in y: 0 at x = 0, nan for x < 0"
)


def power_partials(args: Sequence[Atom]) -> tuple[str | None, ...]:
    """The partial derivatives of `x ** y` for these operands."""
    x, y = args
    base = _constant_exponent(y.value) if isinstance(y, Const) else _base(y.type)
    return base, _exponent(x, y.type)


def _constant_exponent(y: float) -> str:
    """The derivative of x to a constant power."""
    if y == int(y) if math.isfinite(y) else False:
        n = int(y)
        small = {0: "0", 1: "1", 2: "2 * x", -1: "-z / x"}
        return small.get(n) or (f"{n} * x ** {n - 1}" if n > 0 else f"{n} * z / x")
    if y == 0.5:
        return "quiet_div(0.5, z)"
    if 0 < y < 1:
        return "quiet_div(y, x ** (1 - y))"
    return "y * x ** (y - 1)" if y > 1 else "y * z / x"


def _base(y: Type) -> str:
    if isinstance(y, Array):
        return _BASE_OF_ARRAY
    return _BASE_OF_NUMBER if isinstance(y, Float) else _BASE_OF_INTEGER


def _exponent(x: Atom, y: Type) -> str | None:
    if not is_differentiable(y):
        return None
    if isinstance(x, Const) and x.value > 0:
        return "z * log(x)"
    return _EXPONENT_OF_NUMBERS if is_number(x.type) and is_number(y) else _EXPONENT_OF_ARRAY


POWER = Partials(
    ("x", "y"),
    "x ** y",
    (_BASE_OF_ARRAY, _EXPONENT_OF_ARRAY),
    convention=CONVENTION,
    domain="power",
    choose=power_partials,
)


def _power_type(args: Sequence[Atom]) -> Type:
    """The type of `x ** y`: of Python integers it is an integer or a float, as y says."""
    exponent = args[1]
    signed = not (isinstance(exponent, Const) and exponent.value >= 0)

    def python(types: tuple[Type, ...]) -> Type:
        integers = all(isinstance(t, Int | Bool) for t in types)
        counted = isinstance(types[1], Bool) or _is_length(types[1])
        if integers and signed and not counted:
            return Float(PY, (PY_INT,))
        return PY_INT if integers else PY_FLOAT

    return infer.operator_type(np.power, python, args)


def _is_length(type_: Type) -> bool:
    return isinstance(type_, Int) and type_.length is not None


def _power_raises(args: Sequence[Atom]) -> bool:
    """Python floats raise on overflow and for powers of zero, NumPy for negative integers."""
    x, y = args
    if all(infer.may_be_python(arg.type) for arg in args):
        harmless = isinstance(y, Const) and y.value in (0, 1)
        integers = not isinstance(x.type, Float) and not integer_power(args)
        return not (harmless or integers)
    return ufunc_raises(np.power)(args)


OPERATORS["**"] = register(
    Primitive(
        "pow",
        operator.pow,
        _power_type,
        Operator("**", 12),
        ("x", "y"),
        raises=_power_raises,
        noun="power",
    ),
    POWER,
    operator.pow,
    pow,
)


def _whole_type(args: Sequence[Atom]) -> Type:
    if not all(isinstance(arg.type, Int) and arg.type.kind == PY for arg in args):
        raise TypeRefusal("a whole power of what is no integer")
    return PY_INT


WHOLE_POWER = register(
    Primitive(
        "whole_power", operator.pow, _whole_type, Operator("**", 12), ("x", "n"), noun="power"
    ),
    Flat("an integer"),
)
"""`2**k` of an integer that is not negative: `x ** y` of integers may be a float otherwise."""
rule(
    "pow(x, y)",
    *POWER.partials,
    choose=power_partials,
    convention=CONVENTION,
    domain="power",
    objects=(math.pow, np.power),
    noun="power",
)
rule(
    "float_power(x, y)",
    *POWER.partials,
    choose=power_partials,
    convention=CONVENTION,
    domain="power",
    objects=(np.float_power,),
    noun="power",
)
