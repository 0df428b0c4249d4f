"""Shapes are taken off values that are there anyhow, and nothing is computed for its shape."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import check_grads, grad

X = np.sin(np.arange(12.0)).reshape(4, 3)
W = np.array([0.5, -1.2, 0.8])


def mean_of_squares(x, w):
    return np.mean((x @ w) ** 2)


def mean_of_products(x, w):
    return np.mean(x @ w)


def mean_of_a_matrix(x, w):
    return np.mean(x.T @ np.outer(w, w))


def column_of_products(x, w):
    return np.sum(x @ np.outer(w, w), axis=0)[1]


def mean_of_a_part(x, w):
    return np.mean(np.sum(x * w, axis=1)[1:])


def mean_of_what_is_damped(x, w):
    s = np.sin(x @ w)
    s[1:] *= 0.9
    return np.mean(s)


WANTED = {
    mean_of_squares: "return np.outer(2 * x_w / x_w.size, w)",
    mean_of_products: "return np.outer(np.full(x.shape[0], np.divide(1.0, x.shape[0])), w)",
    mean_of_what_is_damped: "s_bar = np.full(x.shape[0], np.divide(1.0, x.shape[0]))",
    column_of_products: "total_bar = np.zeros(w.shape[0])",
}


@pytest.mark.parametrize("f", WANTED)
def test_nothing_is_computed_for_its_shape(f):
    assert WANTED[f] in grad(f).source(X, W)


@pytest.mark.parametrize("f", [*WANTED, mean_of_a_part])
def test_derivatives(f):
    check_grads(f, (X, W))


def test_the_dtype_is_that_of_the_value():
    x, w = X.astype(np.float32), W.astype(np.float32)
    for f in WANTED:
        assert grad(f)(x, w).dtype == np.float32


def test_shapes_that_do_not_fit_are_seen():
    for f in (mean_of_products, mean_of_squares):
        with pytest.raises(ValueError, match="match"):
            grad(f)(X, W[:2])


def test_a_square_matrix():
    square = X[:3]

    def f(x):
        return np.mean(x @ x.T)

    check_grads(f, (square,))
    assert grad(f)(square).shape == (3, 3)
    check_grads(mean_of_a_matrix, (square, W))
