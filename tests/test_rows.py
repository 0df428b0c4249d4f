"""Lists of tuples and lists, and lists that are bound anew: value, both modes, second order."""
# pyright: basic
# ruff: noqa: RUF005, since both ways to lengthen a list are tested
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from ad_compiler.errors import Unsupported
from tests.depth import spread
from tests.points import Points, assert_same_bits

V = np.array([0.5, 1.2, -0.7, 1.9, 0.3, 1.1])
M = np.sin(np.arange(12.0)).reshape(4, 3) + 0.2

case = Points()


@case(V)
def rows_that_become_an_array(x):
    rows = []
    for i in range(len(x)):
        rows.append([x[i], x[i] ** 2])
    return np.linalg.norm(np.array(rows))


@case(V)
def points_of_a_path(x):
    pts = [(0.0, 1.0)]
    t = 0.0
    y = float(x[0])
    for i in range(len(x)):
        t += 0.1
        y = float(y + 0.1 * math.sin(y) * x[i])
        pts.append((t, y))
    s = 0.0
    for t, y in pts:
        s += t * y * y
    return s


@case(V)
def last_of_the_points(x):
    pts = []
    for i in range(len(x)):
        pts.append((x[i], x[i - 1]))
    a, b = pts[-1]
    return a * b + pts[0][1]


@case(V)
def places_and_values(x):
    out = []
    for i in range(len(x)):
        if x[i] > 0:
            out.append((i, x[i]))
    s = 0.0
    for i, v in out:
        s += v * x[i - 1] * i
    return s


@case(V)
def lists_of_numbers_of_numpy(x):
    rows = []
    for i in range(len(x)):
        row = []
        for j in range(3):
            row.append(x[i] * x[j])
        rows.append(row)
    A = np.array(rows)
    return np.sum(A**2) + rows[1][2]


@case(V)
def lists_of_plain_numbers(x):
    rows = []
    for i in range(len(x)):
        row = []
        for j in range(len(x)):
            row.append(float(x[i]) * float(x[j]) ** 2)
        rows.append(row)
    t = 0.0
    for r in rows:
        for v in r:
            t += v * v
    return t


@case(V)
def pairs_of_a_comprehension(x):
    pairs = [(x[i], x[i + 1]) for i in range(len(x) - 1)]
    return sum(a * b for a, b in pairs)


@case(V)
def columns_of_pairs(x):
    ps = []
    for i in range(len(x) - 1):
        ps.append((x[i], x[i + 1]))
    a, b = zip(*ps)
    return sum(a) * sum(b)


@case(V)
def a_stack_of_pairs(x):
    st = [(x[0], x[1])]
    for i in range(3):
        st.append((x[i], x[i + 1]))
    t = 0.0
    while st:
        a, b = st.pop()
        t += a * b * b
    return t


@case(V)
def a_pair_set_anew(x):
    rows = []
    for i in range(len(x)):
        rows.append((x[i], 1.0))
    rows[0] = (x[1], 2.0)
    return sum(a * b * a for a, b in rows)


@case(V)
def more_pairs(x):
    rows = []
    for i in range(len(x)):
        rows.append((x[i], 1.0))
    more = rows + [(x[0], 3.0)]
    return sum(a * a * b for a, b in more)


@case(V)
def trajectory(x):
    traj = []
    y = x[0]
    v = x[1]
    for _ in range(10):
        y, v = y + 0.1 * v, v - 0.1 * y
        traj.append([y, v])
    traj = np.array(traj)
    return np.sum(traj[:, 0] ** 2) + traj[-1, 1]


@case(V)
def pairs_until_a_break(x):
    hist = []
    for i in range(len(x)):
        if x[i] < 0:
            break
        hist.append((x[i], x[i] * 2))
    return sum(b for _, b in hist)


@case(V)
def all_but_the_first(x):
    a, *rest = x
    return a * sum(rest)


@case(V)
def all_but_the_last(x):
    *rest, b = x
    return b * sum(rest) + len(rest)


@case(M)
def rows_in_the_middle(m):
    first, *mid, last = m
    t = 0.0
    for r in mid:
        t += r @ first
    return t * (last @ last)


@case(V)
def all_but_two_of_a_list(x):
    xs = []
    for i in range(len(x)):
        xs.append(x[i] ** 2)
    a, b, *c = xs
    return a * b + sum(c) ** 2


