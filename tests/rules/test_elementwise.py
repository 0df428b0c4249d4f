"""Elementwise rules: derivatives, and conventions at singular points."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np
import pytest
import sympy

from ad_compiler.ir.nodes import Undef, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import Float
from ad_compiler.rules.registry import (
    CONSTANTS,
    FUNCTIONS,
    MEANINGS,
    OPERATORS,
    PRIMITIVES,
    RULES,
    Partials,
)
from tests.rules.sampling import points
from tests.rules.texts import ELEMENTWISE, INF, SMOOTH, atoms, evaluate, slopes


def difference(primitive: Primitive, values: tuple[Any, ...], k: int) -> float:
    """A derivative by differences, extrapolated once."""

    def central(h: float) -> float:
        up, down = list(values), list(values)
        up[k] += h
        down[k] -= h
        return (float(primitive(*up)) - float(primitive(*down))) / (2 * h)

    return (4 * central(1e-3) - central(2e-3)) / 3


@pytest.mark.parametrize("name", SMOOTH)
def test_partials_agree_with_differences(name: str) -> None:
    primitive, rule = ELEMENTWISE[name]
    arity = 1 if name == "np.nan_to_num" else len(rule.params)
    for point in points(rule.domain, arity):
        values, args = point, atoms(*point)
        if name == "np.nan_to_num":
            values = (*point, True, 0.0, None, None)
            args = (*args, *map(const, values[1:]))
        for k, slope in enumerate(slopes(primitive, *values, args=args)):
            if slope is not None and isinstance(values[k], float):
                assert slope == pytest.approx(difference(primitive, values, k), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_products_with_a_tangent_are_multiples_of_the_partials(name: str) -> None:
    primitive, rule = ELEMENTWISE[name]
    arity = 1 if name == "np.nan_to_num" else len(rule.params)
    for point in points(rule.domain, arity):
        args = atoms(*point)
        if name == "np.nan_to_num":
            args = (*args, *map(const, (True, 0.0, None, None)))
        values = (*point, *(None for _ in args[arity:]))
        plain = slopes(primitive, *values, args=args)
        for partial, product in zip(
            plain, slopes(primitive, *values, args=args, times=-1.5), strict=True
        ):
            if partial is not None:
                assert product == pytest.approx(-1.5 * partial, rel=1e-12, abs=1e-300)


sp: Any = sympy
SYMPY: dict[str, Any] = {
    name: getattr(sp, name)
    for name in (
        "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh",
        "acosh", "atanh", "sqrt", "cbrt", "erf", "erfc", "gamma", "loggamma", "atan2", "digamma",
        "pi",
    )
}  # fmt: skip
DEFINITIONS = {
    "exp2(x)": "2**x",
    "expm1(x)": "exp(x) - 1",
    "log2(x)": "log(x, 2)",
    "log10(x)": "log(x, 10)",
    "log1p(x)": "log(1 + x)",
    "lgamma(x)": "loggamma(x)",
    "hypot(x, y)": "sqrt(x**2 + y**2)",
    "square(x)": "x**2",
    "reciprocal(x)": "1 / x",
    "degrees(x)": "x * 180 / pi",
    "radians(x)": "x * pi / 180",
    "rad2deg(x)": "x * 180 / pi",
    "deg2rad(x)": "x * pi / 180",
    "logaddexp(x, y)": "log(exp(x) + exp(y))",
    "logaddexp2(x, y)": "log(2**x + 2**y, 2)",
    "sinc(x)": "sin(pi * x) / (pi * x)",
    "pow(x, y)": "x**y",
    "float_power(x, y)": "x**y",
    "add(x, y)": "x + y",
    "subtract(x, y)": "x - y",
    "multiply(x, y)": "x * y",
    "divide(x, y)": "x / y",
    "negative(x)": "-x",
    "positive(x)": "x",
}
"""What SymPy does not have by that name."""


def definition(name: str) -> str:
    primal = ELEMENTWISE[name][1].primal
    return DEFINITIONS.get(primal, primal)


def known_to_sympy(name: str) -> bool:
    text = definition(name)
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
    called = {n.func.id for n in nodes if isinstance(n.func, ast.Name)}
    return called <= set(SYMPY) and "%" not in text and "if" not in text


@pytest.mark.parametrize("name", [n for n in SMOOTH if known_to_sympy(n)])
def test_partials_agree_with_sympy(name: str) -> None:
    primitive, rule = ELEMENTWISE[name]
    domain = "positive" if rule.primal == "cbrt(x)" else rule.domain
    symbols = {p: sp.Symbol(p, real=True, positive=domain == "positive") for p in rule.params}
    primal = evaluate(definition(name), SYMPY | symbols)
    for point in points(domain, len(rule.params), 3):
        exact = {s: sp.Float(v, 40) for s, v in zip(symbols.values(), point, strict=True)}
        for param, slope in zip(rule.params, slopes(primitive, *point), strict=True):
            wanted = sp.diff(primal, symbols[param]).evalf(30, subs=exact)
            assert slope == pytest.approx(float(wanted), rel=1e-12, abs=1e-14)


def both(name: str, *values: float) -> list[list[Any]]:
    """Partials at a point: on Python floats (or NumPy's, where Python's raise), and on arrays."""
    out: list[list[Any]] = []
    python, numpy = {"**": ("pow", "np.power"), "abs": ("abs", "np.abs")}.get(
        name, (f"math.{name}", f"np.{name}")
    )
    if python in PRIMITIVES:
        out.append(slopes(PRIMITIVES[python], *values))
    if numpy in PRIMITIVES:
        primitive = PRIMITIVES[numpy]
        out.append(slopes(primitive, *map(np.float64, values)))
        arrays = [np.array([v, v]) for v in values]
        out.append([None if s is None else (s + np.zeros(2))[0] for s in quiet(primitive, arrays)])
    return out


def quiet(primitive: Primitive, values: list[Any]) -> list[Any]:
    return slopes(primitive, *values)


CONVENTIONS: list[tuple[str, tuple[float, ...], tuple[float | None, ...]]] = [
    ("abs", (0.0,), (0,)),
    ("abs", (-2.0,), (-1,)),
    ("fabs", (0.0,), (0,)),
    ("sqrt", (0.0,), (INF,)),
    ("cbrt", (0.0,), (INF,)),
    ("asin", (1.0,), (INF,)),
    ("arcsin", (-1.0,), (INF,)),
    ("acos", (1.0,), (-INF,)),
    ("arccos", (1.0,), (-INF,)),
    ("acosh", (1.0,), (INF,)),
    ("arccosh", (1.0,), (INF,)),
    ("hypot", (0.0, 0.0), (0, 0)),
    ("hypot", (3e200, 4e200), (0.6, 0.8)),
    ("hypot", (3e-200, 4e-200), (0.6, 0.8)),
    ("atan2", (0.0, 0.0), (0, 0)),
    ("arctan2", (0.0, 0.0), (0, 0)),
    ("atan2", (3e200, 4e200), (0.16e-200, -0.12e-200)),
    ("arctan2", (3e-200, 4e-200), (0.16e200, -0.12e200)),
    ("asinh", (1e200,), (1e-200,)),
    ("arcsinh", (-1e200,), (1e-200,)),
    ("acosh", (1e200,), (1e-200,)),
    ("atan", (1e200,), (0,)),
    ("sinh", (710.4,), (math.cosh(710.4),)),
    ("exp", (-1e9,), (0,)),
    ("erf", (1e200,), (0,)),
    ("copysign", (0.0, -1.0), (0, None)),
    ("copysign", (-2.0, 3.0), (-1, None)),
    ("maximum", (1.0, 1.0), (0.5, 0.5)),
    ("minimum", (1.0, 1.0), (0.5, 0.5)),
    ("maximum", (2.0, 1.0), (1, 0)),
    ("minimum", (2.0, 1.0), (0, 1)),
    ("fmax", (1.0, 1.0), (0.5, 0.5)),
    ("fmax", (1.0, math.nan), (1, 0)),
    ("fmin", (math.nan, 1.0), (0, 1)),
    ("logaddexp", (-INF, -INF), (0.5, 0.5)),
    ("logaddexp", (-INF, 1.0), (0, 1)),
    ("logaddexp", (1e4, 0.0), (1, 0)),
    ("logaddexp", (1e4, 1e4), (0.5, 0.5)),
    ("logaddexp2", (-INF, -INF), (0.5, 0.5)),
    ("sinc", (0.0,), (0,)),
    ("sinc", (1e-9,), (-(math.pi**2) * 1e-9 / 3,)),
    ("heaviside", (0.0, 0.3), (None, 1)),
    ("clip", (1.0, 1.0, 2.0), (1, 0, 0)),
    ("clip", (2.0, 1.0, 2.0), (1, 0, 0)),
    ("clip", (0.5, 1.0, 2.0), (0, 1, 0)),
    ("clip", (2.5, 1.0, 2.0), (0, 0, 1)),
    ("clip", (1.5, 2.0, 1.0), (0, 0, 1)),
    ("clip", (0.5, 2.0, 1.0), (0, 0, 1)),
    ("**", (0.0, 0.0), (0, 0)),
    ("**", (0.0, 1.0), (1, 0)),
    ("**", (0.0, 2.0), (0, 0)),
    ("**", (0.0, 0.5), (INF, 0)),
    ("**", (0.0, 1.5), (0, 0)),
    ("**", (-2.0, 3.0), (12, math.nan)),
    ("**", (-2.0, -1.0), (-0.25, math.nan)),
    ("**", (1e-160, -1.0), (-INF, None)),
    ("**", (1e-200, 2.0), (2e-200, 0)),
    ("**", (1e200, -1.0), (0, None)),
]


@pytest.mark.filterwarnings("ignore:overflow encountered in.*divide")
@pytest.mark.parametrize(("name", "values", "wanted"), CONVENTIONS)
def test_conventions_at_singular_points(
    name: str, values: tuple[float, ...], wanted: tuple[float | None, ...]
) -> None:
    results = both(name, *values)
    assert results
    for result in results:
        for got, expected in zip(result, wanted, strict=True):
            if expected is not None:
                assert got == pytest.approx(expected, rel=1e-12, nan_ok=True, abs=0)


@pytest.mark.parametrize(
    ("function", "values", "wanted"),
    [
        (max, (1.0, 1.0), [1, 0]),
        (min, (1.0, 1.0), [1, 0]),
        (max, (1.0, 2.0), [0, 1]),
        (min, (2.0, 1.0), [0, 1]),
        (max, (0.0, -0.0), [1, 0]),
        (max, (math.nan, 1.0), [1, 0]),
        (max, (1.0, math.nan), [1, 0]),
    ],
)
def test_builtin_max_and_min_follow_the_branch(
    function: Any, values: tuple[float, ...], wanted: list[int]
) -> None:
    assert slopes(MEANINGS[function], *values) == wanted


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 0.0, 1.0, 2.0, 0.5, 0.3, 1.5, -0.5, 7])
@pytest.mark.parametrize("base", [0.0, 1.3, -1.3, 1e-160, 1e200])
def test_constant_exponents(exponent: float, base: float) -> None:
    power = OPERATORS["**"]
    try:
        value = power(base, exponent)
    except ArithmeticError:
        return
    if isinstance(value, complex):
        return
    args = (Undef(Float()), const(exponent))
    slope = slopes(power, base, exponent, args=args)[0]
    if exponent == 0:
        wanted = 0.0
    elif base == 0:
        wanted = 1.0 if exponent == 1 else (0.0 if exponent > 1 else INF)
    else:
        wanted = float(sp.Float(base, 40) ** (exponent - 1) * exponent)
    assert slope == pytest.approx(wanted, rel=1e-14, abs=1e-320)


def test_constant_exponents_read_well() -> None:
    rule = RULES[OPERATORS["**"]]
    assert isinstance(rule, Partials)
    texts = [rule.texts((Undef(Float()), const(y)))[0] for y in (2, 3.0, -1, -2, 0.5)]
    assert texts == ["2 * x", "3 * x ** 2", "-z / x", "-2 * z / x", "quiet_div(0.5, z)"]


@pytest.mark.parametrize("low", [None, 0.0])
@pytest.mark.parametrize("high", [None, 1.0])
def test_clip_without_bounds(low: float | None, high: float | None) -> None:
    clip = PRIMITIVES["np.clip"]
    args = (Undef(Float()), const(low), const(high))
    if low is None and high is None:
        with pytest.raises(TypeRefusal):
            clip.infer(args)
        return
    assert clip.infer(args) == Float("f64")
    got = [slopes(clip, x, low, high, args=args)[0] for x in (-0.5, 0.0, 0.5, 1.0, 1.5)]
    assert got == [low is None, 1, 1, 1, high is None]


def test_logarithm_to_a_base() -> None:
    log = MEANINGS[math.log]
    assert slopes(log, 2.0, None)[0] == 0.5
    assert slopes(log, 8.0, 2.0)[0] == pytest.approx(difference(log, (8.0, 2.0), 0))
    assert slopes(log, 8.0, 2.0)[1] == pytest.approx(difference(log, (8.0, 2.0), 1))
    assert log(8.0, None) == math.log(8.0)


def test_series_of_sinc_meets_its_quotient() -> None:
    sinc = PRIMITIVES["np.sinc"]
    for x in (0.0199999, 0.02, 0.0200001, -0.02):
        symbol = sp.Symbol("x")
        exact = sp.diff(sp.sin(sp.pi * symbol) / (sp.pi * symbol), symbol)
        wanted = float(exact.evalf(40, subs={symbol: sp.Float(x, 50)}))
        assert slopes(sinc, x)[0] == pytest.approx(wanted, rel=3e-13)


def test_every_name_in_a_partial_is_known() -> None:
    for primitive, rule in ELEMENTWISE.values():
        texts = {*rule.partials, *rule.numbers} - {None}
        known = {*rule.params, "z", *FUNCTIONS, *CONSTANTS}
        for text in texts:
            assert text is not None
            used = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
            assert used <= known, (primitive, text)
