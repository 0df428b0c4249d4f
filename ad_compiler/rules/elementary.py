"""Smooth elementary functions: a line of mathematics each.

`z` is the value. `quiet_div` stands where a derivative is infinite at a point where the function
itself is fine; factored forms like `(1 - x) * (1 + x)` keep their digits near the edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import PY_FLOAT, Array, Static, Type, dtype_of
from ad_compiler.rules import infer
from ad_compiler.rules.forms import always, announce, rule
from ad_compiler.rules.registry import Partials, register

rule("exp(x)", "z", objects=(math.exp, np.exp))
rule("exp2(x)", "ln2 * z", objects=(math.exp2, np.exp2))
rule("expm1(x)", "exp(x)", objects=(math.expm1, np.expm1))
rule("log2(x)", "1 / ln2 / x", objects=(math.log2, np.log2), domain="positive")
rule("log10(x)", "1 / ln10 / x", objects=(math.log10, np.log10), domain="positive")
rule("log1p(x)", "1 / (1 + x)", objects=(math.log1p, np.log1p), domain="above_minus_one")

rule("sin(x)", "cos(x)", objects=(math.sin, np.sin))
rule("cos(x)", "-sin(x)", objects=(math.cos, np.cos))
rule("tan(x)", "1 + z * z", objects=(math.tan, np.tan), domain="unit")
rule("sinh(x)", "cosh(x)", objects=(math.sinh, np.sinh))
rule("cosh(x)", "sinh(x)", objects=(math.cosh, np.cosh))
rule("tanh(x)", "1 - z * z", objects=(math.tanh, np.tanh), total=True)
rule(
    "asin(x)",
    "quiet_div(1, sqrt((1 - x) * (1 + x)))",
    objects=(math.asin, np.arcsin),
    domain="unit",
    convention="inf at -1 and 1",
)
rule(
    "acos(x)",
    "-quiet_div(1, sqrt((1 - x) * (1 + x)))",
    objects=(math.acos, np.arccos),
    domain="unit",
    convention="-inf at -1 and 1",
)
# On NumPy's numbers the square of a large x would overflow with a warning.
rule("atan(x)", "1 / (1 + x * x)", objects=(math.atan,), total=True)
rule("atan(x)", "1 / hypot(1, x) / hypot(1, x)", objects=(np.arctan,))
rule("asinh(x)", "1 / hypot(1, x)", objects=(math.asinh, np.arcsinh), total=True)
rule(
    "acosh(x)",
    "quiet_div(1, sqrt(x - 1) * sqrt(x + 1))",
    objects=(math.acosh, np.arccosh),
    domain="above_one",
    convention="inf at 1",
)
rule("atanh(x)", "1 / ((1 - x) * (1 + x))", objects=(math.atanh, np.arctanh), domain="unit")

rule(
    "sqrt(x)",
    "quiet_div(0.5, z)",
    objects=(math.sqrt, np.sqrt),
    domain="positive",
    noun="root",
    convention="inf at 0",
)
rule(
    "cbrt(x)",
    "quiet_div(1, 3 * z * z)",
    objects=(math.cbrt, np.cbrt),
    domain="nonzero",
    noun="root",
    total=True,
    convention="inf at 0",
)
rule("square(x)", "2 * x", objects=(np.square,))
rule("reciprocal(x)", "-z * z", objects=(np.reciprocal,), domain="nonzero")

# At the origin x / z has no limit: 0 is the mean of what it takes around it.
rule(
    "hypot(x, y)",
    "where(z, x / where(z, z, 1), 0)",
    "where(z, y / where(z, z, 1), 0)",
    numbers=("x / z if z else 0", "y / z if z else 0"),
    objects=(math.hypot, np.hypot),
    total=True,
    noun="length",
    convention="0 at the origin",
)
# Dividing twice by the radius neither overflows nor underflows where its square would.
_RADIUS = "where(hypot(x, y), hypot(x, y), 1)"
rule(
    "atan2(y, x)",
    f"where(hypot(x, y), x / {_RADIUS} / {_RADIUS}, 0)",
    f"where(hypot(x, y), -y / {_RADIUS} / {_RADIUS}, 0)",
    numbers=(
        "x / hypot(x, y) / hypot(x, y) if hypot(x, y) else 0",
        "-y / hypot(x, y) / hypot(x, y) if hypot(x, y) else 0",
    ),
    objects=(math.atan2, np.arctan2),
    total=True,
    noun="angle",
    convention="0 at the origin",
)
rule("degrees(x)", "180 / pi", objects=(math.degrees, np.degrees), total=True)
rule("radians(x)", "pi / 180", objects=(math.radians, np.radians), total=True)
rule("rad2deg(x)", "180 / pi", objects=(np.rad2deg,), noun="degrees")
rule("deg2rad(x)", "pi / 180", objects=(np.deg2rad,), noun="radians")

# x - z is safe for large arguments; where both are -inf it would be nan, and each counts half.
rule(
    "logaddexp(x, y)",
    "where(z == -inf, 0.5, exp(x - where(z == -inf, 0, z)))",
    "where(z == -inf, 0.5, exp(y - where(z == -inf, 0, z)))",
    objects=(np.logaddexp,),
    convention="0.5 each at (-inf, -inf)",
)
rule(
    "logaddexp2(x, y)",
    "where(z == -inf, 0.5, exp2(x - where(z == -inf, 0, z)))",
    "where(z == -inf, 0.5, exp2(y - where(z == -inf, 0, z)))",
    objects=(np.logaddexp2,),
    convention="0.5 each at (-inf, -inf)",
)


def _log(x: float, base: float | None = None) -> float:
    return math.log(x) if base is None else math.log(x, base)


def _log_type(args: Sequence[Atom]) -> Type:
    given = [arg for arg in args if not isinstance(arg.type, Static)]
    infer.numbers(given, "math.log", "use np.log, or index an element, instead of math.log")
    return PY_FLOAT


def _log_partials(args: Sequence[Atom]) -> tuple[str | None, ...]:
    if len(args) == 1 or isinstance(args[1].type, Static):
        return "1 / x", None
    return "1 / log(base) / x", "-z / log(base) / base"


_LOG = Partials(
    ("x", "base"),
    "log(x, base)",
    ("1 / log(base) / x", "-z / log(base) / base"),
    domain="positive",
    choose=_log_partials,
)
rule("log(x)", "1 / x", objects=(np.log,), domain="positive")
announce(
    "log",
    register(
        Primitive(
            "math.log",
            _log,
            _log_type,
            Call("math.log"),
            ("x", "base"),
            defaults={"base": None},
            raises=always,
            noun="log",
        ),
        _LOG,
        math.log,
    ),
)


def _sinc(args: Sequence[Atom]) -> Type:
    """The type of `np.sinc`, which computes with floats."""
    (type_,) = infer.numeric(args)
    return infer.of_dtype(
        "f32" if dtype_of(type_) == "f32" else "f64",
        type_.dims if isinstance(type_, Array) else (),
    )


# Near 0 the quotient loses its digits; the series is right there, and so are its derivatives.
_SMALL = "where(abs(x) < 0.02, x, 0)"
_T = f"square(pi * {_SMALL})"
rule(
    "sinc(x)",
    "where(abs(x) < 0.02, "
    f"-pi * pi * {_SMALL} * (1 / 3 - {_T} * (1 / 30 - {_T} * (1 / 840 - {_T} / 45360))), "
    "(cos(pi * x) - z) / where(x == 0, 1, x))",
    objects=(np.sinc,),
    infer=_sinc,
    convention="0 at 0",
)
