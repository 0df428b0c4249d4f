"""A loop goes through the array that it began with, whatever its name is bound to meanwhile."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, value_and_grad

M = np.arange(9.0).reshape(3, 3) + 1


def rebound(m):
    s = 0.0
    for row in m:
        s += np.sum(row**2)
        m = np.sin(m)
    return s + np.sum(m)


def one_of_a_tuple_rebound(m):
    u, v = m[0] * 1.0, m[1] * 2.0
    s = 0.0
    for w in (u, v):
        s += np.sum(w**2)
        v = np.sin(v)
    return s + np.sum(v)


def zipped(m):
    u, v = m[0] * 1.0, m[1] * 1.0
    s = 0.0
    for x, y in zip(u, v):
        s += x * y
        u = u * 2
        v[1] = s
    return s + np.sum(u)


def written(m):
    s = 0.0
    for row in m:
        s += np.sum(row)
        m[2] = m[1] * 2
    return s + np.sum(m)


def backwards(m):
    v = m[0] * 1.0
    s = 0.0
    for k, x in enumerate(reversed(v)):
        s += x**2 * k
        v = v * 2
    return s + np.sum(v)


@pytest.mark.parametrize("f", [rebound, one_of_a_tuple_rebound, zipped, written, backwards])
def test_value_and_slope(f: Callable[..., Any]) -> None:
    assert value_and_grad(f)(M)[0] == f(M.copy())
    check_grads(lambda m: f(m * 1.0), (M / 5,))


def written_after_rebinding(m):
    s = 0.0
    for row in m:
        s += np.sum(row)
        m[2] = m[1] * 2
        if s > 20:
            m = np.sin(m)
    return s


def part_of_a_zip(m):
    u = m[:, 0] * 1.0
    s = 0.0
    for row, x in zip(m, u):
        s += x * np.sum(row)
        u[2] = u[1] * 2
        u = np.sin(u)
    return s


def while_it_is_changed(m):
    v = m * 1.0
    v += (v := v * 2)
    return np.sum(v)


@pytest.mark.parametrize("f", [written_after_rebinding, part_of_a_zip, while_it_is_changed])
def test_a_write_that_the_loop_may_or_may_not_see_is_refused(f: Callable[..., Any]) -> None:
    with pytest.raises(Unsupported) as refusal:
        value_and_grad(f)(M)
    assert refusal.value.filename == __file__
    assert refusal.value.__notes__
