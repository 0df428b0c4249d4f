"""Lists, iterators and strings in ordinary code: value, both modes, second order."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import functools
import itertools
import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from ad_compiler.errors import Unsupported
from tests.depth import spread
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(0)
v5, m34 = rng.normal(size=5), rng.normal(size=(3, 4))
Link = namedtuple("Link", "length turn")
LINKS = [Link(1.0, 0.1), Link(0.5, -0.3), Link(0.2, 0.7)]

case = Points()


@case(v5)
def arrays_beside_what_is_known(q):
    x = angle = 0.0
    for v, link in zip(q, LINKS):
        angle += v + link.turn
        x += link.length * math.cos(angle)
    values = [f(v) for f, v in zip((math.sin, math.cos, math.exp, math.tan, abs, abs), q)]
    return x * sum(values) * len(values)


@case(v5, 3)
def sums_of_arrays_that_a_loop_appends(x, n):
    kept = []
    y = x
    for _ in range(n):
        y = np.cos(y)
        kept.append(y)
    rest = sum((v * v for v in x), x[0]) * sum((k * x for k in range(n)), np.ones(5))
    return np.sum(sum(kept) * x * rest)


@case(v5)
def known_items_that_the_program_chooses_from(x):
    weights, signs = [0.5, 1.0, 0.25], (1, -1)
    rows = [[1.0, 2.0], [3.0, 4.0]]
    turns = [np.outer(x, x), np.eye(5) * x[0]]
    total = 0.0
    for i in range(len(x)):
        total += weights[i % 3] * signs[i % 2] * x[i] ** 2 + rows[i % 2][(i + 1) % 2] * x[i]
        x = np.cos(turns[i % 2] @ x)
    return total + weights[-1]


@case(v5, [1.0, 2.0])
def known_items_that_are_arguments(x, w):
    total = 0.0
    for i in range(len(x)):
        total += w[i % 2] ** 2 * x[i]
    return total * w[0]


@case(v5)
def items_written_where_the_program_says(x):
    dp = [0.0] * 6
    same = dp
    for i in range(len(x)):
        dp[i + 1] = math.sin(dp[i]) + x[i]
        dp[0] += dp[i] * x[i]
    return sum(v * k for k, v in enumerate(same)) + dp[-1] * len(same)


@case(v5)
def items_that_an_inner_function_writes(x):
    xs = [1.0, 2.0]

    def put(i, v):
        xs[i] *= v

    for i in range(len(x)):
        put(i % 2, x[i])
    return xs[0] + xs[1] ** 2


@case(v5)
def keys_that_are_tuples(x):
    table: Any = {(0, "a"): x[0]}
    for i in range(3):
        for j in range(2):
            table[i, j] = x[i] * x[j + 1]
        table[(i, "a")] = x[i] ** 2
        table[i, "a"] += x[0] if (i, 1) in table else 0.0
    total = sum(v * i for (i, _), v in table.items()) * table.get((7, 7), 2.0)
    place = (1, 1)
    for i, j in [*{(0, 1): x}, (2, 0)]:
        total += table[i, j] * table[place]
    return total


@case(v5)
def jumps_beside_what_is_known(x):
    s = 0.0
    for k, (name, v) in enumerate(zip("abcdefgh", x)):
        if name == "b":
            continue
        if v > 10.0:
            break
        s += v * v * k
    else:
        s *= 2.0
    return s + v


@case(m34)
def places_of_a_matrix(m):
    s = 0.0
    for i, j in itertools.product(range(m.shape[0]), range(1, m.shape[1])):
        if i == j:
            continue
        s += m[i, j] ** 2 * (i + j)
    for (i, j), v in np.ndenumerate(m):
        s += v**3 * (i + 2 * j)
    for place in np.ndindex(m.shape):
        s += np.sin(m[place])
    return s + sum(a * b for a, b in itertools.product(m[0], m[1]))


@case(v5, 4)
def pairs_and_choices(x, n):
    s = sum((b - a) ** 2 for a, b in itertools.pairwise(x))
    for i, j in itertools.combinations(range(n), 2):
        s += x[i] * x[j]
    for f, g in itertools.permutations((math.sin, math.cos), 2):
        s += f(g(x[0]))
    return s + sum(itertools.chain((x[0], x[1]), [x[2]]))


@case(v5)
def parts_that_are_joined(x):
    parts, rows, rest = [], [], x
    while len(rest) > 1:
        parts.append(rest[::2][: len(rest) // 2] - rest[1::2])
        rest = rest[: len(rest) // 2]
    for v in x:
        rows.append(np.array([v, v * v, 1.0]))
    flat, high, wide = np.concatenate([*parts, rest]), np.vstack(rows), np.column_stack(rows)
    turned = np.stack(rows, axis=-1)
    return (
        np.sum(flat**2) * np.linalg.det(high.T @ high)
        + np.sum(np.hstack(rows))
        + np.sum(np.trapezoid(wide * turned, axis=1))
    )


@case(v5)
def states_of_steps_that_may_be_refused(y):
    t, h = 0.0, 0.3
    ts, ys = [t], [y]
    while t < 1.0:
        new = y + h * np.array([y[1], -y[0], y[3], -y[2], y[4]])
        if np.max(np.abs(new - y)) < 5.0:
            t, y = t + h, new
            ts.append(t)
            ys.append(y)
        else:
            h *= 0.5
    return np.trapezoid(np.stack(ys)[:, 0] ** 2, ts)


@case(v5)
def lists_in_order(x):
    xs, ys = [], []
    for v in x:
        xs.append(v * v)
        ys.insert(0, v)
    low, high = sorted(xs), sorted(x, reverse=True)
    ys.reverse()
    fixed = tuple(v**3 for v in x)
    return low[0] * high[0] + sum(xs[::-1][:2]) * ys[0] + sum(fixed) * fixed[1] * len(fixed)


@case(v5)
def numbers_of_python(x):
    s = 0.0
    for v in x.tolist():
        s += math.sin(v)
    best = float("-inf")
    for v in sorted(x.tolist()):
        best = max(best, v)
    return s * best if all(x < 9.0) and not any(np.isnan(x)) else float("nan")


@case(m34, np.array([2, 0, 1]))
def ranges_as_indices(m, labels):
    target = np.zeros((3, 4))
    target[range(3), labels] = 0.9
    return np.sum(target * m) + np.sum(m[range(len(m)), labels] ** 2)


@case({"W0": v5, "b0": v5, "W1": v5}, "Mean-Square")
def names_in_strings(p, loss):
    kind, power = loss.lower().split("-")
    s = sum(np.sum(v**2) for k, v in p.items() if k.startswith("W"))
    return s if kind.upper() == "MEAN" and power.endswith("e") else np.sum(p["b0"])


@case(np.sin(np.arange(8.0)), 0.1)
def frequencies_of_real_signals(x, d):
    spectrum = np.abs(np.fft.rfft(x)) ** 2
    return np.sum(np.fft.rfftfreq(len(x), d) * spectrum) / np.sum(spectrum)


@case(m34)
def lists_that_a_loop_makes_anew(A):
    points, t = [1.0 * p for p in A], 0.3
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in itertools.pairwise(points)]
    numbers = [v * v for v in A[0]]
    kept = []
    for k in range(3):
        numbers = [v + 0.5 * k * numbers[0] for v in numbers]
        kept.append(numbers[1])
        numbers.append(A[1, k])
    return np.sum(points[0] ** 2) + sum(numbers) * sum(kept)


def stepped(ys):
    for _ in range(2):
        ys = [w + 1 for w in ys]
    return ys


@case(v5)
def lists_with_two_names(x):
    xs = [v * v for v in x]
    for _ in range(2):
        new = [w + 1 for w in xs]
        xs = new
        new.append(x[0])
    ys = stepped(xs)
    return sum(xs) * len(xs) + sum(ys) * sum(xs)


@case(v5)
def lists_that_a_branch_makes_anew(x):
    xs = list(x)
    if x[0] > 0:
        xs = sorted(xs)
    heap = [v * v for v in xs]
    total = 0.0
    while len(heap) > 1:
        heap = sorted(heap)
        smallest = heap[0] + heap[1]
        total += smallest * smallest
        rest = heap[2:]
        heap = [*rest, smallest]
    return sum(v * i for i, v in enumerate(xs)) + total


@case(m34)
def lists_that_are_made_beside(A):
    shape = [1.0 * p for p in A[:, :2]]
    first = shape
    for _ in range(2):
        new = []
        for i in range(len(shape)):
            a, b = shape[i], shape[(i + 1) % len(shape)]
            new.append(a)
            if a[0] > b[0]:
                new.append(0.5 * (a + b))
        shape = new
    return sum(np.sum(p**2) * i for i, p in enumerate(shape)) + len(first)


@pytest.mark.parametrize(("function", "args"), spread(case.entered, 3))
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    moving = tuple(
        k for k, a in enumerate(args)
        if not isinstance(a, int | str) and getattr(a, "dtype", "float64") == "float64"
    )  # fmt: skip
    value, _ = value_and_grad(function, moving)(*args)
    assert_same_bits(value, function(*args))
    check_grads(function, args)


def test_equal_numbers_stay_in_their_order() -> None:
    def f(x):
        low, high = sorted(x), sorted(x, reverse=True)
        return low[0] / low[1] * high[0] + np.copysign(1.0, low[0]) * 4 + np.copysign(1.0, high[1])

    for x in (np.array([0.0, -0.0, 1.0]), np.array([-0.0, 0.0, 1.0]), np.array([-0.0, 0.0, -1.0])):
        with np.errstate(all="ignore"):
            assert_same_bits(value_and_grad(f)(x)[0], f(x))


def test_there_is_no_order_with_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        grad(lambda x: sorted(x)[0])(np.array([1.0, np.nan]))


def longer(x):
    one = tuple(v for v in x)
    one += (x[0],)
    return sum(one)


def in_the_middle(x):
    xs = [v for v in x]  # noqa: C416 (people write it so)
    xs.insert(1, x[0])
    return sum(xs)


def anew_while_looped_over(x):
    xs = [v * v for v in x]
    for v in xs:
        xs = [w * v for w in xs]
    return sum(xs)


def anew_beside_a_tuple(x):
    xs, total = [v * v for v in x], 0.0
    for _ in range(len(x)):
        pair = (xs, 1)
        xs = [w + 1 for w in xs]
        total += sum(pair[0])
    return total


def anew_beside_an_iterator(x):
    xs, total = [v * v for v in x], 0.0
    for _ in range(len(x)):
        pairs = zip(xs, xs)
        xs = [w + 1 for w in xs]
        total += sum(a * b for a, b in pairs)
    return total


def anew_beside_a_function(x):
    xs = [v * v for v in x]
    total = functools.partial(lambda ys, k: sum(ys) * k, xs)
    for k in range(len(x)):
        xs = [v * 0.5 for v in xs]
    return total(2.0) + sum(xs)


def choices_of_an_array(x):
    return sum(a * b * c for a, b, c in itertools.combinations(x, 3))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (longer, "it is a tuple"),
        (in_the_middle, "in the middle of a growing list"),
        (anew_while_looped_over, "`xs` is a list on one path and another list"),
        (anew_beside_a_tuple, "`xs` is a list on one path and another list"),
        (anew_beside_an_iterator, "what `pairs` goes through may have changed"),
        (anew_beside_a_function, "`xs` is a list on one path and another list"),
        (choices_of_an_array, r"itertools.combinations\(\) of an array, whose length"),
    ],
)
def test_what_is_refused(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(Unsupported, match=message) as info:
        grad(function)(v5)
    assert info.value.lineno


def test_nothing_to_join() -> None:
    def f(x):
        parts = []
        for v in x:
            if v > 100.0:
                parts.append(x)
        return np.sum(np.concatenate(parts))

    with pytest.raises(ValueError, match="need at least one array to concatenate"):
        grad(f)(v5)


def test_no_arrays_have_no_sum_of_their_shape() -> None:
    with pytest.raises(ValueError, match="the sum of no arrays"):
        grad(sums_of_arrays_that_a_loop_appends)(v5, 0)
