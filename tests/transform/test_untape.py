"""Tapes that would hold nothing new: of what each trip computes alike, and what the next holds."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import check_grads, grad, hessian, jacfwd, value_and_grad
from tests.depth import spread

ROWS = np.array([[0.3, -0.2], [0.8, 0.1], [-0.5, 0.7]])


def damped(x, decay, depth, n):
    total = 0.0
    for _ in range(n):
        a = math.exp(-decay / depth)
        x = math.sin(x * a)
        total += x * a
    return total


def damped_until(x, decay, depth, n):
    total = 0.0
    while True:
        a = math.exp(-decay / depth)
        x = math.sin(x * a)
        n -= 1
        if n < 0:
            break
        total += x * a * x
    return total


def damped_while(x, decay, depth, n):
    total, k = 0.0, 0
    while k < n:
        x = math.sin(x * math.exp(-decay / depth))
        total += x**3
        k += 1
    return total


def damped_twice(x, decay, depth, n):
    total = 0.0
    for k in range(n):
        for _ in range(k):
            a = math.exp(-decay / depth)
            x = math.sin(x * a)
            total += x * a
    return total


def damped_sometimes(x, decay, depth, n):
    total = 0.0
    for k in range(n):
        if k % 2:
            x = math.sin(x * math.exp(-decay / depth))
        total += x * x
    return total


def by_steps_of_two(x, decay, depth, n):
    total = 0.0
    for k in range(1, 2 * n, 2):
        x = math.sin(x * decay) + k / depth
        total += x * x
    return total


BACKENDS = ["python", pytest.param("numba", marks=pytest.mark.thorough)]
NUMBERS = [damped, damped_until, damped_while, damped_twice, damped_sometimes, by_steps_of_two]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", spread(NUMBERS, 2))
def test_derivatives_of_loops_that_compute_the_same(f, backend: str) -> None:
    gradient = value_and_grad(f, (0, 1, 2), backend=backend)
    for n in (0, 1, 4):
        args = (0.4, 1.2, 2.0, n)
        value, found = gradient(*args)
        assert value == pytest.approx(f(*args), rel=1e-14)
        np.testing.assert_allclose(found, jacfwd(f, (0, 1, 2))(*args), rtol=1e-12, atol=1e-14)


def test_what_each_trip_computes_alike_has_no_tape() -> None:
    text = grad(damped, (0, 1, 2)).source(0.4, 1.2, 2.0, 4)
    assert text.count(" = []") == 1  # that of x
    assert text.count("math.exp") == 1


def test_a_loop_without_a_trip_raises_as_it_did() -> None:
    gradient = grad(damped, (0, 1, 2))
    assert gradient(0.4, 1.2, 0.0, 0) == (0.0, 0.0, 0.0)
    with pytest.raises(ZeroDivisionError):
        gradient(0.4, 1.2, 0.0, 1)


def recurrent(weights, start, rows):
    state, total = start, 0.0
    for row in rows:
        state = np.tanh(weights @ state + row)
        total += np.sum((state - row) ** 2)
    return total


def recurrent_with_its_end(weights, start, rows):
    state, total = start, 0.0
    for row in rows:
        state = np.tanh(weights @ state + row)
        total += np.sum((state - row) ** 2)
    return total * np.sum(state * state)


def recurrent_until(weights, start, rows):
    state, total = start, 0.0
    for row in rows:
        state = np.tanh(weights @ state + row)
        if np.sum(state) < -0.2:
            break
        total += np.sum((state - row) ** 2)
    return total + np.sum(state)


def overwritten(weights, start, rows):
    state, total = start.copy(), 0.0
    for row in rows:
        state[:] = np.tanh(weights @ state + row)
        total += np.sum((state - row) ** 2)
    return total


STATES = [recurrent, recurrent_with_its_end, recurrent_until, overwritten]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", STATES)
def test_derivatives_of_recurrences(f, backend: str) -> None:
    gradient = grad(f, (0, 1, 2), backend=backend)
    for n in (0, 1, 3):
        args = (np.array([[0.6, -0.3], [0.2, 0.9]]), np.array([0.1, 0.5]), ROWS[:n])
        before = [a.copy() for a in args]
        found = gradient(*args)
        for one, other in zip(found, jacfwd(f, (0, 1, 2))(*args), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
        for old, now in zip(before, args, strict=True):
            np.testing.assert_array_equal(old, now)


@pytest.mark.parametrize("f", STATES)
def test_second_derivatives_of_recurrences(f) -> None:
    args = (np.array([[0.6, -0.3], [0.2, 0.9]]), np.array([0.1, 0.5]), ROWS)
    check_grads(f, args, order=2)
    np.testing.assert_allclose(hessian(f, 1)(*args), jacfwd(grad(f, 1), 1)(*args), rtol=1e-12)


def test_one_tape_holds_the_states_before_and_after() -> None:
    args = (np.array([[0.6, -0.3], [0.2, 0.9]]), np.array([0.1, 0.5]), ROWS)
    text = grad(recurrent, (0, 1)).source(*args)
    assert text.count(" = []") == 1
    assert "state_before = states[k]" in text
    assert "        state = state_before\n" in text
