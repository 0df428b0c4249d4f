"""Squares of norms and absolute values: smooth where these are not."""
# pyright: basic

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import check_grads, grad, hessian, jacfwd, jacrev
from tests.points import assert_same_bits

ZERO, MIXED = np.zeros(3), np.array([1.0, 0.0, -2.0])
MATRIX = np.array([[0.0, 0.0], [1.0, 2.0]])
WEIGHTS = np.array([1.0, 3.0])


def norm(x):
    return np.linalg.norm(x) ** 2


def norm_of_rows(x):
    return np.sum(np.linalg.norm(x, axis=1) ** 2 * WEIGHTS)


def norm_with_axes_kept(x):
    n = np.linalg.norm(x, axis=1, keepdims=True)
    return np.sum(n * n * WEIGHTS[:, None])


def frobenius(x):
    return np.square(np.linalg.norm(x, "fro"))


def sizes(x):
    return np.sum(np.abs(x) ** 2)


def spectrum(x):
    return np.sum(np.abs(np.fft.fft(x)) ** 2)


def in_a_loop(x):
    total = 0.0
    for k in range(1, 4):
        total += np.linalg.norm(k * x) ** 2
    return total


CASES = [
    (norm, ZERO, 2 * np.eye(3)),
    (norm, MIXED, 2 * np.eye(3)),
    (norm_of_rows, MATRIX, 2 * np.diag([1.0, 1, 3, 3])),
    (norm_with_axes_kept, MATRIX, 2 * np.diag([1.0, 1, 3, 3])),
    (frobenius, 0 * MATRIX, 2 * np.eye(4)),
    (sizes, MIXED, 2 * np.eye(3)),
    (spectrum, np.ones(3), 6 * np.eye(3)),
    (in_a_loop, ZERO, 28 * np.eye(3)),
]


@pytest.mark.parametrize(("f", "x", "wanted"), CASES)
def test_second_derivatives(f, x, wanted):
    check_grads(f, (x,))
    wanted = wanted.reshape(x.shape * 2)
    for found in (hessian(f)(x), jacfwd(jacfwd(f))(x), jacrev(jacrev(f))(x)):
        np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("size", [abs, math.fabs, np.abs, np.fabs])
def test_numbers(size):
    def f(x):
        return size(x) ** 2

    assert (grad(f)(0.0), hessian(f)(0.0), hessian(f)(-1.5)) == (0.0, 2.0, 2.0)


def test_other_orders_keep_their_slope():
    def f(x):
        return np.linalg.norm(x, 1) ** 2 + np.linalg.norm(x, 3) ** 2

    check_grads(f, (np.array([1.0, 0.5, -2.0]),))


def test_single_precision_and_text():
    x = np.array([3.0, 4.0], np.float32)
    assert_same_bits(grad(norm)(x), 2 * x)
    assert grad(norm).source(ZERO).endswith("    return 2.0 * x\n")
