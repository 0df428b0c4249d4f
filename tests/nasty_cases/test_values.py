"""Values and singular points (1 to 21): the tests carry the numbers of the cases."""
# pyright: basic
# ruff: noqa: PLW0108, F841
# The functions here are written as users write them, on purpose.

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import (
    grad,
    value_and_grad,
    vjp,
)
from tests.nasty_cases.judges import V, right, slope


def test_01_powers_at_zero() -> None:
    assert slope(lambda x: x**0.0, 0.0) == 0.0
    assert slope(lambda x: x**1.0, 0.0) == 1.0
    assert slope(lambda x: x**2.0, 0.0) == 0.0
    assert slope(lambda x: x**0, 0.0) == 0.0


def test_02_powers_elementwise_at_zero() -> None:
    p = np.array([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(slope(lambda x: np.sum(x**p), np.zeros(3)), [0.0, 1.0, 0.0])


def test_03_powers_of_zero() -> None:
    assert slope(lambda b, p: b**p, 0.0, 2.0, wrt=1) == 0.0


def test_04_negative_base_with_an_active_exponent() -> None:
    base, exponent = grad(lambda b, p: b**p, (0, 1))(-2.0, 3.0)
    assert base == 12.0
    assert math.isnan(exponent)


def test_05_negative_fractional_and_integer_powers() -> None:
    right(lambda x: x**-1 + x**0.5 + x**-1.5 + 2**-1 * x, 1.7)
    with pytest.raises(ValueError, match="negative integer powers"):
        grad(lambda x, n: np.sum(n ** np.array([-1, 2])) * x)(1.0, np.array([2, 3]))


def test_06_guards_within_guards() -> None:
    def f(x):
        safe = np.where(x > 0.0, np.where(x > 1.0, np.log(x), np.sqrt(x)), 0.0)
        return np.sum(np.where(x == 0.0, 1.0, safe))

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(
            grad(f)(np.array([-1.0, 0.0, 0.25, 2.0])), [0.0, 0.0, 1.0, 0.5]
        )


def test_07_absolute_value_and_sign_at_zero() -> None:
    for zero in (0.0, -0.0):
        assert slope(lambda x: abs(x), zero) == 0.0
        assert slope(lambda x: np.sign(x) * 2.0, np.float64(zero)) == 0.0


def test_08_ties() -> None:
    assert slope(lambda x: np.maximum(x, x), np.float64(2.0)) == 1.0
    assert np.sum(slope(lambda x: np.max(x), np.array([1.0, 3.0, 3.0]))) == 1.0
    assert np.sum(slope(lambda x: np.sort(x)[-1], np.array([1.0, 3.0, 3.0]))) == 1.0
    assert slope(lambda x: x[np.argmax(x)], np.array([1.0, 3.0, 3.0])).tolist() == [0.0, 1.0, 0.0]
    assert slope(lambda x: max(x, 0.0), 0.0) == 1.0  # Python keeps the first of equals


def test_09_maxima_with_nan_choose_as_python_and_numpy_do() -> None:
    assert slope(lambda x: max(1.0 * x, math.nan), 2.0) == 1.0
    assert slope(lambda x: max(math.nan, 1.0 * x), 2.0) == 0.0
    assert math.isnan(value_and_grad(lambda x: np.maximum(x, np.nan))(np.float64(1.0))[0])


def test_10_spreads_of_constant_vectors() -> None:
    np.testing.assert_array_equal(slope(lambda x: np.var(x), np.ones(3)), np.zeros(3))
    right(lambda x: np.var(x, ddof=1) + np.std(x), V)


@pytest.mark.parametrize("zeros", [1, 2])
def test_11_products_with_zeros(zeros: int) -> None:
    x = np.array([2.0, 0.0, 3.0, 0.0 if zeros == 2 else 5.0])
    expected = [math.prod(np.delete(x, k)) for k in range(4)]
    np.testing.assert_array_equal(slope(lambda x: np.prod(x), x), expected)
    np.testing.assert_array_equal(slope(lambda x: np.cumprod(x)[-1], x), expected)


def test_13_removable_singularities() -> None:
    assert np.all(np.isfinite(grad(lambda a, b: np.arctan2(a, b), (0, 1))(0.0, 0.0)))
    assert np.all(np.isfinite(grad(lambda a, b: np.hypot(a, b), (0, 1))(0.0, 0.0)))
    assert slope(lambda x: np.sinc(x), np.float64(0.0)) == 0.0
    assert slope(lambda x: np.expm1(x), np.float64(1e-300)) == 1.0
    assert slope(lambda x: np.log1p(x), np.float64(1e-300)) == 1.0
    with np.errstate(all="ignore"):
        assert grad(lambda x: np.where(x > 0.0, x * np.log(x), 0.0))(np.float64(0.0)) == 0.0


def test_14_saturation() -> None:
    with np.errstate(all="ignore"):
        a, b = grad(lambda a, b: np.logaddexp(a, b), (0, 1))(
            np.float64(-np.inf), np.float64(-np.inf)
        )
        assert a + b == 1.0 or (math.isnan(a) and math.isnan(b))
        assert grad(lambda x: np.logaddexp(0.0, x))(np.float64(1000.0)) == 1.0
    assert slope(lambda x: math.tanh(x), 1000.0) == 0.0


def test_15_an_infinite_value_that_is_not_chosen() -> None:
    with np.errstate(all="ignore"):
        assert grad(lambda x: np.minimum(1.0, 1.0 / x))(np.float64(0.0)) == 0.0
        assert grad(lambda x: min(1.0, 1.0 / x))(np.float64(0.0)) == 0.0


def test_16_a_nan_that_nothing_uses() -> None:
    def f(c):
        with_nan = np.arccos(c * 0.0 + 2.0)
        return 2.0 * c * c

    with np.errstate(all="ignore"):
        assert grad(f)(np.float64(3.0)) == 12.0


def test_17_clip() -> None:
    for x in (0.0, 1.0):
        assert slope(lambda x: np.clip(x, 0.0, 1.0), np.float64(x)) in (0.0, 0.5, 1.0)
    right(lambda x, lo, hi: np.sum(np.clip(x, lo, hi) * V), V, -1.0, 1.5)


def test_18_remainders() -> None:
    right(lambda a, b: np.mod(a, b) * 2 + a % b + math.fmod(a, b), -7.3, 2.1)
    right(lambda a, b: np.sum(np.mod(a, b) + np.fmod(a, b) + a // b), V * 7, -1.3)


def test_19_tables_at_and_between_knots() -> None:
    knots, values = np.array([0.0, 1.0, 2.0]), np.array([0.0, 3.0, 4.0])
    right(lambda x: np.interp(x, knots, values) * x, 0.5)
    assert slope(lambda x: np.interp(x, knots, values), np.float64(1.0)) in (1.0, 3.0)

    def lookup(x):
        k = np.searchsorted(knots, x)
        return values[k] * x

    assert slope(lookup, np.float64(0.5)) == 3.0


def test_20_integers_and_small_floats_keep_their_kinds() -> None:
    right(lambda x: x * (1 / 2) + x // 1 * 0 + x * 3, 1.3)
    x = np.array([1, 2, 3], dtype=np.float32)
    assert grad(lambda x: np.sum(x * 2 + x**2))(x).dtype == np.float32
    right(lambda x, n: np.sum(x * n) / 2, V, 3)


def test_21_extreme_cotangents() -> None:
    for seed in (1e300, 1e-300, math.inf, math.nan):
        _, pullback = vjp(lambda x: x * 0.5, 2.0)
        np.testing.assert_equal(pullback(seed)[0], seed * 0.5)
