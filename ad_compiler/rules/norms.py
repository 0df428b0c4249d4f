"""Norms of vectors and matrices, of every order.

The slope of a norm has the shape of its operand: the derivative is the operand's tangent times the
slope, summed, in both modes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.matrices import SQUARE, TALL, TALL_STACK, float_dtype, scaled
from ad_compiler.rules.reductions import SAMPLES, reduced, spread
from ad_compiler.rules.registry import Linear, compile_time, register
from ad_compiler.rules.shaping import axes_of
from ad_compiler.rules.statistics import inverse_or_zero

EUCLIDEAN, LARGEST, ONE, POWER, COUNT, SPECTRAL = (
    "euclidean", "largest", "one", "power", "count", "spectral"
)  # fmt: skip
"""Kinds of norms. A matrix norm of the kind `largest` is that of the sums along one of its axes."""

ORDER_NAMED = ("axis", "keepdims")
OPTIONS = {"ord": None, "axis": None, "keepdims": False}


@compile_time
def kind_of(order: Any, axis: Any, rank: int) -> str:
    """What kind of norm an order is, of vectors or of matrices."""
    if is_of_matrices(order, axis, rank):
        if order in (None, "fro"):
            return EUCLIDEAN
        return LARGEST if order in (1, -1, math.inf, -math.inf) else SPECTRAL
    if order in (None, 2):
        return EUCLIDEAN
    if order in (math.inf, -math.inf):
        return LARGEST
    return {0: COUNT, 1: ONE}.get(order, POWER)


@compile_time
def is_of_matrices(order: Any, axis: Any, rank: int) -> bool:
    """Whether the norm is one of matrices."""
    if axis is None:
        return rank == 2 and order is not None
    return isinstance(axis, tuple | list) and len(axis) == 2


@compile_time
def axis_pair(axis: Any) -> tuple[int, int]:
    """The axes of the matrices: rows, columns."""
    return (-2, -1) if axis is None else (axis[0], axis[1])


@compile_time
def summed_axis(order: Any, axis: Any) -> int:
    """The axis along which a matrix norm of the kind `largest` sums."""
    rows, columns = axis_pair(axis)
    return rows if abs(order) == 1 else columns


@compile_time
def compared_axis(order: Any, axis: Any) -> int:
    """The axis along which it then looks for the largest or the least sum."""
    rows, columns = axis_pair(axis)
    return columns if abs(order) == 1 else rows


def slope(x: Any, ord: Any, axis: Any, z: Any) -> Any:
    """The derivative of the norm in each element; `z` is the norm with its axes kept."""
    kind = kind_of(ord, axis, x.ndim)
    if kind == "count":
        return None
    if kind == "euclidean":
        return inverse_or_zero(z) * x
    if kind == "one":
        return np.sign(x)
    if kind == "power":
        return _slope_of_power(x, ord, z)
    if kind == "spectral":
        return _slope_of_spectrum(x, ord, axis)
    if not is_of_matrices(ord, axis, x.ndim):
        chosen = np.abs(x) == z
        return np.sign(x) * chosen / np.sum(chosen, axis=axis, keepdims=True)
    chosen = np.sum(np.abs(x), axis=summed_axis(ord, axis), keepdims=True) == z
    return np.sign(x) * chosen / np.sum(chosen, axis=compared_axis(ord, axis), keepdims=True)


def _slope_of_power(x: Any, ord: float, z: Any) -> Any:
    """`sign(x) * (abs(x) / z) ** (ord - 1)`."""
    ratio = np.abs(x) * inverse_or_zero(z)
    if ord < 1:
        return np.sign(x) * np.where(ratio == 0, 0.0, np.where(ratio == 0, 1.0, ratio) ** (ord - 1))
    return np.sign(x) * ratio ** (ord - 1)


def _slope_of_spectrum(x: Any, ord: Any, axis: Any) -> Any:
    """Of the singular values that count, `u @ vh`."""
    pair = axis_pair(axis)
    u, s, vh = np.linalg.svd(np.moveaxis(x, pair, (-2, -1)), full_matrices=False)
    weights = s > 0
    if ord == 2:
        largest = s == s[..., :1]
        weights = largest * weights / np.sum(largest, axis=-1, keepdims=True)
    if ord == -2:
        least = s == s[..., -1:]
        weights = least * weights / np.sum(least, axis=-1, keepdims=True)
    return np.moveaxis(scaled(u, weights) @ vh, (-2, -1), pair)


def _norm_x(x: Any, ord: Any, axis: Any, keepdims: bool, *, z: Any, x_dot: Any) -> Any:
    if kind_of(ord, axis, x.ndim) == "euclidean":
        return np.sum(x * x_dot, axis=axis, keepdims=keepdims) * inverse_or_zero(z)
    slopes = slope(x, ord, axis, spread(z, axis, keepdims))
    return None if slopes is None else np.sum(slopes * x_dot, axis=axis, keepdims=keepdims)


def _norm_bar(x: Any, ord: Any, axis: Any, keepdims: bool, *, z: Any, z_bar: Any) -> Any:
    if kind_of(ord, axis, x.ndim) == "euclidean":
        return spread(z_bar * inverse_or_zero(z), axis, keepdims) * x
    slopes = slope(x, ord, axis, spread(z, axis, keepdims))
    return None if slopes is None else spread(z_bar, axis, keepdims) * slopes


def _norm(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    return np.linalg.norm(x, ord, axis=axis, keepdims=keepdims)


def _norm_type(args: Sequence[Atom]) -> Type:
    x = infer.array(args[0], "np.linalg.norm")
    order, axis = infer.static(args[1], "ord"), infer.static(args[2], "axis")
    rank = len(x.dims)
    if order is not None and axis is None and rank not in (1, 2):
        raise TypeRefusal(f"np.linalg.norm of order {order!r} of {rank} axes", "give the axes")
    if len(axes_of(axis, rank)) > 2 and axis is not None:
        raise TypeRefusal("np.linalg.norm along more than two axes", "give one or two axes")
    orders = (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
    matrices = is_of_matrices(order, axis, rank)
    if (matrices and order not in orders) or (not matrices and isinstance(order, str)):
        raise TypeRefusal(f"np.linalg.norm has no order {order!r} here", "use one that it has")
    dims = reduced(x.dims, axis, infer.static(args[3], "keepdims"))
    return infer.of_dtype(float_dtype(args[:1]), dims)


_ORDERS = tuple(
    (x, order, axis, keepdims)
    for x, orders, axis, keepdims in (
        (VECTOR, (1, 2, 3, 0.5, -1, -1.5, math.inf, -math.inf), None, False),
        (MATRIX - 2.25, (1, 3.5, math.inf), 1, False),
        (SQUARE, ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf), None, False),
        (TALL, ("nuc", 2, -2, 1), (1, 0), True),
        (TALL_STACK, ("nuc", math.inf, -2), (-2, -1), False),
    )
    for order in orders
)

register(
    Primitive(
        "np.linalg.norm", _norm, _norm_type, Call("np.linalg.norm"), ("x", *OPTIONS),
        defaults=OPTIONS, keyword_only=ORDER_NAMED, noun="norm",
    ),
    Linear(
        {"x": _norm_x}, {"x": _norm_bar}, dense=True,
        convention="0 at 0, and in elements that are 0 where their slope would be infinite; where "
        "several sums or singular values are the largest, they share the derivative equally",
        samples=(*((x, None, axis, k) for x, axis, k in SAMPLES), *_ORDERS),
    ),
    np.linalg.norm,
)  # fmt: skip
