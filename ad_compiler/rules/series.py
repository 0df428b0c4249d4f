"""Values of series by their coefficients, the lowest order first: those of `np.polynomial`.

All but powers are summed by Clenshaw's recurrence (Clenshaw 1955, "A note on the summation of
Chebyshev series"), in the order that NumPy has, for the same last bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import dims_of
from ad_compiler.rules.allocation import MATRIX
from ad_compiler.rules.registry import compile_time, means, of_types

LONG = np.array([0.5, -1.0, 2.0, 1.5, -0.25])
POINTS = np.array([0.3, -0.7, 0.5])
SAMPLES = (
    (0.75, LONG), (POINTS, LONG), (MATRIX / 4.0, LONG), (POINTS, LONG[:2]), (0.75, LONG[:1]),
    (POINTS, LONG[:1]), (0.75, [1.0, 2.0]), (POINTS, LONG, {"tensor": False}),
)  # fmt: skip


@of_types
def only_one_series(c: Any) -> None:
    """Refuse several series at once."""
    if len(dims_of(c)) > 1:
        raise TypeRefusal("several series at once", "sum each alone: pass a vector of coefficients")


def _coefficients(c: Any) -> Any:
    series = np.atleast_1d(np.asarray(c)) * 1.0
    only_one_series(series)
    return series


def _points(x: Any) -> Any:
    return np.asarray(x) if np.ndim(x) > 0 else x


@means(polynomial.polyval, samples=SAMPLES)
def _polyval(x: Any, c: Any, tensor: bool = True) -> Any:
    points, series = _points(x), _coefficients(c)
    value = series[-1] + points * 0
    for i in range(2, len(series) + 1):
        value = series[-i] + value * points
    return value


# -- Clenshaw's recurrence ------------------------------------------------------------------------


def _summed(points: Any, series: Any, step: Any) -> Any:
    """The last two terms; `step` makes two of two, with the coefficient of degree n - 2."""
    above = series[-2] if len(series) > 1 else series[0]
    last = series[-1] if len(series) > 1 else series[0] * 0.0
    one, other = _everywhere(above, points), _everywhere(last, points)
    for n in range(len(series) - 1, 1, -1):
        one, other = step(points, series[n - 2], one, other, n)
    return one, other


def _everywhere(value: Any, x: Any) -> Any:
    """A coefficient at all points: in the dtype of the result, in the layout of the points."""
    return np.full_like(x * value, value) if np.ndim(x) > 0 else value


@means(chebyshev.chebval, samples=SAMPLES)
def _chebval(x: Any, c: Any, tensor: bool = True) -> Any:
    points = _points(x)
    one, other = _summed(points, _coefficients(c), _chebyshev)
    return one + other * points


def _chebyshev(x: Any, c: Any, one: Any, other: Any, n: Any) -> Any:
    return c - other, one + other * (2 * x)


@means(legendre.legval, samples=SAMPLES)
def _legval(x: Any, c: Any, tensor: bool = True) -> Any:
    points = _points(x)
    one, other = _summed(points, _coefficients(c), _legendre)
    return one + other * points


def _legendre(x: Any, c: Any, one: Any, other: Any, n: Any) -> Any:
    return c - other * ((n - 1) / n), one + other * x * ((2 * n - 1) / n)


@means(hermite.hermval, samples=SAMPLES)
def _hermval(x: Any, c: Any, tensor: bool = True) -> Any:
    points = _points(x)
    one, other = _summed(points, _coefficients(c), _hermite)
    return one + other * (points * 2)


def _hermite(x: Any, c: Any, one: Any, other: Any, n: Any) -> Any:
    return c - other * (2 * (n - 1)), one + other * (x * 2)


@means(hermite_e.hermeval, samples=SAMPLES)
def _hermeval(x: Any, c: Any, tensor: bool = True) -> Any:
    points = _points(x)
    one, other = _summed(points, _coefficients(c), _hermite_e)
    return one + other * points


def _hermite_e(x: Any, c: Any, one: Any, other: Any, n: Any) -> Any:
    return c - other * (n - 1), one + other * x


@means(laguerre.lagval, samples=SAMPLES)
def _lagval(x: Any, c: Any, tensor: bool = True) -> Any:
    points = _points(x)
    one, other = _summed(points, _coefficients(c), _laguerre)
    return one + other * (1 - points)


def _laguerre(x: Any, c: Any, one: Any, other: Any, n: Any) -> Any:
    return c - (other * (n - 1)) / n, one + (other * ((2 * n - 1) - x)) / n


# -- roots ----------------------------------------------------------------------------------------


@compile_time
def only_for_each_point(tensor: bool) -> None:
    """Refuse to pair points with series, of which there is one."""
    if not tensor:
        raise TypeRefusal("tensor=False with one series", "leave it out")


@means(polynomial.polyvalfromroots, samples=SAMPLES[:-1])
def _polyvalfromroots(x: Any, r: Any, tensor: bool = True) -> Any:
    points, roots = _points(x), _coefficients(r)
    if np.ndim(points) == 0:
        return np.prod(points - roots, axis=0)
    only_for_each_point(tensor)
    return np.prod(points - np.expand_dims(roots, tuple(range(1, 1 + np.ndim(points)))), axis=0)
