"""Derivatives to the third order, forward and reverse in any order, all the same.

The programs do what is hard to reverse twice: arrays that one path leaves alone, or that change
their length from trip to trip, values that exist on some paths only, lists that grow, early exits.
"""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, hvp, jacfwd, jacrev, jvp
from tests.depth import spread, thorough

PROGRAMS: list[Callable[..., Any]] = []
POINTS = (np.array([0.3, -0.7, 1.2, 0.9, -0.4]), np.array([-0.3, 0.7, 1.2, 0.9, 0.4]))
V, W = np.array([0.5, 1.0, -0.3, 0.2, 0.7]), np.array([-0.2, 0.4, 0.9, -1.0, 0.3])


def program(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a program: of five numbers, its value a number."""
    PROGRAMS.append(function)
    return function


@program
def branch_alone(x):
    y = x * 1.0
    if x[0] > 0:
        y = np.sin(y)
    return np.sum(y**3)


@program
def run_again_from_a_tape(x):
    """The second reverse sweep multiplies `min(x)` again: the first one left it on a tape."""
    a = 0.4 * x[0]
    total = 0.0
    for item in x:
        a = a - 0.25 * math.sin(item * a)
        total += 0.25 * math.sin(np.sum(np.maximum(a, V * min(x))))
    return total


@program
def branch_slice_lens(x):
    if x[0] > 0:
        y = x[1:] * 2
    else:
        y = x[:-2] ** 2
    return np.sum(y**3)


@program
def loop_shrink(x):
    y = x * x
    for _ in range(3):
        y = y[1:] * y[:-1]
    return np.sum(y)


@program
def loop_grow(x):
    y = x[:1]
    for i in range(3):
        y = np.concatenate([y, y[-1:] * x[i]])
    return np.sum(y**2)


@program
def loop_while_shrink_branch(x):
    y = np.exp(x * 0.5)
    while len(y) > 1:
        if y[0] > 1.0:
            y = y[1:] * y[:-1]
        else:
            y = y[:-1] + y[0] ** 2
    return np.sum(y)


@program
def list_grown_branch(x):
    xs = []
    for i in range(len(x)):
        if x[i] > 0:
            xs.append(x[i] ** 3)
    a = np.array(xs)
    return np.sum(a**2)


@program
def list_prev(x):
    xs = [x[0]]
    for i in range(1, len(x)):
        xs.append(xs[-1] * np.sin(x[i]))
    s = 0.0
    for v in xs:
        s += v * v
    return s


@program
def list_pop(x):
    xs = []
    for i in range(len(x)):
        xs.append(x[i] * x[0])
    s = 1.0
    while len(xs) > 0:
        s = s * (1 + xs.pop() ** 2)
    return s


@program
def with_break(x):
    s = 0.0
    p = 1.0
    for i in range(len(x)):
        p = p * (1 + x[i] * x[i])
        if p > 2.0:
            break
        s += p * x[i]
    return s * p


@program
def nested(x):
    s = 0.0
    for i in range(len(x)):
        p = x[i]
        for j in range(i):
            p = p * np.sin(x[j] + p)
        s += p
    return s


@program
def slices_carried(x):
    y = x
    s = 0.0
    for i in range(len(x)):
        y = y[: len(x) - i] * 1.1
        s += np.sum(y**3)
    return s


@program
def cumul(x):
    y = x
    for i in range(2):
        y = np.cumsum(y) * x[i]
        y = y[:-1]
    return np.sum(y**2)


@program
def grow_in_branch(x):
    y = x[:2]
    for i in range(len(x)):
        if x[i] > 0:
            y = np.append(y, x[i] * y[0])
    return np.sum(y**3)


@program
def list_of_slices(x):
    xs = []
    for i in range(3):
        xs.append(x[i:] * x[i])
    s = 0.0
    for v in xs:
        s += np.sum(v**2)
    return s


@program
def ifelse_chain(x):
    y = x
    if x[0] > 0.5:
        y = y * 2
    elif x[0] > 0.2:
        y = y[1:] * y[:-1]
    else:
        y = y**3
    if len(y) > 3:
        y = y * y[0]
    return np.sum(y**2)


@program
def break_array(x):
    y = x * 1.5
    for i in range(5):
        y = y[:-1] * y[1:]
        if len(y) < 3:
            break
    return np.sum(y**2)


@program
def nested_branch_reads(x):
    z = x[0]
    if x[0] > 0:
        if x[1] > 0:
            y = x[1:] * 2
            z = np.sum(y**2)
        else:
            y = x[:-2] ** 2
            z = np.sum(y**3) * np.sum(np.exp(y))
    return z**2 * x[1]


@program
def return_array_two(x):

    def g(x, y):
        for i in range(len(x)):
            if x[i] > 1:
                return x[i:] ** 2 * y
            if x[i] < -1:
                return x[:i] * y
            y = y * x[i]
        return x * y

    return np.sum(g(x, x[0]) ** 3)


@program
def while_return(x):

    def g(y):
        while True:
            y = y[1:] * y[:-1]
            if len(y) < 3:
                return y * 2
            if np.sum(y) > 5:
                return y[:2] ** 2

    return np.sum(np.exp(g(x)))


@program
def nested_in_loop(x):
    s = 1.0
    for i in range(5):
        if x[i] > 0:
            z = x[i:] ** 2
            if x[i] > 1:
                z = z[:1] * s
            s += np.sum(z**2)
        else:
            for j in range(i):
                s = s * (1 + x[j] ** 2 * s)
    return s


@program
def two_tests(x):
    y = x * 1.0
    a = x[0] > 0
    b = x[1] > 0
    if a:
        z = x[1:] ** 2
    else:
        z = x[:-1] * x[0]
    w = z
    if b:
        w = z[:2] * y[:2]
    if a:
        w = w * w[0]
    return np.sum(w**2)


@program
def cascade(x):
    y = x
    for k in range(3):
        if x[k] > 0:
            y = y[1:] * x[k]
        if x[k + 1] > 0:
            y = y[:-1] ** 2
    return np.sum(y**2)


@program
def matrix_shrink(x):
    A = np.outer(x, x)
    while A.shape[0] > 2:
        A = A[1:, 1:] * A[:-1, :-1]
    return np.sum(A)


@program
def list_arrays_branch(x):
    xs = [x]
    for i in range(3):
        if x[i] > 0:
            xs.append(xs[-1] * x[i])
        else:
            xs[0] = xs[0] * 2
    s = 0.0
    for v in xs:
        s += np.sum(v**2)
    return s


@program
def else_loop(x):
    y = x
    for i in range(3):
        if y[i] > 5:
            break
        y = y * x[i]
    else:
        y = y[1:] ** 2
    return np.sum(y**2)


@program
def left_with_another_length(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 1.0:
            w = np.convolve(x, V)
            return np.sum(np.arctan(w[2:])) + s
        x = np.sin(x) * 1.1
        s = s + x[0]
    return np.sum(x**3) + s


def slope(f, x, v):
    """A central difference of the fourth order."""
    h = 1e-3
    near, far = f(x + h * v) - f(x - h * v), f(x + 2 * h * v) - f(x - 2 * h * v)
    return (8 * near - far) / (12 * h)


def close(wanted, rel=1e-10):
    return pytest.approx(wanted, rel=rel, abs=rel * max(1.0, np.max(np.abs(wanted))))


@pytest.mark.parametrize("f", spread(PROGRAMS, 10))
def test_second_order(f: Callable[..., Any]) -> None:
    def along(x):
        return jvp(f, (x,), (V,))[1]

    def across(x):
        return np.sum(grad(f)(x) * V)

    for x in POINTS:
        matrix = jacfwd(grad(f))(x)
        assert grad(f)(x) @ V == close(slope(f, x, V), 1e-6)
        assert matrix @ V == close(slope(grad(f), x, V), 1e-6)
        assert close(matrix) == matrix.T
        assert grad(along)(x) == close(matrix @ V)
        assert grad(across)(x) == close(matrix @ V)


@thorough
@pytest.mark.parametrize("f", PROGRAMS)
def test_second_order_as_a_matrix(f: Callable[..., Any]) -> None:
    for x in POINTS:
        matrix = jacfwd(grad(f))(x)
        assert jacrev(grad(f))(x) == close(matrix)
        assert jacrev(jacfwd(f))(x) == close(matrix)
        assert hvp(f)(x, V) == close(matrix @ V)


@pytest.mark.parametrize("f", spread(PROGRAMS, 30))
def test_third_order(f: Callable[..., Any]) -> None:
    def across(x):
        return np.sum(grad(f)(x) * V)

    def twice(x):
        return np.sum(grad(across)(x) * W)

    def mixed(x):
        return np.sum(hvp(f)(x, V) * W)

    for x in POINTS:
        wanted = grad(mixed)(x)
        assert wanted == close(slope(lambda at: hvp(f)(at, V), x, W), 1e-6)
        assert grad(twice)(x) == close(wanted)
        assert jvp(grad(across), (x,), (W,))[1] == close(wanted)
