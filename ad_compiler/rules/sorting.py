"""Sorting and order statistics: the derivative follows the permutation that the values chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import Array, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import VECTOR
from ad_compiler.rules.indexing import GETITEM
from ad_compiler.rules.registry import Linear, compile_time, means, widen
from ad_compiler.rules.shaping import axes_of, axis_of, flattened, may_fail
from ad_compiler.rules.structures import evaluator, inert, structural

SHUFFLED = np.array([[3.0, -1.0, 2.5, 0.5], [0.25, 4.0, -2.0, 1.0]])
BOX = np.sin(np.arange(24.0)).reshape(2, 3, 4)
INDEX = np.array([[1, 0, 2, 2], [3, 3, 0, 1]])


@compile_time
def mesh_pattern(rank: int) -> tuple[str, ...]:
    """An index array for every axis."""
    return ("array",) * rank


@compile_time
def other_axes(axis: int, rank: int) -> int | tuple[int, ...]:
    """All axes but one."""
    axes = tuple(k for k in range(rank) if k != axis % rank)
    return axes[0] if len(axes) == 1 else axes


@compile_time
def leading(rank: int) -> int:
    """The first axis; of one axis alone it is the last, and need not be said."""
    return 0 if rank > 1 else -1


@compile_time
def axis_in(axis: Any, rank: int) -> int:
    """An axis that there is, counted from the front."""
    return axis_of(axis, rank)


def along(x: Any, indices: Any, axis: int) -> Any:
    """`np.take_along_axis`, as an index."""
    rank = x.ndim
    if rank == 1:
        return x[indices]
    mesh = [
        indices
        if k == axis or k == axis + rank
        else np.expand_dims(np.arange(x.shape[k]), other_axes(k, rank))
        for k in range(rank)
    ]
    return GETITEM(x, mesh_pattern(rank), *mesh)


@means(
    np.take_along_axis,
    samples=((SHUFFLED, INDEX, 1), (SHUFFLED, INDEX[:1] % 2, 0), (VECTOR, np.array([2, 2, 0]), 0),
             (SHUFFLED, np.array([5, 1]), None), (BOX, np.ones((2, 1, 4), int), 1)),
)  # fmt: skip
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if axis is None:
        return np.ravel(arr)[indices]
    return along(arr, indices, axis_in(axis, arr.ndim))


# -- sorting --------------------------------------------------------------------------------------


def _sorted_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "sorting")
    axis = infer.static(args[-1], "axis")
    if axis is None:
        return Array(array.dtype, (flattened(array),))
    axes_of(axis, len(array.dims))
    return array


def _order_type(args: Sequence[Atom]) -> Type:
    type_ = _sorted_type(args)
    return Array("i64", dims_of(type_))


_ORDER = inert(
    np.argsort, ("x", "kind", "axis"), lambda args: _order_type([args[0], args[2]]),
    "a permutation", defaults={"kind": None, "axis": -1}, named=("kind", "axis"), noun="order",
    method=True,
)  # fmt: skip


def _whole(x: Any, axis: Any) -> Any:
    return np.ravel(x) if axis is None else x


def _unsorted(z_bar: Any, order: Any, x: Any, axis: Any) -> Any:
    """The cotangents put back to where their values came from."""
    if axis is None:
        return along(z_bar, np.argsort(order), 0).reshape(*x.shape)
    return along(z_bar, np.argsort(order, axis=axis), axis)


def _sort_order(x: Any, axis: Any) -> Any:
    return np.argsort(_whole(x, axis), axis=-1 if axis is None else axis, kind="stable")


def _sort_x(x: Any, axis: Any, *, x_dot: Any) -> Any:
    return along(_whole(x_dot, axis), _sort_order(x, axis), 0 if axis is None else axis)


def _sort_bar(x: Any, axis: Any, *, z_bar: Any) -> Any:
    return _unsorted(z_bar, _sort_order(x, axis), x, axis)


SORT = structural(
    np.sort, ("x", "axis"), _sorted_type, {"x": _sort_bar}, {"x": _sort_x},
    defaults={"axis": -1}, named=("axis",), noun="sorted",
    convention="the permutation that sorts; equal elements keep their order",
    samples=((VECTOR, -1), (SHUFFLED, -1), (SHUFFLED, 0), (SHUFFLED, None)),
)  # fmt: skip


def _kind_type(args: Sequence[Atom]) -> Type:
    for arg, name in zip(args[2:], ("kind", "stable"), strict=True):
        infer.static(arg, name)
    return _sorted_type(args[:2])


def _kind_x(x: Any, axis: Any, kind: Any, stable: Any, *, x_dot: Any) -> Any:
    return _sort_x(x, axis, x_dot=x_dot)


def _kind_bar(x: Any, axis: Any, kind: Any, stable: Any, *, z_bar: Any) -> Any:
    return _sort_bar(x, axis, z_bar=z_bar)


KINDS: dict[str, Any] = {"axis": -1, "kind": None, "stable": None}
widen(
    SORT,
    Primitive(
        "np.sort(kind)", evaluator(np.sort, ("x", *KINDS), KINDS, tuple(KINDS)), _kind_type,
        Call("np.sort"), ("x", *KINDS), defaults=KINDS, keyword_only=tuple(KINDS), noun="sorted",
    ),
    Linear(
        {"x": _kind_x}, {"x": _kind_bar}, dense=True,
        samples=((VECTOR, -1, "stable", None), (SHUFFLED, 0, None, True)),
    ),
)  # fmt: skip


def _partition_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "kth")
    return _sorted_type(args)


def _partition_order(x: Any, z: Any, axis: Any) -> Any:
    """Where each value went, found by sorting both sides: NumPy does not say."""
    back = np.argsort(np.argsort(z, axis=axis, kind="stable"), axis=axis)
    return along(np.argsort(x, axis=axis, kind="stable"), back, axis)


def _partition_x(x: Any, kth: Any, axis: Any, *, z: Any, x_dot: Any) -> Any:
    place = 0 if axis is None else axis
    return along(_whole(x_dot, axis), _partition_order(_whole(x, axis), z, place), place)


def _partition_bar(x: Any, kth: Any, axis: Any, *, z: Any, z_bar: Any) -> Any:
    place = 0 if axis is None else axis
    return _unsorted(z_bar, _partition_order(_whole(x, axis), z, place), x, axis)


structural(
    np.partition, ("x", "kth", "axis"), _partition_type, {"x": _partition_bar},
    {"x": _partition_x}, defaults={"axis": -1}, named=("axis",), noun="parts", raises=may_fail,
    convention="the permutation that NumPy used",
    samples=((VECTOR, 1, -1), (SHUFFLED, 2, -1), (SHUFFLED, 0, 0), (SHUFFLED, 3, None),
             (SHUFFLED, (0, 2), -1)),
)  # fmt: skip
inert(
    np.argpartition, ("x", "kth", "axis"), lambda args: _order_type([args[0], args[2]]),
    "a permutation", defaults={"axis": -1}, named=("axis",), noun="order", raises=may_fail,
    method=True,
)  # fmt: skip
