"""What sums parts of arrays reads the parts themselves, not copies that lie otherwise."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import check_grads, value_and_grad


def strided(x):
    y = x * 1.5
    s = x[:4] @ y[1:8:2]
    y[7] = 0.0
    return s + np.sum(y)


def column(x):
    y = np.outer(x, x)
    s = x @ y[:, 0]
    y[0, 0] = 0.0
    return s + np.sum(y)


def inner_part(x):
    y = np.outer(x, x)
    s = np.sum(y[1:-1, 1:-1] ** 2) + np.sum(y[1:-1, 1:-1])
    q = np.einsum("i,i->", y[:, 1], y[:, 2])
    y[1, 1:4] = 0.0
    return s + np.sum(y) * q


def changed_in_between(x):
    y = np.outer(x, x)
    part = y[:, 0]
    y[2, 2] = 0.0
    s = part @ x
    y[1] *= 2.0
    return s + part[1:] @ x[1:] + np.sum(y)


def in_a_loop(x):
    y = np.outer(x, x)
    total = 0.0
    for k in range(3):
        total += x @ y[:, k]
        y[k, k] *= 0.5
    return total + np.sum(y)


@pytest.mark.parametrize("f", [strided, column, inner_part, changed_in_between, in_a_loop])
def test_values_are_the_same_to_the_bit(f) -> None:
    rng = np.random.default_rng(0)
    derivative = value_and_grad(f)
    for _ in range(200):
        x = rng.uniform(0.1, 0.9, 8)
        assert derivative(x)[0] == f(x)
    check_grads(f, (x,))
