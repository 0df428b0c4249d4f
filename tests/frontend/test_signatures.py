"""What a call runs: `*args` in all verbs, and decorated functions by their own code."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from ad_compiler import (
    UsageError,
    compare,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    trace,
    value_and_grad,
    vjp,
)


def first_times_last(*a: Any) -> Any:
    return a[0] ** 2 * a[-1]


def first_and_rest(x: Any, *a: Any) -> Any:
    return x * a[0]


def some(x: Any, n: int = 2, *a: Any, scale: float = 1.0) -> Any:
    return x**n * a[0] * scale if a else x


def test_items_of_star_arguments_are_arguments() -> None:
    gradient = grad(first_times_last)
    for _ in range(2):  # the second call takes the quick way
        assert gradient(1.5) == 6.75
        assert gradient(1.5, 2.0) == 6.0
    assert value_and_grad(first_times_last, (0, 1))(2.0, 3.0) == (12.0, (12.0, 4.0))
    assert jvp(first_times_last, (1.0, 2.0), (1.0, 0.0)) == (2.0, 4.0)
    assert jvp(first_times_last, (1.0,), (1.0,)) == (1.0, 3.0)
    assert vjp(first_and_rest, 1.0, 2.0)[1](1.0) == (2.0, 1.0)
    assert hessian(first_times_last, (0, 1))(1.0, 2.0) == ((4.0, 2.0), (2.0, 0.0))
    assert hvp(first_times_last)(1.0, 2.0, 1.0) == 4.0
    assert jacobian(first_times_last, (0, 1))(2.0, 3.0) == (12.0, 4.0)
    assert grad(grad(first_times_last, 1), 0)(2.0, 3.0) == 4.0
    assert compare(first_times_last, 1.5, 2.0).agree


def test_star_arguments_beside_others() -> None:
    gradient = grad(some, ("scale", "x", 2))
    for _ in range(2):
        assert gradient(1.5, 3, 4.0) == (13.5, 27.0, 3.375)
    assert grad(some)(1.5) == 1.0
    assert "def some_grad(x, n, a_0, *, scale=1.0):" in grad(some).source(1.5, 3, 4.0)
    with pytest.raises(UsageError, match="give the positions"):
        grad(first_times_last, "a")


def swapped(f: Any) -> Any:
    @functools.wraps(f)
    def wrapper(y: Any, x: Any) -> Any:
        return f(x, y)

    return wrapper


def doubled(f: Any) -> Any:
    @functools.wraps(f)
    def wrapper(*a: Any, **k: Any) -> Any:
        return 2 * f(*a, **k)

    return wrapper


@swapped
def crossed(x: Any, y: Any) -> Any:
    return x**2 * y


@doubled
def scaled(x: Any, scale: float = 1.0) -> Any:
    return x * x * scale


def test_a_decorated_function_is_what_its_call_runs() -> None:
    assert crossed(2.0, 5.0) == 50.0
    assert value_and_grad(crossed)(2.0, 5.0) == (50.0, 25.0)
    assert value_and_grad(crossed)(x=2.0, y=5.0) == (20.0, 4.0)
    assert grad(crossed, "x")(2.0, 5.0) == 20.0
    assert grad(scaled)(1.5) == 6.0
    assert grad(scaled)(1.5, scale=4.0) == 24.0
    assert grad(scaled, (0, 1))(1.5, 4.0) == (24.0, 4.5)


def test_a_made_up_signature_is_not_believed() -> None:
    def square(x: Any) -> Any:
        return x * x

    square.__signature__ = 3
    assert grad(square)(1.5) == 3.0


def test_a_trace_takes_defaults_that_are_containers() -> None:
    def f(x: Any, d: Any = {"k": 2.0}) -> Any:  # noqa: B006
        return x * d["k"]

    assert "x_k" in str(trace(f, 1.5))
