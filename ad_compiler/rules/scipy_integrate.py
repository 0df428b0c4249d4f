"""Integrals of samples, those of `scipy.integrate`, in the order of operations that SciPy has."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate

from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.indexing import GETITEM
from ad_compiler.rules.registry import compile_time, means, of_types, refuse
from ad_compiler.rules.shaping import axis_of
from ad_compiler.rules.windows import BOX, DIFF, LONG, aligned, cut

KNOTS, PLACES = np.cumsum(LONG**2 + 0.25), np.array([0, 1, 3])


@of_types
def floating(y: Any) -> str:
    """NumPy's name of the dtype that SciPy sums in."""
    return "float32" if y.dtype == "f32" else "float64"


@of_types
def is_summed_in(terms: Any, y: Any) -> bool:
    """Whether terms have the dtype that SciPy sums them in."""
    return infer.promote([terms]) == ("f32" if y.dtype == "f32" else "f64")


@of_types
def is_open(y: Any, width: Any) -> bool:
    """Whether Simpson's rule of two samples gives another dtype than that of more."""
    single = len(y.dims) > 1 and y.dtype == "f32"
    is_array = isinstance(width, Array)
    return single and (infer.promote([y, width]) == "f32") == is_array


@compile_time
def place_of(axis: Any, rank: int) -> int:
    """The axis of samples, from the front."""
    return axis_of(axis, rank)


def _neighbours(y: Any, axis: int) -> Any:
    """The sum of the samples at both ends of each interval."""
    after = GETITEM(y, cut(axis, y.ndim, "a:"), 1)
    return after + GETITEM(y, cut(axis, y.ndim, ":b"), -1)


def _laid(x: Any, axis: int, rank: int) -> Any:
    """A vector along one of so many axes."""
    return np.expand_dims(x, aligned(axis, rank)) if rank > 1 else x


# -- the trapezoidal rule -------------------------------------------------------------------------


@means(
    integrate.trapezoid,
    samples=((LONG,), (LONG, KNOTS), (LONG, None, 0.5), (MATRIX, VECTOR),
             (BOX, None, 2.0, 1), (MATRIX, MATRIX + 1.0, 1.0, 0), (MATRIX, VECTOR[:2], 1.0, 0)),
)  # fmt: skip
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = np.asarray(y)
    k = place_of(axis, y.ndim)
    if x is None:
        d = dx
    elif np.ndim(x) == 1:
        d = _laid(DIFF(np.asarray(x), 1, -1), k, y.ndim)
    else:
        d = DIFF(np.broadcast_to(np.asarray(x), y.shape), 1, k)
    terms = d * _neighbours(y, k) / 2.0
    if is_summed_in(terms, y):
        return np.sum(terms, axis=k)
    return np.sum(terms, axis=k, dtype=floating(y))


@compile_time
def is_zero(initial: Any) -> bool:
    """Whether it is what SciPy lets an integral begin with."""
    return initial == 0


@means(
    integrate.cumulative_trapezoid,
    samples=((LONG,), (LONG, KNOTS), (LONG, None, 0.5, -1, 0), (MATRIX, VECTOR),
             (BOX, None, 2.0, 1, 0), (MATRIX, MATRIX + 1.0, 1.0, 0)),
)  # fmt: skip
def _cumulative_trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None
) -> Any:
    y = np.asarray(y)
    k = place_of(axis, y.ndim)
    if y.shape[k] == 0:
        raise ValueError("At least one point is required along `axis`.")
    if x is None:
        d = dx
    else:
        x = np.asarray(x)
        if x.ndim not in (1, y.ndim):
            raise TypeRefusal("`x` with neither one axis nor those of `y`", "give it such axes")
        if x.shape[0 if x.ndim == 1 else k] != y.shape[k]:
            raise ValueError("If given, length of x along axis must be the same as y.")
        d = _laid(DIFF(x, 1, -1), k, y.ndim) if x.ndim == 1 else DIFF(x, 1, k)
    made = np.cumsum(d * _neighbours(y, k) / 2.0, axis=k)
    if initial is None:
        return made
    if not is_zero(initial):
        raise TypeRefusal("`initial` other than 0", "write a literal 0, and add it afterwards")
    shape = made.shape
    return np.concatenate([np.zeros((*shape[:k], 1, *shape[k + 1 :]), made.dtype), made], k)


# -- Simpson's rule -------------------------------------------------------------------------------


