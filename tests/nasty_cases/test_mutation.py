"""Mutation and aliasing (39 to 54): the tests carry the numbers of the cases."""
# pyright: basic
# ruff: noqa: PLW0603
# The functions here are written as users write them, on purpose.

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import (
    Unsupported,
    grad,
    value_and_grad,
    vjp,
)
from tests.nasty_cases.judges import M, V, refused, right
from tests.points import assert_same_bits


def test_39_scalars_are_rebound_arrays_change() -> None:
    def f(x, y):
        a, b = x, y
        x = math.sin(x)
        x *= 2
        y *= 2
        return a * x + np.sum(b * y)

    right(f, 0.7, V)


def test_40_41_aliases_of_arguments() -> None:
    def one(x):
        y = x
        y += 1
        return np.sum(x * x)

    def two(y):
        z = y
        y *= 2
        return np.sum(z * V)

    right(one, V)
    right(two, V.copy())  # V itself would be changed through y


def test_a_captured_array_that_is_an_argument_too_is_refused() -> None:
    def f(y):
        y *= 2
        return np.sum(y * V)

    with pytest.raises(ValueError, match="share memory"):
        grad(f)(V)
    right(f, V.copy())


def test_42_writes_through_views() -> None:
    def f(m, x):
        v = m[0]
        v[1:] *= x[0]
        w = v[1:][::-1]
        w[0] = x[1]
        t = m.T
        t[0, 1] = x[2] ** 2
        own = m.copy()
        flat = own.reshape(6)
        flat[4] += x[0]
        r = own.ravel()
        r[5] *= 3
        for row in m:
            row[0] *= x[2]
        return np.sum(m**2) + np.sum(own**3)

    def unclear(m):
        flat = m.reshape(6)  # a view, or a copy: that depends on the layout of the argument
        flat[4] = 0.0
        return np.sum(m)

    right(f, M, V)
    refused(unclear, M, saying="may share memory")


def test_43_views_taken_before_the_base_changes() -> None:
    def f(x):
        v = x[1:]
        x[1] = x[0] * 3
        x *= 2
        return np.sum(v * v)

    right(f, V)


def test_44_sweeps_in_place() -> None:
    def f(a):
        for i in range(1, len(a)):
            a[i] = a[i - 1] * a[i]
        for i in range(1, len(a) - 1):
            a[i] = 0.5 * (a[i - 1] + a[i + 1])
        return np.sum(a * a)

    right(f, np.array([0.5, -1.5, 2.0, 1.1]))


def test_45_stores_and_reads_of_one_element() -> None:
    def f(x):
        a = x * 2
        b = a[0] ** 2
        a[0] = b * a[1]
        c = a[0]
        a[0] = 1.0
        a[1] = c * a[1]
        return np.sum(a * x) + b * c

    right(f, V)


def test_46_repeated_and_strange_indices() -> None:
    def f(x, y):
        k = np.array([0, 0, 2])
        a = x[k] * 2
        y[k] = x
        y[k] += a
        np.add.at(y, k, x)
        y[y > 3.0] = 0.5
        y[-1] *= 2
        return np.sum(y * y) + x[-2]

    right(f, V, V * 2 + 0.1)
    with pytest.raises(IndexError):
        grad(lambda x, n: x[n])(V, 7)


def test_47_augmented_assignments() -> None:
    def f(x):
        x[0] *= 3
        x[1:] /= 2
        x **= 2
        x[x > 0.9] -= 0.5
        x[2] //= 0.7
        return np.sum(x * V)

    right(f, V.copy())


def test_48_one_array_for_two_arguments() -> None:
    right(lambda x, y: np.sum(x * y), V, V)

    def first(x, y):
        x *= 2
        return np.sum(x * y)

    x = V.copy()
    for y in (x, x[1:], x[::-1]):
        with pytest.raises(ValueError, match="share memory"):
            grad(lambda a, b: np.sum(first(a, 1.0)) + np.sum(b))(x, y)
    assert grad(first)(x, x.copy()).shape == (3,)


scale = 2.0
table = np.array([1.0, 2.0, 3.0])


def with_a_default(x, acc=np.zeros(3)):  # noqa: B008
    acc = acc + x
    return np.sum(acc * acc)


def test_49_what_is_captured() -> None:
    global scale

    def f(x):
        return np.sum(x * table) * scale

    gradient = grad(f)
    np.testing.assert_array_equal(gradient(V), table * 2.0)
    table[0] = 7.0
    scale = 3.0
    np.testing.assert_array_equal(gradient(V), table * 3.0)
    table[0], scale = 1.0, 2.0
    right(with_a_default, V)


def test_50_integer_arrays_that_receive_floats() -> None:
    def truncates(x):
        b = np.zeros(2, dtype=np.int64)
        b[0] = x * 2.0
        return b[0] * x

    def raises(x):
        b = np.arange(3)
        b += x
        return b[0] * x

    assert_same_bits(value_and_grad(truncates)(1.3)[0], truncates(1.3))
    assert grad(truncates)(1.3) == 2.0
    with pytest.raises((TypeError, Unsupported)):
        grad(raises)(0.5)


def test_51_results_written_into_arrays() -> None:
    def f(x):
        out = np.zeros_like(x)
        np.multiply(x, x, out=out)
        np.exp(out, out)
        np.copyto(x, out)
        buffer = np.zeros_like(np.arange(3))
        buffer.fill(2)
        out.fill(x[0])
        return np.sum(out * x * buffer)

    right(f, V)


def test_52_a_work_buffer() -> None:
    def f(x, work):
        for i in range(3):
            work[i] = x[i] ** 2
        return np.sum(work * x)

    right(f, V, np.full(3, 9.0))
    np.testing.assert_allclose(grad(f)(V, np.empty(3)), 3 * V**2)


def test_53_results_that_share_memory() -> None:
    x = V.copy()

    def f(x):
        return x, x[1:], (x, x), 2.0, None

    value, pullback = vjp(f, x)
    (x_bar,) = pullback((np.ones(3), np.ones(2), (np.ones(3), np.ones(3)), 1.0, None))
    np.testing.assert_array_equal(x_bar, [3.0, 4.0, 4.0])
    leaves = [x, value[0], value[1], *value[2], x_bar]
    assert not any(np.shares_memory(a, b) for k, a in enumerate(leaves) for b in leaves[k + 1 :])
    refused(lambda x: None, 1.0, saying="returns nothing")


def test_54_a_cotangent_buffer_used_twice() -> None:
    def f(x):
        return x * x, x * 3

    seed = np.ones(3)
    _, pullback = vjp(f, V)
    for _ in range(2):
        np.testing.assert_array_equal(pullback((seed, seed))[0], 2 * V + 3)
    np.testing.assert_array_equal(seed, np.ones(3))
