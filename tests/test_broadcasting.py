"""Every pair of shapes that broadcasts: cotangents have the shape and dtype of their primals."""

# pyright: basic

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, jvp, value_and_grad
from tests.depth import spread

SHAPES: dict[str, Any] = {
    "number": None, "0-d": (), "(1,)": (1,), "(n,)": (3,), "(n,1)": (3, 1), "(1,n)": (1, 3),
    "(m,n)": (2, 3), "(m,1)": (2, 1), "(1,1)": (1, 1),
}  # fmt: skip


def product(x, y):
    return np.sum(np.sin(x) * y + x)


def quotient(x, y):
    return np.sum(x / y - y)


def power(x, y):
    return np.sum(x**y)


def larger(x, y):
    return np.sum(np.maximum(x, y) * np.arctan2(x, y))


def chosen(x, y):
    return np.sum(np.where(x > y, x * y, y))


def value(shape: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return float(rng.uniform(0.5, 1.5)) if shape is None else rng.uniform(0.5, 1.5, size=shape)


FUNCTIONS = (product, quotient, power, larger, chosen)


@pytest.mark.parametrize(
    ("function", "one", "other"), spread(itertools.product(FUNCTIONS, SHAPES, SHAPES), 12)
)
def test_pairs_of_shapes(function: Any, one: str, other: str) -> None:
    x, y = value(SHAPES[one], 1), value(SHAPES[other], 2)
    try:
        expected = function(x, y)
    except ValueError:
        with pytest.raises(ValueError, match="broadcast"):
            value_and_grad(function)(x, y)
        return
    assert np.isfinite(expected)
    for primal, cotangent in zip((x, y), grad(function, (0, 1))(x, y), strict=True):
        assert type(cotangent) is type(primal)
        assert np.shape(cotangent) == np.shape(primal)
    check_grads(function, (x, y))


@pytest.mark.parametrize("one", [s for s in SHAPES if s != "number"])
def test_single_precision_is_kept(one: str) -> None:
    x = value(SHAPES[one], 1).astype(np.float32) if SHAPES[one] else np.float32(1.2) * np.ones(())
    x = np.asarray(x, np.float32)
    y = np.asarray([0.5, 1.0, 2.0], np.float32)
    for function in (product, quotient, power):
        for cotangent in grad(function, (0, 1))(x, y):
            assert cotangent.dtype == np.float32


def test_a_number_that_is_repeated_is_copied_before_it_is_changed() -> None:
    def f(b: float) -> Any:
        r = np.broadcast_to(b, 4).copy()
        r[1:] += 0.5 * r[:-1]
        return np.sum(r**2)

    check_grads(f, (2.0,))
    value, tangent = jvp(lambda b: np.broadcast_to(b, 3), (2.0,), (1.0,))
    value[0], tangent[0] = 5.0, 6.0
    assert value.tolist() == [5.0, 2.0, 2.0]
    assert tangent.tolist() == [6.0, 1.0, 1.0]
