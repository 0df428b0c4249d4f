"""Kinds of numbers: an int that joins a float, and gradients of the kind of their argument."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import (
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)
from tests.depth import spread

BIG = 2**53 + 1


def converted(x: Any) -> Any:
    s = BIG if x < 1 else x
    return float(s) - 2**53


def multiplied(x: Any) -> Any:
    s = BIG if x < 1 else x
    return (s * 1.0) % 2 + x


def untouched(x: Any) -> Any:
    s = BIG if x < 1 else x
    return s * 1


def no_trips(x: Any) -> Any:
    s = 3
    for _ in range(0):
        s = s * x
    return s


def divided(x: Any) -> Any:
    return no_trips(x) / 1


def times_one(x: Any) -> Any:
    return no_trips(x) * 1.0


def plus_zero(x: Any) -> Any:
    return 0.0 + no_trips(x)


def clamped(x: Any) -> Any:
    return max(x, 0) * 1.0


def minus_zero(x: Any) -> Any:
    s = 0 if x < 1 else x
    return (-s) * 5.0


def a_power(x: Any, n: int) -> Any:
    return 2**n * 1.0 + x * 0


def truth_or_number(x: Any) -> Any:
    return (x > 0 and x * 2) * 1


def root_of_sum(x: Any) -> Any:
    s = 0
    for value in [x, x]:
        s += value
    return np.sqrt(s) + np.abs(s)


@pytest.mark.parametrize(
    "f",
    [
        converted, multiplied, untouched, divided, times_one, plus_zero, clamped, minus_zero,
        truth_or_number, root_of_sum,
    ],
)  # fmt: skip
@pytest.mark.parametrize("x", [0.5, 2.0, -1.0, np.float64(0.5), np.float32(2.0)])
def test_the_value_has_the_type_that_python_gives_it(f: Callable[[Any], Any], x: Any) -> None:
    if f is root_of_sum and x < 0:
        return
    wanted, (value, _) = f(x), value_and_grad(f)(x)
    assert (type(value), repr(value)) == (type(wanted), repr(wanted))


@pytest.mark.parametrize("n", [2, 0, -2])
def test_a_power_of_integers_may_be_an_int(n: int) -> None:
    value, _ = value_and_grad(a_power)(1.5, n)
    assert (type(value), value) == (float, a_power(1.5, n))


def product(x: Any, y: Any) -> Any:
    return x * y


def shifted(x: Any, y: Any) -> Any:
    return x + 1 + 0 * y


def chosen(x: Any, y: Any) -> Any:
    return np.where(x > 1, x, y)


def plain(x: Any, y: Any) -> Any:
    return math.sin(float(x)) * float(y)


def steady(x: Any, y: Any) -> Any:
    return x * 0 + 2.0


NUMBERS = [1.5, np.float64(1.5), np.float32(1.5), np.array(1.5), np.array(1.5, np.float32)]


def kind(value: Any) -> Any:
    return (value.shape, value.dtype) if isinstance(value, np.ndarray) else type(value)


@pytest.mark.parametrize("f", [product, shifted, chosen, plain, steady])
@pytest.mark.parametrize("y", [1.5, np.float64(1.5), np.array(1.5, np.float32)], ids=kind)
@pytest.mark.parametrize("x", spread(NUMBERS, 2), ids=kind)
def test_gradients_are_of_the_kind_of_their_argument(f: Any, x: Any, y: Any) -> None:
    both = (kind(x), kind(y))
    value, pullback = vjp(f, x, y)
    for pair in (
        grad(f, (0, 1))(x, y), value_and_grad(f, (0, 1))(x, y)[1], pullback(value),
        jacfwd(f, (0, 1))(x, y), jacrev(f, (0, 1))(x, y),
    ):  # fmt: skip
        assert tuple(map(kind, pair)) == both
    for one in (
        grad(f)(x, y), hessian(f)(x, y), grad(grad(f))(x, y), hvp(f)(x, y, x),
        elementwise_grad(f)(x, y),
    ):  # fmt: skip
        assert kind(one) == kind(x)
    value, tangent = jvp(f, (x, y), (x, y))
    assert kind(tangent) == kind(value)


def test_zero_dimensional_arrays_and_numbers_meet() -> None:
    def mixed(x: Any) -> Any:
        s = 3 if x > 1 else x
        return np.where(s > 0, s, 1.0)

    assert vjp(mixed, 1.5)[1](1.0) == (0.0,)
    assert vjp(mixed, 0.5)[1](1.0) == (1.0,)

    def kinked(x: Any) -> Any:
        return np.maximum(x, 1) * np.where(x > 1, x, 2)

    one = np.array(1.0)
    assert jvp(grad(kinked), (np.array(1.7),), (one,))[1] == pytest.approx(2.0)

    def cubic(x: Any) -> Any:
        return np.where(x > 1, x * x, x) * x

    assert grad(grad(cubic))(np.float64(1.7)) == pytest.approx(10.2)


def greatest(x: Any) -> Any:
    return max(x)


def least(x: Any) -> Any:
    return min(x)


@pytest.mark.parametrize("f", [greatest, least])
@pytest.mark.parametrize(
    "items",
    [[1.0, math.nan], [math.nan, 1.0], [2.0, 2.0], [3.0, 1.0, 3.0, 1.0], [0.0, -0.0]],
    ids=str,
)
def test_max_and_min_of_an_array_take_the_item_that_python_finds(f: Any, items: Any) -> None:
    x = np.array(items)
    wanted = np.zeros(len(items))
    name = {greatest: max, least: min}[f]
    wanted[name(range(len(items)), key=lambda k: items[k])] = 1.0
    value, gradient = value_and_grad(f)(x)
    assert repr(value) == repr(f(x))
    assert gradient.tolist() == wanted.tolist()
    weights = np.arange(1.0, len(items) + 1)
    assert jvp(f, (x,), (weights,))[1] == wanted @ weights


def total(x: Any) -> Any:
    return sum(x)


def test_max_and_sum_of_nothing() -> None:
    nothing = np.array([])
    with pytest.raises(ValueError, match="empty"):
        grad(greatest)(nothing)
    value, gradient = value_and_grad(total)(nothing)
    assert (type(value), gradient.shape) == (int, (0,))


def known_mean(x: Any) -> Any:
    return np.nanmean(x, axis=0)


def all_differences(x: Any) -> Any:
    return np.subtract.outer(x, 1.0)


def weights_of_average(x: Any) -> Any:
    return np.average(x, axis=0, returned=True)[1]


@pytest.mark.parametrize(
    ("function", "dtype"),
    [
        (known_mean, np.float32), (all_differences, np.float64), (weights_of_average, np.float32),
    ],
)  # fmt: skip
def test_single_precision_stays_where_numpy_keeps_it(function: Any, dtype: type) -> None:
    def f(x: Any) -> Any:
        return function(2 * x)

    x = np.array([[0.5, 1.5], [2.5, -1.0]], dtype=np.float32)
    value, tangent = jvp(f, (x,), (np.ones_like(x),))
    assert f(x).dtype == value.dtype == tangent.dtype == dtype
    assert np.array_equal(value, f(x))


def cubic_norm(x: Any) -> Any:
    return np.linalg.norm(x, 3)


@pytest.mark.parametrize("f", [np.linalg.norm, np.std, cubic_norm])
def test_reverse_over_reverse_in_single_precision(f: Callable[[Any], Any]) -> None:
    def weighted(x: Any) -> Any:
        return np.sum(grad(f)(x) * x**2)

    x = np.array([0.5, 1.5, 2.5, -1.0])
    single = grad(weighted)(x.astype(np.float32))
    assert single.dtype == np.float32
    assert single == pytest.approx(grad(weighted)(x), rel=1e-4)


def test_distances_are_those_of_pythons_floats() -> None:
    """`math.dist` converts before it subtracts."""

    def f(x: Any, y: float) -> float:
        return math.dist((x[0], 0.5), (y, x[1]))

    x = np.array([0.3, 0.7], dtype=np.float32)
    value, gradient = value_and_grad(f)(x, 1.7)
    assert value == f(x, 1.7)
    assert gradient.dtype == np.float32
