"""Containers, names and indices in ordinary code: value, both modes, second order."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, value_and_grad
from tests.depth import spread
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(0)
v3, w3 = rng.normal(size=3), rng.normal(size=3)
m23, m33 = rng.normal(size=(2, 3)), rng.normal(size=(3, 3))

case = Points()


@case(1.5, 3)
def a_name_of_the_function_around(x, n):
    total, count = 0.0, 0

    def add(v):
        nonlocal total, count
        count += 1
        if v > 2.0:
            total += v * v

    for k in range(n):
        add(x * k)
    add(x)
    return total * count + x


@case(v3, 1)
def one_point_to_go_through(x, n):
    y = np.interp(x, np.array([0.0, 1.0])[:n], x[:n], right=None)
    return np.sum(y * x) * np.isscalar(x[0]) + np.isscalar(x)


@case(v3)
def another_name_by_astype(x):
    a = x * 1.0
    b, c = a.astype(float, copy=False), a.astype(np.float64)
    b[0] = 7.0 * c[1]
    c *= 2
    return np.sum(a * c) + np.sum(x.astype("float32", copy=False)[1:] * 0.0)


@case(v3, 1.5)
def numbers_as_arrays_without_axes(x, a):
    lifted = x.sum()[None]  # pyright: ignore[reportIndexIssue]
    rows = np.concatenate([x[0].reshape(1), np.ravel(a), np.cumsum(x[1]), lifted])
    pairs = np.outer(a, [1, 2]) * np.outer([2.0, 1.0, 3.0], x[2]) + np.tile(x[0], (3, 2))
    if math.isclose(x[0], a) or not math.isclose(a, 1.0, abs_tol=0.6):
        return operator.matmul(x, x) * operator.getitem(x, 1)
    return np.sum(rows**2) + np.sum(pairs**2) + np.linalg.norm(x[0] - a) * np.median(a) + np.std(a)


@case(m23, 1.5)
def arguments_by_their_names(x, a):
    rows, n = np.shape(a=x)[0], np.size(a=x, axis=1) + np.size(x, axis=None)
    y = np.zeros(shape=np.shape(x), dtype=float, order="C") + np.asarray(a=x, dtype=float)
    y += np.zeros_like(x, float) + np.full_like(a=x, fill_value=a)
    total = sum(x[0], start=a) + sum(x[1], a) + sum(k * v for k, v in enumerate(iterable=x[0]))
    return np.sum(y * y) * rows * n * np.ndim(a=x) + total


@case(v3, 1.5)
def names_and_items_that_are_deleted(x, a):
    y = x * 2
    del y
    y = x * 3
    for k in range(2):
        t = x * k
        y = y + t
        del t
    d, xs = {"a": a, "b": a * a}, [a, a * 2, a * 3]
    del d["a"], xs[0], xs[-1]
    return np.sum(y) * d["b"] * xs[0] * len(xs)


@case({"w1": m33, "w2": m33, "w3": m33}, v3, 3)
def keys_that_are_made_of_the_index(p, x, n):
    for k in range(1, n + 1):
        x = np.sin(p[f"w{k}"] @ x) + p["w" + str(k)] @ x + p["w%d" % k][0]  # noqa: UP031 (people write it so)
    return np.sum(x)


@case(0.7, 5)
def a_dict_that_remembers(x, n):
    known = {0: 1.0, 1: x}

    def t(k):
        if k not in known:
            known[k] = 2 * x * t(k - 1) - t(k - 2)
        return known[k]

    return t(n)


@case(v3)
def bounds_and_indices_that_are_powers(x):
    y, s = np.ones(2**3) * x[0], 0.0
    for i in range(1, 4):
        y[2 ** (i - 1)] = x[1] * i
        for j in range(2 ** (i - 1) + 1):
            s += x[2] * y[j]
    return s


@case({"b": v3, "a": w3})
def items_in_order(p):
    s = 0.0
    for k, name in enumerate(sorted(p)):
        s += np.sum(p[name]) * (k + 1)
    for name, value in sorted(p.items(), key=lambda item: item[0], reverse=True):
        s = s * 2 + value[0] * len(name)
    return s * dict(zip("xy", (s, p["a"][0]), strict=True))["y"] * dict([("z", s)])["z"]  # noqa: C406 (people write it so)


@case(v3, m23)
def reductions_by_a_function(x, m):
    product = reduce(operator.mul, x)
    squares = reduce(lambda s, v: s + v**2, x, 0.0)
    return product * squares + np.sum(reduce(np.maximum, m) + reduce(np.add, [x, x * 2, m[0]]))


@case({"q": m33, "k": m33}, v3)
def generators_that_are_taken_apart(p, x):
    q, k = (p[name] @ x for name in "qk")
    return np.sum(q * k) + sum([*(v for v in (x[0], x[1]))])


@case(v3, m23)
def arrays_of_comprehensions(x, m):
    kernel = np.array([[np.exp(-((a - b) ** 2)) for b in x] for a in x])
    points = np.array([[v * 2, math.sin(v), 1.0] for v in x])
    deep = np.array([[(row[0] * k, v) for v in row] for k, row in enumerate(m)])
    rows = np.stack([row * v for row, v in zip(m, x, strict=False)])
    return np.sum(kernel @ points) * np.sum(deep**2) + np.sum(rows**3)


@case(m23, 3)
def extremes_of_lists(m, n):
    steps = [np.linalg.norm(b - a) for a, b in zip(m[:, :-1].T, m[:, 1:].T, strict=True)]
    plain = []
    for k in range(n):
        plain.append(float(m[0, k]) * k)
    return max(steps) * min(steps) + max(plain) - min(plain)


@case(v3)
def lists_of_what_a_loop_goes_through(x):
    squares = list(map(lambda v: v * v, x))  # noqa: C417 (people write it so)
    return sum(squares) * list(x)[1] + sum(map(lambda v, w: v * w, x, x[1:]))


@case(m33, v3)
def iterators_with_a_name(m, x):
    def total(items):
        return sum(v * v for v in items)

    s = 0.0
    for row in m:
        pairs = zip(row, x, strict=False)
        for a, b in pairs:
            s += a * b
    back, squares = list(reversed(m[0])), map(np.square, x)
    return s + total(v for v in x) * total(reversed(x)) + back[0] + sum(squares)


@case(m33, 2)
def slices_with_a_name(m, n):
    inner, rest = slice(1, -1), slice(n, None)
    corner = np.s_[1:, :2]
    y = m.copy()
    y[corner] *= 2.0
    y[rest, inner] += m[0, 0]
    return np.sum(y[inner] ** 2) + np.sum(y[:, rest]) * rest.start + sum((m[0, 0], 1.0, 2.0)[rest])


@case(m33, v3)
def one_element(m, x):
    return (x.reshape(1, -1) @ m @ x.reshape(-1, 1)).item() * x.item(1) + m.item(2, 0) + m.item(5)


@case(v3)
def limits_and_likes(x):
    ones = np.ones_like(np.arange(3), dtype=x.dtype)
    filled = np.full_like(np.arange(3), x[0], dtype=float)
    return np.sum(np.log(np.abs(x) + np.finfo(float).eps) * filled + ones * np.finfo(x.dtype).tiny)


@case(v3, 3)
def elements_of_different_lengths(x, n):
    tails, heads = [], [x[:1], x]
    for k in range(n):
        tails.append(x[k:] * 2)
        heads[k % 2] = x[: k + 1]
    return np.sum(tails[0] * tails[2]) + np.sum(heads[0] * heads[1][0])


@case(v3, 3)
def rows_that_a_loop_makes(x, n):
    a, b, c = x
    y = x
    rows = [y]
    for _ in range(n):
        y = y + 0.1 * np.array([b * c, a - c, a * b])
        a, b, c = y
        rows.append(y)
    return np.sum(np.stack(rows)[:, 0] ** 2)


@case(v3, 0.4)
def a_table_in_lists(x, h):
    rows = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        rows[i][0] = x[i] * h
        for j in range(1, i + 1):
            rows[i][j] = rows[i][j - 1] + (rows[i][j - 1] - rows[i - 1][j - 1]) / (4**j - 1)
    place, s = 0, 0.0
    for _ in range(3):
        s += rows[2][place] * x[place]
        place = (place + 2) % 3
    return s


@case(v3, 3)
def a_count_that_is_the_index(x, n):
    total, count = 0.0, 0
    for i in range(n):
        total += np.sin(x[i]) * count
        count += 1
    return total * count


@case(v3)
def integers_among_others(x):
    total = 0.0
    for i in range(3):
        for j in range(3):
            for k in range(3):
                if k in (i, j):
                    continue
                total += x[i] * x[j] * x[k] ** 2
            if i not in [j, 1]:
                total += x[j] ** 3
    return total


@pytest.mark.parametrize(("function", "args"), spread(case.entered, 2))
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    moving = tuple(k for k, a in enumerate(args) if not isinstance(a, int))
    value, _ = value_and_grad(function, moving)(*args)
    expected = function(*args)
    assert_same_bits(value, expected)
    check_grads(function, args)


def test_an_index_is_put_together_of_parts() -> None:
    def f(x):
        rows, last = (slice(1, None),), [0]
        y = x.copy()
        y[*rows, 0] *= 2
        y[(*rows, slice(None, -1))] += x[(2, *last)]
        return np.sum(y[*rows, :2] ** 2)

    check_grads(f, (np.sin(np.arange(12.0)).reshape(4, 3),))
