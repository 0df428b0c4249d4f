"""Sorting and order statistics: the derivative follows the permutation that the values chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Infer, TypeRefusal
from ad_compiler.ir.types import Array, Sym, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.cumulative import rows
from ad_compiler.rules.indexing import GETITEM
from ad_compiler.rules.reductions import AXES, NAMED, may_be_empty, reduced, reduction_type
from ad_compiler.rules.registry import compile_time, means
from ad_compiler.rules.shaping import axes_of, flattened, may_fail
from ad_compiler.rules.structures import inert, structural

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
    return np.ravel(arr)[indices] if axis is None else along(arr, indices, axis)


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


structural(
    np.sort, ("x", "axis"), _sorted_type, {"x": _sort_bar}, {"x": _sort_x},
    defaults={"axis": -1}, named=("axis",), noun="sorted",
    convention="the permutation that sorts; equal elements keep their order",
    samples=((VECTOR, -1), (SHUFFLED, -1), (SHUFFLED, 0), (SHUFFLED, None)),
)  # fmt: skip


def _partition_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "kth")
    return _sorted_type(args)


def _partition_order(x: Any, z: Any, axis: Any) -> Any:
    """Where each value went, found by sorting both sides: NumPy does not say."""
    back = np.argsort(np.argsort(z, axis=axis, kind="stable"), axis=axis)
    return along(np.argsort(x, axis=axis, kind="stable"), back, axis)


def _partition_x(x: Any, kth: int, axis: int, *, z: Any, x_dot: Any) -> Any:
    return along(x_dot, _partition_order(x, z, axis), axis)


def _partition_bar(x: Any, kth: int, axis: int, *, z: Any, z_bar: Any) -> Any:
    return _unsorted(z_bar, _partition_order(x, z, axis), x, axis)


structural(
    np.partition, ("x", "kth", "axis"), _partition_type, {"x": _partition_bar},
    {"x": _partition_x}, defaults={"axis": -1}, named=("axis",), noun="parts", raises=may_fail,
    convention="the permutation that NumPy used",
    samples=((VECTOR, 1, -1), (SHUFFLED, 2, -1), (SHUFFLED, 0, 0)),
)  # fmt: skip
inert(
    np.argpartition, ("x", "kth", "axis"), lambda args: _order_type([args[0], args[2]]),
    "a permutation", defaults={"axis": -1}, named=("axis",), noun="order", raises=may_fail,
    method=True,
)  # fmt: skip

# -- order statistics -----------------------------------------------------------------------------


def one_axis(function: Any, name: str) -> Infer:
    """The type rule of a reduction along one axis, or along all."""
    whole = reduction_type(function, name, numbers=False)

    def rule(args: Sequence[Atom]) -> Type:
        if isinstance(infer.static(args[1], "axis"), tuple):
            raise TypeRefusal(f"np.{name} along several axes", "reshape first")
        return whole(args)

    return rule


def _back(value: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A value with the reduced axes back, if they are kept."""
    if not keepdims:
        return value
    return np.full((1,) * x.ndim, value) if axis is None else np.expand_dims(value, axis)


