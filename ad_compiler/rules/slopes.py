"""`np.gradient`: differences of neighbours over their distances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import FLOAT_DTYPES, Array, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX
from ad_compiler.rules.registry import compile_time, means
from ad_compiler.rules.shaping import axis_of, may_fail
from ad_compiler.rules.structures import structural

LONG = np.array([0.5, -1.0, 2.0, 1.5, -0.25])
POINTS = np.array([0.0, 0.5, 1.5, 1.75, 3.0])
BOX = np.sin(np.arange(60.0)).reshape(3, 5, 4)


def _gradient_type(args: Sequence[Atom]) -> Type:
    f, spacing, axis, edge_order = args
    array = infer.array(f, "np.gradient")
    place = infer.static(axis, "axis")
    if place is None and len(array.dims) != 1:
        raise TypeRefusal("np.gradient along no axis", "give the axis")
    axis_of(0 if place is None else place, len(array.dims))
    if infer.static(edge_order, "edge_order") not in (1, 2):
        raise TypeRefusal("np.gradient with such an `edge_order`", "give 1 or 2")
    if len(dims_of(spacing.type)) > 1:
        raise TypeRefusal("np.gradient with such a spacing", "give a number or a vector")
    return Array(array.dtype if array.dtype in FLOAT_DTYPES else "f64", array.dims)


def _gradient(f: Any, spacing: Any = 1.0, *, axis: Any = None, edge_order: Any = 1) -> Any:
    return np.gradient(f, spacing, axis=axis, edge_order=edge_order)


def _front(x: Any, axis: Any) -> Any:
    """The axis as the first."""
    return x if axis is None or axis == 0 else np.moveaxis(x, axis, 0)


def _back(x: Any, axis: Any) -> Any:
    return x if axis is None or axis == 0 else np.moveaxis(x, 0, axis)


@compile_time
def behind(rank: int) -> tuple[int, ...]:
    """All axes but the first."""
    return tuple(range(1, rank))


def _lying(v: Any, rank: int) -> Any:
    """Distances along the first axis of so many; a number is its own."""
    return v if np.ndim(v) == 0 or rank == 1 else np.expand_dims(v, behind(rank))


def _steps(spacing: Any, rank: int) -> Any:
    """The distances between neighbours: a number, or a vector along the first axis."""
    return spacing if np.ndim(spacing) == 0 else _lying(np.diff(spacing), rank)


def _shares(steps: Any) -> Any:
    """How much the slopes before and after a point count in it: more, the nearer it is."""
    if np.ndim(steps) == 0:
        return 0.5, 0.5
    return steps[1:] / (steps[:-1] + steps[1:]), steps[:-1] / (steps[:-1] + steps[1:])


def _leaning(steps: Any) -> Any:
    """How much of the difference of the first slopes, of the last, is added at the ends."""
    if np.ndim(steps) == 0:
        return 0.5, 0.5
    return steps[0] / (steps[0] + steps[1]), steps[-1] / (steps[-1] + steps[-2])


def _f_bar(f: Any, spacing: Any, axis: Any, edge_order: int, *, z_bar: Any) -> Any:
    g = _front(z_bar, axis)
    steps = _steps(spacing, g.ndim)
    before, after = _shares(steps)
    slope_bar = np.zeros((g.shape[0] - 1, *g.shape[1:]), g.dtype)
    slope_bar[:-1] += before * g[1:-1]
    slope_bar[1:] += after * g[1:-1]
    slope_bar[0] += g[0]
    slope_bar[-1] += g[-1]
    if edge_order == 2:
        first, last = _leaning(steps)
        slope_bar[0] += first * g[0]
        slope_bar[1] -= first * g[0]
        slope_bar[-1] += last * g[-1]
        slope_bar[-2] -= last * g[-1]
    slope_bar = slope_bar / steps
    f_bar = np.zeros(g.shape, g.dtype)
    f_bar[1:] += slope_bar
    f_bar[:-1] -= slope_bar
    return _back(f_bar, axis)


def _f_dot(f: Any, spacing: Any, axis: Any, edge_order: int, *, f_dot: Any) -> Any:
    return GRADIENT(f_dot, spacing, axis, edge_order)


def _spacing(f: Any, spacing: Any, axis: Any, edge_order: int, *, z: Any, spacing_dot: Any) -> Any:
    if np.ndim(spacing) == 0:
        return -z / spacing * spacing_dot
    values = _front(f, axis)
    rank = values.ndim
    steps = _steps(spacing, rank)
    steps_dot = _lying(np.diff(spacing_dot), rank)
    slopes = np.diff(values, axis=0) / steps
    slopes_dot = -slopes * steps_dot / steps
    width = steps[:-1] + steps[1:]
    bend = (slopes[1:] - slopes[:-1]) / width
    bend_dot = (slopes_dot[1:] - slopes_dot[:-1]) / width
    bend_dot -= bend * (steps_dot[:-1] + steps_dot[1:]) / width
    made = np.zeros(values.shape, values.dtype)
    made[1:-1] = slopes_dot[:-1] + steps_dot[:-1] * bend + steps[:-1] * bend_dot
    made[0] = slopes_dot[0]
    made[-1] = slopes_dot[-1]
    if edge_order == 2:
        made[0] -= steps_dot[0] * bend[0] + steps[0] * bend_dot[0]
        made[-1] += steps_dot[-1] * bend[-1] + steps[-1] * bend_dot[-1]
    return _back(made, axis)


GRADIENT = structural(
    _gradient, ("f", "spacing", "axis", "edge_order"), _gradient_type, {"f": _f_bar},
    {"f": _f_dot, "spacing": _spacing}, path="np.gradient", means=(),
    defaults={"spacing": 1.0, "axis": None, "edge_order": 1}, named=("axis", "edge_order"),
    noun="slopes", raises=may_fail,
    samples=((LONG, 1.0, None, 1), (LONG, 0.5, None, 2), (LONG, POINTS, None, 1),
             (LONG, POINTS, None, 2), (BOX, 1.0, 0, 1), (BOX, POINTS, 1, 2), (BOX, 2.0, -1, 1)),
)  # fmt: skip


@compile_time
def axes_named(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes along which slopes are asked for."""
    every = range(rank) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(axis_of(a, rank) for a in every)


def _along(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    return GRADIENT(f, spacing, None if f.ndim == 1 else axis, edge_order)


@means(
    np.gradient,
    samples=((LONG,), (MATRIX**2, {"axis": 1}), (MATRIX**2,), (MATRIX**2, 2.0, 0.5),
             (BOX, 0.5, {"axis": (0, 2), "edge_order": 2}), (LONG, POINTS, {"edge_order": 2})),
)  # fmt: skip
def _np_gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    x = np.asarray(f)
    axes = axes_named(axis, x.ndim)
    if len(varargs) == 0:
        made = [_along(x, 1.0, a, edge_order) for a in axes]
    elif len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        made = [_along(x, varargs[0], a, edge_order) for a in axes]
    elif len(varargs) != len(axes):
        raise TypeRefusal("np.gradient with another number of spacings than axes", "give one each")
    else:
        made = [
            _along(x, np.asarray(h) if np.ndim(h) > 0 else h, a, edge_order)
            for h, a in zip(varargs, axes, strict=True)
        ]
    return made[0] if len(axes) == 1 else tuple(made)
