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


def _last_two(c: Any, x: Any) -> Any:
    """The coefficients that a recurrence begins with, for all points."""
    above = c[-2] if len(c) > 1 else c[0]
    last = c[-1] if len(c) > 1 else c[0] * 0.0
    if np.ndim(x) == 0:
        return above, last
    like = x * above  # in the dtype of the result, in the layout of the points
    return np.full_like(like, above), np.full_like(like, last)


@means(polynomial.polyval, samples=SAMPLES)
def _polyval(x: Any, c: Any, tensor: bool = True) -> Any:
    points, series = _points(x), _coefficients(c)
    value = series[-1] + points * 0
    for i in range(2, len(series) + 1):
        value = series[-i] + value * points
    return value


@means(chebyshev.chebval, samples=SAMPLES)
def _chebval(x: Any, c: Any, tensor: bool = True) -> Any:
    points, series = _points(x), _coefficients(c)
    twice = 2 * points
    one, other = _last_two(series, points)
    for i in range(3, len(series) + 1):
        one, other = series[-i] - other, one + other * twice
    return one + other * points


@means(legendre.legval, samples=SAMPLES)
def _legval(x: Any, c: Any, tensor: bool = True) -> Any:
    points, series = _points(x), _coefficients(c)
    one, other = _last_two(series, points)
    for i in range(3, len(series) + 1):
        n = len(series) + 2 - i
        below = series[-i] - other * ((n - 1) / n)
        one, other = below, one + other * points * ((2 * n - 1) / n)
    return one + other * points


@means(hermite.hermval, samples=SAMPLES)
def _hermval(x: Any, c: Any, tensor: bool = True) -> Any:
    points, series = _points(x), _coefficients(c)
    twice = points * 2
    one, other = _last_two(series, points)
    for i in range(3, len(series) + 1):
        n = len(series) + 2 - i
        one, other = series[-i] - other * (2 * (n - 1)), one + other * twice
    return one + other * twice


@means(hermite_e.hermeval, samples=SAMPLES)
def _hermeval(x: Any, c: Any, tensor: bool = True) -> Any:
    points, series = _points(x), _coefficients(c)
    one, other = _last_two(series, points)
    for i in range(3, len(series) + 1):
        n = len(series) + 2 - i
        one, other = series[-i] - other * (n - 1), one + other * points
    return one + other * points


@means(laguerre.lagval, samples=SAMPLES)
def _lagval(x: Any, c: Any, tensor: bool = True) -> Any:
    points, series = _points(x), _coefficients(c)
    one, other = _last_two(series, points)
    for i in range(3, len(series) + 1):
        n = len(series) + 2 - i
        below = series[-i] - (other * (n - 1)) / n
        one, other = below, one + (other * ((2 * n - 1) - points)) / n
    return one + other * (1 - points)


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
