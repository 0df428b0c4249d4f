"""Control flow (22 to 38): the tests carry the numbers of the cases."""
# pyright: basic
# ruff: noqa: PLW0108
# The functions here are written as users write them, on purpose.

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import (
    grad,
    value_and_grad,
)
from tests.nasty_cases.judges import M, V, refused, right, slope
from tests.points import assert_same_bits


def test_22_loops_without_trips_and_empty_arrays() -> None:
    def f(x, n):
        s = x
        for i in range(n):
            s = s * x
        while s > 100.0:
            s = s / x
        return s

    assert slope(f, 2.0, 0) == 1.0
    empty = np.zeros(0)
    assert value_and_grad(lambda x: np.sum(x))(empty)[0] == 0.0
    assert value_and_grad(lambda x: np.prod(x))(empty)[0] == 1.0
    with pytest.raises(ValueError, match="zero-size"):
        grad(lambda x: np.max(x))(empty)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_23_few_trips(n: int) -> None:
    def f(x, y, n):
        for i in range(n):
            y = y / (x * y + i)
            x = x * y + 1.0
        return x * y

    right(f, 1.3, 0.7, n)


def test_24_recurrences() -> None:
    def horner(c, x):
        s = 0.0
        for a in c:
            s = s * x + a
        return s

    def newton(a):
        x = a
        for _ in range(20):
            x = x - (x * x - a) / (2 * x)
        return x

    right(horner, V, 1.7)
    right(newton, 2.0)


def test_25_bounds_that_depend_on_data() -> None:
    def f(x):
        n, s = 3, x
        while s < 50.0:
            s = s * x
            n = n + 1
        while True:
            s = s / 2
            if s < 1.0:
                break
        return s * n

    right(f, 1.9)


def test_26_breaks() -> None:
    def f(x):
        total = 0.0
        for i in range(10):
            if i == 7:
                break
            total += x[i % 3] ** 2
            if total > 6.0:
                break
            for j in range(5):
                if j > i:
                    break
                total += x[j % 3] * 0.1
        else:
            total = total * 2
        while total < 20.0:
            total *= 1.5
        total += x[0]
        return total

    right(f, V)


def test_27_returns_anywhere() -> None:
    def early(x):
        return x * 2
        return x * 3

    def inside(x):
        for i in range(3):
            for v in x:
                if v * i > 1.0:
                    return v**3 * i
        return np.sum(x)

    right(early, 1.5)
    right(inside, V)
    right(inside, V * 0.1)


def test_28_assigned_in_one_branch() -> None:
    def f(x):
        if x > 1.0:
            y = x
        return y * x

    refused(f, 2.0, saying="assigned on one path only")


def test_29_names_of_two_kinds() -> None:
    def again(x):
        y = x[0]
        y = x * y
        return np.sum(y)

    def differs(x):
        if x[0] > 0.0:
            y = x
        else:
            y = 1.0
        return np.sum(y * x)

    right(again, V)
    refused(differs, V, saying="on one path and")


def test_30_loop_variables() -> None:
    def f(x, n):
        s = 0.0
        for i in range(n):
            i = i + 2
            s += x**i
        for n in range(3):
            s += n * x
        return s * i + n

    right(f, 1.1, 4)


def test_31_ranges() -> None:
    def f(x, n):
        s = 0.0
        for i in range(n, -4, -3):
            n = n - 1
            s += x * i
        for t in np.arange(0.0, 1.0, 0.3):
            s += x**2 * t
        return s

    right(f, 1.3, 5)


def test_32_conditions_on_values_that_vary() -> None:
    def f(x):
        s = 0.0
        for v in x:
            if v > 0.0:
                for k in range(2):
                    if s < 3.0:
                        s += v**2
                    else:
                        s *= 0.9
        return s

    right(f, V)


def test_33_short_circuits() -> None:
    def f(x):
        if (0.0 < x < 2.0 and 1.0 / x > 0.1) or x == 5.0:
            return x * 2
        return x * 3 if x != 0.0 and math.log(abs(x)) > 0 else -x

    for x in (1.0, 0.0, 5.0, -3.0, 0.5):
        assert_same_bits(value_and_grad(f)(x)[0], f(x))
    assert [slope(f, x) for x in (1.0, 0.0, 5.0, -3.0)] == [2.0, -1.0, 2.0, 3.0]


def test_34_branches_without_an_else() -> None:
    def f(x):
        if x > 3.0:
            pass
        elif x > 1.0:
            x = x * x
        return x

    assert [slope(f, x) for x in (4.0, 2.0, 0.5)] == [1.0, 4.0, 1.0]


def test_35_recursion() -> None:
    def factorial(x, n):
        return 1.0 if n == 0 else (x + n) * factorial(x, n - 1)

    def is_even(x, n):
        return x if n == 0 else is_odd(x * x, n - 1)

    def is_odd(x, n):
        return -x if n == 0 else is_even(x + 1.0, n - 1)

    def halves(x):
        return x if x < 1.0 else halves(x / 2)

    def deep(x, n):
        return x if n == 0 else deep(x * 1.001, n - 1)

    right(factorial, 0.5, 5)
    right(is_even, 0.7, 4)
    assert grad(factorial)(0.0, 100) == pytest.approx(
        math.factorial(100) * sum(1 / k for k in range(1, 101))
    )
    assert grad(deep)(1.0, 500) == pytest.approx(1.001**500)
    refused(halves, 8.0, saying="how often `halves` calls itself")


def test_36_swaps_and_unpacking() -> None:
    def pair(x):
        return x * 2, x + 1

    def f(a, b, c):
        a, b = b, a
        a, b, c = c, a, b
        p, q = pair(a)
        first, *rest = (p, q, a, b)
        return first * rest[0] - rest[-1] * c + sum(rest)

    right(f, 1.5, 2.0, -0.5)


def test_37_orders_of_accumulation() -> None:
    def f(x, y, m):
        s = 0.0
        for k, (a, b) in enumerate(zip(x, reversed(y))):
            s = s * a + k * b
        for row in m:
            s += np.sum(row) * row[0]
        return s

    right(f, V, V * 2, M)


def test_38_exceptions_leave_arguments_alone() -> None:
    def f(x):
        x[0] = 5.0
        if x[1] < 0.0:
            raise ValueError("negative")
        assert x[2] > 0.0, "third"
        return np.sum(x * x)

    x = V.copy()
    for _ in range(2):
        with pytest.raises(ValueError, match="negative"):
            grad(f)(x)
        np.testing.assert_array_equal(x, V)
    with pytest.raises(AssertionError, match="third"):
        grad(f)(np.array([1.0, 1.0, -1.0]))
    right(f, np.abs(V))
