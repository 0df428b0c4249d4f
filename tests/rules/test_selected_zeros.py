"""A zero that comes from choosing something else stays zero where it meets an infinite slope."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, jacfwd, jacrev, jvp

X = np.array([0.0, 4.0, 9.0])


def scaled(x):
    return np.sum((2 * np.sqrt(x))[1:])


def masked(x):
    return np.sum((2 * np.sqrt(x) + 1)[x > 1])


def moved(x):
    return np.sum((np.sqrt(x)[::-1].reshape(3, 1) / 2).T[0, :2])


def taken_twice(x):
    return np.sum((3 * np.sqrt(x))[1:][1:])


def through_a_product(x):
    return np.sum((np.sqrt(x) * x)[1:]) + np.sum((-np.log(x))[2:])


def broadcast(x):
    return np.sum((np.sqrt(x)[:, None] * np.ones(2)).T[0, 1:])


def joined(x):
    return np.sum(np.concatenate([2 * np.sqrt(x), x])[1:])


def in_a_loop(x):
    r = 2 * np.sqrt(x)
    s = 0.0
    for k in range(1, 3):
        s += r[k]
    return s


def sorted_away(x):
    return np.sort(2 * np.sqrt(x))[2]


def chosen_before(x):
    return np.sum(np.sqrt(np.where(x > 0, 2 * x, 0.0)))


def stored_before(x):
    y = np.zeros(4)
    y[1:] = x + 1
    return np.sum(3 * np.sqrt(2 * y))


def stored_between(x):
    y = x + 1
    y[0] = 0.0
    return np.sum(np.sqrt(y))


FUNCTIONS = [
    scaled, masked, moved, taken_twice, through_a_product, broadcast, joined, in_a_loop,
    sorted_away, chosen_before, stored_before, stored_between,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("f", FUNCTIONS)
def test_it_is_zero_in_both_modes(f: Callable[..., Any]) -> None:
    gradient = grad(f)(X)
    steps = np.array([0.0, 1e-6, 1e-6])
    for k in (1, 2):
        h = np.eye(3)[k] * steps
        assert gradient[k] == pytest.approx((f(X + h) - f(X - h)) / 2e-6, rel=1e-6)
    assert np.isfinite(gradient[0])
    assert [jvp(f, (X,), (e,))[1] for e in np.eye(3)] == pytest.approx(gradient)
    assert jvp(f, (X,), (np.ones(3),))[1] == pytest.approx(np.sum(gradient))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("jacobian", [jacfwd, jacrev])
def test_off_the_diagonal(jacobian: Callable[..., Any]) -> None:
    found = jacobian(lambda x: -2 * np.sqrt(x))(X)
    wanted = np.diag([-np.inf, -0.5, -1 / 3])
    assert np.array_equal(found, wanted) or found == pytest.approx(wanted)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("jacobian", [jacfwd, jacrev])
def test_a_zero_that_is_a_value_is_not_one_of_selection(jacobian: Callable[..., Any]) -> None:
    """`sqrt(x)**2` has slope 1 at 0; 0 would be wrong in silence."""
    found = jacobian(lambda x: np.sqrt(x) ** 2)(X)
    assert np.isnan(found[0, 0])
    assert found[1:] == pytest.approx(np.eye(3)[1:])
    assert np.isnan(grad(lambda x: np.sum((np.sqrt(x) ** 2)[:2]))(X)[0])
    assert np.isnan(jvp(lambda x: np.sqrt(x * x), (X,), (np.ones(3),))[1][0])


def floored(v):
    return np.sqrt(max(v, 0.0))


def floored_by_a_branch(v):
    if v > 0.0:
        low = v
    elif v > -1.0:
        low = max(v, 0.0)
    else:
        low = 0.0
    return math.sqrt(low) + math.sqrt(v if v > 0.0 else 0.0)


def within(v):
    return math.sqrt(max(0, min(v, 1)))


def stored_and_taken(v):
    y = np.zeros(3)
    y[1] = v * v
    return np.sqrt(y[0]) + np.sqrt(y[1]) + abs(max(0.0, v)) ** 0.5


def halved_in_a_loop(v):
    s = 1.0
    for _ in range(3):
        s += np.sqrt(max(v, 0.0) * 0.1)
        v = v * 0.5
    return s


@pytest.mark.parametrize(
    "f", [floored, floored_by_a_branch, within, stored_and_taken, halved_in_a_loop]
)
@pytest.mark.parametrize("v", [-2.0, -0.5, 0.5, 2.0])
def test_numbers(f: Callable[..., Any], v: float) -> None:
    """Where a number is what was chosen instead of v, an infinite slope does not matter."""
    slope = (f(v + 1e-6) - f(v - 1e-6)) / 2e-6
    assert grad(f)(v) == pytest.approx(slope, abs=1e-6)
    assert grad(lambda x: f(x[0]))(np.array([v, 1.0]))[0] == pytest.approx(slope, abs=1e-6)
    assert f is stored_and_taken or np.isfinite(grad(grad(f))(v))


def test_a_number_that_is_zero_and_varies() -> None:
    """`sqrt(v * v)` has no slope at 0."""
    assert np.isnan(grad(lambda v: math.sqrt(v * v))(0.0))
    assert np.isinf(grad(floored)(0.0))


A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sqrt((x * A)[0]),
        lambda x: np.sqrt((x * A)[:, 1]),
        lambda x: np.log((x[0] * A)[:, 1:]),
        lambda x: np.sqrt((x[:, None] * x)[1]),
        lambda x: np.log((A.T * x[1])[x > 0.5]),
        lambda x: np.sqrt(np.roll(A * x, 1, axis=0).T[2]),
    ],
)
def test_a_unit_vector_that_is_broadcast(f: Callable[..., Any]) -> None:
    """Which elements vary is known for all rows alike, or all elements, and not for one."""
    x = np.array([0.3, 0.6, 0.9])
    assert jacfwd(f)(x) == pytest.approx(jacrev(f)(x))
    for k, unit in enumerate(np.eye(3)):
        slope = (f(x + 1e-6 * unit) - f(x - 1e-6 * unit)) / 2e-6
        assert jacfwd(f)(x)[..., k] == pytest.approx(slope, rel=1e-7)


def whole_and_a_part(x):
    w = np.cbrt(x)
    return np.sum(w[None]) + np.sum(w[:1] ** 2)


def whole_in_two_ways(x):
    w = np.cbrt(x)
    return np.sum(w[:, None] * w[None]) + w[1] + np.sum(w[...] ** 2)


def part_of_the_whole(x):
    w = np.sqrt(x)
    return np.sum(w[None][:, 1:] ** 3)


@pytest.mark.parametrize("f", [whole_and_a_part, whole_in_two_ways, part_of_the_whole])
def test_all_is_taken_by_an_index_that_only_adds_axes(f: Callable[..., Any]) -> None:
    x = np.array([0.3, 0.6, 0.9])
    slopes = [(f(x + h) - f(x - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    assert grad(f)(x) == pytest.approx(slopes, rel=1e-7)
    assert jacfwd(f)(x) == pytest.approx(slopes, rel=1e-7)
    if f is part_of_the_whole:
        assert np.isfinite(grad(f)(X)).all()


@pytest.mark.parametrize(("triangle", "k"), [(np.triu, 1), (np.tril, -1)])
def test_distances_beside_the_diagonal(triangle: Callable[..., Any], k: int) -> None:
    """Of the diagonal, where the slope of a distance is infinite, nothing is taken."""
    p = np.array([0.3, 1.1, -0.4, 2.0])

    def energy(p):
        return np.sum(triangle(np.sqrt((p[:, None] - p) ** 2), k) ** 3)

    slopes = [(energy(p + h) - energy(p - h)) / 2e-6 for h in 1e-6 * np.eye(4)]
    assert grad(energy)(p) == pytest.approx(slopes, rel=1e-7)
    assert jacfwd(energy)(p) == pytest.approx(slopes, rel=1e-7)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_distances_on_the_diagonal_have_no_slope() -> None:
    p = np.array([0.3, 1.1])
    assert np.all(np.isnan(grad(lambda p: np.sum(np.triu(np.sqrt((p[:, None] - p) ** 2))))(p)))


def masked_out(x):
    y = np.log(x)
    y[x <= 0] = 0.0
    return np.sum(y * np.arange(1.0, 4.0))


def one_is_written(x):
    y = np.sqrt(x)
    y[0] = x[1]
    return np.sum(y)


def parts_are_written(x):
    y = 2 * np.sqrt(x)
    y[:1] = x[2]
    y[2:] *= x[1]
    return np.sum(y**2)


OVERWRITTEN = [
    (masked_out, [0, 1 / 2, 1 / 3]),
    (one_is_written, [0, 1.25, 1 / 6]),
    (parts_are_written, [0, 292, 82]),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("f", "slopes"), OVERWRITTEN)
def test_elements_that_are_overwritten(f: Callable[..., Any], slopes: list[float]) -> None:
    np.testing.assert_allclose(grad(f)(X), slopes, rtol=1e-14)
    np.testing.assert_allclose(jacfwd(f)(X), slopes, rtol=1e-14)
    second = jacfwd(grad(f))(X)
    np.testing.assert_allclose(second, second.T, rtol=1e-12)
