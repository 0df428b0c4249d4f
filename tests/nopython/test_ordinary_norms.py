"""Norms along axes, and helpers that differ only in what they are made for, under Numba."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad
from tests.depth import thorough

norm: Any = np.linalg.norm
SQUARE = np.array([[1.0, -0.5, 2.0], [0.3, 1.5, -1.0], [-2.0, 0.7, 0.4]])


def of_rows(x: Any) -> Any:
    units = x / norm(x, axis=1, keepdims=True)
    return np.sum(units @ units.T) + np.sum(norm(x, 2, axis=0))


def of_all(x: Any) -> Any:
    kept = norm(x, axis=(0, 1), keepdims=True)[0, 0]
    return norm(x, "fro") * kept + norm(x[0], keepdims=True)[0]


def tree(x: Any) -> Any:
    """Two sums over broadcast axes, one of floats and one of what may be integers."""
    values = np.maximum(x[0, 0] - 1.1 ** np.arange(3, -4, -2), 0)
    for k in range(2, -1, -1):
        values = 0.9 * (0.3 * values[:-1] + 0.7 * values[1:])
        values = np.maximum(values, 2.0 * x[0, 0] - 1.2 ** np.arange(k, -k - 1, -2, dtype=float))
    return values[0]


@thorough
@pytest.mark.parametrize("f", [of_all, of_rows, tree])
def test_gradients(f: Callable[..., Any]) -> None:
    np.testing.assert_allclose(grad(f, backend="numba")(SQUARE), grad(f)(SQUARE), atol=1e-12)


def test_elements_as_arrays_without_axes() -> None:
    def f(x):
        return np.sum(np.broadcast_to(x[0], ())) * x[1]

    assert grad(f, backend="numba")(np.array([0.5, 1.2])) == pytest.approx([1.2, 0.5])


@thorough
def test_norms_of_rows() -> None:
    def f(x: Any) -> Any:
        largest = np.max(x[0], axis=0) * max(len(x), 2)  # no helper is called `max`
        return np.linalg.norm(x, axis=1)[0] + np.linalg.norm(x, "fro") + largest

    x = np.sin(np.arange(12.0)).reshape(4, 3)
    assert grad(f, backend="numba")(x) == pytest.approx(grad(f)(x), rel=1e-13)
