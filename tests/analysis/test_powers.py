"""Products that are powers are derived as such, to any order."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, hessian, jvp, value_and_grad
from tests.points import Points

X = np.array([0.3, -0.7, 1.2])
case = Points()


@case(1.3)
def cube(x):
    return x * x * x


@case(-0.7)
def from_the_left(x):
    return x * (x * (x * x))


@case(X)
def named(x):
    squares = x * x
    cubes = squares * x
    return np.sum(squares + cubes * np.sin(squares))


@case(X)
def of_elements(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i] * x[i] - x[0]
    return total


@case(X, X[::-1].copy())
def of_two(x, y):
    return np.sum(x * x * x * y * y * y) + np.sum(x * y * x * y)


@case(X)
def of_a_computed_value(x):
    y = np.exp(x[1:]) - x[0]
    return np.sum(y * y * y * y * y)


@case(X)
def in_a_loop(x):
    y = x[0]
    for v in x:
        if v > 0:
            y = y * y * y + v
    return y


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    value, _ = value_and_grad(function)(*args)
    assert value == function(*args)
    check_grads(function, args)


def test_the_text_is_what_a_person_writes() -> None:
    assert "return 3 * (x * x)\n" in grad(cube).source(1.0)
    assert "return 4 * (x * (x * x))\n" in grad(from_the_left).source(1.0)


def test_higher_orders() -> None:
    assert hessian(cube)(1.3) == pytest.approx(6 * 1.3)
    assert grad(grad(grad(cube)))(1.3) == pytest.approx(6.0)
    assert jvp(grad(from_the_left), (-0.7,), (1.0,))[1] == pytest.approx(12 * 0.49)


def test_what_is_no_power() -> None:
    """Integers have no derivative, and a row times a column is no square."""

    def f(x, n):
        return x * (n * n * n) + np.sum((x * X) * (x * X[:, np.newaxis]) * x)

    check_grads(lambda x: f(x, 3), (0.4,))


def test_single_precision() -> None:
    x = X.astype(np.float32)
    assert grad(lambda x: np.sum(x * x * x))(x).dtype == np.float32
    assert type(grad(cube)(np.float32(1.5))) is np.float32
