"""Lists whose length is known only at run time: appended to in loops and branches."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad, value_and_grad
from tests.depth import spread
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(0)
x = rng.normal(size=5)
case = Points()


@case(x)
def grow1(x):
    ys = []
    for i in range(len(x)):
        ys.append(math.sin(x[i]))
    return np.sum(np.array(ys) ** 2)


@case(x)
def grow2(x):
    ys = [1.0]
    for v in x:
        ys.append(ys[-1] * v + 0.5)
    s = 0.0
    for y in ys:
        s += y * y
    return s + sum(ys) + len(ys) + ys[2]


@case(x)
def grow3(x):
    rows = []
    for i in range(len(x)):
        rows.append(x * x[i])
    a = np.array(rows)
    return np.sum(a[1] ** 2) + np.sum(rows[0])


@case(x)
def grow4(x):
    ys = []
    if x[0] > 0:
        ys.append(x[1])
    else:
        ys.append(x[2])
        ys.append(x[3] * 2)
    return np.sum(np.array(ys) ** 2)


@case(x)
def grow5(x):
    ys = [v * v for v in x]
    zs = [a * b for a, b in zip(x, ys)]
    return sum(zs) * ys[1]


@case(x)
def stack(x):
    st = []
    for i in range(len(x)):
        st.append(x[i] * 2)
    s = 0.0
    while len(st) > 0:
        s = s * 0.5 + st.pop() ** 2
    return s


@case(x)
def cond_append(x):
    ys = []
    for i in range(len(x)):
        if x[i] > 0:
            ys.append(x[i] ** 2)
    t = 1.0
    for i in range(len(ys)):
        t = t + ys[i] * ys[i - 1]
    return t


@case(x)
def setit(x):
    ys = []
    for i in range(len(x)):
        ys.append(0.0)
    for i in range(len(x)):
        ys[i] = x[i] * x[i - 1]
    ys[0] += ys[1] ** 2
    return np.sum(np.array(ys) ** 2)


@case(x)
def callee_grow(x):
    def put(l, v):
        l.append(v)

    ys = []
    for i in range(len(x)):
        put(ys, x[i] ** 2)
    return np.mean(ys)


@case(x)
def nested_grow(x):
    d = {"h": []}
    for i in range(len(x)):
        d["h"].append(x[i] * i)
    return np.dot(np.asarray(d["h"]), x)


@case(x)
def nestloop(x):
    out = []
    for i in range(3):
        for j in range(i, 4):
            out.append(x[i] * x[j])
    return sum(out)


@case(x)
def lengthened(x):
    ys = [1.0]
    zs = []
    for i in range(len(x)):
        ys += [x[i], 2.0]
        ys.extend(x[:2])
        zs += ys
        zs.extend(ys)
    return sum(zs) * zs[3] + len(zs)


@case(x)
def lengthened_by_itself(x):
    ys = [x[0]]
    for v in x[1:]:
        ys += [v * v]
        ys.extend(ys)
    return sum(ys) * ys[-1]


@case(x)
def joined_lists(x):
    ys = [v * v for v in x]
    zs = [2.0] + ys  # noqa: RUF005 - what is tested
    ws = zs.copy()
    ws[0] = x[1]
    ts = [*zs, 0.5, *ws]
    return sum(ts) * zs[0] + ts[-1]


@case(np.outer(x[:3], x))
def list_of_an_array(m):
    rows = list(m)
    rows.append(m[0] * m[1])
    return sum([np.sum(row * row) for row in rows]) + np.sum(list(m[0])[1] * m[2])


@case(x)
def extremes(x):
    ys = []
    if x[0] > -9.0:
        ys += [x[1] * x[2]]
    if x[0] > 9.0:
        ys += [x[2]]
    ys.extend(x)
    return max(ys) * min(ys) * functools.reduce(lambda p, q: p * q + 1.0, ys)


@case(x)
def a_stack(x):
    stack = [0]
    total = 0.0
    while stack:
        k = stack.pop()
        total += x[k] ** 2
        if 2 * k + 2 < len(x):
            stack.append(2 * k + 1)
            stack.append(2 * k + 2)
    return total if not stack else x[0]


@case(x)
def running_sums(x):
    sums = [0.0] * (len(x) + 1)
    for i in range(len(x)):
        sums[i + 1] = sums[i] + x[i]
    twos = len(x) * [x[0], 2.0]
    return sums[-1] ** 2 + sums[2] * sum(twos)


@pytest.mark.parametrize(("function", "args"), spread(case.entered, 3))
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    expected = function(*args)
    value, _ = value_and_grad(function, tuple(range(len(args))))(*args)
    assert_same_bits(value, expected)
    check_grads(function, args)


@pytest.mark.parametrize(
    "function", spread([lengthened, joined_lists, list_of_an_array, extremes], 4)
)
def test_numba_agrees(function: Callable[..., Any]) -> None:
    (args,) = (param.values[1] for param in case.entered if param.values[0] is function)
    np.testing.assert_allclose(grad(function, backend="numba")(*args), grad(function)(*args))


def test_an_extreme_of_no_items_raises_as_in_python() -> None:
    def largest(u):
        ys = []
        for p in u:
            if p > 5:
                ys.append(p)
        return max(ys)

    with pytest.raises(ValueError, match="empty"):
        grad(largest)(x)


def kept_and_changed(x):
    rows = []
    u = x.copy()
    for i in range(len(x)):
        rows.append(u)
        u[i] = 0.0
    return np.sum(np.array(rows))


def rows_and_changed(x):
    m = np.outer(x, x)
    rows = [m[0]]
    rows.extend(m)
    m[1] *= 2.0
    return np.sum(rows[2])


def endless(x):
    ys = [x[0]]
    while ys:
        x = x * 2.0
    return x[0]


def returned(x):
    ys = []
    for v in x:
        ys.append(v)
    return ys


def mixed(x):
    ys = []
    for i in range(len(x)):
        ys.append(x if i > 2 else x[0])
    return np.sum(ys[0])


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (endless, "no end"),
        (kept_and_changed, "it is also in a list"),
        (rows_and_changed, "it is also in a list"),
        (returned, "a list that grows"),
        (mixed, "on one path"),
    ],
)
def test_refused(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        grad(function)(x)


def test_popping_from_an_empty_list_raises_as_in_python() -> None:
    def last_large(u):
        xs = []
        for p in u:
            if p > 5:
                xs.append(p * p)
        return xs.pop() + u[0]

    u = np.array([1.0, 6.0])
    value, gradient = value_and_grad(last_large)(u)
    assert value == last_large(u)
    assert gradient.tolist() == [1.0, 12.0]
    with pytest.raises(IndexError, match=r"^pop from empty list$"):
        value_and_grad(last_large)(u / 2)
