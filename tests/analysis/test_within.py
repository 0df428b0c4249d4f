"""Elements that loops certainly find need not be read; others are, for what that raises."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad

X = np.array([2.0, 3.0, 0.5])


def elements(x):
    t = x[0]
    for _v in x:
        t = t * 1.5
    return t


def items(x):
    xs = [v * v for v in x]
    t = xs[0]
    for _v in xs:
        t = t * 1.5
    return t


def first(x):
    xs = []
    for v in x:
        xs.append(v * v)
    a, *_ = xs
    return a


@pytest.mark.parametrize(("f", "read"), [(elements, "x[k]"), (items, "xs[k]"), (first, "[k]\n")])
def test_what_is_there_is_not_read_in_vain(f: Callable[..., Any], read: str) -> None:
    text = grad(f).source(X)
    assert f"        {read}" not in text


def beyond_the_end(x):
    for k in range(len(x) + 1):
        x[k]
    return np.sum(x)


def before_the_start(x):
    for k in range(-4, len(x)):
        x[k]
    return np.sum(x)


def of_another(x):
    y = x[1:]
    for k in range(len(x)):
        y[k]
    return np.sum(x)


def of_another_list(x):
    xs = [v for v in x if v > 1.0]
    ys = [v for v in x if v > 2.5]
    for k in range(len(xs)):
        ys[k]
    return np.sum(x)


@pytest.mark.parametrize("f", [beyond_the_end, before_the_start, of_another, of_another_list])
def test_what_may_be_missing_is_looked_for(f: Callable[..., Any]) -> None:
    for attempt in (f, grad(f)):
        with pytest.raises(IndexError):
            attempt(X)
