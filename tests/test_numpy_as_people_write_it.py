"""NumPy's functions in the forms that people write: value, both modes, second order."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss
from scipy import special

from ad_compiler import check_grads, grad, jacfwd, value_and_grad
from ad_compiler.errors import Unsupported
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(3)
v5, m34, c234 = rng.uniform(0.3, 1.5, 5), rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 4))
LABELS = np.array([3, 1, 3, 0, 1])
TIMES = np.array([0.1, 0.5, 0.6, 0.9, 1.7])

case = Points()

# -- sets, places ---------------------------------------------------------------------------------


@case(v5)
def groups(x):
    labels, places, counts = np.unique(LABELS, return_inverse=True, return_counts=True)
    means = np.bincount(places, weights=x) / counts
    return np.sum((x - means[places]) ** 2) + np.sum(labels) * x[0]


@case(m34, v5)
def sets_of_two(m, x):
    free = np.setdiff1d(np.arange(5), [1, 3])
    both = np.union1d(m[0], x)
    shared = np.intersect1d(LABELS, np.array([0, 3, 4]))
    return np.sum(x[free] ** 2) + np.sum(both * np.arange(9)) + np.sum(x[shared])


@case(c234)
def place_of_the_largest(t):
    i, j, k = np.unravel_index(np.argmax(t), t.shape)
    flat = np.ravel_multi_index((i, j, k), t.shape)
    return t[i, j, k] ** 2 + t.ravel()[flat] * t[0, 0, 0]


@case(c234)
def unstacked(t):
    a, b = np.unstack(t)
    return np.sum(a * b) + np.sum(np.unstack(t, axis=1)[2] ** 2)


@case(v5, m34)
def left_out_by_slices(x, m):
    kept = np.delete(m, slice(None, None, 2), 1)
    return (
        np.sum(np.delete(x, np.s_[1:3]) ** 2)
        + np.sum(kept**3)
        + np.sum(np.insert(x, slice(0, 4, 2), x[0]) ** 2)
    )


# -- along axes, products of vectors --------------------------------------------------------------


@case(c234)
def functions_along_an_axis(t):
    norms = np.apply_along_axis(lambda r: np.sqrt(np.sum(r**2)), -1, t)
    sums = np.apply_along_axis(lambda r: np.cumsum(r) + r, 1, t)
    return np.sum(norms**3) + np.sum(sums[0] ** 2)


@case(c234)
def cross_products(t):
    one = np.cross(t[0, :, :3], t[1, :, 1:], axisa=0, axisb=1, axisc=0)
    return np.sum(one[0] ** 2) + np.sum(np.cross(t[0], t[1], axis=0) ** 2)


@case(v5)
def lists_beside_arrays(x):
    y = x * 1
    y += [1, 2, 3, 4, 5]
    z = [[1.0], [2.0]] * y
    weights = [0.5 * v for v in x]
    return np.sum(z**2) + x @ [1, 2, 3, 4, 5] + np.sum(y * weights) + np.sum(y[y > [2, 2, 2, 2, 2]])


@case(v5)
def an_array_that_a_list_becomes(x):
    rows = [[1.0, 2.0], 3.0]
    rows[0] += x[:2]
    return np.sum(rows[0] * x[:2])


# -- grids, bins, quadrature ----------------------------------------------------------------------


@case(0.7)
def complex_steps(s):
    x, y = np.mgrid[-1:1:3j, 0.3:2:0.1]
    column, row = np.ogrid[0:1:4j, 0:s:3j]
    return np.sum(np.sin(x * s + y)) + np.sum(np.r_[0.3:1:7j, 5] * s) + np.sum(column * row**2)


@case(v5)
def weights_in_bins(x):
    sums, edges = np.histogram(TIMES, bins=3, weights=x)
    density, _ = np.histogram(TIMES, bins=[0.2, 0.5, 0.9, 2.0], weights=x, density=True)
    return np.sum(sums**2 * edges[1:]) + np.sum(density**2)


@case(0.7)
def quadrature(s):
    points, weights = leggauss(5)
    t, w = special.roots_hermite(4)
    return np.sum(weights * np.sin(1 + points * s)) + w @ np.cos(t * s)


@case(2.3)
def counts_of_choices(s):
    whole = special.comb(5, 2) * special.factorial(3, exact=True) * math.lcm(4, 6) * np.gcd(6, 4)
    return special.factorial(s) * special.comb(5.5, s) * whole


@case(v5)
def items_by_number(x):
    return np.sum(np.fromiter((v * v for v in x), float, 3)) * np.finfo(float).eps * 1e16


# -- calls with arrays taken apart, pairs ---------------------------------------------------------


def volume(a, b, c):
    return a * b * c**2


@case(v5)
def arguments_from_arrays(x):
    half = functools.partial(volume, x[4])

    def model(t, a, b):
        return a * np.exp(-b * t)

    return (
        volume(*x[:3]) + half(*x[3:]) + np.sum(model(TIMES, *x[1:3])) + volume(x[0], *[x[1], 2.0])
    )


@case(m34)
def pairs_of_rows(m):
    energy = 0.0
    for i, j in itertools.combinations(range(len(m)), 2):
        if i == 1:
            continue
        d = m[i] - m[j]
        energy += (j - i) / np.sqrt(d @ d)
    return energy + sum(a @ b for a, b in itertools.combinations(m, 2))


@case(v5, v5[:3])
def windows_as_long_as_a_kernel(x, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[0])
    return np.sum((windows @ kernel) ** 2)


@case(v5)
def numbers_that_arrays_stand_for(x):
    z = np.array(x[0])
    named = dict(zip(("a", "b", "c"), x[:3]))
    out = np.empty(2)
    np.stack([x[:2], x[1:3]]).max(axis=1, out=out)
    return math.sin(z) * named["a"] + named["c"] * np.hypot(*x[:2]) + np.sum(out) + z.item()


@case(v5)
def functions_of_pairs(x):
    pairs = list(zip(x, x[::-1]))
    return sum(itertools.starmap(lambda a, b: a * b**2, pairs))


@case(v5)
def pairs_of_a_list(x):
    squares = [v * v for v in x]
    total = 0.0
    for k, (a, b) in enumerate(itertools.combinations(squares, 2)):
        if k == 4:
            break
        total += a * b
    return total


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_value_and_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    value, _ = value_and_grad(function)(*args)
    assert_same_bits(value, function(*args))
    check_grads(function, args, order=2)


def first_of_equals(x):
    values, first = np.unique(x, return_index=True)
    return np.sum(values * (1 + np.arange(first.size))) + np.sum(np.unique(x[1:]) ** 2)


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.thorough)])
def test_the_first_of_equal_values_has_the_derivative(backend: Any) -> None:
    x = np.array([2.0, 1.0, 2.0, 0.5, 1.0])
    expected = [3.0, 4.0, 4.0, 2.0, 0.0]
    assert np.array_equal(grad(first_of_equals, backend=backend)(x), expected)
    assert np.array_equal(jacfwd(first_of_equals)(x), expected)


# -- single precision -----------------------------------------------------------------------------

single = Points()
f5 = v5.astype(np.float32)


@single(f5)
def limits_of_doubles(x):
    return np.sum(x * np.finfo(float).eps)


@single(f5)
def beside_numbers(x):
    return np.sum(np.r_[x, 0.5, x[0]] ** 2)


@single(f5)
def items_of_lists(x):
    first, *_ = x
    return sum(x.tolist()) + list(x)[1] * first


@single(f5)
def arrays_of_lists(x):
    return np.sum(np.array([x[0] * 2, np.float32(1.0)]) ** 2)


@single(f5)
def written_in_single_precision(x):
    out = np.empty(2, np.float32)
    np.sum(np.stack([x[:2], x[1:3]]), axis=0, out=out)
    return np.sum(out**2)


@single(f5)
def between_points_of_a_period(x):
    return np.sum(np.interp(x, [0.0, 1, 2], [1.0, 3, 2], period=2.75))


@pytest.mark.parametrize(("function", "args"), single.entered)
def test_single_precision(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    (x,) = args
    value, slope = value_and_grad(function)(x)
    assert_same_bits(value, function(x))
    assert slope.dtype == np.float32
    assert jacfwd(function)(x) == pytest.approx(slope, rel=1e-5)
    assert slope == pytest.approx(grad(function)(x.astype(float)), rel=1e-5)


def by_vectorize(x):
    return np.sum(np.vectorize(lambda v: v * v)(x))


def into_doubles(x):
    return np.sum(np.sum(np.stack([x, x]), axis=0, out=np.empty(5)))


def matrices_along_an_axis(x):
    return np.sum(np.apply_along_axis(lambda r: np.outer(r, r), 0, np.stack([x, x])))


def spread_with_a_choice(x):
    def scaled(a, b, c=2.0):
        return a * b * c

    return scaled(*x[:2])


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (by_vectorize, "computes in double precision"),
        (into_doubles, "computes in double precision"),
        (matrices_along_an_axis, "gives matrices"),
        (spread_with_a_choice, "`c` may be left out"),
    ],
)
def test_refused(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        grad(function)(f5)


def test_arguments_from_an_array_of_another_length_raise() -> None:
    def f(x):
        return volume(*x)

    with pytest.raises(ValueError, match="too many values to unpack"):
        grad(f)(v5)


def test_a_dict_of_more_names_than_values_raises() -> None:
    def f(x):
        named = dict(zip(("a", "b", "c"), x))
        return named["a"]

    with pytest.raises(KeyError, match="3 keys"):
        grad(f)(v5[:2])


WARNED_OF = ("weights_in_bins", "counts_of_choices", "windows_as_long_as_a_kernel")
"""What Numba does not compile, or warns of: products of what is not contiguous are slow."""


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("function", "args"),
    [p for p in case.entered if p.id not in WARNED_OF],
)
def test_numba(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    expected = grad(function)(*args)
    assert grad(function, backend="numba")(*args) == pytest.approx(expected, rel=1e-12)


def lists_where_arrays_belong(x):
    at = np.interp([0.5, 1.5], [0.0, 1.0, 2.0], x) + np.interp(0.5, (0.0, 1.0, 2.0), x)
    between = np.clip(x, [0.0, 0.1, 0.2], 1.0) * np.clip([0.1, 2.0, 0.25], x, 1.5)
    return np.sum(at) * np.sum(between) + np.dot([1.0, 2.0, 3], x)


def test_lists_where_arrays_belong() -> None:
    x = np.array([0.5, 1.2, 0.3])
    assert_same_bits(value_and_grad(lists_where_arrays_belong)(x)[0], lists_where_arrays_belong(x))
    check_grads(lists_where_arrays_belong, (x,))
