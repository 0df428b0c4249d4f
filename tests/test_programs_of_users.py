"""Programs as people write them: early returns, powers of two, lists, and words to the user."""
# pyright: basic
# ruff: noqa: F821
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.depth import spread, thorough
from tests.points import Points, check_program

X2, X3 = np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0])
X8 = np.arange(8.0) * 0.1 + 0.4
H3, H4 = np.array([0.5, 1.0, 0.2]), np.array([0.2, 0.3, 0.8, 1.1])
M22, M23, M32 = np.arange(4.0).reshape(2, 2), np.arange(6.0).reshape(2, 3), np.ones((3, 2))
M55 = np.arange(25.0).reshape(5, 5)

case = Points()


@case(X3)
def returned_while_it_is_written(x):
    h = np.zeros(3)
    for k in range(3):
        h[k] = x[k] ** 2
        if h[k] < 1e-12:
            return h
    return h


@case(X3)
def a_view_returned_early(x):
    h = np.zeros(4)
    v = h[1:]
    for k in range(3):
        h[k] = x[k] ** 2
        if h[k] > 3:
            return v
        v[0] += x[k]
    return v


@case(X3)
def an_argument_returned_early(x):
    for k in range(3):
        x[k] = x[k] ** 2
        if x[k] > 3:
            return x
    return x * 2


def listed(x, kk):
    z = x * 2
    for k in range(kk):
        z[k] *= x[k]
        if z[k] > 3:
            return [z, k]
    return [z, 3]


@case(X3, 3)
def in_a_list_returned_early(x, kk):
    a, b = listed(x, kk)
    return np.sum(a) * b


@case(X3, 3)
def returned_from_two_loops(x, kk):
    z = x * 2
    for k in range(kk):
        for j in range(k):
            z[k] *= x[j]
            if z[k] > 8:
                return z
        z[0] += 1
    return z


@case(X3, 3)
def copied_in_each_trip(x, kk):
    i = 0
    while True:
        x = x.copy()
        x[0] *= 0.5
        i += 1
        if x[0] < 0.1:
            return x
        x[1] += x[0]


@case(X3, 3)
def bound_where_a_loop_stops(x, kk):
    for k in range(kk):
        if x[k] > 1.5:
            y = x
            break
    else:
        y = x
    y[0] = 7.0
    return np.sum(x * y)


@case(X3, 3)
def a_view_of_the_trip_before(x, kk):
    z = x * 2
    for k in range(kk):
        if k:
            y[1] *= x[k]
        y = z[::-1]
        z[k] *= x[k] * 3
    return np.sum(y * z)


@case(X3, 3)
def the_array_of_the_trip_before(x, kk):
    z = x * 2
    for k in range(kk):
        if k > 1:
            y[1] *= x[k]
        y = z
        z = x * 4 + z
        z[k] *= x[k] * 3
    return np.sum(y * z)


@case(X8, 3)
def levels_of_a_tree(x, depth):
    W = x * 2
    s = 0.0
    for d in range(depth):
        s += np.sum(W[2**d - 1 : 2**d - 1 + 2**d] ** 2)
    return s


@case(X8, 3)
def halves_of_halves(x, n):
    s = 0.0
    for l in range(n):
        w = 2 ** (n - 1 - l)
        for b in range(0, len(x), 2 * w):
            s += np.sum(x[b : b + w]) * np.sum(x[b + w : b + 2 * w])
    return s


@case(X8, 2)
def as_many_points_as_a_power(x, n):
    return np.sum(np.linspace(0, x[0], 2**n + 1))


@case(0.0, 1.0, 4)
def romberg(a, b, n):
    R = np.zeros((n, n))
    for i in range(n):
        m = 2**i
        xs = np.linspace(a, b, m + 1)
        ys = np.exp(-(xs**2))
        R[i, 0] = np.trapezoid(ys, xs)
        for j in range(1, i + 1):
            R[i, j] = R[i, j - 1] + (R[i, j - 1] - R[i - 1, j - 1]) / (4**j - 1)
    return R[n - 1, n - 1]


@case(X8, 4)
def parts_of_powers(x, n):
    s = 0.0
    for k in range(n):
        s += np.sum(x[: 2**k] ** 2) + 3**k
    return s


@case(X8, 4)
def written_from_powers_on(x, n):
    for k in range(n):
        x[2**k - 1 :] *= 0.5 + k
    return np.sum(x**3)


@case(X8, 4, 3)
def powers_of_either_sign(x, n, m):
    s = 0.0
    for k in range(-n, n):
        s += x[0] * m**k + m ** abs(k)
    return s


@case(X8, 8, 3)
def powers_as_numbers_and_places(x, n, m):
    s = 0.0
    for k in range(n):
        p = 2**k
        if p > 4:
            s += x[k] / p + p * x[p % 8] + p
        q = 3**k
        s += (q - x[0]) * x[1] / q
    return s


@case(X8, 70)
def powers_beyond_64_bits(x, n):
    s = 0.0
    for k in range(n):
        s += x[0] * 2**k
    return s


def power(x, k):
    return 1.0 if k == 0 else x * power(x, k - 1)


@case(X3, 3)
def powers_in_a_loop(c, k):
    s = 0.0
    for v in c:
        for w in c:
            s += power(v * w, k)
    return s


@case(X3)
def a_constant_in_a_loop(c):
    k, s = 3, 0.0
    for v in c:
        s += power(v, k)
    return s


@case(X3, 2, 3)
def repeated_in_a_loop(c, times, n):
    s = 0.0
    for i in range(n):
        s += sum((c[i],) * times)
    return s


CASES = spread([(*entered.values, "python") for entered in case.entered], 3)
CASES += [pytest.param(*entered.values, "numba", marks=thorough) for entered in case.entered]


@pytest.mark.parametrize(("function", "args", "backend"), CASES)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...], backend: str) -> None:
    check_program(function, args, backend)
