"""What an array still holds at the end needs no tape, and what nobody reads again is not reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, jvp, source, vjp
from tests.points import Points

X = np.array([0.3, -0.7, 1.1, 0.4, -0.2, 0.9])
M = np.arange(9.0).reshape(3, 3) / 10 + 2 * np.eye(3)

kept, overwritten = Points(), Points()


@kept(0.4, 0.9, 5)
def recurrence(x: float, w: float, n: int) -> Any:
    h = np.zeros(n + 1)
    h[0] = x
    for t in range(n):
        h[t + 1] = np.tanh(w * h[t])
    return np.sum(h)


@kept(M, X[:3], 4)
def rows(w: Any, x: Any, n: int) -> Any:
    h = np.empty((n + 1, len(x)))
    h[0] = x
    for t in range(n):
        h[t + 1] = np.tanh(w @ h[t])
    return np.sum(h[-1] ** 2)


@kept(M, X[:3])
def back_substitution(u: Any, b: Any) -> Any:
    n = len(b)
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        s = b[i]
        for j in range(i + 1, n):
            s -= u[i, j] * x[j]
        x[i] = s / u[i, i]
    return np.sum(x * x)


@kept(M)
def factorised(a: Any) -> Any:
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    return np.sum(a * a)


@kept(X, 3)
def two_steps_back(x: Any, n: int) -> Any:
    y = np.zeros(2 * n + 2)
    y[:2] = x[:2]
    for t in range(2, 2 * n, 2):
        y[t] = y[t - 1] * y[t - 2]
        y[t + 1] = y[t] + y[t - 1] * x[1]
    return y[2 * n - 1]


@kept(X)
def table(x: Any) -> Any:
    n = len(x)
    best = np.zeros((n, n))
    for i in range(n):
        best[i, i] = x[i]
    for i in range(1, n):
        for j in range(i):
            if x[i] > x[j]:
                best[i, j] = best[i - 1, j] * x[i]
            else:
                best[i, j] = best[i - 1, j] + x[j]
    return np.sum(best)


@overwritten(X, 5)
def from_the_end(x: Any, n: int) -> Any:
    h = x.copy()
    for t in range(n):
        h[t] = np.sin(h[t - 1]) * h[t - 2]  # h[-1] first, which the last trip overwrites
    return np.sum(h)


@overwritten(X, 3)
def backwards(x: Any, n: int) -> Any:
    h = x.copy()
    for t in range(n, 0, -1):
        h[t - 1] = h[t] * h[t - 1] * h[t + 1]
        h[t + 1] = 2.0
    return np.sum(h)


@overwritten(X, 4)
def again_after_the_loop(x: Any, n: int) -> Any:
    h = x.copy()
    for t in range(n):
        h[t + 1] = h[t] * h[t + 1]
    h[1] = h[2] ** 2
    for t in range(n):
        h[t] *= h[t]
    return np.sum(h)


@overwritten(X, 3)
def in_every_turn(x: Any, n: int) -> Any:
    h = x.copy()
    for _ in range(2):
        for t in range(n):
            h[t + 1] = h[t] * h[t + 1]
    return np.sum(h)


@overwritten(X, 3)
def strides(x: Any, n: int) -> Any:
    h = x.copy()
    for t in range(n):
        h[2 * t] = h[t] ** 2 + h[t + 1]
    return np.sum(h)


@overwritten(X, 4)
def slices(x: Any, n: int) -> Any:
    h = x.copy()
    for t in range(n):
        h[t:] = h[t] * h[t + 1] + h[t:]
    return np.sum(h)


@overwritten(X, 4)
def counted(x: Any, n: int) -> Any:
    h = x.copy()
    k = 0
    while k < n:
        k += 1
        h[n - k] = h[k] * h[k + 1]
    return np.sum(h)


@overwritten(X, 4)
def bounded_by_what_changes(x: Any, n: int) -> Any:
    h = x.copy()
    last = n
    for t in range(n):
        for k in range(last):
            h[k + 1] = h[t] * h[k]
        last -= 1
    return np.sum(h)


@overwritten(X, 5)
def swapped(x: Any, n: int) -> Any:
    a, b = x.copy(), x * 2
    for t in range(n):
        a[t] = b[t] * a[t + 1] * b[0]
        a, b = b, a
    return np.sum(a * b)


def tangents(args: tuple[Any, ...]) -> tuple[Any, ...]:
    random = np.random.default_rng(1)
    return tuple(
        None if isinstance(arg, int) else random.normal(size=np.shape(arg))[()] for arg in args
    )


@pytest.mark.parametrize(("function", "args"), kept.entered + overwritten.entered)
def test_both_modes_agree(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    dots = tangents(args)
    _, forward = jvp(function, args, dots)
    value, pullback = vjp(function, *args)
    assert value == function(*args)
    bars = pullback(1.0)
    backward = sum(np.sum(b * d) for b, d in zip(bars, dots, strict=True) if d is not None)
    assert forward == pytest.approx(backward, rel=1e-12)
    check_grads(function, args, order=2)


@pytest.mark.parametrize(("function", "args"), kept.entered)
def test_what_is_kept_is_on_no_tape(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    floats = tuple(k for k, arg in enumerate(args) if not isinstance(arg, int))
    assert ".append(" not in source(grad(function, floats), *args)


@pytest.mark.parametrize("function", [recurrence, rows, back_substitution])
def test_what_is_never_read_again_is_not_reset(function: Callable[..., Any]) -> None:
    (args,) = (param.values[1] for param in kept.entered if param.values[0] is function)
    text = source(grad(function), *args)
    backward = text.partition("# reverse of the loop")[2]
    assert "] = 0.0" not in backward
    assert "copy()" not in backward
