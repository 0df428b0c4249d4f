"""One list, dict or dataclass that is given twice: read as it is, refused where it is changed."""
# pyright: basic

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from ad_compiler.errors import UsageError

D = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, -1.0])}


@dataclass
class Pair:
    u: float
    v: float


def item(d, e):
    d["a"] = d["b"] * 2.0
    return np.sum(e["a"])


def appended(d, e):
    d.append(d[0])
    return e[-1]


def within(d, e):
    d[0][0] = 2.0 * e
    return d[1][0]


def attribute(d, e):
    d.u = d.v * 2.0
    return e.u


LIST, PAIR = [1.0, 2.0], Pair(1.0, 2.0)
TWICE = [(item, D, D), (appended, LIST, LIST), (within, [LIST, LIST], 1.5), (attribute, PAIR, PAIR)]


@pytest.mark.parametrize(("f", "d", "e"), TWICE)
def test_what_is_changed_is_refused(f, d, e):
    apart = [copy.deepcopy(d), copy.deepcopy(e)]
    if f is within:
        apart[0] = [[1.0, 2.0], [1.0, 2.0]]
    derivative = value_and_grad(f)
    value, _ = derivative(*apart)
    for _ in range(2):
        with pytest.raises(UsageError, match=f"`{f.__name__}` changes .* given one twice"):
            derivative(d, e)
    assert derivative(*apart)[0] == value == f(*copy.deepcopy(apart))


def test_what_is_read_is_not():
    def f(d, e):
        own = [1.0, 2.0]
        own[0] = d["a"][1]
        return own[0] * np.sum(d["a"] * e["b"])

    check_grads(f, (D, copy.deepcopy(D)))
    assert value_and_grad(f)(D, D)[0] == f(D, D)
    np.testing.assert_array_equal(grad(f)(D, D)["a"], grad(f)(D, copy.deepcopy(D))["a"])
