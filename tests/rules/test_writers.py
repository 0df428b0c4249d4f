"""NumPy's functions that change an array, and what makes arrays between brackets."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, grad, jvp, vjp
from ad_compiler.rules.registry import DEFINITIONS

V, W = np.array([0.7, -1.3, 2.1, 0.4]), np.array([1.2, 0.3, -0.8, 0.9])
M = np.sin(np.arange(12.0)).reshape(3, 4)
MASK, PLACES = np.array([True, False, True, True]), np.array([2, 0])


def copyto(x: Any, y: Any) -> Any:
    out = x.copy()
    np.copyto(out, y)
    np.copyto(out, 2 * x, where=MASK)
    return out


def putmask(x: Any, y: Any) -> Any:
    out = x.copy()
    np.putmask(out, MASK, y[:3])
    np.putmask(out, x > 2, y[0])
    return out


def place(x: Any, y: Any) -> Any:
    out = x.copy()
    np.place(out, MASK, y[1:3])
    np.place(out, x > 2, 3.0)
    return out


def put(x: Any, y: Any) -> Any:
    out = np.stack([x, x])
    np.put(out, [5, 1, 2], y[:2])
    np.put(out, 0, y[3])
    np.put(out, PLACES, 2 * x[0])
    np.put(out, [-3, 9], y[1:3], mode="wrap")
    out.put([-3, 9], y[0] * y[1:3], mode="clip")
    return out


def fill(x: Any, y: Any) -> Any:
    out = np.outer(x, y)
    out[1:].fill(x[0])
    return out


def sort(x: Any, y: Any) -> Any:
    out = np.outer(x, y)
    out.sort(axis=0)
    (2 * out).sort()
    out[:2].sort(kind="stable")
    out[2:].sort(0, stable=True)
    return out * x


def partition(x: Any, y: Any) -> Any:
    out = np.outer(x, y)
    out.partition(2)
    out[:, 1:].partition(1, axis=0)
    return out * x


def fill_diagonal(x: Any, y: Any) -> Any:
    out = np.outer(x, y)
    np.fill_diagonal(out, x[0])
    np.fill_diagonal(out[1:], 0.5)
    return out


def put_along_axis(x: Any, y: Any) -> Any:
    out = np.outer(x, y)
    np.put_along_axis(out, np.array([[1], [0], [3], [2]]), y[1], axis=1)
    np.put_along_axis(out, np.array([[2, 0, 1, 1]]), x, axis=0)
    return out


def rows(x: Any, y: Any) -> Any:
    return np.r_[x, 0.5, y[0], 1:3] * np.r_[y, x]


def columns(x: Any, y: Any) -> Any:
    return np.c_[x, y, np.outer(x, y)]


def meshes(x: Any, y: Any) -> Any:
    down, right = np.ogrid[0:4, 1:5]
    return np.mgrid[0:4, 1:5] * x + np.mgrid[0.0:2.0:0.5] * y + down * right


def where(x: Any, y: Any) -> Any:
    out = np.ones(4)
    np.log(x, out=out, where=x > 0)
    np.multiply(out, y, out=out, where=[True, False, True, True])
    apart = x - x[0]
    quotients = np.divide(y, apart, out=np.zeros_like(x), where=apart != 0, casting="same_kind")
    return out * np.where(x == x[0], 2.0 * y, quotients) + np.add(x, [1, 2, 3, 4], dtype=np.float64)


WRITERS: list[Callable[[Any, Any], Any]] = [
    copyto, putmask, place, put, fill, sort, partition, fill_diagonal, put_along_axis, rows,
    columns, meshes, where,
]  # fmt: skip


def test_every_writer_is_here() -> None:
    written = {thing.__name__ for thing, d in DEFINITIONS.items() if d.writes}
    assert written <= {f.__name__ for f in WRITERS}


@pytest.mark.parametrize("function", WRITERS)
def test_value_both_modes_and_differences(function: Callable[[Any, Any], Any]) -> None:
    rng = np.random.default_rng(1)
    dots = (rng.normal(size=4), rng.normal(size=4))
    value, dot = jvp(function, (V, W), dots)
    assert np.array_equal(value, function(V, W))
    ahead, behind = (function(V + h * dots[0], W + h * dots[1]) for h in (1e-5, -1e-5))
    assert dot == pytest.approx((ahead - behind) / 2e-5, rel=1e-7, abs=1e-8)
    bar = rng.normal(size=np.shape(value))
    bars = vjp(function, V, W)[1](bar)
    total = sum(float(np.sum(b * d)) for b, d in zip(bars, dots))
    assert total == pytest.approx(float(np.sum(bar * dot)), rel=1e-12)


def of_other_arrays(x: Any) -> Any:
    np.put(V, [0], x)
    return V[0]


def into_a_part(x: Any) -> Any:
    out = np.zeros((3, 4))
    np.fill_diagonal(out[:, 1:], x)
    return np.sum(out * M)


def test_a_part_of_an_array_is_written() -> None:
    assert grad(into_a_part)(1.5) == M[0, 1] + M[1, 2] + M[2, 3]


def endless_numbers(x: Any) -> Any:
    return np.sum(np.r_[1:] * x)


def sorted_by_no_axis(x: Any) -> Any:
    x.copy().sort(axis=None)
    return np.sum(x)


def without_values(x: Any) -> Any:
    return np.sum(np.log(x, where=x > 0))


def of_numbers(x: Any) -> Any:
    return np.sum(np.log(x, out=np.zeros(4), where=x))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (endless_numbers, "without an end"),
        (without_values, "elements that have no value"),
        (of_numbers, "an array of truth values"),
        (sorted_by_no_axis, "needs an axis"),
    ],
)
def test_refusals(function: Any, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        grad(function)(V)


def test_nothing_is_computed_where_it_is_not_asked_for() -> None:
    def f(x: Any) -> Any:
        roots = np.sqrt(x, out=np.zeros_like(x), where=x > 0)
        return np.sum(np.divide(roots, x, out=x.copy(), where=x != 0))

    x = np.array([4.0, 0.0, -1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(f)(x) == pytest.approx([-1 / 16, 1.0, 0.0])
        assert jvp(f, (x,), (np.ones(3),)) == (f(x), pytest.approx(1 - 1 / 16))
