"""Repeated, padded and picked elements: each element gathers what its copies receive."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import Any, cast

import numpy as np

from ad_compiler.ir.nodes import Atom, Const, Var
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Dim, Int, Sym, Type, dims_of, number_of, shown
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.indexing import ADD_AT, GETITEM
from ad_compiler.rules.registry import METHODS, compile_time, means
from ad_compiler.rules.shaping import axis_of, flattened, may_fail
from ad_compiler.rules.structures import inert, structural

BOX = np.arange(24.0).reshape(2, 3, 4) / 5


def times(dim: Dim, count: Atom) -> Dim:
    """The length of an axis that is repeated."""
    if isinstance(count, Const) and isinstance(dim, int):
        return dim * count.value
    if count == Const(1, count.type):
        return dim
    return Sym(f"{dim}*{count.value if isinstance(count, Const) else repr(count)}")


@compile_time
def padded_reps(reps: Any, rank: int) -> tuple[int, ...]:
    """One count an axis of the result."""
    counts = tuple(reps) if isinstance(reps, tuple | list) else (reps,)
    return (1,) * (rank - len(counts)) + counts


# -- tile -----------------------------------------------------------------------------------------


def _tile_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "np.tile")
    reps = args[1]
    if isinstance(reps.type, Int):
        _not_negative(reps)
        dims = array.dims or (1,)
        return Array(array.dtype, (*dims[:-1], times(dims[-1], reps)))
    counts = padded_reps(infer.static(reps, "reps"), len(array.dims))
    if any(c < 0 for c in counts):
        raise TypeRefusal(f"np.tile by {counts}", "use counts that are not negative")
    dims = (1,) * (len(counts) - len(array.dims)) + array.dims
    made = tuple(times(d, Const(c, Int())) for d, c in zip(dims, counts, strict=True))
    return Array(array.dtype, made)


def _not_negative(count: Atom) -> None:
    if isinstance(count, Const) and count.value < 0:
        raise TypeRefusal(f"{count.value} repeats", "use a count that is not negative")


@compile_time
def copies(reps: Any, rank: int) -> tuple[int, ...]:
    """The axes of the copies, in a result in which each repeated axis became two."""
    counts = padded_reps(reps, rank)
    lost = len(counts) - rank
    axes: list[int] = []
    width = 0
    for k, count in enumerate(counts):
        own = 1 if k >= lost else 0
        if count != 1 or not own:
            axes.append(width)
            width += 1
        width += own
    return tuple(axes)


@compile_time
def counts_first(reps: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """(count, axis of the operand) for each axis of the result; -1 where there is none."""
    counts = padded_reps(reps, rank)
    lost = len(counts) - rank
    return tuple((count, k - lost if k >= lost else -1) for k, count in enumerate(counts))


def _tile_bar(x: Any, reps: Any, *, z_bar: Any) -> Any:
    if x.ndim == 0:
        return np.sum(z_bar)
    if isinstance(reps, int):
        apart = z_bar.reshape(*x.shape[:-1], reps, x.shape[-1])
        return np.sum(apart, axis=-2)
    axes = copies(reps, x.ndim)
    if len(axes) == 0:
        return z_bar
    lengths = [
        n
        for count, axis in counts_first(reps, x.ndim)
        for n in ([count] if count != 1 or axis < 0 else [])
        + ([x.shape[axis]] if axis >= 0 else [])
    ]
    return np.sum(z_bar.reshape(*lengths), axis=axes[0] if len(axes) == 1 else axes)


structural(
    np.tile, ("x", "reps"), _tile_type, {"x": _tile_bar}, noun="tiled", raises=may_fail,
    samples=((VECTOR, 3), (MATRIX, 2), (VECTOR, (2, 3)), (MATRIX, (2, 1)), (BOX, (1, 2)),
             (VECTOR, (1,)), (MATRIX, (2, 1, 3)), (VECTOR, 0)),
)  # fmt: skip

# -- repeat ---------------------------------------------------------------------------------------


def _repeat_type(args: Sequence[Atom]) -> Type:
    x, repeats, axis = args
    array = infer.array(x, "np.repeat")
    _not_negative(repeats)
    place = infer.static(axis, "axis")
    if place is None:
        return Array(array.dtype, (times(flattened(array), repeats),))
    k = axis_of(place, len(array.dims))
    dims = (*array.dims[:k], times(array.dims[k], repeats), *array.dims[k + 1 :])
    return Array(array.dtype, dims)


def _repeat_bar(x: Any, repeats: Any, axis: Any, *, z_bar: Any) -> Any:
    if axis is None:
        return np.sum(z_bar.reshape(*x.shape, repeats), axis=-1)
    k = axis if axis >= 0 else axis + x.ndim
    apart = z_bar.reshape(*x.shape[: k + 1], repeats, *x.shape[k + 1 :])
    return np.sum(apart, axis=k + 1)


REPEAT = structural(
    np.repeat, ("x", "repeats", "axis"), _repeat_type, {"x": _repeat_bar},
    defaults={"axis": None}, named=("axis",), noun="repeated", raises=may_fail, means=(),
    samples=((VECTOR, 2, None), (MATRIX, 3, None), (MATRIX, 2, 0), (BOX, 2, -1), (BOX, 2, 1)),
)  # fmt: skip


@means(
    np.repeat,
    samples=((VECTOR, 2), (MATRIX, np.array([2, 0, 1]), 1), (VECTOR, [2, 1, 3]), (2.5, 3)),
    method="repeat",
)
def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    if np.ndim(a) == 0:
        a = np.array([a])
    if np.ndim(repeats) == 0:
        return REPEAT(a, repeats, axis)
    if axis is None:
        a, axis = np.ravel(a), 0
    return REPEAT_EACH(a, np.asarray(repeats), axis)


def _index_type(args: Sequence[Atom]) -> Type:
    for arg in args:
        infer.array(arg, "np.repeat")
    return Array("i64", (Sym(f"sum({args[1]!r})"),))


INDEX_REPEAT = inert(
    np.repeat, ("x", "repeats"), _index_type, "an index", name="np.repeat(index)",
    noun="indices", raises=may_fail, means=(),
)  # fmt: skip


def _repeat_each_type(args: Sequence[Atom]) -> Type:
    x, repeats, axis = args
    array = infer.array(x, "np.repeat")
    k = axis_of(infer.static(axis, "axis"), len(array.dims))
    total = Sym(f"sum({repeats!r})")
    return Array(array.dtype, (*array.dims[:k], total, *array.dims[k + 1 :]))


def _repeat_each_x(x: Any, repeats: Any, axis: int, *, x_dot: Any) -> Any:
    source = INDEX_REPEAT(np.arange(x.shape[axis]), repeats)
    return GETITEM(x_dot, pick_pattern(axis, x.ndim, "array"), source)


REPEAT_EACH = structural(
    np.repeat, ("x", "repeats", "axis"), _repeat_each_type, {}, {"x": _repeat_each_x},
    name="np.repeat(counts)", defaults={"axis": None}, named=("axis",), noun="repeated",
    raises=may_fail, means=(),
    samples=((VECTOR, np.array([2, 0, 1]), 0), (MATRIX, np.array([2, 0, 1]), 1),
             (BOX, np.array([1, 3]), 0)),
)  # fmt: skip

# -- take -----------------------------------------------------------------------------------------


@compile_time
def pick_pattern(axis: int, rank: int, item: str) -> tuple[str, ...]:
    """The pattern of an index of one axis."""
    return (":",) * (axis % rank) + (item,)


@compile_time
def item_of(rank: int) -> str:
    """How the pattern of an index names integers that have so many axes."""
    return "array" if rank else "int"


def within(indices: Any, length: int, mode: str) -> Any:
    """The indices that are meant by those that are out of bounds."""
    if mode == "wrap":
        return indices % length
    if mode == "clip":
        return np.minimum(np.maximum(indices, 0), length - 1)
    return indices


def _take_type(args: Sequence[Atom]) -> Type:
    x, indices, axis, mode = args
    array = infer.array(x, "np.take")
    if not isinstance(indices.type, Int) and not infer.array(indices, "np.take").dtype[0] == "i":
        raise TypeRefusal(f"np.take by {shown(indices.type)}", "index with integers")
    if infer.static(mode, "mode") not in ("raise", "wrap", "clip"):
        raise TypeRefusal(f"np.take in the mode {mode}", "use raise, wrap or clip")
    k = axis_of(infer.static(axis, "axis"), len(array.dims))
    dims = (*array.dims[:k], *dims_of(indices.type), *array.dims[k + 1 :])
    return Array(array.dtype, dims) if dims else number_of(array.dtype)


def _take_x(x: Any, indices: Any, axis: int, mode: str, *, x_dot: Any) -> Any:
    pattern = pick_pattern(axis, x.ndim, item_of(np.ndim(indices)))
    return GETITEM(x_dot, pattern, within(indices, x.shape[axis], mode))


TAKE = structural(
    np.take, ("x", "indices", "axis", "mode"), _take_type, {}, {"x": _take_x},
    defaults={"axis": None, "mode": "raise"}, named=("axis", "mode"), noun="taken",
    raises=may_fail, means=(),
    samples=((MATRIX, np.array([0, -1, 0]), 1, "raise"),
             (BOX, np.array([[1, 2], [0, 1]]), -2, "raise"), (MATRIX, 1, 0, "raise"),
             (MATRIX, np.array([4, -2]), 0, "wrap"), (BOX, np.array([4, -2]), 0, "clip"),
             (VECTOR, np.array([[0, 2], [2, 1]]), 0, "raise")),
)  # fmt: skip


@means(
    np.take,
    samples=((VECTOR, 1), (VECTOR, [2, 0, 2]), (MATRIX, np.array([[0, 2], [1, 1]]), 1),
             (MATRIX, [5, 0]), (MATRIX, [1, 1, 0], 0), (MATRIX, -1, 0),
             (VECTOR, [4, -7, 1], {"mode": "wrap"}), (VECTOR, [4, -7, 1], {"mode": "clip"})),
    method="take",
)  # fmt: skip
def _take(a: Any, indices: Any, axis: Any = None, *, mode: str = "raise") -> Any:
    x = np.ravel(a) if axis is None else a
    place = 0 if axis is None else axis
    index = np.asarray(indices) if np.ndim(indices) > 0 else indices
    if x.ndim > 1 or np.ndim(index) > 1:
        return TAKE(x, index, place, mode)  # a copy that lies in memory row by row
    return x[within(index, x.shape[0], mode)]


CHOSEN = np.array([True, False, True])


@means(np.compress, samples=((CHOSEN, VECTOR), (CHOSEN[:2], MATRIX, 0), ([True, False], VECTOR)))
def _compress(condition: Any, a: Any, axis: Any = None) -> Any:
    return _take(a, np.flatnonzero(np.asarray(condition)), axis)


def _compress_method(a: Any, condition: Any, axis: Any = None) -> Any:
    return np.compress(condition, a, axis)


METHODS["compress"] = cast(FunctionType, _compress_method)


@means(np.extract, samples=((MATRIX > 2, MATRIX), (VECTOR > 0, VECTOR)))
def _extract(condition: Any, arr: Any) -> Any:
    return np.ravel(arr)[np.flatnonzero(condition)]


# -- pad ------------------------------------------------------------------------------------------


@compile_time
def pad_widths(pad_width: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis."""
    pairs: Any = np.broadcast_to(np.asarray(pad_width), (rank, 2)).tolist()
    return tuple((int(before), int(after)) for before, after in pairs)


