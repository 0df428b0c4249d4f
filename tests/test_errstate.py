"""`with np.errstate(...)` is kept; what else stands in a `with`, and what has no derivative."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, UsageError, check_grads, grad, source, value_and_grad
from tests.points import assert_same_bits

x = np.array([0.5, 1.0, 2.0])


def inside(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(x) / x
    return np.sum(np.where(x > 0.6, y, 0.0))


def left_by_jumps(x):
    s = 0.0
    for k in range(5):
        with np.errstate(all="ignore"):
            if k == 3:
                break
            s += np.float64(1.0) / (x[0] - k)
            if s > 100.0:
                return s * 2
    return s


def in_a_callee(x):
    return inside(x) * 2.0


@pytest.mark.parametrize("f", [inside, left_by_jumps, in_a_callee])
def test_derivatives(f: Callable[..., Any]) -> None:
    assert_same_bits(value_and_grad(f)(x)[0], f(x))
    check_grads(f, (x,))
    assert "with np.errstate(" in source(f, x)


def test_neither_sweep_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = grad(inside)(np.array([0.0, 1.0, -1.0]))
    np.testing.assert_array_equal(found, [0.0, 1.0, 0.0])


def raising(x):
    with np.errstate(all="raise"):
        return np.sum(x)


def opening(x):
    with open("file") as _:  # noqa: PTH123
        return np.sum(x)


generator = np.random.default_rng(0)
REFUSED: list[tuple[Callable[..., Any], str]] = [
    (raising, 'only "ignore" leaves values alone'),
    (opening, "`with` is not supported, except"),
    (lambda x: np.sum(x) * np.random.normal(), "gives another number each time"),
    (lambda x: np.sum(x) * generator.normal(), "gives another number each time"),
    (lambda x: np.sum(x) * random.random(), "gives another number each time"),
    (lambda x: [x[0], x[1]].sum(), "a list has no `.sum`, which arrays have"),  # type: ignore[attr-defined]
    (lambda x: [x[0], x[1]] ** 2, "a list stands where"),  # type: ignore[operator]
    (lambda x: np.sum(x * 1j).real, "complex numbers"),
]


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f: Callable[..., Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason) as caught:
        grad(f)(x)
    assert caught.value.lineno is not None
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("dtype", "remedy"),
    [(object, "float64"), (np.longdouble, "float64"), (complex, "real and imaginary")],
)
def test_arrays_of_other_numbers(dtype: Any, remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        grad(inside)(np.ones(2, dtype=dtype))
