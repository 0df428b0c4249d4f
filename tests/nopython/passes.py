"""Programs for what makes code for Numba fast, and their neighbours, which it must not touch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.points import Points

X = np.array([0.3, -0.7, 1.1, 0.4, -0.2, 0.9])
M = np.arange(30.0).reshape(5, 6) / 10 - 1.1
NONE, ONE = np.zeros(0), np.ones(1)

scratch, kept, gathered, scattered, others = (Points() for _ in range(5))

# -- arrays that no trip learns from ------------------------------------------------------------


@scratch(M)
@scratch(np.zeros((0, 3)))
@scratch(np.zeros((3, 0)))
def rows_in_turn(x: Any) -> Any:
    """A row is filled before it is read."""
    n, m = x.shape
    y = np.zeros(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            y[j] = x[i, j] * x[i, j]
        for j in range(m):
            total += math.sin(y[j]) * y[j]
    return total


@scratch(M)
def two_levels(x: Any) -> Any:
    """A row within a row of scratch arrays."""
    n, m = x.shape
    y, z = np.zeros(m), np.zeros(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            for k in range(m):
                z[k] = x[i, j] * x[i, k]
            s = 0.0
            for k in range(m):
                s += z[k] * z[k] * z[k]
            y[j] = s
        for j in range(m):
            total += math.sin(y[j])
    return total


@scratch(M)
def by_slice(x: Any) -> Any:
    """A row is filled as a whole."""
    n, m = x.shape
    y = np.empty(m)
    total = 0.0
    for i in range(n):
        y[:] = x[i]
        for j in range(m):
            y[j] *= y[j]
        for j in range(m):
            total += y[j] * math.cos(x[i, j])
    return total


@kept(M)
def not_all_of_it(x: Any) -> Any:
    """The last element is that of the trip before."""
    n, m = x.shape
    y = np.ones(m)
    total = 0.0
    for i in range(n):
        for j in range(m - 1):
            y[j] = x[i, j] * x[i, j]
        for j in range(m):
            total += y[j] * y[j]
        y[m - 1] = x[i, 0]
    return total


@kept(M)
def read_first(x: Any) -> Any:
    """An element of the trip before is read, and only then overwritten."""
    n, m = x.shape
    y = np.ones(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += y[j] * x[i, j]
            y[j] = x[i, j] * x[i, j]
    return total


@kept(M)
def read_after(x: Any) -> Any:
    """The last trip's row is wanted behind the loop."""
    n, m = x.shape
    y = np.ones(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            y[j] = x[i, j] * x[i, j]
        total += y[0] * y[m - 1]
    return total + np.sum(y * y)


@kept(M)
def only_if(x: Any) -> Any:
    """Some elements are not overwritten."""
    n, m = x.shape
    y = np.ones(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            if x[i, j] > 0:
                y[j] = x[i, j] * x[i, j]
        for j in range(m):
            total += y[j] * y[j]
    return total


@kept(M)
def every_other(x: Any) -> Any:
    """A loop with a step leaves elements out."""
    n, m = x.shape
    y = np.ones(m)
    total = 0.0
    for i in range(n):
        for j in range(0, m, 2):
            y[j] = x[i, j] * x[i, j]
        for j in range(m):
            total += y[j] * y[j] * x[i, j]
    return total


@kept(M)
def inner_loop_may_not_run(x: Any) -> Any:
    """In the first trips nothing is stored."""
    n, m = x.shape
    y = np.ones(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            for _ in range(i - 1):
                y[j] = x[i, j] * x[i, j]
        for j in range(m):
            total += y[j] * y[j] * x[i, j]
    return total


@kept(M)
def exchanged(x: Any) -> Any:
    """Two arrays change places, so each trip reads what the one before wrote."""
    n, m = x.shape
    y, z = np.ones(m), np.ones(m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            y[j] = x[i, j] * z[j]
        y, z = z, y
        for j in range(m):
            total += z[j] * z[j]
    return total


# -- neighbours ---------------------------------------------------------------------------------


@gathered(M, 0.2, 3)
@gathered(M, 0.2, 0)
@gathered(M[:2], 0.2, 2)
@others(M[:1], 0.2, 2)
@gathered(M[:0], 0.2, 2)
@gathered(M[:, :2], 0.2, 2)
@gathered(np.zeros((0, 0)), 0.2, 2)
def heat(u0: Any, c: float, steps: int) -> Any:
    n, m = u0.shape
    u, new = u0.copy(), u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = u[i, j] + c * (around - 4.0 * u[i, j])
        u, new = new, u
    return np.sum(u * u * u)


@gathered(X)
@gathered(X[:3])
@gathered(X[:2])
@others(ONE)
@gathered(NONE)
def along_a_line(u: Any) -> Any:
    """Two of five neighbours, with other weights on each side."""
    n = len(u)
    total = 0.0
    for i in range(2, n - 1):
        d = u[i - 2] - 3.0 * u[i] + 2.0 * u[i + 1]
        total += d * d * u[i]
    return total


@gathered(M)
def columns_first(u: Any) -> Any:
    """The outer loop goes by the second axis."""
    n, m = u.shape
    total = 0.0
    for j in range(1, m - 1):
        for i in range(1, n - 1):
            d = u[i - 1, j] + u[i + 1, j] - u[i, j - 1] - u[i, j + 1] + u[i - 1, j - 1]
            total += d * d
    return total


@gathered(M, 4)
def in_three_loops(u0: Any, steps: int) -> Any:
    """The time loop is inside of another one."""
    n, m = u0.shape
    total = 0.0
    for k in range(3):
        u, new = u0.copy(), u0.copy()
        for _ in range(steps):
            for i in range(1, n - 1):
                for j in range(1, m - 1):
                    new[i, j] = u[i, j] + 0.1 * k * (u[i - 1, j] + u[i + 1, j] * u[i, j + 1])
            u, new = new, u
        total += np.sum(u * u)
    return total


@scattered(X)
def two_only(u: Any) -> Any:
    """Two places are as fast one by one."""
    total = 0.0
    for i in range(len(u) - 1):
        d = u[i + 1] - u[i] * u[i]
        total += d * d
    return total


@scattered(X)
def around_the_end(u: Any) -> Any:
    """The first trip reads u[-1] and u[-2], which are the last elements."""
    total = 0.0
    for i in range(len(u)):
        d = u[i] - u[i - 1] * u[i - 2]
        total += d * d
    return total


@scattered(M)
def triangle(u: Any) -> Any:
    """The inner bounds depend on the outer index."""
    n = len(u)
    total = 0.0
    for i in range(1, n - 1):
        for j in range(1, i):
            d = u[i - 1, j] + u[i + 1, j] * u[i, j - 1]
            total += d * d
    return total


@scattered(X, np.array([2, 3, 1, 4, 2]))
def through_an_index(u: Any, index: Any) -> Any:
    """Places are not at the loop's index."""
    total = 0.0
    for i in range(len(index)):
        k = index[i]
        d = u[k - 1] - 2.0 * u[k] + u[k + 1]
        total += d * d
    return total


@scattered(X, 4)
def shorter_than_the_array(u: Any, n: int) -> Any:
    """The bound is not known to be the array's."""
    total = 0.0
    for i in range(1, n):
        d = u[i - 1] - 2.0 * u[i] + u[i + 1]
        total += d * d
    return total


@scattered(X)
def written_in_the_loop(u: Any) -> Any:
    """A recurrence: what a trip gives, the next one of the backward sweep takes."""
    u = u.copy()
    for i in range(1, len(u) - 1):
        u[i] = u[i - 1] * 0.5 + u[i + 1] * u[i]
    return np.sum(u * u)


# -- quotients, and parts of arrays -------------------------------------------------------------


@others(X, 1.7)
def quotients(x: Any, y: float) -> Any:
    total = 0.0
    for i in range(len(x)):
        q = math.sin(x[i]) / (y + x[i] * x[i])
        total += q * q
    return total


@others(0.0, 1e-300)
@others(0.3, -1.3)
def one_quotient(x: float, y: float) -> float:
    return math.sin(x / y)


@others(M)
def parts(a: Any) -> Any:
    b = a.copy()
    b[1:-1, 2:] += b[1:-1, :-2] * a[1:-1, 2:]
    b[0] *= b[1]
    b[:, 0] -= a[:, 1]
    return np.sum(b * b)


@others(X)
@others(M)
@others(NONE)
@others(M.T)
def elementwise(x: Any) -> Any:
    t = np.tanh(x)
    u = 1.0 - t * t
    v = u * t + np.sin(u) * u
    w = v * v - u / (2.0 + v * v)
    return np.sum(w * v * t)


ALL = scratch.entered + kept.entered + gathered.entered + scattered.entered + others.entered