def _quotient(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0."""
    if np.ndim(b) == 0:
        return a / b if b != 0 else np.float64(0.0)
    return np.true_divide(a, b, out=np.zeros_like(b), where=b != 0)


def _every_other(y: Any, axis: int, start: int, stop: int) -> Any:
    return GETITEM(y, cut(axis, y.ndim, "a:b:c"), start, stop, 2)


def _from_end(y: Any, axis: int, k: int) -> Any:
    """The samples that are the k-th from the end."""
    return GETITEM(y, cut(axis, y.ndim, "int"), -k)


def _parabolas(y: Any, count: int, x: Any, dx: Any, axis: int) -> Any:
    """The integral of parabolas through three of the first samples each, an odd number."""
    y0 = _every_other(y, axis, 0, count - 2)
    y1 = _every_other(y, axis, 1, count - 1)
    y2 = _every_other(y, axis, 2, count)
    if x is None:
        result = np.sum(y0 + 4.0 * y1 + y2, axis=axis)
        result *= dx / 3.0
        return result
    h = DIFF(x, 1, axis)
    h0 = _every_other(h, axis, 0, count - 2).astype(np.float64)
    h1 = _every_other(h, axis, 1, count - 1).astype(np.float64)
    total, product = h0 + h1, h0 * h1
    ratio = _quotient(h0, h1)
    first = y0 * (2.0 - _quotient(np.ones_like(ratio), ratio))
    terms = total / 6.0 * (first + y1 * (total * _quotient(total, product)) + y2 * (2.0 - ratio))
    return np.sum(terms, axis=axis)


def _last_interval(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """Cartwright's correction for the last of an odd number of intervals.

    SciPy takes powers of a number where the widths are one, and else those of arrays.
    """
    if x is None:
        h0 = h1 = np.float64(dx)
        square, cube = h1**2, h1**3
    else:
        h = DIFF(x, 1, axis)
        h0, h1 = np.float64(_from_end(h, axis, 2)), np.float64(_from_end(h, axis, 1))
        square, cube = h1 * h1, np.power(h1, 3)
    alpha = _quotient(2 * square + 3 * h0 * h1, 6 * (h1 + h0))
    beta = _quotient(square + 3.0 * h0 * h1, 6 * h0)
    eta = _quotient(cube, 6 * h0 * (h0 + h1))
    made = alpha * _from_end(y, axis, 1) + beta * _from_end(y, axis, 2)
    return made - eta * _from_end(y, axis, 3)


def _one_interval(y: Any, x: Any, dx: Any, axis: int) -> Any:
    width = dx if x is None else _from_end(x, axis, 1) - _from_end(x, axis, 2)
    return 0.0 + (0.0 + 0.5 * width * (_from_end(y, axis, 1) + _from_end(y, axis, 2)))


@means(
    integrate.simpson,
    samples=((LONG,), (LONG[:4],), (LONG[:2],), (LONG, KNOTS), (LONG[:4], KNOTS[:4]),
             (LONG, None, {"dx": 0.5}), (MATRIX, PLACES),
             (BOX, None, {"axis": 1}), (BOX, PLACES, {"axis": 1})),
)  # fmt: skip
def _simpson(y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Any:
    y = np.asarray(y)
    k = place_of(axis, y.ndim)
    n = y.shape[k]
    if np.ndim(dx) > 0:
        raise TypeRefusal("`dx` that is an array", "give the samples' places as `x`")
    if x is not None:
        x = _laid(np.asarray(x), k, y.ndim) if np.ndim(x) == 1 else np.asarray(x)
        if x.ndim != y.ndim:
            raise TypeRefusal("`x` with neither one axis nor those of `y`", "give it such axes")
        if x.shape[k] != n or n == 0:
            raise ValueError("If given, length of x along axis must be the same as y.")
    if is_open(y, dx if x is None else x):
        raise TypeRefusal(
            "float32 samples of several axes, with a result whose dtype depends on their number",
            "convert the samples to float64",
        )
    if n % 2 == 1:
        return _parabolas(y, n, x, dx, k)
    if n == 2:
        return _one_interval(y, x, dx, k)
    result = _parabolas(y, n - 1, x, dx, k)
    result += _last_interval(y, x, dx, k)
    return result


for _name, _remedy in (
    ("cumulative_simpson", "use scipy.integrate.cumulative_trapezoid"),
    ("romb", "use scipy.integrate.simpson"),
    ("quad", "sum at the points of np.polynomial.legendre.leggauss"),
):
    refuse(f"`scipy.integrate.{_name}` has no rule", _remedy, getattr(integrate, _name))
