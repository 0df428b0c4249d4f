"""Names that are something else in the first trip of a loop: None, a plain 0, or nothing yet."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from tests.depth import spread
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(0)
v5, m43 = rng.normal(size=5), rng.normal(size=(4, 3))

case = Points()


def test_second_derivatives_of_what_the_first_trip_makes() -> None:
    def f(u, v):
        first = True
        for item in v:
            if first:
                y = np.sin(u)
                first = False
                continue
            y *= item
        return np.sum(y)

    check_grads(f, (v5[:2], v5[2:]), order=2)


@case(m43)
def made_first_and_written_later(x):
    for k, row in enumerate(x):
        if k == 0:
            mean, cov = row.copy(), np.zeros((3, 3))
            continue
        d = row - mean
        mean += d / (k + 1)
        cov += np.outer(d, row - mean)
    return cov.sum() + mean[0]


@case(v5)
def made_once_a_flag_says_so(x):
    first = True
    for v in x:
        if first:
            y = v * np.ones(2)
            first = False
        y *= v + y
    return y.sum()


@case(v5)
def the_zeros_of_the_first_trip(x):
    for i in range(len(x)):
        if i == 0:
            y = np.zeros(5)
        y[i] = x[i] * y[i - 1] + 1
    return y.sum()


@case(v5)
def differences_of_what_was_before(x):
    prev, s = None, 0.0
    for v in x:
        if prev is not None:
            s += (v - prev) ** 2
        prev = v
    return s


@case(v5, 0.1)
def two_steps_of_different_orders(y, h):
    before = None
    for _ in range(4):
        slope = np.sin(y) - y
        y = y + h * (slope if before is None else 1.5 * slope - 0.5 * before)
        before = slope
    return np.sum(y**2)


@case(v5)
def a_condition_that_looks_back(x):
    old, y = None, x[0]
    while old is None or abs(y - old) > 1e-10:
        old = y
        y = 0.5 * math.cos(y) + 0.1 * x[1]
    return y


@case(m43)
def rows_with_jumps(m):
    last, s = None, 0.0
    for row in m:
        if last is None:
            last = row
            continue
        s += row @ last
        if s > 100.0:
            break
        last = row
    else:
        s *= 2.0
    return s


@case(v5)
def two_that_begin_with_none(x):
    a = b = None
    y, z = x[0], 0.0
    for _ in range(5):
        y = 0.5 * math.cos(y) + 0.3 * x[1]
        if a is not None and b is not None:
            z = y - (y - b) ** 2 / (y - 2 * b + a)
        a, b = b, y
    return z


@case(v5)
def nested_loops(x):
    total = 0
    for i in range(3):
        prev, acc = None, 0
        for j in range(4):
            y = np.sin(x * (i + j))
            if prev is not None:
                acc = acc + (y - prev) ** 2
            prev = y
        total = total + acc * (i + 1)
    return np.sum(total)


@case(v5)
def a_flag_says_that_it_is_the_first(x):
    first, s = True, 0.0
    for v in x:
        if first:
            highest = v
            first = False
        else:
            s += (v - highest) ** 2
            highest = max(highest, v)
    return s


@case(m43, v5)
def sums_of_arrays_that_begin_with_zero(m, x):
    acc = 0
    for c in x:
        acc = acc + c * m[0]
    powers = sum(m[1] ** k / (k + 1.0) for k in range(1, 4))
    return np.sum(acc * powers) + np.sum(sum(row**2 for row in m))


@case(v5)
def the_best_so_far(x):
    best, where = None, -1
    for k, v in enumerate(x):
        if best is None or v * v > best:
            best, where = v * v, k
    return best * x[where]


@pytest.mark.parametrize("backend", spread(["python", "numba"], 2))
@pytest.mark.parametrize(("function", "args"), spread(case.entered, 2))
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...], backend: str) -> None:
    moving = tuple(range(len(args)))
    value, gradient = value_and_grad(function, moving, backend=backend)(*args)
    assert value == pytest.approx(function(*args))
    if backend == "python":
        assert_same_bits(value, function(*args))
        check_grads(function, args)
    for one, other in zip(gradient, grad(function, moving)(*args), strict=True):
        assert one == pytest.approx(other)


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_without_a_trip_the_name_is_what_it_was(backend: str) -> None:
    def f(m):
        total = 0
        for row in m:
            total = total + row
        return np.sum(total * total)

    gradient = grad(f, backend=backend)
    assert gradient(m43) == pytest.approx(np.tile(2 * np.sum(m43, axis=0), (4, 1)))
    with pytest.raises(ValueError, match="`total` is what it was before the loop at line"):
        gradient(np.zeros((0, 3)))


def test_one_trip_of_two_that_it_takes() -> None:
    def f(x):
        prev, acc = None, 0
        for v in x:
            if prev is not None:
                acc = acc + np.array([v, prev])
            prev = v
        return np.sum(acc)

    assert np.array_equal(grad(f)(np.ones(3)), [1.0, 2.0, 1.0])
    with pytest.raises(ValueError, match="`acc` is what it was"):
        grad(f)(np.ones(1))


def test_the_first_trip_is_written_out_once() -> None:
    text = grad(differences_of_what_was_before).source(v5)
    assert text.count("for k in range(1, n)") == 1
    assert "None" not in text


switched = Points()


@switched(m43, 0, False)
@switched(m43, 1, True)
def an_axis_that_stays_or_goes(m, axis, keepdims):
    top = np.max(m, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(m - top), axis=axis, keepdims=True)) + top
    if not keepdims:
        total = np.squeeze(total, axis=axis)
    return np.sum(total**2)


@switched(v5, True, False)
@switched(v5, False, True)
def parts_or_their_sum(x, parts, last):
    row = x[None] if parts else x
    if last:
        row = row[..., -1]
    return np.sum(row**2)


@pytest.mark.parametrize(("function", "args"), spread(switched.entered, 2))
def test_arguments_that_say_what_a_name_is(
    function: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    value, _ = value_and_grad(function)(*args)
    assert_same_bits(value, function(*args))
    check_grads(function, args)


def test_an_argument_that_says_what_is_returned() -> None:
    def f(x, pair=False):
        if pair:
            return np.sum(x), np.sum(x**2)
        return np.sum(x**2)

    assert np.array_equal(grad(f)(np.ones(2)), [2.0, 2.0])
    assert np.array_equal(grad(f, has_aux=True)(np.ones(2), True)[0], [1.0, 1.0])