GATHERED = ("edge", "reflect", "symmetric", "wrap")


def _pad_type(args: Sequence[Atom]) -> Type:
    x, width, mode, values = args
    array = infer.array(x, "np.pad")
    if isinstance(values, Var):
        infer.numbers([values], "np.pad", "give a number as `constant_values`")
    if infer.static(mode, "mode") not in ("constant", *GATHERED):
        raise TypeRefusal(
            f"np.pad in the mode {mode}", f"use constant or one of {', '.join(GATHERED)}"
        )
    widths = pad_widths(infer.static(width, "pad_width"), len(array.dims))
    dims = tuple(
        d if p + q == 0 else d + p + q if isinstance(d, int)
        else Sym(f"{d}+{p + q}", never=max(p + q - 1, 0))
        for d, (p, q) in zip(array.dims, widths, strict=True)
    )  # fmt: skip
    return Array(array.dtype, dims)


def _pad_x(x: Any, pad_width: Any, mode: str, constant_values: Any, *, x_dot: Any) -> Any:
    return PAD(x_dot, pad_width, mode, None)


def _pad_values(
    x: Any, pad_width: Any, mode: str, constant_values: Any, *, constant_values_dot: Any
) -> Any:
    return PAD(np.zeros_like(x), pad_width, mode, constant_values_dot)


