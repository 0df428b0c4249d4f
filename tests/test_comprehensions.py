"""Comprehensions whose length or test only the program knows: loops, as Python runs them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, source, value_and_grad
from tests.points import Points, assert_same_bits

V, W = np.array([0.3, -1.0, 2.5]), np.array([0.1, -2.0])
case = Points()


@case(V)
def squares(v: Any) -> Any:
    return sum(c * c for c in v)


@case(V)
def outer_total(v: Any) -> Any:
    total = 1.5
    return sum(c * total for c in v if c > 0)


@case(V, W)
def pairs(v: Any, w: Any) -> Any:
    return sum(c * d for c in v for d in w if c > d)


@case(V)
def neighbours(v: Any) -> Any:
    n = len(v)
    ys = [v[i] * v[i - 1] for i in range(1, n)] + [v[i] for i in range(n - 1, 0, -2)]
    zs = list(range(1, n))
    s = sum([v[i] ** 2 for i in range(n - 1, -1, -1)])
    for i, j in zip(range(1, n), range(n, 0, -2), strict=False):
        s += v[i] * v[j - 1]
    return s * sum(ys) + len(zs) * v[zs[-1]]


@case(V)
def positive_part(v: Any) -> Any:
    return np.sum(np.array([c * c for c in v if c > 0]))


@case(V)
def any_large(v: Any) -> Any:
    loss = sum(math.sin(c) for c in v)
    return loss * loss if any(c > 2 for c in v) else loss


@case(V)
def all_small(v: Any) -> Any:
    return v[0] if all(c > -5 for c in v) else v[1]


@case(V)
def counted(v: Any) -> Any:
    return len([c for c in v if c > 0]) * v[0]


@case(V, 3)
def triangle(v: Any, n: int) -> Any:
    return sum(v[i] * v[j] for i in range(n) for j in range(i))


@case(V)
def every_other(v: Any) -> Any:
    return sum(c * k for k, c in enumerate(v) if k % 2 == 0 and c > -1)


@case(V)
def of_a_tuple(v: Any) -> Any:
    return sum(x for x in (v[0], v[1] * 2, v[2]) if x > 0)


@case(np.zeros(0))
def of_nothing(v: Any) -> Any:
    return sum(c * c for c in v) + 1.0


@case(V, W)
def zipped(v: Any, w: Any) -> Any:
    return sum(a * b for a, b in zip(v[:2], w, strict=True))


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_values_and_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    value, _ = value_and_grad(function)(*args)
    assert_same_bits(value, function(*args))
    if np.size(args[0]):
        check_grads(function, args, order=2)


def test_a_sum_makes_no_list() -> None:
    assert "[]" not in source(value_and_grad(squares), V)


def test_an_empty_sum_is_pythons_zero() -> None:
    def f(v: Any) -> Any:
        return sum(c * c for c in v)

    assert np.array_equal(grad(f)(np.zeros(0)), np.zeros(0))


def test_lengths_that_differ_raise() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        grad(zipped)(V[:1], W)
