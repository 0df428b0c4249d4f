"""Backward loops run upwards where trips commute, and join their forward loops where they may."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, jvp, source, value_and_grad, vjp
from tests.points import Points, assert_same_bits

X = np.array([0.3, -0.7, 1.1, 0.4, -0.2, 0.9])

joined, apart = Points(), Points()


@joined(X)
def rosenbrock(x: Any) -> Any:
    s = 0.0
    for i in range(len(x) - 1):
        s += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


@joined(X, 0.1, 0.7)
def log_likelihood(x: Any, m: float, s: float) -> Any:
    total = 0.0
    for i in range(len(x)):
        e = (x[i] - m) / s
        total += math.exp(-0.5 * e * e) + math.log(s)
    return total / len(x)


@joined(X)
def with_branches(x: Any) -> Any:
    s, t = 0.0, 1.0
    for i in range(len(x)):
        if x[i] > 0:
            s += math.sin(x[i])
        else:
            t -= x[i] * x[i]
    return s + t


@joined(X, X[:2])
def nested(x: Any, w: Any) -> Any:
    total = 0.0
    for i in range(len(x) - len(w) + 1):
        s = 0.0
        for j in range(len(w)):
            s += w[j] * x[i + j]
        total += s * s
    return total


@joined(np.eye(3), np.arange(12.0).reshape(4, 3) / 10)
def matrices(w: Any, x: Any) -> Any:
    total = 0.0
    for k in range(len(x)):
        h = np.tanh(w @ x[k])
        total += h @ h
    return total


@apart(X)
def squared_sum(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s += math.sin(x[i])
    return s * s  # the backward sweep needs the whole sum


@apart(X)
def product(x: Any) -> Any:
    p = 1.0
    for i in range(len(x)):
        p *= x[i]
    return p


@apart(X)
def sums_of_sums(x: Any) -> Any:
    s, t = 0.0, 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        t += s
    return t


@apart(X)
def read_before(x: Any) -> Any:
    s = 0.0
    for i in range(1, len(x)):
        s += x[i] * math.cos(s)
    return s


@apart(X)
def prefix(x: Any) -> Any:
    y = np.zeros(len(x) + 1)
    for i in range(len(x)):
        y[i + 1] = y[i] + x[i] * x[i]
    return np.sum(y)


@pytest.mark.parametrize(("function", "args"), joined.entered + apart.entered)
def test_both_modes_agree(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    random = np.random.default_rng(2)
    dots = tuple(random.normal(size=np.shape(arg))[()] for arg in args)
    _, forward = jvp(function, args, dots)
    value, pullback = vjp(function, *args)
    assert_same_bits(value, function(*args))
    bars = pullback(1.0)
    backward = sum(np.sum(b * d) for b, d in zip(bars, dots, strict=True))
    assert forward == pytest.approx(backward, rel=1e-12)
    check_grads(function, args, order=2)


@pytest.mark.parametrize(("function", "args"), joined.entered)
def test_sums_take_one_loop(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = source(value_and_grad(function, tuple(range(len(args)))), *args)
    assert "and its reverse in one" in text
    assert ".append(" not in text
    assert "reversed(" not in text
    assert "-1, -1" not in text


@pytest.mark.parametrize(("function", "args"), apart.entered)
def test_what_needs_the_end_takes_two(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = source(value_and_grad(function, tuple(range(len(args)))), *args)
    assert "and its reverse in one" not in text


def test_loops_of_the_user_stay_apart() -> None:
    def f(x: Any) -> Any:
        s = 0.0
        for i in range(len(x)):
            s += math.log(x[i])
        for i in range(len(x)):
            s += 1 / x[i]
        return s

    with pytest.raises(ValueError, match="math domain"):
        value_and_grad(f)(np.array([0.0, -1.0]))
    with pytest.raises(ValueError, match="math domain"):
        f(np.array([0.0, -1.0]))
