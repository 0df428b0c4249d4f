"""Functions that call themselves: written out where something ends it, refused elsewhere."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad, value_and_grad
from ad_compiler.frontend import recursion
from tests.points import Points, assert_same_bits

case = Points()


@case(2.0, 10)
def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@case(0.5, 5)
def even(x, n):
    return x if n == 0 else odd(x * 2.0, n - 1)


def odd(x, n):
    return -x if n == 0 else even(x + x**2, n - 1)


@case([1.0, 2.0, 3.0])
def product(xs):
    return xs[0] if len(xs) == 1 else xs[0] * product(xs[1:])


@case((1.0, (2.0, (3.0, 4.0))))
def tree(t):
    return t if isinstance(t, float) else tree(t[0]) * tree(t[1])


@case(0.7, 6)
def under_branches(x, n):
    if n == 0:
        return x
    if x > 0.5:
        return under_branches(x * x, n - 1)
    return under_branches(x + 0.3, n - 1) * 2.0


@case(1.1, 8)
def fibonacci(x, n):
    return x if n < 2 else fibonacci(x, n - 1) + fibonacci(x, n - 2) * x


@case(0.7)
def inner(x):
    def go(y, k):
        return y if k == 0 else math.sin(go(y * x, k - 1))

    s = 0.0
    for k in range(3):
        s += go(x, k)
    return s


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert_same_bits(value_and_grad(function)(*args)[0], function(*args))
    check_grads(function, args)


def test_each_depth_is_a_program_of_its_own() -> None:
    gradient = grad(power)
    assert [gradient(2.0, n) for n in (3, 4, 3)] == [12.0, 32.0, 12.0]


def test_deep() -> None:
    assert grad(power)(1.001, 500) == pytest.approx(500 * 1.001**499)


def by_value(x):
    return x if x < 1.0 else by_value(x / 2)


def one(x):
    return other(x * 2)


def other(x):
    return x if x > 10 else one(x)


def by_length(x):
    return x[0] if len(x) == 1 else x[0] + by_length(x[1:])


def without_end(x, n=0):
    return without_end(x, n + 1)


def too_often(x):
    return fibonacci(x, 30)


@pytest.mark.parametrize(
    ("function", "at", "reason"),
    [
        (by_value, 8.0, "how often `by_value` calls itself depends on values"),
        (one, 1.0, "how often `one` calls itself depends on values"),
        (by_length, np.ones(4), "how often `by_length` calls itself depends on values"),
        (without_end, 1.0, "nests more than 1000 calls"),
        (too_often, 1.0, "makes more than 1000 calls of itself"),
    ],
)
def test_refused(
    function: Callable[..., Any], at: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recursion, "MAX_CALLS", 1000)
    with pytest.raises(Unsupported, match=reason) as caught:
        grad(function)(at)
    assert caught.value.lineno is not None
