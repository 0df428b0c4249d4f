"""Functions with names that may have no value, and with exceptions."""
# pyright: basic, reportPossiblyUnboundVariable=false, reportOperatorIssue=false
# ruff: noqa: RET506, PLW0120
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math

import numpy as np

from tests.control_flow.programs import CASES, case, v4

__all__ = ["CASES", "v4"]

# -- names ----------------------------------------------------------------------------------------


@case((2.0, 3), (2.0, 0))
def index_after_the_loop(x, n):
    for i in range(n):
        x = x * (i + 1)
    return x * i


@case((2.0,))
def a_name_of_no_trips(x):
    for _ in range(0):
        factor = 0.5
    for _ in range(3):
        x = x * factor
    return x


@case((2.0, 3), (2.0, 0))
def a_name_in_a_condition(x, n):
    for i in range(n):
        x = x * 2.0
    while n and i * x < 40.0:
        x = x * x
    return x


@case((2.0,))
def index_after_constant_trips(x):
    for i in range(3):
        x = x * (i + 1)
    return x * i


@case((2.0, 3), (2.0, 0))
def index_that_was_bound_before(x, n):
    i = 7
    for i in range(n):
        x = math.sin(x)
    return x * i


@case((v4, 1.0), (v4, 10.0))
def found_or_not(v, t):
    for i in range(len(v)):
        if v[i] > t:
            k = i
            break
    return v[k] * t


@case((v4, 3), (v4, 1), (v4, 0))
def bound_in_an_inner_loop(v, n):
    for i in range(n):
        for j in range(i):
            t = v[j] * v[i]
    return t * j


@case((v4, 3), (v4, 0))
def an_array_bound_in_a_loop(v, n):
    for k in range(n):
        w = v * k
        w[0] = 2.0
    return np.sum(w * w)


@case((v4, 2), (v4, 0))
def a_container_bound_in_a_loop(v, n):
    for k in range(n):
        pair = (v[k], {"a": v[k] ** 2})
    return pair[0] * pair[1]["a"]


@case((2.0, 3), (2.0, 0))
def read_by_a_function_inside(x, n):
    for i in range(n):
        y = x * i
    return (lambda z: z * y)(x)


@case((2.0, 3))
def flags_that_are_equal(x, n):
    done = False
    stop = False
    k = 0
    while not done and k < 5:
        if k == n:
            done = True
            stop = True
        x = math.sin(x)
        k += 1
    return x * 2 if stop else x


@case((2.0, 3.0))
def flags_that_never_change(x, y):
    one = False
    other = False
    k = 0
    while not other and k < 3:
        if one:
            x = x * y
        x = math.sin(x) * y
        k += 1
    return x


@case((v4, 0), (v4, 3))
def a_loop_that_returns_in_its_first_trip(v, n):
    k, s = 0, v[1]
    while k < 2:
        for i in range(n):
            s = s * v[0] + v[i]
        else:
            return s * s
        k += 1
    return v[0]


# -- exceptions -----------------------------------------------------------------------------------


@case((3.0,), (-3.0,), (300.0,))
def raising_and_asserting(x):
    if x < 0:
        raise ValueError(f"negative {x:.2f} {'{'}!", x)
    assert x < 100, f"too big: {x!r}"
    return math.sqrt(x)


@case((v4, 1.0), (v4, -1.0))
def raising_in_a_loop(v, t):
    s = 0.0
    for k in range(len(v)):
        if v[k] < t - 1.5:
            raise IndexError("at", k)
        s += v[k] * t
    return s


@case((1.0,), (-1.0,))
def raising_in_a_callee(x):
    def checked(y):
        if y <= 0:
            raise RuntimeError
        else:
            z = math.log(y)
        return z

    return checked(x) * x


@case((0.6, 3), (0.6, 0))
def raising_in_else(x, n):
    for _ in range(n):
        x = x * 2
        if x > 1:
            break
    else:
        raise StopIteration(x)
    return x * x
