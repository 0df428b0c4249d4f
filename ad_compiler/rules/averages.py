"""Averages with weights, ranges, and reductions that leave NaN out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Type, dims_of, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.masked import MASK
from ad_compiler.rules.reductions import AXES, NAMED, may_be_empty, reduction_type, spread
from ad_compiler.rules.registry import compile_time, means, of_types
from ad_compiler.rules.statistics import SPREAD, SPREAD_NAMED, inverse_or_zero
from ad_compiler.rules.structures import structural

HOLES = np.array([[1.0, np.nan, -2.0], [0.5, 3.0, np.nan]])
WIDE = np.array([[1.0, np.nan, -2.0], [0.5, 3.0, 1.5], [2.5, -1.0, np.nan]])


@compile_time
def weighed(axis: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    """The axes that weights belong to, in the order of the weights' own."""
    return tuple(k % rank for k in (axis if isinstance(axis, tuple) else (axis,)))


@compile_time
def lying_along(axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """The axes that an array lacks to lie along some axes."""
    return tuple(k for k in range(rank) if k not in axes)


@of_types
def may_be_lone(type_: Any) -> bool:
    """Whether some axis may have the length 1."""
    return not all(map(never_one, dims_of(type_)))


@compile_time
def ascending(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The order in which axes ascend."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


@means(
    np.average,
    samples=((VECTOR,), (MATRIX, 1), (VECTOR, None, VECTOR**2), (MATRIX, 0, [1.0, 3.0]),
             (MATRIX, None, MATRIX + 1), (MATRIX, 1, VECTOR**2, {"keepdims": True}),
             (MATRIX[None], (2, 0), MATRIX[:1].T ** 2), (MATRIX, 1, None, True),
             (MATRIX, 0, [1.0, 3.0], True)),
)  # fmt: skip
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *,
    keepdims: bool = False,
) -> Any:  # fmt: skip
    x = np.asarray(a)
    if weights is None:
        mean = np.mean(x, axis=axis, keepdims=keepdims)
        if returned:
            return mean, np.full_like(mean, x.size / np.size(mean))
        return mean
    w = np.asarray(weights)
    if w.ndim < x.ndim and axis is None:
        raise TypeRefusal("np.average with weights of another shape", "say along which `axis`")
    axes = weighed(axis if w.ndim < x.ndim else tuple(range(x.ndim)), x.ndim)
    if may_be_lone(w) or may_be_lone(x):  # what is 1 long would be repeated
        for k, axis_of_w in enumerate(axes):
            if w.shape[k] != x.shape[axis_of_w]:
                raise ValueError("the weights are not as long as the axes of the array")
    if w.ndim < x.ndim:
        w = np.transpose(w, ascending(axes)) if w.ndim > 1 else w
        w = np.expand_dims(w, lying_along(axes, x.ndim))
    scale = np.sum(w, axis=axis, keepdims=keepdims)
    if np.any(scale == 0.0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    mean = np.sum(np.multiply(x, w), axis=axis, keepdims=keepdims) / scale
    if returned:
        total = np.broadcast_to(scale, np.shape(mean)).astype(mean.dtype)
        return mean, total if np.ndim(mean) > 0 else total[()]
    return mean


@means(np.ptp, samples=((VECTOR,), (MATRIX, 1), (MATRIX, 0, {"keepdims": True})))
def _ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# -- without NaN ----------------------------------------------------------------------------------


def _filled(a: Any, value: float) -> Any:
    """An array with a number in place of each NaN."""
    return np.where(np.isnan(a), value, a)


@means(
    np.nansum,
    samples=((VECTOR,), (MATRIX, 1), (MATRIX, None, {"keepdims": True}), (HOLES, 1),
             (HOLES, {"initial": 0.5, "where": MASK.tolist()})),
)  # fmt: skip
def _nansum(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    x = _filled(a, 0.0)
    return np.sum(x, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@means(np.nanprod, samples=((VECTOR,), (MATRIX, 1), (HOLES, 0), (HOLES, {"initial": 0.5})))
def _nanprod(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    x = _filled(a, 1.0)
    return np.prod(x, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@means(np.nancumsum, samples=((VECTOR,), (MATRIX, 1), (HOLES, 0)))
def _nancumsum(a: Any, axis: Any = None) -> Any:
    return np.cumsum(_filled(a, 0.0), axis=axis)


@means(np.nancumprod, samples=((VECTOR,), (MATRIX, 1), (HOLES, 0)))
def _nancumprod(a: Any, axis: Any = None) -> Any:
    return np.cumprod(_filled(a, 1.0), axis=axis)


@means(
    np.nanmean,
    samples=((VECTOR,), (MATRIX, 1), (HOLES, 0, {"keepdims": True}),
             (HOLES, 1, {"where": MASK.tolist()})),
)  # fmt: skip
def _nanmean(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = None
) -> Any:
    mask = np.isnan(a)
    count = np.sum(np.logical_not(mask), axis=axis, keepdims=keepdims, where=where)
    filled = np.where(mask, 0.0, a)
    total = np.sum(filled, axis=axis, dtype=dtype, keepdims=keepdims, where=where)
    mean = total / count
    return mean.astype(np.float32) if total.dtype == np.float32 else mean


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


def _spread_type(function: Any) -> infer.Infer:
    whole = reduction_type(function, function.__name__, numbers=False)

    def rule(args: Sequence[Atom]) -> Type:
        infer.static(args[2], "ddof")
        return whole([args[0], args[1], args[3]])

    return rule


def _nan_share(x: Any, axis: Any, ddof: Any) -> Any:
    """The derivative of a variance in each element; NaN where no degree of freedom is left."""
    known = np.logical_not(np.isnan(x))
    count = np.sum(known, axis=axis, keepdims=True)
    mean = np.sum(np.where(known, x, 0.0), axis=axis, keepdims=True) / np.maximum(count, 1)
    freedom = np.where(count > ddof, count - ddof, np.nan)
    return np.where(known, 2.0 * (x - mean) / freedom, 0.0)


def _nanvar_x(x: Any, axis: Any, ddof: Any, keepdims: bool, *, x_dot: Any) -> Any:
    moved = np.where(np.isnan(x), 0.0, _nan_share(x, axis, ddof) * x_dot)
    return np.sum(moved, axis=axis, keepdims=keepdims)


def _nanvar_bar(x: Any, axis: Any, ddof: Any, keepdims: bool, *, z_bar: Any) -> Any:
    return spread(z_bar, axis, keepdims) * _nan_share(x, axis, ddof)


def _nanstd_x(x: Any, axis: Any, ddof: Any, keepdims: bool, *, z: Any, x_dot: Any) -> Any:
    return _nanvar_x(x, axis, ddof, keepdims, x_dot=x_dot) * (0.5 * inverse_or_zero(z))


def _nanstd_bar(x: Any, axis: Any, ddof: Any, keepdims: bool, *, z: Any, z_bar: Any) -> Any:
    half = z_bar * (0.5 * inverse_or_zero(z))
    return _nanvar_bar(x, axis, ddof, keepdims, z_bar=half)


for _function, _jvp, _vjp in (
    (np.nanvar, _nanvar_x, _nanvar_bar), (np.nanstd, _nanstd_x, _nanstd_bar),
):  # fmt: skip
    structural(
        _function, ("x", *SPREAD_NAMED), _spread_type(_function), {"x": _vjp}, {"x": _jvp},
        defaults=SPREAD, named=SPREAD_NAMED, noun="spread",
        samples=((VECTOR, None, 0, False), (HOLES, 1, 0, True), (WIDE, 0, 1, False),
                 (WIDE, (0, 1), 1, False)),
    )  # fmt: skip
