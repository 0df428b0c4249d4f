"""`sorted` and `xs.sort()`: value, both modes, second order."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from ad_compiler.errors import Unsupported
from tests.points import Points, assert_same_bits

V = np.array([0.5, 1.2, -0.7, 1.9, 0.3, 1.1])
M = np.sin(np.arange(12.0)).reshape(4, 3) + 0.2

case = Points()


@case(V)
def pairs_in_place(x):
    ps = []
    for i in range(len(x)):
        ps.append((x[i], x[i - 1]))
    ps.sort()
    t = 0.0
    for k, (a, b) in enumerate(ps):
        t += k * a * b
    return t


@case(V)
def by_a_key(x):
    ps = [(x[i], i) for i in range(len(x))]
    qs = sorted(ps, key=lambda p: -p[0])
    return sum(a * k * (j + 1) for j, (a, k) in enumerate(qs))


@case(V)
def places_downwards(x):
    idx = sorted(range(len(x)), key=lambda k: x[k], reverse=True)
    return sum(x[k] ** 2 * j for j, k in enumerate(idx))


@case(V)
def by_two_keys(x):
    ps = [(i % 2, x[i]) for i in range(len(x))]
    qs = sorted(ps, key=lambda p: (p[0], -p[1]))
    return sum(b * j for j, (a, b) in enumerate(qs))


@case(V)
def three_numbers(x):
    a, b, c = sorted([x[0], x[1], x[2]])
    return a * b + c**2


@case(V)
def numbers_downwards(x):
    xs = []
    for v in x:
        xs.append(v)
    xs.sort(reverse=True)
    return xs[0] * xs[1] - xs[-1]


@case(V)
def median(x):
    s = sorted(x)
    n = len(s)
    return s[n // 2] if n % 2 else 0.5 * (s[n // 2 - 1] + s[n // 2])


@case(V)
def by_a_known_key(x):
    pts = [(x[0], 2.0), (x[1], 1.0), (x[2], 3.0)]
    pts = sorted(pts, key=lambda p: p[1])
    return pts[0][0] * 2 + pts[2][0] ** 2


@case(V)
def rows_of_both_kinds_of_numbers(x):
    pts = [(0.0, 1.0)]
    for i in range(3):
        pts.append((x[i], 2.0))
    h = np.array(pts)
    return np.sum(h[:, 0] ** 2 * h[:, 1])


@pytest.mark.parametrize(("f", "point"), case.entered)
def test_value_and_derivatives(f: Callable[..., Any], point: tuple[Any, ...]) -> None:
    value, _ = value_and_grad(f)(*point)
    assert_same_bits(value, f(*point))
    check_grads(f, point, order=2)


def numbers_that_may_be_python_s(x):
    pairs = [(0.0, 1.0)]
    for v in x:
        pairs.append((v, 2.0))
    return pairs[0][0]


def in_an_order_that_varies(x, down):
    return sorted(x, reverse=down > 0.0)[0]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (numbers_that_may_be_python_s, "may be Python's or NumPy's"),
        (lambda x: in_an_order_that_varies(x, x[0]), "known only when it runs"),
    ],
)
def test_what_is_refused(f: Callable[..., Any], message: str) -> None:
    with pytest.raises(Unsupported, match=message) as info:
        grad(f)(V)
    assert info.value.lineno


def test_nan_has_no_place_in_an_order() -> None:
    with pytest.raises(ValueError, match="sorted\\(\\) of NaN"):
        grad(lambda x: sorted(x, key=lambda v: v)[0])(np.array([1.0, np.nan]))
