"""What backward sweeps compute is said shortly; what a program itself computes stays as it is."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad

X = np.array([0.5, -1.5, 2.0])


def half_of_squares(x):
    y = x * 3.0
    return 0.5 * np.dot(y, y)


def opposite_of_squares(x):
    return -0.5 * np.sum(x * x)


def over_a_number(x, s=2.5):
    e = x[0] - s
    return -0.5 * (e * e / s)


def sum_of_opposites(x, s=1.5):
    return np.sum(np.cos(x / s)) * s


def own_multiples(x):
    return np.sum(2 * (0.5 * x) - -(-0.5 * x))


def kernel(x):
    d = x[:, np.newaxis, np.newaxis] * X - x
    return np.sum(np.exp(-0.5 * np.sum(d * d, axis=2)))


def lengths(x):
    d = x[:, np.newaxis] - 2.0 * X
    return np.sum(np.sqrt(np.sum(d**2, axis=1)))


def valley(x):
    a = x[1:] - x[:-1] ** 2
    b = 1.0 - x[:-1]
    return np.sum(100.0 * a * a + b * b)


def likelihood(x):
    z = x[:2] / x[2]
    return -0.5 * np.sum(z * z) - 2 * np.log(x[2])


CASES = [
    (valley, "-2 * (b + x[:-1] * a_bar)", "2 * b "),
    (likelihood, "- np.sum(z * z_bar)) / x_2", "np.sum(z * z_bar) / x_2"),
    (kernel, "np.expand_dims(-np.exp(-0.5 * ", "2 *"),
    (lengths, "np.expand_dims(1.0 / np.sqrt(", "2 *"),
    (half_of_squares, "return 3.0 * y", "2 *"),
    (opposite_of_squares, "return -x", "0.5"),
    (over_a_number, "-e / s", "np.divide"),
]


@pytest.mark.parametrize(("f", "text", "absent"), CASES)
def test_numbers_meet(f, text: str, absent: str) -> None:
    found = grad(f).source(X)
    assert text in found
    assert absent not in found
    check_grads(f, (X,))


def test_a_sum_has_its_sign_outside() -> None:
    text = grad(sum_of_opposites, 1).source(X, 1.5)
    assert "np.sum(-" not in text
    check_grads(sum_of_opposites, (X, 1.5))


def test_the_program_itself_keeps_its_operations() -> None:
    tiny = np.array([5e-324, 1.5e-323, 1.0])
    value, slopes = value_and_grad(own_multiples)(tiny)
    assert value == own_multiples(tiny)
    assert slopes == pytest.approx(np.full(3, 0.5))
    assert "2 * (0.5 * x)" in value_and_grad(own_multiples).source(X)


def test_infinite_slopes_stay() -> None:
    def f(x, s):
        return np.sum(x / s)

    with np.errstate(all="ignore"):
        slope, other = grad(f, (0, 1))(X, np.zeros(3))
    assert np.all(np.isinf(slope))
    assert np.all(np.isinf(other))


def largest_of_columns(x):
    m = np.outer(x, x)
    e = np.exp(m - np.max(m, axis=0))
    return np.sum(np.log(np.sum(e, axis=0)))


def test_leading_axes_are_left_to_broadcasting() -> None:
    assert "expand_dims" not in grad(largest_of_columns).source(X)
    check_grads(largest_of_columns, (X,))


def test_rows_that_are_written_out_are_lists() -> None:
    def f(x):
        turn = np.array([[1.0, x[0], 0], [0, 1, 0], [x[1], 0, 2]])
        return np.sum(turn @ x)

    text = value_and_grad(f).source(X)
    assert "np.array([[1.0, x_first, 0], [0, 1, 0], [x[1], 0, 2]])" in text
    check_grads(f, (X,))
