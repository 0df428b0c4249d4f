"""Ufuncs folded along an axis, and applied to all pairs; running sums under their other names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.cumulative import BOX
from ad_compiler.rules.masked import MASK
from ad_compiler.rules.reductions import reduced, spread
from ad_compiler.rules.registry import compile_time, means
from ad_compiler.rules.shaping import axis_of
from ad_compiler.rules.sorting import along
from ad_compiler.rules.structures import structural

FOLDS: dict[np.ufunc, Any] = {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
    np.logical_and: np.all, np.logical_or: np.any,
}  # fmt: skip
"""The reductions that are folds of ufuncs."""


def _fold(ufunc: np.ufunc, reduction: Any) -> None:
    """`np.add.reduce(x)` is `np.sum(x, axis=0)`."""

    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, *, keepdims: bool = False,
        initial: Any = None, where: Any = None,
    ) -> Any:  # fmt: skip
        options = {"dtype": dtype, "initial": initial, "where": where}
        given = {name: option for name, option in options.items() if option is not None}
        return reduction(array, axis=axis, keepdims=keepdims, **given)

    is_test = ufunc in (np.logical_and, np.logical_or)
    samples = ((VECTOR,), (MATRIX,), (MATRIX + 0.5, 1, {"keepdims": True}), (MATRIX, None))
    if not is_test:
        samples = (
            *samples,
            (MATRIX, 1, {"initial": 2.0}),
            (MATRIX, {"initial": 1.5, "where": MASK}),
        )
    means(ufunc.reduce, samples=samples, inert=is_test)(reduce)


for _ufunc, _reduction in FOLDS.items():
    _fold(_ufunc, _reduction)


@means(np.add.accumulate, samples=((VECTOR,), (MATRIX,), (MATRIX, 1)))
def _running_sums(array: Any, axis: int = 0) -> Any:
    return np.cumsum(array, axis=axis)


@means(np.multiply.accumulate, samples=((VECTOR,), (MATRIX,), (MATRIX + 0.5, 1)))
def _running_products(array: Any, axis: int = 0) -> Any:
    return np.cumprod(array, axis=axis)


# -- running extremes -----------------------------------------------------------------------------


def _same_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "a running extreme")
    axis_of(infer.static(args[1], "axis"), len(array.dims))
    return array


@compile_time
def other_axes(axis: int, rank: int) -> tuple[int, ...]:
    """All axes but one."""
    return tuple(k for k in range(rank) if k != axis % rank)


def _reached(x: Any, axis: int, z: Any) -> Any:
    """Where each running extreme was last attained."""
    places = np.arange(x.shape[axis])
    if x.ndim > 1:
        places = np.expand_dims(places, other_axes(axis, x.ndim))
    return RUNNING_MAXIMUM(np.where(x == z, places, 0), axis)


def _running_x(x: Any, axis: int, *, z: Any, x_dot: Any) -> Any:
    return along(x_dot, _reached(x, axis, z), axis)


def _running(ufunc: np.ufunc, noun: str) -> Any:
    path = f"np.{ufunc.__name__}.accumulate"
    return structural(
        ufunc.accumulate, ("x", "axis"), _same_type, {}, {"x": _running_x}, path=path,
        defaults={"axis": 0}, named=("axis",), noun=noun,
        convention="of equal elements the last",
        samples=((np.array([0.5, -1.0, 2.0, 1.0]), 0), (np.sin(MATRIX), 1), (-BOX % 1.7, 1)),
    )  # fmt: skip


RUNNING_MAXIMUM = _running(np.maximum, "largest")
_running(np.minimum, "smallest")

# -- logarithms of sums ---------------------------------------------------------------------------


def _log_type(args: Sequence[Atom]) -> Type:
    array, axis = infer.array(args[0], "np.logaddexp.reduce"), infer.static(args[1], "axis")
    if axis is None and len(array.dims) > 1:
        raise TypeRefusal("np.logaddexp.reduce along all axes", "reshape first")
    dtype = infer.our_dtype(np.logaddexp(*np.ones((2, 1), infer.kind_of(array))).dtype)
    return infer.of_dtype(dtype, reduced(array.dims, axis, infer.static(args[2], "keepdims")))


def _shares(x: Any, axis: Any, keepdims: bool, z: Any) -> Any:
    return np.exp(x - spread(z, axis, keepdims))


def _log_x(x: Any, axis: Any, keepdims: bool, *, z: Any, x_dot: Any) -> Any:
    return np.sum(_shares(x, axis, keepdims, z) * x_dot, axis=axis, keepdims=keepdims)


def _log_bar(x: Any, axis: Any, keepdims: bool, *, z: Any, z_bar: Any) -> Any:
    return spread(z_bar, axis, keepdims) * _shares(x, axis, keepdims, z)


structural(
    np.logaddexp.reduce, ("x", "axis", "keepdims"), _log_type, {"x": _log_bar}, {"x": _log_x},
    path="np.logaddexp.reduce", defaults={"axis": 0, "keepdims": False},
    named=("axis", "keepdims"), noun="logsum", convention="nan where all terms vanish",
    samples=((VECTOR, 0, False), (MATRIX, 1, False), (MATRIX, 0, True), (BOX, -1, False)),
)  # fmt: skip

# -- all pairs ------------------------------------------------------------------------------------

PAIRED = (
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.power, np.hypot,
    np.arctan2, np.logaddexp, np.logaddexp2, np.fmax, np.fmin, np.mod, np.fmod, np.copysign,
    np.float_power,
)  # fmt: skip
COMPARED = (
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.floor_divide,
)  # fmt: skip


@compile_time
def behind(rank: int, more: int) -> tuple[int, ...]:
    """So many axes behind those that there are."""
    return tuple(range(rank, rank + more))


def _pairs(ufunc: np.ufunc) -> None:
    """`np.subtract.outer(x, y)` is `x[:, None] - y`."""

    def outer(A: Any, B: Any, /) -> Any:  # noqa: N803
        one, other = np.asarray(A), np.asarray(B)
        if other.ndim == 0:
            return ufunc(one, other)
        return ufunc(np.expand_dims(one, behind(one.ndim, other.ndim)), other)

    samples = ((np.abs(VECTOR) + 0.1, VECTOR), (MATRIX + 0.5, VECTOR), (1.5, VECTOR))
    means(ufunc.outer, samples=samples, inert=ufunc in COMPARED)(outer)


for _ufunc in (*PAIRED, *COMPARED):
    _pairs(_ufunc)

# -- other names ----------------------------------------------------------------------------------


@compile_time
def only_axis(axis: Any, rank: int) -> int:
    """The axis; it need not be said of a vector."""
    if axis is None and rank != 1:
        raise TypeRefusal("running totals of several axes", "give the axis")
    return 0 if axis is None else axis_of(axis, rank)


def _with_initial(made: Any, axis: int, initial: Any) -> Any:
    shape = made.shape
    first = np.full((*shape[:axis], 1, *shape[axis + 1 :]), initial, made.dtype)
    return np.concatenate([first, made], axis)


_RUNNING = ((VECTOR,), (MATRIX, {"axis": 1}), (MATRIX, {"axis": 0, "include_initial": True}))


@means(np.cumulative_sum, samples=_RUNNING)
def _cumulative_sum(x: Any, /, *, axis: Any = None, include_initial: bool = False) -> Any:
    place = only_axis(axis, x.ndim)
    made = np.cumsum(x, axis=place if x.ndim > 1 else None)
    return _with_initial(made, place, 0) if include_initial else made


@means(np.cumulative_prod, samples=_RUNNING)
def _cumulative_prod(x: Any, /, *, axis: Any = None, include_initial: bool = False) -> Any:
    place = only_axis(axis, x.ndim)
    made = np.cumprod(x, axis=place if x.ndim > 1 else None)
    return _with_initial(made, place, 1) if include_initial else made
