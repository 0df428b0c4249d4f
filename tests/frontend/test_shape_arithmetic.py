"""Shapes as tuples, names bound inside `and`, axes of NumPy's integers, tangents that are 0."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, jvp, value_and_grad
from ad_compiler.errors import UsageError

A = np.arange(6.0).reshape(2, 3) + 1


def prefixed(a):
    return np.sum(np.ones((1, *a.shape)) * np.ones((1,) + a.shape) * a**2)  # noqa: RUF005


def suffixed(a):
    return np.sum(np.ones(a.shape[:-1] + (4, 1)) * a[:, None, :])  # noqa: RUF005


def repeated(a):
    return np.sum(np.ones((len(a),) * 2) @ a) * len(a.shape * 2)


def appended(a):
    shape = a.shape
    shape += (2,)
    return np.sum(np.ones(shape) * a[:, :, None])


def reshaped(a):
    return np.sum(a.reshape((1,) + a.shape + (1,)) ** 2) * len(a.shape + (1,))  # noqa: RUF005


def compared(a):
    if a.shape == (2, 3) and a.shape[::-1] != a.shape:
        return np.sum(a**2)
    return np.sum(a)


def lists(a):
    return np.sum(np.zeros(list(a.shape)) + a * len([*a.shape] + [1]))  # noqa: RUF005


def numpy_axis(a):
    return np.sum(np.mean(a, axis=np.int64(1)) ** 2)


def named_in_and(a):
    if (n := a[0, 0]) > 0 and (m := n * a[0, 1]) > 0:
        return n * m
    return n


FUNCTIONS = [
    prefixed, suffixed, repeated, appended, reshaped, compared, lists, numpy_axis, named_in_and,
]  # fmt: skip


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_value_and_slope(f: Callable[..., Any], sign: float) -> None:
    x = sign * A
    value, gradient = value_and_grad(f)(x)
    assert value == f(x)
    step = 1e-6 * np.cos(np.arange(6.0)).reshape(2, 3)
    assert np.sum(gradient * step) == pytest.approx((f(x + step) - f(x - step)) / 2, rel=1e-6)


def test_a_name_that_and_left_out() -> None:
    def f(x):
        if x > 0 and (m := 2 * x) > 0:
            pass
        return m

    assert grad(f)(1.0) == 2.0
    with pytest.raises(UnboundLocalError):
        grad(f)(-1.0)


@pytest.mark.parametrize("nothing", [0, 0.0, None])
def test_an_array_that_does_not_vary(nothing: float | None) -> None:
    def f(x, y):
        return np.sum(x**2 * y)

    def inside(x):
        return jvp(f, (x, x), (x, 0))[1]

    x = np.array([1.0, 2.0])
    assert jvp(f, (x, x), (x, nothing))[1] == 2 * np.sum(x**3)
    assert grad(inside)(x) == pytest.approx(6 * x**2)
    with pytest.raises(UsageError, match="has shape"):
        jvp(f, (x, x), (x, 1.0))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_mean_of_nothing() -> None:
    def f(x):
        return np.mean(x[5:] ** 2) + np.sum(x)

    with pytest.warns(RuntimeWarning):
        value, gradient = value_and_grad(f)(np.ones(3))
    assert np.isnan(value)
    assert gradient == pytest.approx(np.ones(3))