@case(V)
def three_of_a_list(x):
    xs = []
    for i in range(len(x) - 3):
        xs.append(x[i] ** 2)
    a, b, c = xs
    return a * b + c


@case(V)
def bound_anew_in_a_loop(x):
    xs = []
    for i in range(len(x)):
        xs = xs + [x[i] * x[i - 1]]
    return sum(xs)


@case(V)
def bound_anew_with_a_star(x):
    xs = []
    for i in range(len(x)):
        if x[i] > 0:
            xs = [*xs, x[i] * x[i - 1], 1.0]
    return sum(xs)


@case(V)
def another_name_keeps_the_old(x):
    xs = [x[0]]
    ys = xs
    xs = xs + [x[1]]
    return sum(xs) * sum(ys)


@case(V)
def bound_anew_while_looped_over(x):
    xs = [x[0], x[1]]
    for v in xs:
        xs = xs + [v * v]
    return sum(xs)


@case(V)
def bound_anew_while_it_runs(x):
    xs = []
    for v in x:
        xs.append(v)
    for v in xs:
        xs = xs + [v * v]
    return sum(xs) * len(xs)


@case(V)
def a_list_in_a_list_keeps_the_old(x):
    xs = [x[0]]
    box = [xs]
    xs = xs + [x[1]]
    return sum(box[0]) * sum(xs)


@case(V)
def seen_by_a_function(x):
    xs = [x[0]]

    def g():
        return sum(xs)

    a = g()
    xs = xs + [x[1]]
    return a * g()


@case(V)
def a_parameter_bound_anew(x):
    def add(p):
        p = p + [x[1]]
        return sum(p)

    q = [x[0]]
    return add(q) * sum(q) * add(q)


@case(V)
def bound_anew_until_long(x):
    xs = [x[0]]
    while len(xs) < 8:
        xs = xs + [xs[-1] * 0.9 + x[1]]
    return sum(xs)


@case(V)
def longer_by_a_comprehension(x):
    xs = []
    for i in range(3):
        xs = xs + [v * i for v in x]
    return sum(v * v for v in xs)


@case(V)
def bound_anew_in_a_call(x):
    def g(a):
        r = []
        for v in a:
            r = r + [v * 2]
        return r

    return sum(g(x)) * sum(g(x * x))


@pytest.mark.parametrize(("f", "point"), spread(case.entered, 2))
def test_value_and_derivatives(f: Callable[..., Any], point: tuple[Any, ...]) -> None:
    value, _ = value_and_grad(f)(*point)
    assert_same_bits(value, f(*point))
    check_grads(f, point, order=2)


def changed_inside(x):
    rows = []
    for v in x:
        rows.append([v, 0.0])
    for row in rows:
        row[1] = row[0]
    return rows[0][1]


def changed_after_it_was_added(x):
    row, rows = [x[0], x[1]], []
    for _ in range(len(x)):
        rows.append(row)
    row[0] = x[2]
    return rows[0][0]


def with_arrays(x):
    steps = []
    for i in range(len(x)):
        steps.append((x * i, i))
    return np.sum(steps[-1][0])


def of_two_lengths(x):
    rows = []
    for i in range(len(x)):
        rows.append((x[i],) if i > 2 else (x[i], 1.0))
    return rows[0][0]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (changed_inside, "an item of another list"),
        (changed_after_it_was_added, "an item of another list"),
        (with_arrays, "a tuple in a list that grows"),
        (of_two_lengths, "tuple"),
    ],
)
def test_what_is_refused(f: Callable[..., Any], message: str) -> None:
    with pytest.raises(Unsupported, match=message) as info:
        grad(f)(V)
    assert info.value.lineno


def test_too_few_items_raise_as_they_do_in_the_primal() -> None:
    def pair(x):
        xs = []
        for v in x:
            xs.append(v)
        a, b = xs
        return a * b

    def rest(x):
        a, *others, b = x
        return a * b + sum(others)

    def columns(x):
        pairs = [(v, v * v) for v in x if v > 5]
        a, b = zip(*pairs)
        return sum(a) + sum(b)

    assert grad(pair)(V[:2]) == pytest.approx(V[1::-1])
    for f, x in ((pair, V[:1]), (pair, V[:3]), (rest, V[:1]), (columns, V)):
        with pytest.raises(ValueError, match=r"values to unpack|of an empty list"):
            f(x)
        with pytest.raises(ValueError, match=r"values to unpack|of an empty list"):
            grad(f)(x)
