"""Differences, integrals and products of neighbours; interpolation between points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Sym, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR, length_of
from ad_compiler.rules.indexing import ADD_AT, GETITEM, STORE
from ad_compiler.rules.masked import is_absent
from ad_compiler.rules.registry import compile_time, means
from ad_compiler.rules.shaping import axis_of, less, may_fail
from ad_compiler.rules.structures import structural

BOX = np.sin(np.arange(24.0)).reshape(2, 3, 4)
LONG = np.array([0.5, -1.0, 2.0, 1.5, -0.25])

# -- differences ----------------------------------------------------------------------------------


def _diff_type(args: Sequence[Atom]) -> Type:
    x, n, axis = args
    array = infer.array(x, "np.diff")
    count = infer.static(n, "n")
    if not isinstance(count, int) or count < 1:
        raise TypeRefusal(f"np.diff with n={count}", "take at least one difference")
    if array.dtype == "bool":
        raise TypeRefusal("np.diff of truth values", "convert them to floats first")
    k = axis_of(infer.static(axis, "axis"), len(array.dims))
    return Array(array.dtype, (*array.dims[:k], less(array.dims[k], count), *array.dims[k + 1 :]))


def _spread(z_bar: Any, zeros: Any, axis: int) -> Any:
    """The cotangent of what first differences are taken of, in an array of zeros of its shape."""
    after, before = cut(axis, zeros.ndim, "a:"), cut(axis, zeros.ndim, ":b")
    return ADD_AT(STORE(zeros, after, z_bar, 1), before, -z_bar, -1)


def _diff_bar(x: Any, n: int, axis: int, *, z_bar: Any) -> Any:
    before, after = x.shape[: axis % x.ndim], x.shape[axis % x.ndim + 1 :]
    for k in range(n - 1, 0, -1):
        length = max(x.shape[axis] - k, 0)
        z_bar = _spread(z_bar, np.zeros((*before, length, *after), z_bar.dtype), axis)
    return _spread(z_bar, np.zeros_like(x), axis)


DIFF = structural(
    np.diff, ("x", "n", "axis"), _diff_type, {"x": _diff_bar}, defaults={"n": 1, "axis": -1},
    named=("axis",), noun="differences", means=(),
    samples=((VECTOR, 1, -1), (LONG, 2, -1), (MATRIX, 1, 0), (BOX, 1, 1), (BOX, 2, -1)),
)  # fmt: skip


@means(
    np.diff,
    samples=((VECTOR,), (MATRIX, 1, 0), (VECTOR, {"prepend": 0.5}), (VECTOR, {"append": 2.0})),
)
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    x = np.asarray(a)
    if prepend is not None:
        x = np.concatenate([_edge(x, prepend, axis), x], axis)
    if append is not None:
        x = np.concatenate([x, _edge(x, append, axis)], axis)
    return np.asarray(a) if n == 0 else DIFF(x, n, axis)


def _edge(x: Any, value: Any, axis: int) -> Any:
    if np.ndim(value) > 0:
        return np.asarray(value)
    shape = x.shape
    k = axis if axis >= 0 else axis + x.ndim
    return np.full((*shape[:k], 1, *shape[k + 1 :]), value)


@means(
    np.ediff1d,
    samples=((LONG,), (MATRIX,), (LONG, 0.5, [1.0, 2.0]), (LONG, {"to_begin": [0.5, 1.5]})),
)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(np.asarray(ary))
    made = flat[1:] - flat[:-1]
    if to_begin is not None:
        made = np.concatenate([np.ravel(np.asarray(to_begin)), made])
    return made if to_end is None else np.concatenate([made, np.ravel(np.asarray(to_end))])


@compile_time
def cut(axis: int, rank: int, item: str) -> tuple[str, ...]:
    """The pattern of an index of one axis."""
    return (":",) * (axis % rank) + (item,)


@compile_time
def aligned(axis: int, rank: int) -> Any:
    """The axes that a vector lacks to lie along one axis."""
    return tuple(k for k in range(rank) if k != axis % rank)


@means(
    np.trapezoid,
    samples=((LONG,), (LONG, np.cumsum(LONG**2)), (LONG, None, 0.5), (MATRIX, VECTOR),
             (BOX, None, 2.0, 1), (MATRIX, MATRIX + 1.0, 1.0, 0)),
)  # fmt: skip
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = np.asarray(y)
    if x is None:
        d = dx
    elif np.ndim(x) == 1:
        d = DIFF(np.asarray(x), 1, -1)
        d = np.expand_dims(d, aligned(axis, y.ndim)) if y.ndim > 1 else d
    else:
        d = DIFF(np.asarray(x), 1, axis)
    after = GETITEM(y, cut(axis, y.ndim, "a:"), 1)
    before = GETITEM(y, cut(axis, y.ndim, ":b"), -1)
    return np.sum(d * (after + before) / 2.0, axis)


# -- convolution ----------------------------------------------------------------------------------

MODES = ("full", "valid", "same")


def _window_type(args: Sequence[Atom]) -> Type:
    a, v, mode = args
    if any(len(infer.array(x, "np.convolve").dims) != 1 for x in (a, v)):
        raise TypeRefusal("np.convolve of arrays that are no vectors", "give two vectors")
    how = infer.static(mode, "mode")
    if how not in MODES:
        raise TypeRefusal(f"the mode {mode} of np.convolve", f"use one of {', '.join(MODES)}")
    (n,), (m,) = dims_of(a.type), dims_of(v.type)
    return Array(infer.promote([a.type, v.type]), (Sym(f"{how}({n},{m})"),))


def _in_full(a: Any, v: Any, mode: str, z_bar: Any, turned: bool = False) -> Any:
    """The cotangent as one of the full convolution, or of the full correlation, of a and v."""
    if mode == "full":
        return z_bar
    n, m = len(a), len(v)
    short = min(n, m)
    start = short - 1 if mode == "valid" else (short - 1) // 2
    if turned and mode == "same" and n < m:  # np.correlate exchanges them, and turns the result
        start = short // 2
    whole = np.zeros(n + m - 1, z_bar.dtype)
    return STORE(whole, ("a:b",), z_bar, start, start + len(z_bar))


def _convolve_a(a: Any, v: Any, mode: str, *, z_bar: Any) -> Any:
    return np.correlate(_in_full(a, v, mode, z_bar), v, "valid")


def _convolve_v(a: Any, v: Any, mode: str, *, z_bar: Any) -> Any:
    return np.correlate(_in_full(a, v, mode, z_bar), a, "valid")


structural(
    np.convolve, ("a", "v", "mode"), _window_type, {"a": _convolve_a, "v": _convolve_v},
    defaults={"mode": "full"}, noun="convolved", raises=may_fail, whole=True,
    samples=((LONG, VECTOR, "full"), (LONG, VECTOR, "valid"), (LONG, VECTOR, "same"),
             (VECTOR, LONG, "full"), (VECTOR, LONG, "same"), (LONG, VECTOR[:2], "same")),
)  # fmt: skip


def _correlate_a(a: Any, v: Any, mode: str, *, z_bar: Any) -> Any:
    return np.convolve(_in_full(a, v, mode, z_bar, True), v, "valid")


def _correlate_v(a: Any, v: Any, mode: str, *, z_bar: Any) -> Any:
    return np.convolve(_in_full(a, v, mode, z_bar, True)[::-1], a, "valid")


structural(
    np.correlate, ("a", "v", "mode"), _window_type, {"a": _correlate_a, "v": _correlate_v},
    defaults={"mode": "valid"}, noun="correlated", raises=may_fail, whole=True,
    samples=((LONG, VECTOR, "valid"), (LONG, VECTOR, "full"), (LONG, VECTOR, "same"),
             (VECTOR, LONG, "same"), (VECTOR, LONG, "valid"), (VECTOR[:2], LONG, "same"),
             (LONG, VECTOR[:2], "same"), (VECTOR[:2], LONG, "full")),
)  # fmt: skip

# -- interpolation --------------------------------------------------------------------------------


def _interp_type(args: Sequence[Atom]) -> Type:
    x, xp, fp, left, right = args
    for bound in (left, right):
        if not is_absent(bound):
            infer.numbers([bound], "np.interp", "give a number")
    for points in (xp, fp):
        dims = infer.array(points, "np.interp").dims
        if len(dims) != 1 or dims[0] == 1:
            raise TypeRefusal("np.interp between such points", "give vectors of two or more points")
    return infer.of_dtype("f64", dims_of(x.type))


def _segment(x: Any, xp: Any) -> Any:
    """The number of the segment: right of a knot, but left of the last."""
    return np.clip(np.searchsorted(xp, x, "right") - 1, 0, len(xp) - 2)


def _width(xp: Any, k: Any) -> Any:
    """The width of the segment; not 0, as that of a point alone would be."""
    width = xp[k + 1] - xp[k]
    return np.where(width == 0, 1.0, width)


def _slope(x: Any, xp: Any, fp: Any) -> Any:
    """The derivative in x: that of the segment, and 0 beyond the ends."""
    k = _segment(x, xp)
    inside = np.logical_and(xp[0] <= x, x <= xp[-1])
    return np.where(inside, (fp[k + 1] - fp[k]) / _width(xp, k), 0.0)


def _interp_x(x: Any, xp: Any, fp: Any, left: Any, right: Any, *, x_dot: Any) -> Any:
    return _slope(x, xp, fp) * x_dot


def _interp_x_bar(x: Any, xp: Any, fp: Any, left: Any, right: Any, *, z_bar: Any) -> Any:
    return _slope(x, xp, fp) * z_bar


def _weight(x: Any, xp: Any, k: Any) -> Any:
    return (x - xp[k]) / _width(xp, k)


def _known(x: Any, xp: Any, left: Any, right: Any) -> Any:
    """Where the result depends on the points: not where `left` or `right` is given."""
    first = -np.inf if left is None else xp[0]
    last = np.inf if right is None else xp[-1]
    return np.logical_and(first <= x, x <= last)


def _interp_fp(x: Any, xp: Any, fp: Any, left: Any, right: Any, *, fp_dot: Any) -> Any:
    k = _segment(x, xp)
    t = np.clip(_weight(x, xp, k), 0.0, 1.0)
    between = (1.0 - t) * fp_dot[k] + t * fp_dot[k + 1]
    return np.where(_known(x, xp, left, right), between, 0.0)


def _interp_xp(x: Any, xp: Any, fp: Any, left: Any, right: Any, *, xp_dot: Any) -> Any:
    k = _segment(x, xp)
    t = _weight(x, xp, k)
    return -_slope(x, xp, fp) * ((1.0 - t) * xp_dot[k] + t * xp_dot[k + 1])


def _interp_left(x: Any, xp: Any, fp: Any, left: Any, right: Any, *, left_dot: Any) -> Any:
    return np.where(x < xp[0], left_dot, 0.0)


def _interp_right(x: Any, xp: Any, fp: Any, left: Any, right: Any, *, right_dot: Any) -> Any:
    return np.where(x > xp[-1], right_dot, 0.0)


INTERP = structural(
    np.interp, ("x", "xp", "fp", "left", "right"), _interp_type, {"x": _interp_x_bar},
    {"x": _interp_x, "fp": _interp_fp, "xp": _interp_xp, "left": _interp_left,
     "right": _interp_right},
    defaults={"left": None, "right": None}, named=("left", "right"), noun="between",
    raises=may_fail, means=(),
    convention="at a knot the segment to its right, at the last the one to its left",
    samples=((np.array([0.25, 1.5, 2.75, -0.5]), np.array([0.0, 1.0, 2.0]), VECTOR, None, None),
             (0.25, np.array([0.0, 1.0, 2.0]), VECTOR, None, None),
             (np.array([-1.0, 0.3, 5.0]), np.array([0.0, 1.0, 2.0]), VECTOR, 0.5, -1.0)),
)  # fmt: skip


KNOTS, BETWEEN = np.array([0.0, 1.0, 2.0]), np.array([0.25, 1.3, -0.4, 2.6])


@means(
    np.interp,
    samples=((BETWEEN, KNOTS, VECTOR), (0.25, [0.0, 1.0, 2.0], VECTOR),
             (BETWEEN, KNOTS, VECTOR, 0.5, -1.0), (BETWEEN * 3, KNOTS, VECTOR, {"period": 2.75})),
)  # fmt: skip
def _np_interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    points, values = np.asarray(xp), np.asarray(fp)
    if period is None:
        return INTERP(x, points, values, left, right)
    if np.ndim(x) > 0:
        x = np.asarray(x, np.float64)
    points, values = np.asarray(points, np.float64), np.asarray(values, np.float64)
    width = abs(period)
    points = points % width
    order = np.argsort(points)
    points, values = points[order], values[order]
    points = np.concatenate([points[-1:] - width, points, points[0:1] + width])
    values = np.concatenate([values[-1:], values, values[0:1]])
    return INTERP(x % width, points, values, None, None)


# -- windows --------------------------------------------------------------------------------------


def _windows_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "sliding_window_view")
    k = axis_of(infer.static(args[2], "axis"), len(array.dims))
    if not isinstance(args[1], Const):
        count = Sym(f"windows({args[0]!r},{args[1]!r})")
        return Array(
            array.dtype, (*array.dims[:k], count, *array.dims[k + 1 :], length_of(args[1]))
        )
    size = args[1].value
    if not isinstance(size, int) or size < 1:
        raise TypeRefusal(f"windows of length {size!r}", "give a positive integer")
    before, after = array.dims[:k], array.dims[k + 1 :]
    return Array(array.dtype, (*before, less(array.dims[k], size - 1), *after, size))


def _window_of(x: Any, window_shape: int, axis: int) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)


def _windows_bar(x: Any, window_shape: int, axis: int, *, z_bar: Any) -> Any:
    """What each element is in, at its place in each window."""
    place = axis % x.ndim  # the windows have an axis more
    if place == x.ndim - 1:
        bar = np.zeros_like(x)
        for k in range(window_shape):
            bar[..., k : k + z_bar.shape[-2]] += z_bar[..., k]
        return bar
    moved = np.moveaxis(z_bar, place, -2)
    bar = np.zeros_like(np.moveaxis(x, place, -1))
    for k in range(window_shape):
        bar[..., k : k + moved.shape[-2]] += moved[..., k]
    return np.moveaxis(bar, -1, place)


WINDOWS = structural(
    _window_of, ("x", "window_shape", "axis"), _windows_type, {"x": _windows_bar},
    path="np.lib.stride_tricks.sliding_window_view", means=(), noun="windows", fresh=False,
    raises=may_fail, samples=((LONG, 3, 0), (MATRIX, 2, 0), (BOX, 2, -2), (BOX, 4, 2)),
)  # fmt: skip


@compile_time
def sliding_axes(count: int, axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that windows of so many lengths slide along."""
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    places = range(rank) if axis is None else [axis_of(a, rank) for a in axes]
    if count != len(places):
        raise TypeRefusal(
            f"{count} window lengths for {len(places)} axes", "give one for each axis"
        )
    return tuple(places)


@means(
    np.lib.stride_tricks.sliding_window_view,
    samples=((LONG, 3), (MATRIX, 2, 0), (MATRIX, (2, 2)), (BOX, (2, 3), (0, 2)), (BOX, 2, -2)),
)
def _sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    sizes = window_shape if isinstance(window_shape, (tuple, list)) else (window_shape,)
    for size, place in zip(sizes, sliding_axes(len(sizes), axis, x.ndim), strict=True):
        x = WINDOWS(x, size, place)
    return x
