"""Averages with weights, ranges, and reductions that leave NaN out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import PY_FLOAT, Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.forms import always
from ad_compiler.rules.reductions import AXES, NAMED, may_be_empty, reduction_type, spread
from ad_compiler.rules.registry import MEANINGS, Linear, compile_time, means, register
from ad_compiler.rules.structures import structural

HOLES = np.array([[1.0, np.nan, -2.0], [0.5, 3.0, np.nan]])


@compile_time
def lying_along(axis: int, rank: int) -> tuple[int, ...]:
    """The axes that a vector lacks to lie along one axis."""
    return tuple(k for k in range(rank) if k != axis % rank)


@means(
    np.average,
    samples=((VECTOR,), (MATRIX, 1), (VECTOR, None, VECTOR**2), (MATRIX, 0, [1.0, 3.0]),
             (MATRIX, None, MATRIX + 1), (MATRIX, 1, VECTOR**2, {"keepdims": True})),
)  # fmt: skip
def _average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    x = np.asarray(a)
    if weights is None:
        return np.mean(x, axis=axis, keepdims=keepdims)
    w = np.asarray(weights)
    if w.ndim < x.ndim:
        w = np.broadcast_to(np.expand_dims(w, lying_along(axis, x.ndim)), x.shape)
    scale = np.sum(w, axis=axis, keepdims=keepdims)
    if np.any(scale == 0.0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    return np.sum(np.multiply(x, w), axis=axis, keepdims=keepdims) / scale


@means(np.ptp, samples=((VECTOR,), (MATRIX, 1), (MATRIX, 0, {"keepdims": True})))
def _ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# -- without NaN ----------------------------------------------------------------------------------


@means(np.nansum, samples=((VECTOR,), (MATRIX, 1), (MATRIX, None, {"keepdims": True}), (HOLES, 1)))
def _nansum(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims)


@means(np.nanprod, samples=((VECTOR,), (MATRIX, 1), (HOLES, 0)))
def _nanprod(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.prod(np.where(np.isnan(a), 1.0, a), axis=axis, keepdims=keepdims)


@means(np.nancumsum, samples=((VECTOR,), (MATRIX, 1), (HOLES, 0)))
def _nancumsum(a: Any, axis: Any = None) -> Any:
    return np.cumsum(np.where(np.isnan(a), 0.0, a), axis=axis)


@means(np.nancumprod, samples=((VECTOR,), (MATRIX, 1), (HOLES, 0)))
def _nancumprod(a: Any, axis: Any = None) -> Any:
    return np.cumprod(np.where(np.isnan(a), 1.0, a), axis=axis)


@means(np.nanmean, samples=((VECTOR,), (MATRIX, 1), (HOLES, 0, {"keepdims": True})))
def _nanmean(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    mask = np.isnan(a)
    count = np.sum(np.logical_not(mask), axis=axis, keepdims=keepdims)
    return np.sum(np.where(mask, 0.0, a), axis=axis, keepdims=keepdims) / count


def _extreme_x(x: Any, axis: Any, keepdims: bool, *, z: Any, x_dot: Any) -> Any:
    mask = x == spread(z, axis, keepdims)
    total = np.sum(np.where(mask, x_dot, 0.0), axis=axis, keepdims=keepdims)
    return total / np.sum(mask, axis=axis, keepdims=keepdims)


def _extreme_bar(x: Any, axis: Any, keepdims: bool, *, z: Any, z_bar: Any) -> Any:
    mask = x == spread(z, axis, keepdims)
    share = z_bar / np.sum(mask, axis=axis, keepdims=keepdims)
    return np.where(mask, spread(share, axis, keepdims), 0.0)


for _function, _noun in ((np.nanmax, "largest"), (np.nanmin, "smallest")):
    structural(
        _function, ("x", *NAMED), reduction_type(_function, _function.__name__, numbers=False),
        {"x": _extreme_bar}, {"x": _extreme_x}, defaults=AXES, named=NAMED, raises=may_be_empty,
        noun=_noun, convention="ties share equally",
        samples=((VECTOR, None, False), (MATRIX, 1, True), (HOLES, 1, False)),
    )  # fmt: skip

# -- of Python's numbers --------------------------------------------------------------------------


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


@means(math.dist, samples=(((1.0, 2.0), (0.5, -1.0)), ([1.0, 2.0, 4.0], [0.5, -1.0, 0.25])))
def _dist(p: Any, q: Any, /) -> Any:
    return _hypot(*[p[k] - q[k] for k in range(len(p))])


@means(math.prod, samples=(([1.5, -2.0, 3.0],), ([1.5, 2.0], {"start": 0.5})))
def _prod(iterable: Any, /, *, start: Any = 1) -> Any:
    total = start
    for factor in iterable:
        total = total * factor
    return total
