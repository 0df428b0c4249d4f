"""Functions with jumps and loops, and the points to try them at."""
# pyright: basic, reportPossiblyUnboundVariable=false, reportOperatorIssue=false
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

v4 = np.array([0.3, -0.2, 1.5, 0.9])
m23 = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])

CASES: list[Any] = []


def case(*points: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Test a function at some points."""

    def enter(function: Any) -> Any:
        for k, args in enumerate(points):
            CASES.append(pytest.param(function, args, id=f"{function.__name__}-{k}"))
        return function

    return enter


# -- trips ----------------------------------------------------------------------------------------


@case((1.5, 0), (1.5, 1), (1.5, 2), (1.5, 3))
def trips_of_a_while(x, n):
    k, s = 0, x
    while k < n:
        s = s * math.sin(s)
        k += 1
    return s


@case((0.75, m23))
def a_number_for_an_array_in_a_while(x, m):
    k, m = 0, m.copy()
    while k < 2:
        k += 1
        m[1] = m[1] * np.sum(np.outer(np.sin(x), np.ones(3)))
    return np.sum(m)


def halved(v):
    v[0] *= 0.5
    return v[0]


@case((v4,), (0.1 * v4,))
def a_condition_that_writes(v):
    w = 7.0 * v
    while halved(w) > 0.3:
        w[1] += w[0] * w[0]
    return w[0] * w[1]


@case((1.5,))
def a_condition_that_appends(x):
    parts = []

    def push(part):
        parts.append(part)
        return len(parts)

    s = 0.0
    while push(x * len(parts)) < 4:
        s += parts[-1] ** 2
    return s + sum(parts)


@case((v4[:0], 2.0), (v4, 2.0))
def no_items(v, x):
    p = x
    for item in v:
        p = p * item + x
    return p


@case((1.5, 5))
def a_bound_that_changes(x, n):
    for k in range(n):
        n = n - k
        x = x * 0.5 + n
    return x


@case((0.5, 7))
def descending_with_a_step_that_does_not_divide(x, n):
    s = 0.0
    for k in range(n, -3, -3):
        s = s * x + k
    return s


@case((0.5, 4))
def the_index_is_assigned(x, n):
    s = x
    for k in range(n):
        k = k * 2
        s = s * 0.5 + k * x
    return s * k


@case((v4,))
def zip_enumerate_reversed_rows(v):
    s = 0.0
    for k, (a, b) in enumerate(zip(v, reversed(v))):
        if k == 2:
            continue
        s = s * a + k * b
    for row in m23:
        s += row[0] * np.sum(row) * s
    return s


# -- break and continue ---------------------------------------------------------------------------


@case((2.0, 20), (2.0, 2), (2.0, 0))
def newton(a, n):
    x = a
    for _ in range(n):
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 1e-3:
            break
    return x


@case((2.0, 3.0, 6), (0.5, 3.0, 6))
def break_before_the_statement(x, limit, n):
    for _ in range(n):
        if x > limit:
            break
        x = x * 1.3
    return x * limit


@case((2.0, 3.0), (0.5, 0.1))
def two_breaks(x, y):
    s = 0.0
    for k in range(2, 12, 3):
        if s > 4:
            break
        s += x * k
        if s * y < 0.2:
            break
        s *= math.sin(y)
    return s


@case((v4, 0.5), (v4, 9.0))
def a_break_of_the_inner_loop_only(v, limit):
    s = 0.0
    for i in range(len(v)):
        for j in range(i, -1, -1):
            if v[i] * v[j] > limit:
                break
            s += math.sin(v[i]) * v[j] * s + v[j]
    return s


@case((1.0, 0.2), (1.0, 2.2))
def a_break_on_one_of_several_paths(x, a):
    for i in range(5):
        if i > 2:
            if x > a:
                break
            x = x * 1.1
        x = math.sin(x) + a
    return x


@case((v4, 2.0))
def continue_in_a_nest(v, x):
    s = x
    for i in range(len(v)):
        if v[i] < 0:
            continue
        for j in range(i):
            if j == 1:
                continue
            s = s * 0.5 + v[i] * v[j]
        s = math.sin(s)
    return s


@case((3.0, 0.1))
def forever(x, limit):
    k = 0
    while True:
        x = x * 0.5
        if x < limit:
            break
        if k > 2:
            continue_ = x
            k += 1
            x = x + continue_ * 0.1
            continue
        k += 1
    return x * k


# -- else -----------------------------------------------------------------------------------------


@case((v4, 1.0), (v4, 7.0))
def for_else(v, t):
    for i in range(len(v)):
        if v[i] > t:
            r = v[i] ** 2
            break
    else:
        r = t
    return r * t


@case((2.0, 0.4), (2.0, 3.0))
def while_else(x, y):
    while x > 0.5:
        x = x * y
        if x > 10:
            break
    else:
        x = math.sin(x)
    return x * y


@case((v4, 1.0), (v4, 7.0))
def else_that_returns(v, t):
    for a in v:
        if a > t:
            break
    else:
        return t * t
    return a * t


# -- return ---------------------------------------------------------------------------------------


@case((2.0,), (-2.0,))
def first_statement(x):
    if x < 0:
        return x * x
    return math.sqrt(x)


@case((v4, 0.5), (v4, 50.0))
def return_in_a_nest(v, limit):
    for i in range(len(v)):
        for j in range(i):
            if v[i] * v[j] > limit:
                return v[i] * math.sin(v[j]) * limit
    return limit * 2


@case((2.0, 0.5), (2.0, 2.5), (0.0, 2.5))
def return_on_one_of_several_paths(x, a):
    if x > 1:
        if a > 1:
            return x * a
        x = x + a
    else:
        x = x * 3
    return x * x


@case((v4, 1.0), (v4, 2.0))
def a_container_returned_from_a_loop(v, t):
    def search(v, t):
        for k in range(len(v)):
            if v[k] > t:
                return v[k] * t, (t, v[0])
        return t, (v[1], t * t)

    a, (b, c) = search(v, t)
    return a * b + c


@case((0.3,), (3.0,))
def return_from_while_true(x):
    while True:
        x = x * x
        if x > 50:
            return x
        if x < 0.01:
            return 2 * x