def _pad_values_bar(x: Any, pad_width: Any, mode: str, constant_values: Any, *, z_bar: Any) -> Any:
    inner = _pad_bar(x, pad_width, mode, constant_values, z_bar=z_bar)
    return np.sum(z_bar) - np.sum(inner)


@compile_time
def inner_pattern(pad_width: Any, rank: int) -> tuple[str, ...]:
    """The index that takes the padding off."""
    widths = pad_widths(pad_width, rank)
    items = [
        ":" if p + q == 0 else "a:" if q == 0 else ":b" if p == 0 else "a:b" for p, q in widths
    ]
    while items and items[-1] == ":":
        items.pop()
    return tuple(items)


def _pad_bar(x: Any, pad_width: Any, mode: str, constant_values: Any, *, z_bar: Any) -> Any:
    widths = pad_widths(pad_width, x.ndim)
    if mode == "constant":
        bounds = [
            bound
            for before, after in widths
            for bound in ([before] if before > 0 else []) + ([-after] if after > 0 else [])
        ]
        return GETITEM(z_bar, inner_pattern(pad_width, x.ndim), *bounds)
    for k, (before, after) in enumerate(widths):
        if before + after > 0:
            source = PAD(np.arange(x.shape[k]), (before, after), mode, None)
            rows = np.moveaxis(z_bar, k, 0)
            gathered = np.zeros((x.shape[k], *rows.shape[1:]), z_bar.dtype)
            z_bar = np.moveaxis(ADD_AT(gathered, ("array",), rows, source), 0, k)
    return z_bar


PAD = structural(
    np.pad, ("x", "pad_width", "mode", "constant_values"), _pad_type,
    {"x": _pad_bar, "constant_values": _pad_values_bar},
    {"x": _pad_x, "constant_values": _pad_values},
    defaults={"mode": "constant", "constant_values": None},
    named=("mode", "constant_values"), noun="padded", raises=may_fail, whole=True,
    samples=((VECTOR, 2, "constant", None), (MATRIX, ((0, 1), (2, 0)), "constant", 1.5),
             (MATRIX, (1, 2), "constant", None), (MATRIX, ((1, 0), (0, 0)), "edge", None),
             (VECTOR, (2, 1), "reflect", None), (MATRIX, 1, "symmetric", None),
             (VECTOR, (4, 3), "wrap", None), (BOX, ((0, 0), (1, 1), (0, 0)), "edge", None)),
)  # fmt: skip
