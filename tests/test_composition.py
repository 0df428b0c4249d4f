"""Derivatives of derivatives, both ways: reverse over reverse is forward over reverse."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, jacrev, jvp, vjp

X = np.array([0.5, 0.7, -0.4])


def nested_loops(x):
    y = x
    for _ in range(2):
        for _ in range(2):
            y = x * y
    return np.sum(y)


def three_deep(x):
    y = x
    for _ in range(2):
        for _ in range(2):
            for _ in range(2):
                y = x * y + y
    return np.sum(y)


def for_inside_while(x):
    y, k = x, 0
    while k < 2:
        for _ in range(2):
            y = np.sin(x) * y
        k += 1
    return np.sum(y)


def numbers(x):
    y = x[0]
    for i in range(2):
        for j in range(3):
            y = y * x[j] + x[i]
    return y


def in_place(x):
    a = x.copy()
    for i in range(2):
        for j in range(1, 3):
            a[j] = a[j - 1] * a[j] + x[i]
    return np.sum(a)


@pytest.mark.parametrize("f", [nested_loops, three_deep, for_inside_while, numbers, in_place])
def test_reverse_over_reverse(f: Callable[..., Any]) -> None:
    direction = np.array([1.0, -2.0, 0.5])
    _, forward = jvp(grad(f), (X,), (direction,))
    _, pullback = vjp(grad(f), X)
    (reverse,) = pullback(direction)
    assert reverse == pytest.approx(forward, rel=1e-12)


def test_reverse_over_reverse_of_a_power() -> None:
    """The nested loops compute x**5, whose Hessian is known."""
    wanted = 20 * X**3
    assert vjp(grad(nested_loops), X)[1](np.ones(3))[0] == pytest.approx(wanted)
    assert jacrev(grad(nested_loops))(X) == pytest.approx(np.diag(wanted))
