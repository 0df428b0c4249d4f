"""Lists of lists that are written into, as people write tables."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, jacfwd, jacobian, value_and_grad
from tests.depth import spread, thorough
from tests.points import Points, check_program

X = np.array([0.3, -0.8, 1.2, 0.5])
A33 = np.array([[0.1, 2, 3], [1, 0.5, -1], [2, 1, 0.7]])

case = Points()


@case(X)
def products(x):
    n = len(x)
    m = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            m[i][j] = x[i] * x[j]
    t = 0.0
    for i in range(1, n):
        for j in range(1, n):
            m[i][j] += 0.5 * m[i - 1][j - 1]
            t += m[i][j]
    return t


@case(X, np.array([0.1, 0.2, -0.4]))
def time_warping(a, b):
    n, m = len(a), len(b)
    D = [[math.inf] * (m + 1) for _ in range(n + 1)]
    D[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            c = (a[i - 1] - b[j - 1]) ** 2
            D[i][j] = c + min(D[i - 1][j], D[i][j - 1], D[i - 1][j - 1])
    return D[n][m]


@case(A33)
def elimination_with_pivots(A):
    n = len(A)
    M = [[A[i, j] for j in range(n)] for i in range(n)]
    d = 1.0
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(M[i][k]) > abs(M[p][k]):
                p = i
        if p != k:
            M[k], M[p] = M[p], M[k]
            d = -d
        d *= M[k][k]
        for i in range(k + 1, n):
            f = M[i][k] / M[k][k]
            for j in range(k, n):
                M[i][j] -= f * M[k][j]
    return d


@case(X)
def of_known_size(x):
    m = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        for j in range(3):
            m[i][j] = x[i] * x[j] + i
    k = int(x[0] > 0)
    m[k][k + 1] *= 3.0
    return sum(sum(r) for r in m) + m[1][2]


@case(X)
def of_known_size_and_large(x):
    m = [[0.0] * 30 for _ in range(30)]
    for i in range(30):
        for j in range(30):
            m[i][j] = x[i % 4] * x[j % 3] + i
    t = 0.0
    for row in m:
        t += sum(row) * row[3]
    return t


@case(X)
def buckets(x):
    b = [[] for _ in range(3)]
    for i, v in enumerate(x):
        b[i % 3].append(v * v)
    return sum(b[0]) * sum(b[1]) + sum(b[2])


@case(X, 3)
def buckets_of_a_known_number(x, n):
    b = [[0.0] for _ in range(n)]
    for i, v in enumerate(x):
        b[i % n].append(v * v)
    t = 0.0
    for k in range(n):
        t += b[k].pop() * len(b[k])
    for row in b:
        t += sum(row)
    return t


@case(X)
def as_an_array(x):
    n = len(x)
    m = [[0.0] * n for _ in range(n)]
    for i in range(n):
        m[i][i] = x[i]
        if i:
            m[i][i - 1] = 1.0
    return np.linalg.det(np.array(m) + np.eye(n)) + np.sum(np.array(m)[0])


@case(A33, A33.T)
def matrix_product(A, B):
    n = len(A)
    C = [[0.0 for _ in range(n)] for _ in range(n)]
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += A[i][k] * B[k][j]
            C[i][j] = s
    return C[0][1] + C[1][0] * C[n - 1][n - 1]


@case(X)
def rows_exchanged(x):
    n = len(x)
    m = [[v, v * v] for v in x]
    m[0], m[n - 1] = m[n - 1], m[0]
    m[0][1] *= 3.0
    m[1], m[2] = m[2], m[1]
    return m[0][1] + 2 * m[n - 1][1] + 3 * m[1][0] + m[2][1]


@case(X)
def rows_replaced(x):
    n = len(x)
    m = [[0.0] * n for _ in range(n)]
    for i in range(n):
        m[i] = [x[i] * k for k in range(n)]
        m[i][0] = 5.0
    return sum(m[1]) + m[2][-1] * m[-1][2]


@case(X)
def changed_after_it_was_read(x):
    n = len(x)
    m = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            m[i][j] = x[i] * x[j] + j
    t = 0.0
    for row in m:
        t += sum(row) * row[1] * row[2]
    for i in range(n):
        m[i][1] = m[i][2] * m[i][1]
        m[i][2] *= 3.0
    for row in m:
        t += row[1] * row[2]
    return t


@case(X)
def rows_copied(x):
    n = len(x)
    m = [[0.0] * n for _ in range(n)]
    for i in range(n):
        m[i][0] = x[i]
    p = [row[:] for row in m]
    q = [list(row) for row in m]
    for i in range(n):
        p[i][0] *= m[i][0] * q[i][0]
        q[0][i] += p[i][0]
    return sum(sum(r) for r in p) + sum(q[0]) * m[1][0] + m[0][0]


@case(X, 3)
def made_anew_each_step(x, steps):
    n = len(x)
    u = [[x[i] * (j + 1) for j in range(n)] for i in range(n)]
    for s in range(steps):
        v = [row[:] for row in u]
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                v[i][j] = u[i][j] + 0.1 * (u[i - 1][j] + u[i + 1][j] - 2 * u[i][j] * u[i][j - 1])
        u = v
    return sum(sum(r) for r in u)


@case(X * 0.3, 3)
def relaxed_in_place(x, steps):
    n = len(x)
    u = [[x[i] * (j + 1) for j in range(n)] for i in range(n)]
    for s in range(steps):
        for i in range(1, n):
            for j in range(1, n):
                if u[i][j] > -0.5:
                    u[i][j] = u[i][j] * u[i - 1][j] + u[i][j - 1] ** 2
    return sum(sum(r) for r in u)


@case(X)
def triangle(x):
    n = len(x)
    L = [[0.0] * (i + 1) for i in range(n)]
    for i in range(n):
        for j in range(i + 1):
            L[i][j] = x[i] + x[j]
            for k in range(j):
                L[i][j] -= L[i][k] * L[j][k] * 0.1
    return sum(L[i][i] for i in range(n))


@case(X)
def left_early(x):
    n = len(x)
    m = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            m[i][j] = x[i] * x[j]
            if m[i][j] > 0.3 and i > 1:
                return m[i][j] * m[0][0]
    return 0.0


@case(X)
def changed_while(x):
    n = len(x)
    m = [[x[i] + x[j] for j in range(n)] for i in range(n)]
    k = 0
    while m[0][0] < 3.0 and k < 20:
        m[0][0] = m[0][0] * 1.1 + m[1][2] ** 2
        m[1][2] += 0.1 * m[0][0]
        k += 1
    return m[0][0] + m[1][2]


@case(X)
def made_by_a_function(x):
    def fill(n):
        m = [[0.0] * n for _ in range(n)]
        for i in range(n):
            m[i][i] = x[i] ** 2
        return m

    a = fill(len(x))
    b = fill(3)
    return a[1][1] * b[2][2] + b[0][0]


@case(X)
def whole_rows_in_sums(x):
    n = len(x)
    m = [[v * k for k in range(n)] for v in x]
    m[1][2] *= x[0]
    best = max(m[1]) - min(m[2])
    total = 0.0
    for i in range(n):
        for v in m[i]:
            total += v * v
    return total + best + len(m[0]) + sum(m[3][1:3])


CASES = spread([(*entered.values, "python") for entered in case.entered], 6)
CASES += [pytest.param(*entered.values, "numba", marks=thorough) for entered in case.entered]


@pytest.mark.parametrize(("function", "args", "backend"), CASES)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...], backend: str) -> None:
    check_program(function, args, backend)


SECOND = [products, relaxed_in_place, changed_while, made_anew_each_step, buckets, triangle]


@pytest.mark.parametrize("function", SECOND)
def test_second_derivatives(function: Callable[..., Any]) -> None:
    args = next(
        tuple(entered.values[1]) for entered in case.entered if entered.values[0] is function
    )
    moving = tuple(a for a in args if not isinstance(a, int))
    check_grads(lambda *given: function(*given, *args[len(moving) :]), moving, order=2)


@pytest.mark.parametrize("mode", ["store", "auto", "recompute"])
def test_memory_modes_agree(mode: str) -> None:
    expected = value_and_grad(relaxed_in_place)(X * 0.3, 3)
    value, gradient = value_and_grad(relaxed_in_place, memory=mode)(X * 0.3, 3)
    assert value == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


def test_items_are_changed_where_they_are() -> None:
    text = grad(products).source(X)
    assert "m = [[0.0] * n for _ in range(n)]" in text
    assert "m[i][j] = x[i] * x[j]" in text
    assert "m_bar[before][j - 1] += 0.5 * total_bar" in text
    assert ".copy()" not in text


def test_items_that_stay_are_on_no_tape() -> None:
    text = grad(one_list_read).source(X)
    assert "x_bar[i] += squares[i]" in text
    assert text.count("append") == 1


def one_list_read(x):
    squares = [v * v for v in x]
    total = 0.0
    for i in range(len(x)):
        total += squares[i] * x[i]
    return total


def test_patterns_of_tables() -> None:
    def rows(x):
        n = len(x)
        m = [[0.0] * n for _ in range(n)]
        for i in range(n):
            for j in range(i + 1):
                m[i][j] = x[j] ** 2
            m[i].append(x[i])
            m[i].pop()
        return np.array([sum(r) for r in m])

    found = jacobian(rows, sparsity="auto")(X)
    np.testing.assert_allclose(found.toarray(), jacfwd(rows)(X))
    assert found.nnz == 10
