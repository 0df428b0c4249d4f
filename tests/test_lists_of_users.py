"""Lists as people write them: rows of tables, sorting, putting first, beside arrays."""
# pyright: basic
# ruff: noqa: C417, RUF005, RUF007
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from tests.depth import spread, thorough
from tests.points import Points, check_program

X2, X3 = np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0])
X8 = np.arange(8.0) * 0.1 + 0.4
H3, H4 = np.array([0.5, 1.0, 0.2]), np.array([0.2, 0.3, 0.8, 1.1])
M22, M23, M32 = np.arange(4.0).reshape(2, 2), np.arange(6.0).reshape(2, 3), np.ones((3, 2))
M55 = np.arange(25.0).reshape(5, 5)

case = Points()


@case(M32, X3)
def a_tuple_beside_rows(P, w):
    tot = 0.0
    for a, p in zip((w[0], w[1], w[2]), P):
        tot = tot + a * p
    return np.sum(tot)


@case(M32, X3)
def a_sum_of_a_tuple_beside_rows(P, w):
    tot = sum(a * p for a, p in zip((w[0], w[1], w[2]), P))
    return np.sum(tot**2)


@case(M32, X3)
def reduced(x, w):
    return np.sum(functools.reduce(operator.add, (wi * p for wi, p in zip(w, x))))


@case(M23)
def columns_first(A):
    return np.sum(A.reshape(-1, order="F")[:3] ** 2) + np.sum(A.reshape((3, -1), order="F")[0] ** 3)


@case(M55, M22)
def windows_of_a_shape(x, w):
    return np.sum(sliding_window_view(x, w.shape) * w)


def tot2(it, c):
    s = 0.0
    for v in it:
        s += v * c
    return s


@case(X3)
def generators_for_functions(x):
    hs = [x[0], x[1]]
    return tot2((h * h for h in hs), 2.0) + tot2(map(math.sin, x), 3.0)


@case(H4)
def two_rows_of_a_table(x):
    n = len(x)
    prev = [2.0] * (n + 1)
    for i in range(n):
        cur = [1.0] * (n + 1)
        cur[0] = x[i] * prev[1]
        for j in range(1, n + 1):
            cur[j] = min(prev[j], cur[j - 1] * x[j - 1])
        prev = cur
    return prev[0] + prev[n]


@case(H3, H4)
def warped(x, y):
    n, m = len(x), len(y)
    prev = [0.0] + [1e9] * m
    for i in range(n):
        cur = [1e9] * (m + 1)
        for j in range(m):
            d = (x[i] - y[j]) ** 2
            cur[j + 1] = d + min(prev[j], prev[j + 1], cur[j])
        prev = cur
    return prev[m]


@case(H3, H4)
def a_list_under_two_names(x, y):
    prev = [0.0] * 3
    cur = [x[0]] * 3
    for i in range(3):
        prev = cur
        cur[i] = prev[0] * x[i] + 1
        if i == 1:
            cur = [v * 2 for v in prev]
    return prev[2] * cur[1]


@case(H3)
def the_largest_of_two_kinds(x):
    b = []
    for v in x:
        b.append(max(v, 0.0))
    return max(b)


@case(H3)
def zeros_and_others(x):
    b = [0.0]
    for v in x:
        b.append(v if v > 0 else 0.0)
    return max(b) + min(b)


@case(X2, 3)
def rows_on_one_another(y, n):
    ys = [y]
    for k in range(n):
        y = y + 0.1 * np.array([y[1], -y[0]])
        ys.append(y)
    return np.vstack(ys)


@case(H3)
def sorted_in_place(x):
    b = [x[0], x[1] * 2, x[2]]
    b.sort()
    return b[0] * 2 + b[1] * 3


@case(H3)
def sorted_in_place_backwards(x):
    b = [x[0], x[1] * 2, x[2]]
    b.sort(reverse=True)
    return b[0] * 2 + b[1] * 3


@case(H3)
def all_of_a_map(x):
    return np.sum(x) if all(map(lambda v: v < 5, x)) else 0.0


@case(H3)
def dicts_joined(x):
    d = {"a": x[0]}
    e = d | {"z": 1.0, "b": x[1]}
    return e["a"] * e["b"]


@case(X2, 2.0)
def of_a_class(x, p):
    if type(p) is float:
        return x[0] * p
    return x[1]


@case(H3)
def with_a_shape(w):
    return np.sum(w) if hasattr(w, "shape") else w


@case(X3)
def put_first(x):
    c = []
    for k in range(len(x)):
        c.insert(0, x[k] * np.ones(2))
    return np.sum(c[0] * c[-1] ** 2)


@case(X3)
def joined_at_the_front(x):
    c = []
    for k in range(len(x)):
        c = [x[k] * np.ones(2)] + c
    return np.sum(c[0] * c[-1] ** 2)


@case(X3)
def in_front_of_the_others(x):
    c = []
    for k in range(len(x)):
        c = [x[k], *c]
    c = [1.0] + c
    return c[0] * c[-1] ** 2 + c[1]


@case(X3)
def two_in_front(x):
    c = [x[0]]
    for k in range(2):
        c = [x[k] * c[0], c[-1]] + c
    return c[0] * c[-1] ** 2 + c[3]


@case(M32 * np.array([[0.0], [1.0], [3.0]]), 2)
def a_point_of_a_curve(x, _):
    points = [x[0], x[1], x[2]]
    while len(points) > 1:
        points = [0.3 * a + 0.7 * b for a, b in zip(points[:-1], points[1:])]
    return np.sum(points[0] ** 2)


@case(H4)
def sums_of_pairs(x):
    values: Any = tuple(v * v for v in (x[0], x[1], x[2], x[3]))
    while len(values) > 1:
        values = tuple(values[k] * values[k + 1] + 1 for k in range(0, len(values) - 1, 2))
    return values[0]


CASES = spread([(*entered.values, "python") for entered in case.entered], 3)
CASES += [pytest.param(*entered.values, "numba", marks=thorough) for entered in case.entered]


@pytest.mark.parametrize(("function", "args", "backend"), CASES)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...], backend: str) -> None:
    check_program(function, args, backend)
