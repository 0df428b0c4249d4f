"""Cotangents of slices that overlap add up; of those that do not, they need no zeros to add to."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad
from tests.depth import spread
from tests.points import Points

X = np.linspace(0.3, 1.0, 9)
M = np.sin(np.arange(1.0, 31.0)).reshape(5, 6)
case = Points()


@case(X)
def in_two_sums(x):
    return np.sum(x[1:5] ** 2) * np.sum(x[2:7] ** 3)


@case(X)
def left_and_right(x):
    return np.sum(x[1:-2] ** 2 * x[2:-1])


@case(X, np.array([0.25, 0.5, -1.0]))
def window(x, k):
    return np.sum((k[0] * x[0:4] + k[1] * x[1:5] + k[2] * x[2:6]) ** 2)


@case(M)
def columns(m):
    return np.sum(m[:, 1:3] ** 2) * np.sum(m[:, 2:4] ** 3)


@case(M)
def steps(m):
    return np.sum(m[:, 0:3:2] ** 2) * np.sum(m[:, 0:4:3])


@case(M)
def of_two_axes(m):
    a, b, c = m[1:-2, 1:-2], m[2:-1, 1:-2], m[1:-2, 2:-1]
    return np.sum((a - b) ** 2 * (c - a))


@case(X)
def written(x):
    y = np.zeros(9)
    y[1:5] = x[1:5] ** 2
    y[2:7] = x[2:7][::-1]
    return np.sum(y**3)


@case(M)
def an_element_and_a_row(m):
    return np.sum(m[1, 1:4] ** 2) * np.sum(m[1, 2:5] ** 3) * m[2, 3] * m[2, 4]


@pytest.mark.parametrize(("function", "args"), spread(case.entered, 3))
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    check_grads(function, args)


ENDS = list(itertools.product((0, 1, 3, -4), (2, 5, -1, -2)))


@pytest.mark.parametrize(("start", "stop"), spread(ENDS, 4))
def test_pairs(start: int, stop: int) -> None:
    """Any two slices, by forward mode and by differences."""

    def f(x, first, last):
        return np.sum(x[start:stop] ** 2) + np.sum(x[first:last] ** 3 * x[0])

    for first, last in ENDS:
        check_grads(lambda x, first=first, last=last: f(x, first, last), (X,), order=1)


def test_slices_that_meet_at_their_ends_are_stored() -> None:
    def f(x):
        return np.sum(x[0:4] ** 2) * np.sum(x[4:9] ** 3)

    assert "+=" not in grad(f).source(X)
    check_grads(f, (X,))
