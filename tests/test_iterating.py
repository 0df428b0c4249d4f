"""`match`, and functions of iterables: value, both modes, second order."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from ad_compiler.errors import Unsupported
from tests.depth import spread
from tests.points import Points, assert_same_bits

MOST: Any = max
V = np.array([0.5, 1.2, -0.7, 1.9, 0.3, 1.1])
M = np.sin(np.arange(12.0)).reshape(4, 3) + 0.2

case = Points()


@case(V)
def numbers_and_names(x):
    t = 0.0
    for i in range(len(x)):
        match i % 4:
            case 0:
                t += x[i]
            case 1 | 2:
                t += x[i] ** 2
            case k if k > 5:
                t += 100 * x[i]
            case k:
                t += x[i] ** 3 * k
    return t


@case(V)
def pairs_by_their_first(x):
    p = ("scale", 2.0)
    match p:
        case ("shift", s):
            return np.sum(x + s)
        case ("scale", s):
            return np.sum(x * s) ** 2
    return 0.0


@case(V)
def nothing_or_weights(x, w=None):
    match w:
        case None:
            return np.sum(x * x)
        case _:
            return np.sum(x * w)


@case(V)
def guards(x):
    t = 0.0
    for v in x:
        match v:
            case u if u < 0:
                t -= u
            case u if u < 1:
                t += u * u
            case u:
                t += u**3
    return t


@case(V)
def jumps(x):
    for i in range(len(x)):
        match i:
            case 3:
                break
            case 1:
                continue
        x = x * 1.1
    return np.sum(x**2)


@case(V)
def largest_by_distance(x):
    best = max(x, key=lambda v: abs(v - 0.2))
    return best**2


@case(V)
def place_of_the_smallest(x):
    i = min(range(len(x)), key=lambda k: x[k] ** 2)
    return x[i] ** 2 * x[i - 1]


@case(V)
def pair_with_the_largest(x):
    ps = [(x[i], x[i - 1]) for i in range(len(x))]
    a, b = max(ps, key=lambda p: p[1])
    return a * b**2


@case(V)
def largest_of_three(x):
    return max(x[0], x[1], x[2], key=abs) ** 3


@case(V)
def running_products(x):
    return sum(itertools.accumulate(x, operator.mul))


@case(V)
def running_sums(x):
    t = list(itertools.accumulate(x))
    return t[-1] * t[1]


@case(V)
def running_from_a_start(x):
    return sum(itertools.accumulate(x[1:], lambda a, b: a * 0.5 + b, initial=x[0]))


@case(V)
def items_between(x):
    return sum(v * v for v in itertools.islice(x, 1, 4))


@case(V)
def first_items(x):
    return sum(v * v for v in itertools.islice(x, 3))


@case(V)
def positive_ones(x):
    return sum(filter(lambda v: v > 0, x))


@case(V)
def those_that_are_not_zero(x):
    pos = list(filter(None, [max(v, 0.0) for v in x]))
    return pos[0] * pos[-1]


@case(V)
def array_of_a_generator(x):
    y = np.fromiter((v * v for v in x), dtype=float)
    return np.sum(y**2)


@case(V)
def vectorized_lambda(x):
    f = np.vectorize(lambda v: math.sin(v) if v > 0 else v * v)
    return np.sum(f(x) * x)


@case(V)
def vectorized_sine(x):
    return np.vectorize(math.sin)(x[0]) * x[1]


@case(V)
def a_list_of_an_array(x):
    a = [*x]
    return a[0] * a[-1] + sum(a) ** 2


@case(V)
def a_list_around_an_array(x):
    a = [0.0, *x, 1.0]
    t = 0.0
    for i in range(1, len(a) - 1):
        t += a[i - 1] * a[i + 1] * a[i]
    return t


@case(V)
def extremes_of_arguments(x):
    return max(*x) * min(*x)


@case(M)
def rows_joined(m):
    return np.sum(np.concatenate(m) ** 2 * np.arange(12))


@case(M)
def parts_by_parts(m):
    heads = []
    shifted = m + 1.0
    for q, k in zip(np.split(m, 2, axis=0), np.split(shifted, 2, axis=0)):
        weights = np.exp(q @ k.T)
        weights /= weights.sum(axis=1, keepdims=True)
        heads.append(weights @ k)
    return np.sum(np.concatenate(heads, axis=1) ** 2)


@case(M)
def parts_of_a_number_that_is_given(m, parts=2):
    total = 0.0
    for part in np.split(m, parts):
        total = total + np.sum(part**2) * part[0, 0]
    return total


@case(M)
def plain_rows(m):
    rows = m.tolist()
    t = 0.0
    for r in rows:
        for k, v in enumerate(r):
            t += k * math.sin(v)
    return t * rows[0][1]


@pytest.mark.parametrize(("f", "point"), spread(case.entered, 2))
def test_value_and_derivatives(f: Callable[..., Any], point: tuple[Any, ...]) -> None:
    value, _ = value_and_grad(f)(*point)
    assert_same_bits(value, f(*point))
    check_grads(f, point, order=2)


def of_a_kind(x, kind):
    match kind:
        case "linear":
            return np.sum(x)
        case "cubic" | "third":
            return np.sum(x**3)
        case _:
            return np.sum(x**2)


@pytest.mark.parametrize(("kind", "power"), [("linear", 1), ("cubic", 3), ("third", 3), ("", 2)])
def test_match_of_a_word(kind: str, power: int) -> None:
    assert grad(of_a_kind)(V, kind) == pytest.approx(power * V ** (power - 1))


@np.vectorize
def cube(v):
    return v**3 if v > 0 else 0.0


def test_a_function_that_is_decorated_with_vectorize() -> None:
    assert grad(lambda x: np.sum(cube(x)))(M) == pytest.approx(np.where(M > 0, 3 * M**2, 0))


@np.vectorize
def of_two_kinds(v):
    return v**3 if v > 0 else 0


def by_class(x):
    match x:
        case np.ndarray():
            return np.sum(x)
    return 0.0


def names_before_a_guard(x):
    match (x[0], 1.0):
        case (a, 1.0) if a > 0:
            return a
    return x[1]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: np.sum(of_two_kinds(x)), "integers or floats"),
        (lambda x: MOST(x[0], x[1], default=0.0), r"max\(\) with `default`"),
        (by_class, "`match` is not supported"),
        (names_before_a_guard, "`match` is not supported"),
    ],
)
def test_what_is_refused(f: Callable[..., Any], message: str) -> None:
    with pytest.raises(Unsupported, match=message) as info:
        grad(f)(V)
    assert info.value.lineno


def test_nothing_to_choose_from() -> None:
    def f(x):
        return max([v for v in x if v > 5], key=abs)

    for attempt in (f, grad(f)):
        with pytest.raises(ValueError, match=r"is empty|an empty"):
            attempt(V)


def with_a_default(x, n):
    least = min((v * v for v in x if v > 0.4), default=x[1])
    most = 0.0
    for i in range(n):
        most += max((abs(x[i] - x[j]) for j in range(i)), default=0.5 * x[2])
    near = max([v for v in x if v < 0], key=lambda v: v * v, default=x[0])
    return least * most + near * max(x, default=0.0) + min([], default=x[0])


def test_a_default_for_where_there_is_nothing() -> None:
    for x in (np.array([0.5, 1.2, 0.3]), np.array([0.1, -0.2, 0.3])):
        value, _ = value_and_grad(with_a_default)(x, 3)
        assert_same_bits(value, with_a_default(x, 3))
        check_grads(with_a_default, (x, 3))