def _median_x(x: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    values, dots = rows(x, axis), rows(x_dot, axis)
    order = np.argsort(values, axis=leading(values.ndim), kind="stable")
    n = len(values)
    chosen = along(dots, order[(n - 1) // 2 : n // 2 + 1], 0)
    return _back(np.mean(chosen, axis=0), x, axis, keepdims)


structural(
    np.median, ("x", *NAMED), one_axis(np.median, "median"), {}, {"x": _median_x},
    defaults=AXES, named=NAMED, noun="median", raises=may_be_empty,
    convention="the elements in the middle; of equal ones the first",
    samples=((VECTOR, None, False), (SHUFFLED, None, False), (SHUFFLED, 1, True),
             (BOX, 1, False), (BOX, -1, False), (MATRIX, None, True)),
)  # fmt: skip

QUANTILES = ("axis", "method", "keepdims")
METHODS_OF_QUANTILE = ("linear", "lower", "higher")


def _quantile_type(args: Sequence[Atom]) -> Type:
    x, q, axis, method, keepdims = args
    array = infer.array(x, "np.quantile")
    if infer.static(method, "method") not in METHODS_OF_QUANTILE:
        raise TypeRefusal(f"the method {method} of np.quantile", "use linear, lower or higher")
    if isinstance(infer.static(axis, "axis"), tuple):
        raise TypeRefusal("np.quantile along several axes", "reshape first")
    if len(dims_of(q.type)) > 1 or (infer.static(keepdims, "keepdims") is True and dims_of(q.type)):
        raise TypeRefusal("np.quantile of such quantiles", "give a number or a vector")
    dims = reduced(array.dims, infer.static(axis, "axis"), infer.static(keepdims, "keepdims"))
    if array.dtype not in ("f64", "f32"):
        return infer.of_dtype("f64", (*dims_of(q.type), *dims))
    wide = infer.our_dtype(np.quantile(np.ones(2, infer.kind_of(array)), _q_sample(q)).dtype)
    return infer.of_dtype(wide, (*dims_of(q.type), *dims))


def _q_sample(q: Atom) -> Any:
    kind = infer.kind_of(q.type)
    return kind(0) if isinstance(kind, type) else np.zeros((), kind)


def _quantile_parts(n: Any, q: Any, method: str) -> Any:
    """Between which places a quantile lies, and how far from the first."""
    place = q * (n - 1)
    low = (np.ceil(place) if method == "higher" else np.floor(place)).astype(np.int64)
    high = np.minimum(low + 1, n - 1) if method == "linear" else low
    return low, high, place - low if method == "linear" else 0.0


def _quantile_x(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, x_dot: Any) -> Any:
    values, dots = rows(x, axis), rows(x_dot, axis)
    order = np.argsort(values, axis=leading(values.ndim), kind="stable")
    low, high, weight = _quantile_parts(len(values), q, method)
    one, other = _picked(dots, order, low), _picked(dots, order, high)
    if np.ndim(weight) > 0 and values.ndim > 1:
        weight = np.expand_dims(weight, trailing(values.ndim))
    between = one + weight * (other - one) if method == "linear" else one
    return _back(between, x, axis, keepdims)


@compile_time
def trailing(rank: int) -> tuple[int, ...]:
    """The axes behind the first."""
    return tuple(range(1, rank))


def _picked(dots: Any, order: Any, place: Any) -> Any:
    chosen = order[place]
    if dots.ndim == 1:
        return dots[chosen]
    return along(dots, chosen, 0) if np.ndim(place) > 0 else along(dots, chosen[None], 0)[0]


def _quantile_q(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, q_dot: Any) -> Any:
    values = rows(x, axis)
    ordered = np.sort(values, axis=leading(values.ndim))
    low, high, _ = _quantile_parts(len(values), q, method)
    slope = (len(values) - 1) * (ordered[high] - ordered[low])
    if np.ndim(q_dot) > 0 and values.ndim > 1:
        q_dot = np.expand_dims(q_dot, trailing(values.ndim))
    return _back(slope * q_dot, x, axis, keepdims)


QUANTILE = structural(
    np.quantile, ("x", "q", *QUANTILES), _quantile_type, {}, {"x": _quantile_x, "q": _quantile_q},
    defaults={"axis": None, "method": "linear", "keepdims": False}, named=QUANTILES,
    noun="quantile", raises=may_fail, means=(),
    convention="the elements between which it lies; of equal ones the first",
    samples=((VECTOR, 0.3, None, "linear", False), (SHUFFLED, 0.6, 1, "linear", True),
             (SHUFFLED, 0.6, 0, "lower", False), (BOX, np.array([0.1, 0.77]), 1, "linear", False),
             (SHUFFLED, np.array([0.3, 0.7]), None, "higher", False)),
)  # fmt: skip


@means(np.quantile, samples=((VECTOR, 0.3), (SHUFFLED, [0.25, 0.6], 1)))
def _quantile(
    a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    return QUANTILE(a, np.asarray(q) if np.ndim(q) > 0 else q, axis, method, keepdims)


@means(np.percentile, samples=((VECTOR, 35.0), (SHUFFLED, [25.0, 60.0], 1), (VECTOR, 50)))
def _percentile(
    a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False
) -> Any:
    return QUANTILE(a, np.asarray(q) / 100 if np.ndim(q) > 0 else q / 100, axis, method, keepdims)


# -- selection ------------------------------------------------------------------------------------


def _selected_type(args: Sequence[Atom]) -> Type:
    infer.array(args[0], "np.flatnonzero")
    return Array("i64", (Sym(f"count({args[0]!r})"),))


inert(np.flatnonzero, ("x",), _selected_type, "an index", noun="places")


def _search_type(args: Sequence[Atom]) -> Type:
    infer.array(args[0], "np.searchsorted")
    infer.static(args[2], "side")
    return infer.of_dtype("i64", dims_of(args[1].type))


inert(
    np.searchsorted, ("a", "v", "side"), _search_type, "an index", defaults={"side": "left"},
    noun="place", method=True,
)  # fmt: skip
