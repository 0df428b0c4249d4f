"""`math`'s functions of any number of Python's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import PY, PY_FLOAT, Float, Int, Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import VECTOR
from ad_compiler.rules.forms import always
from ad_compiler.rules.registry import MEANINGS, SAME, Linear, means, register


def _hypot_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "math.hypot", "use np.linalg.norm")
    return PY_FLOAT


def _hypot_dot(*coordinates: Any, z: Any, coordinates_dot: Any, index: int) -> Any:
    return coordinates[index] / z * coordinates_dot if z else 0.0


def _hypot_bar(*coordinates: Any, z: Any, z_bar: Any, index: int) -> Any:
    return coordinates[index] / z * z_bar if z else 0.0


PLANE = MEANINGS[math.hypot]
SPACE = register(
    Primitive(
        "math.hypot(any)", math.hypot, _hypot_type, Call("math.hypot"), ("*coordinates",),
        raises=always, noun="length",
    ),
    Linear(
        {"coordinates": _hypot_dot}, {"coordinates": _hypot_bar},
        convention="0 at the origin", samples=((1.0, -2.0, 2.5), (3.0,)),
    ),
)  # fmt: skip


@means(math.hypot, samples=((3.0, 4.0), (1.0, 2.0, -2.0)))
def _hypot(*coordinates: Any) -> Any:
    return PLANE(*coordinates) if len(coordinates) == 2 else SPACE(*coordinates)


def _dist_type(args: Sequence[Atom]) -> Type:
    if any(len(infer.array(a, "math.dist").dims) != 1 for a in args):
        raise TypeRefusal("math.dist of arrays that are no vectors", "use np.linalg.norm")
    return Float(PY)


def _dist_p(p: Any, q: Any, *, z: Any, p_dot: Any) -> Any:
    return np.dot(p - q, p_dot) / z if z else 0.0


def _dist_q(p: Any, q: Any, *, z: Any, q_dot: Any) -> Any:
    return np.dot(q - p, q_dot) / z if z else 0.0


def _dist_p_bar(p: Any, q: Any, *, z: Any, z_bar: Any) -> Any:
    return (p - q) * (z_bar / z if z else 0.0)


def _dist_q_bar(p: Any, q: Any, *, z: Any, z_bar: Any) -> Any:
    return (q - p) * (z_bar / z if z else 0.0)


DIST = register(
    Primitive(
        "math.dist", math.dist, _dist_type, Call("math.dist"), ("p", "q"), raises=always,
        noun="distance",
    ),
    Linear(
        {"p": _dist_p, "q": _dist_q}, {"p": _dist_p_bar, "q": _dist_q_bar}, dense=True,
        convention="0 where the points are one", samples=((VECTOR, VECTOR**2),),
    ),
)  # fmt: skip


@means(
    math.dist,
    samples=(((1.0, 2.0), (0.5, -1.0)), ([1.0, 2.0, 4.0], [0.5, -1.0, 0.25]), (VECTOR, VECTOR**2)),
)
def _dist(p: Any, q: Any, /) -> Any:
    if isinstance(p, np.ndarray) and isinstance(q, np.ndarray):
        return DIST(p, q)
    return _hypot(*[float(p[k]) - float(q[k]) for k in range(len(p))])


# -- sums without loss ----------------------------------------------------------------------------


def _fsum(*terms: float) -> float:
    return math.fsum(terms)


def _fsum_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "math.fsum", "use np.sum")
    return Float(PY)


def _fsum_bar(*terms: Any, z_bar: Any, index: int) -> Any:
    return z_bar


FSUM = register(
    Primitive(
        "math.fsum(items)", _fsum, _fsum_type, Special(), ("*terms",), raises=always, noun="total"
    ),
    Linear({"terms": SAME}, {"terms": _fsum_bar}, joint=True, samples=((1.5, -0.5, 2.0), (3.0,))),
)


def _array_sum_type(args: Sequence[Atom]) -> Type:
    if len(infer.array(args[0], "math.fsum").dims) != 1:
        raise TypeRefusal("math.fsum of an array that is no vector", "use np.ravel")
    return Float(PY)


def _array_sum_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar


ARRAY_FSUM = register(
    Primitive(
        "math.fsum",
        math.fsum,
        _array_sum_type,
        Call("math.fsum"),
        ("x",),
        raises=always,
        noun="total",
    ),
    Linear({"x": SAME}, {"x": _array_sum_bar}, samples=((VECTOR,),)),
)


@means(math.fsum, samples=(([1.5, -0.5],), ((2.0, 3.0, 4.0),), (VECTOR,)))
def _math_fsum(seq: Any, /) -> Any:
    return ARRAY_FSUM(seq) if isinstance(seq, np.ndarray) else FSUM(*seq)


# -- products -------------------------------------------------------------------------------------


@means(math.prod, samples=(([1.5, -2.0, 3.0],), ([1.5, 2.0], {"start": 0.5})))
def _prod(iterable: Any, /, *, start: Any = 1) -> Any:
    total = start
    for factor in iterable:
        total = total * factor
    return total


def _sumprod(*factors: float) -> float:
    half = len(factors) // 2
    return math.sumprod(factors[:half], factors[half:])  # type: ignore[attr-defined]


def _sumprod_type(args: Sequence[Atom]) -> Type:
    types = infer.numbers(args, "math.sumprod", "use np.dot")
    return Int(PY) if all(isinstance(t, Int) for t in types) else Float(PY)


def _other(factors: Any, index: int) -> Any:
    half = len(factors) // 2
    return factors[index - half if index >= half else index + half]


def _sumprod_dot(*factors: Any, factors_dot: Any, index: int) -> Any:
    return _other(factors, index) * factors_dot


def _sumprod_bar(*factors: Any, z_bar: Any, index: int) -> Any:
    return _other(factors, index) * z_bar


if hasattr(math, "sumprod"):  # from Python 3.12 on
    SUMPROD = register(
        Primitive(
            "math.sumprod",
            _sumprod,
            _sumprod_type,
            Special(),
            ("*factors",),
            raises=always,
            noun="total",
        ),
        Linear(
            {"factors": _sumprod_dot}, {"factors": _sumprod_bar}, samples=((1.0, 2.0, 3.0, 4.0),)
        ),
    )

    @means(math.sumprod, samples=(([1.5, -0.5], [2.0, 0.25]),))  # type: ignore[attr-defined]
    def _math_sumprod(p: Any, q: Any, /) -> Any:
        if len(p) != len(q):
            raise ValueError("Inputs are not the same length")
        return SUMPROD(*p, *q)
