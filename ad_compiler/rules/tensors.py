"""The rest of `np.linalg`: its other names, condition numbers, systems of tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.linear_systems import RIGHT
from ad_compiler.rules.matrices import (
    SQUARE,
    STACK,
    TALL,
    TALL_STACK,
    float_dtype,
    matrix,
    scaled,
    transposed,
)
from ad_compiler.rules.norms import slope
from ad_compiler.rules.registry import DEFINITIONS, MEANINGS, compile_time, means
from ad_compiler.rules.shaping import axes_of, may_fail
from ad_compiler.rules.statistics import inverse_or_zero
from ad_compiler.rules.structures import structural

BOX = np.cos(np.arange(24.0)).reshape(2, 3, 4)
REGULAR = np.eye(6) + np.arange(36.0).reshape(6, 6) / 50
MEANINGS[np.linalg.tensordot] = MEANINGS[np.tensordot]
DEFINITIONS[np.linalg.matrix_transpose] = DEFINITIONS[np.matrix_transpose]

# -- norms ----------------------------------------------------------------------------------------


@compile_time
def front_order(axis: Any, rank: int) -> tuple[int, ...]:
    """The order of axes that puts some of them first."""
    axes = axes_of(axis, rank)
    return (*axes, *(k for k in range(rank) if k not in axes))


@compile_time
def kept_ones(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that come back with length 1."""
    return tuple(sorted(axes_of(axis, rank)))


@means(
    np.linalg.vector_norm,
    samples=((VECTOR,), (MATRIX + 0.5, {"axis": 1}), (BOX, {"axis": (0, 2), "ord": 3}),
             (MATRIX + 0.5, {"keepdims": True, "ord": 1}), (BOX, {"axis": -1, "ord": math.inf})),
)  # fmt: skip
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    array = np.asarray(x)
    if axis is None:
        made = np.linalg.norm(array.ravel(), ord, axis=0)
    elif isinstance(axis, tuple):
        front = np.transpose(array, front_order(axis, array.ndim))
        flat = front.reshape(-1, *front.shape[len(axis) :])
        made = np.linalg.norm(flat, ord, axis=0)
    else:
        made = np.linalg.norm(array, ord, axis=axis)
    return np.expand_dims(made, kept_ones(axis, array.ndim)) if keepdims else made


@means(
    np.linalg.matrix_norm,
    samples=(
        (MATRIX + 0.5,),
        (BOX,),
        (SQUARE, {"ord": "nuc"}),
        (TALL, {"ord": 2, "keepdims": True}),
    ),
)
def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(np.asarray(x), ord, axis=(-2, -1), keepdims=keepdims)


# -- condition numbers ----------------------------------------------------------------------------


def _cond_type(args: Sequence[Atom]) -> Type:
    array, p = matrix(args[0], "np.linalg.cond"), infer.static(args[1], "p")
    if p not in (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise TypeRefusal(f"np.linalg.cond has no order {p!r}", "use one that it has")
    return infer.of_dtype(float_dtype(args[:1]), array.dims[:-2])


def _each(x: Any) -> Any:
    return x if np.ndim(x) == 0 else np.expand_dims(x, (-2, -1))


def _outer(one: Any, other: Any) -> Any:
    return np.expand_dims(one, -1) * np.expand_dims(other, -2)


def _cond_slope(x: Any, p: Any, z: Any) -> Any:
    """The derivative in each element; NaN where the matrix is singular."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    if p is None or p == 2 or p == -2:
        first, last = _outer(u[..., 0], vh[..., 0, :]), _outer(u[..., -1], vh[..., -1, :])
        big, small = _each(s[..., 0]), _each(s[..., -1])
        if p == -2:
            return (last - _each(z) * first) / big
        return (first - _each(z) * last) / small
    inverse = transposed(scaled(u, inverse_or_zero(s)) @ vh)
    size = _each(np.linalg.norm(x, p, axis=(-2, -1)))
    other = _each(np.linalg.norm(inverse, p, axis=(-2, -1)))
    moved = transposed(inverse) @ slope(inverse, p, (-2, -1), other) @ transposed(inverse)
    return slope(x, p, (-2, -1), size) * other - size * moved


def _total(x: Any) -> Any:
    return np.sum(x) if x.ndim == 2 else np.sum(x, axis=(-2, -1))


def _cond_x(x: Any, p: Any, *, z: Any, x_dot: Any) -> Any:
    return _total(_cond_slope(x, p, z) * x_dot)


def _cond_bar(x: Any, p: Any, *, z: Any, z_bar: Any) -> Any:
    return _each(z_bar) * _cond_slope(x, p, z)


structural(
    np.linalg.cond, ("x", "p"), _cond_type, {"x": _cond_bar}, {"x": _cond_x}, path="np.linalg.cond",
    defaults={"p": None}, noun="condition", raises=may_fail,
    convention="where several singular values are the largest or least, the first and the last",
    samples=((SQUARE, None), (TALL, 2), (SQUARE, -2), (TALL_STACK, None),
             *((SQUARE, p) for p in ("fro", "nuc", 1, -1, math.inf, -math.inf)), (STACK, 1)),
)  # fmt: skip

# -- systems of tensors ---------------------------------------------------------------------------


def _count(lengths: Any) -> Any:
    """How many elements there are along some axes."""
    total = 1
    for n in lengths:
        total = total * n
    return total


@compile_time
def moved_last(axes: Any, rank: int) -> tuple[int, ...]:
    """The order of axes that puts some of them last, one after the other."""
    order = list(range(rank))
    for axis in axes:
        order.remove(axis)
        order.insert(rank, axis)
    return tuple(order)


@means(
    np.linalg.tensorsolve,
    samples=((SQUARE, RIGHT), (REGULAR.reshape(2, 3, 2, 3), MATRIX)),
)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    array = np.asarray(a) if axes is None else np.transpose(a, moved_last(axes, np.ndim(a)))
    right = np.asarray(b)
    shape = array.shape[right.ndim - array.ndim :]
    n = _count(shape)
    return np.linalg.solve(array.reshape(n, n), np.ravel(right)).reshape(*shape)


@means(
    np.linalg.tensorinv,
    samples=((REGULAR.reshape(2, 3, 6),), (SQUARE, 1)),
)
def _tensorinv(a: Any, ind: int = 2) -> Any:
    array = np.asarray(a)
    shape = array.shape
    flat = array.reshape(_count(shape[ind:]), -1)
    return np.linalg.inv(flat).reshape(*shape[ind:], *shape[:ind])
