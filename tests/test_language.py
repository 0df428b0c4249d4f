"""Functions that people write, in every corner of the language: value, both modes, second order."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, value_and_grad
from tests.points import Points, assert_same_bits

rng = np.random.default_rng(0)
v3, w3 = rng.normal(size=3), rng.normal(size=3)
m23, m33 = rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
C, W = 1.5, rng.normal(size=3)

case = Points()


@case({"a": v3, "b": (m23, 2.0)})
def a_dict_of_arrays(p):
    return np.sum(p["b"][0] @ p["a"]) * p["b"][1]


@case(v3)
def captured_numbers_and_arrays(x):
    return C * np.dot(W, x)


@case(v3, np.array([2.0]))
def an_axis_of_length_one(x, y):
    return np.sum(x * y)


@case(np.ones((3, 1)), np.ones((1, 4)))
def outer_broadcast(x, y):
    return np.sum(np.exp(x * y) + x)


@case(2.0, 0)
def a_loop_that_does_not_run(x, n):
    s = x
    for i in range(n):
        s = s * x
    return s


@case(v3)
def unpacking(x):
    a, b, c = x
    return a * b + c**2


@case(v3)
def builtin_reductions(x):
    return sum(x) * max(x) + min(x)


@case(v3)
def norms_and_spreads(x):
    return np.linalg.norm(x) + np.std(x) + np.var(x, ddof=1)


@case(m33)
def a_trace(x):
    return np.trace(x)


@case(m33)
def products_of_all_and_along_an_axis(x):
    return np.prod(x) + np.prod(x, axis=0)[1]


@case(2.0)
def a_conditional_expression(x):
    y = x if x > 1 else -x
    return math.log(y) ** 3


@case(v3)
def a_loop_over_an_array(x):
    t = 0.0
    for xi in x:
        t += xi**2
    return t


@case(v3)
def enumerate_zip_and_reversal(x):
    t = 0.0
    for i, (a, b) in enumerate(zip(x, x[::-1])):
        t += a * b * i
    return t


@case(v3)
def an_array_of_numbers(x):
    return np.sum([a**2 for a in (x[0], x[1])]) if False else np.sum(np.array([x[0], x[1] ** 2]))


@case(m23)
def views_and_transposes(x):
    return np.sum(x.T @ x) + x.reshape(3, 2)[0, 1] + np.sum(x.mean(axis=0) * W)


@case(1.3)
def functions_in_functions(x):
    def g(u, k=2):
        return u**k

    h = partial(g, k=3)
    return h(x) + g(x) + (lambda z: z * z)(x)


@case(v3)
def where_with_a_root(x):
    return np.sum(np.where(x > 0, np.sqrt(np.abs(x)), 0.0))


@case(v3)
def joined_arrays(x):
    return np.sum(np.concatenate([x, x**2])[1:4]) + np.sum(np.stack([x, x], axis=1)[:, 0])


@case(3.0)
def a_while_loop(x):
    while x > 1.0:
        x = x / 2
    return x * x


@case(v3)
def cumulative_and_clipped(x):
    return np.max(x, axis=0) + np.cumsum(x)[1] + np.sum(np.clip(x, -0.5, 0.5))


@case(1.0, 2.0)
def functions_of_two_numbers(x, y):
    return math.hypot(x, y) + math.atan2(y, x) + x**y + x % y + math.fabs(x)


@case(v3)
def products_of_vectors(x):
    return np.sum(np.outer(x, x) * m33) + np.inner(x, W) + np.vdot(x, x)


@case(m23)
def extremes_kept_as_axes(x):
    return np.sum(np.max(x, axis=1, keepdims=True) * x) + np.sum(np.logaddexp(x, 0.5))


@case(v3)
def fancy_reading(x):
    idx = np.array([0, 2, 2])
    return np.sum(x[idx] * W)


@case(v3)
def masked_reading(x):
    return np.sum(x[x > 0] ** 2)


@case(m23)
def slices(x):
    return np.sum(x[:, 1:] ** 2) + x[-1, -1] + np.sum(x[..., 0]) + np.sum(x[None, 0])


@case((1.0, [2.0, v3]))
def nested_containers(p):
    a, (b, c) = p
    return a * b * np.sum(c)


@case(0.5)
def a_triangular_nest(x):
    r = 0.0
    for i in range(3):
        for j in range(i):
            if (i + j) % 2 == 0:
                r += x**i * math.sin(j * x)
            else:
                r -= x
    return r


@case(v3)
def a_descending_loop(x):
    n = len(x)
    s = 0.0
    for i in range(n - 1, -1, -1):
        s = s * 0.9 + x[i]
    return s


@case(m33, v3)
def a_rebound_argument(a, x):
    for _ in range(4):
        x = np.tanh(a @ x)
    return np.sum(x)


@case(v3)
def attributes(x):
    return x.sum() * x.size + x.ndim * x[0] + x.shape[0]


@case(v3)
def a_variance_by_hand(x):
    return np.mean((x - np.mean(x)) ** 2)


@case(v3)
def axes_added_and_removed(x):
    return np.sum(np.squeeze(np.expand_dims(x, 0)) + np.ravel(m23)[:3] * x)


@case(m23)
def axes_moved(x):
    return (
        np.sum(np.broadcast_to(x[0], (4, 3)) * np.flip(np.ones((4, 3)), 0))
        + np.sum(np.moveaxis(x, 0, 1) @ x)
        + np.sum(np.swapaxes(x, 0, 1))
    )


@case(v3)
def filled_arrays(x):
    return (
        np.full(3, x[0]) @ x
        + np.sum(np.zeros(3) + x)
        + np.sum(np.ones_like(x) * x)
        + np.sum(np.full_like(x, x[1]) * x)
    )


@case(1.0)
def truth_values_as_numbers(x):
    return (x > 0) * x + (1 if x < 2 and x > 0 else 0) * x


@case(1.5)
def a_test_that_binds_a_name(x):
    while (y := x * x) < 100:
        x = x + 1
    return x + y


@case(1.5, 8)
def a_test_that_binds_names_one_after_the_other(x, n):
    k = 0
    while (k := k + 1) < n and (s := x * k) < 20:
        if s > 10:
            continue
        x = x * 1.5
        z = s * x
    x = x * 7
    return x * k * s + z


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    moving = tuple(k for k, a in enumerate(args) if not isinstance(a, int))
    value, _ = value_and_grad(function, moving)(*args)
    expected = function(*args)
    assert_same_bits(value, expected)
    check_grads(function, args)


def test_single_precision_stays_single() -> None:
    def squares(x: Any) -> Any:
        return np.sum(x**2)

    gradient = grad(squares)(v3.astype(np.float32))
    assert gradient.dtype == np.float32
    assert gradient == pytest.approx(2 * v3, rel=1e-6)
