"""Rows of lists of lists that more than one name may hold are not changed."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, grad

X = np.array([0.3, -0.8, 1.2, 0.5])


def one_row_many_times(x):
    m = [[0.0] * len(x)] * len(x)
    m[0][1] = x[0]
    return m[2][1]


def row_with_a_name(x):
    m = [[0.0] * len(x) for _ in x]
    row = m[0]
    m[0][1] = x[0]
    return row[1]


def changed_in_a_loop_over_it(x):
    m = [[0.0] * len(x) for _ in x]
    for row in m:
        m[0][0] += x[1]
    return row[0] + m[0][0]


def appended_by_name(x):
    row = [0.0] * len(x)
    m = []
    for _ in x:
        m.append(row)
    m[0][1] = x[2]
    return m[1][1]


def two_names(x):
    m = [[0.0] * len(x) for _ in x]
    k = m
    m[0][0] = x[1]
    return k[0][0]


def handed_to_a_function(x):
    def same(row):
        return row

    m = [[0.0] * len(x) for _ in x]
    row = same(m[0])
    m[0][0] = x[1]
    return row[0]


def changed_by_a_function(x):
    m = [[0.0] * len(x) for _ in x]

    def put(i, v):
        m[i][0] = v

    total = 0.0
    for row in m:
        put(0, x[1])
        total += row[0]
    return total


def kept_by_a_loop(x):
    m = [[0.0] * len(x) for _ in x]
    kept = m
    for i in range(len(x)):
        m = [row[:] for row in m]
        m[i][0] = x[i]
        if i == 1:
            kept = m
    return kept[0][0] + m[2][0]


def handed_over_too_early(x):
    u = [[0.0] * len(x) for _ in x]
    v = [[0.0] * len(x) for _ in x]
    for i in range(len(x)):
        v = [row[:] for row in u]
        u = v
        v[i][0] = x[i]
    return u[0][0]


def of_known_length(x):
    m = [[0.0] * 2 for _ in x]
    rows = [m]
    for i in range(len(x)):
        m[i][i % 2] += x[i]
    return m[0][0] + len(rows)


ALIASES = [
    of_known_length,
    one_row_many_times,
    row_with_a_name,
    changed_in_a_loop_over_it,
    appended_by_name,
    two_names,
    handed_to_a_function,
    changed_by_a_function,
    kept_by_a_loop,
    handed_over_too_early,
]


@pytest.mark.parametrize("function", ALIASES)
def test_rows_that_others_may_hold_are_not_changed(function: Callable[..., Any]) -> None:
    with pytest.raises(Unsupported, match="an item of another list"):
        grad(function)(X)


def test_an_index_into_nothing_raises_when_it_runs() -> None:
    def f(x, k):
        values = []
        if k > 0:
            return values[k] * x
        return x * x

    assert grad(f)(3.0, 0) == 6.0
    with pytest.raises(IndexError, match="list index out of range"):
        grad(f)(3.0, 2)
