"""Loops over lists that change meanwhile, and iterators whose items are taken later."""
# pyright: basic
# ruff: noqa: C417, RUF005, RUF007
# The functions here are untyped on purpose: they are what users write, in their style.

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad, value_and_grad

X = np.array([1.0, 2.0, 3.0])


def enumerated(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    for i, h in enumerate(hs):
        if i + 1 < len(hs):
            hs[i + 1] = hs[i + 1] * h
        s += h
    return s


def zipped(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    for h, i in zip(hs, [0, 1, 2]):
        if i + 1 < len(hs):
            hs[i + 1] = hs[i + 1] * h
        s += h
    return s


def of_a_dict(x):
    hs = {"a": x[0], "b": x[1], "c": x[2]}
    s = 0.0
    for k, h in hs.items():
        hs["c"] = hs["c"] * h
        hs["b"] = hs["b"] * h
        s += h
    return s


def beside_a_part(y):
    k = [y]
    A = [1.0, 2.0]
    C = [0.0, 1.0, 2.0]
    for a, c in zip(A, C[1:]):
        k.append(y * c)
    return k[-1]


def backwards_and_beside(x):
    hs = [1.0]
    ws = [x[0], x[1], x[2]]
    bs = [1.0, 2.0, 3.0]
    for w, b in zip(ws[::-1], bs):
        hs.append(hs[-1] * w + b)
        ws[0] = ws[0] * 2
    return hs[-1] + ws[0]


def of_rows(x):
    hs = [[x[0], x[1]], [x[2], x[1]]]
    s = 0.0
    for row, q in zip(hs, hs[1:] + [hs[0]]):
        q[0] = q[0] * row[1]
        hs[1][1] = hs[1][1] * row[0]
        s += row[0] * q[1]
    return s


def of_neighbours(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    for i, (h, g) in enumerate(zip(hs, hs[1:])):
        hs[i + 1] = hs[i + 1] * h
        s += h * g
    return s


def beside_what_it_appends_to(x):
    params = [(x[0], x[1]), (x[1], x[2])]
    outs = [x[0]]
    for (w, b), h in zip(params, outs + [x[1]]):
        outs.append(h * w + b)
    return outs[-1]


def mapped(x):
    y = x * 2
    out = []
    s = 0.0
    for h in map(math.sin, y):
        s += h
        out.append(s * h)
    it = map(lambda q: q * 2, y)
    total = 0.0
    for v in it:
        total += v * s
    return total + out[-1]


def mapped_and_counted(x):
    y = x * 2
    out = [0.0, 0.0, 0.0]
    z = np.zeros(3)
    for k, h in enumerate(map(lambda a, b: a * b, x, y)):
        out[k] = h
        z[k] = h**2
    return sum(out) + np.sum(z)


def turned_round(x):
    ls = [x[0], x[1]]
    z = 0.0
    for a in reversed(ls):
        z = z * a + a
        b = z
    return z + b


def turned_round_and_changed(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    for i, h in enumerate(reversed(hs)):
        hs[1 - i] = hs[1 - i] * h
        s += h
    return s


def zipped_with_a_map(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    for h, m in zip(list(hs), map(lambda q: q * 2, hs)):
        hs[2] = hs[2] * h
        s += h * m
    return s


def mapped_and_changed(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    for m in map(lambda q: q * 2, hs):
        hs[2] = hs[2] * m
        s += m
    return s


def filtered_and_changed(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    for h in filter(lambda q: True, hs):
        hs[2] = hs[2] * h
        s += h
    return s


def changed_before(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    it = map(lambda q: q * 2, hs)
    hs[1] = hs[1] * 5
    for h in it:
        s += h
    return s


def zipped_before(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    it = zip(hs, hs)
    hs[1] = hs[1] * 5
    for h, g in it:
        s += h * g
    return s


def turned_round_before(x):
    hs = [x[0], x[1], x[2]]
    s = 0.0
    it = reversed(hs)
    hs[1] = hs[1] * 5
    for h in it:
        s += h * s + h
    return s


def an_array_before(x):
    y = x * 2
    s = 0.0
    it = map(lambda q: q * 2, y)
    y[1] = y[1] * 5
    for h in it:
        s += h * s + h
    return s


def another_factor(x):
    hs = [x[0], x[1], x[2]]
    c = 2.0
    it = map(lambda q: q * c, hs)
    c = 3.0
    s = 0.0
    for h in it:
        s += h
    return s


def by_another_name(x):
    hs = [x[0], x[1], x[2]]
    g = hs
    s = 0.0
    for h in map(lambda q: q * 2, hs):
        g[2] = g[2] * h
        s += h
    return s


def an_array_meanwhile(x):
    y = x * 2
    s = 0.0
    for h in map(lambda q: q * 2, y):
        y[1] = y[1] * h
        s += h
    return s


def another_factor_meanwhile(x):
    c = 2.0
    s = 0.0
    for h in map(lambda q: q * c, x):
        c = c + 1
        s += h
    return s


def of_the_function_around(x):
    hs = [x[0], x[1]]

    def inner():
        doubled = map(lambda q: q * 2, hs)
        hs[0] = hs[0] * 3
        return sum(doubled)

    return inner()


def an_array_of_the_function_around(x):
    y = x * 2

    def inner():
        s = 0.0
        for h in map(lambda q: q * 2, y):
            y[2] = y[2] * h
            s += h
        return s

    return inner()


def assigned_in_a_comprehension(x):
    t = 1.0
    ys = [(t := t * v + 0.5) for v in x]
    return sum(ys) * t


RIGHT = [
    assigned_in_a_comprehension,
    enumerated,
    zipped,
    of_a_dict,
    backwards_and_beside,
    of_rows,
    of_neighbours,
    beside_what_it_appends_to,
    mapped,
    mapped_and_counted,
    turned_round,
]
REFUSED = [
    of_the_function_around,
    an_array_of_the_function_around,
    turned_round_and_changed,
    zipped_with_a_map,
    mapped_and_changed,
    filtered_and_changed,
    changed_before,
    zipped_before,
    turned_round_before,
    an_array_before,
    another_factor,
    by_another_name,
    an_array_meanwhile,
    another_factor_meanwhile,
]


@pytest.mark.parametrize("f", RIGHT)
def test_loops_over_what_changes(f) -> None:
    value, _ = value_and_grad(f)(X)
    assert value == f(X)
    check_grads(f, (X,), order=2)


def test_a_part_is_a_list_of_its_own() -> None:
    assert grad(beside_a_part)(2.0) == 2.0


@pytest.mark.parametrize("f", REFUSED)
def test_items_that_were_computed_before_they_are_taken(f) -> None:
    with pytest.raises(Unsupported, match=r"changes in it|may have changed meanwhile") as info:
        grad(f)(X)
    assert info.value.lineno
