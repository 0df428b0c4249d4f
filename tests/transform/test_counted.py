"""What a loop counts up needs no tape: it is a formula of the index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, source, vjp
from tests.points import Points, assert_same_bits

X = np.array([0.3, -0.7, 1.1, 0.4, -0.2, 0.9, 0.5, -1.3, 0.8, 0.1, 0.6])

formulas, tapes = Points(), Points()


@formulas(X, 4)
def triangle(x: Any, n: int) -> Any:
    y = np.ones(n)
    place = 1
    for j in range(n):
        for k in range(j):
            y[j] *= x[place + k]
        place += j
    return np.sum(y)


@formulas(X, 3)
@formulas(X, 0)
def strides(x: Any, n: int) -> Any:
    p = 1.0
    at = 2
    for _ in range(n):
        p *= x[at] + 1.0
        at += 3
    return p


@formulas(X, 4)
def from_one(x: Any, n: int) -> Any:
    p = 1.0
    at = 10
    for j in range(1, n):
        p *= x[at]
        at = at - 2 * j + 1
    return p


@formulas(X, 3, 1)
@formulas(X, 2, 0)
def variable_start(x: Any, n: int, first: int) -> Any:
    p = 1.0
    at = first
    for j in range(first, n + first):
        p *= x[at] * x[j]
        at += j + n
    return p


@tapes(X)
def by_branch(x: Any) -> Any:
    p = 1.0
    at = 0
    for j in range(len(x)):
        p *= x[at]
        if x[j] > 0:
            at += 1
    return p


@tapes(X)
def doubled(x: Any) -> Any:
    p = 1.0
    at = 1
    for _ in range(4):
        p *= x[at]
        at *= 2
    return p


@tapes(X)
def downwards(x: Any) -> Any:
    p = 1.0
    at = 0
    for j in range(4, 0, -1):
        p *= x[at]
        at += j
    return p


@pytest.mark.parametrize(("function", "args"), formulas.entered + tapes.entered)
def test_gradients_are_right(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    def of_x(x: Any) -> Any:
        return function(x, *args[1:])

    value, pullback = vjp(of_x, args[0])
    assert_same_bits(value, function(*args))
    assert pullback(1.0)[0].shape == args[0].shape
    check_grads(of_x, (args[0],), order=2)


@pytest.mark.parametrize(("function", "args"), formulas.entered)
def test_no_place_is_stored(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = source(grad(function), *args)
    assert "places.append" not in text
    assert "at_tape" not in text


@pytest.mark.parametrize(("function", "args"), tapes.entered)
def test_what_has_no_formula_is_stored(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert "at_tape" in source(grad(function), *args)
