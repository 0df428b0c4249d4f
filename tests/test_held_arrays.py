"""Arrays that functions, iterators and pullbacks hold stay what they are, whatever names do."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import functools

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad, value_and_grad, vjp

V = np.array([0.5, -1.5, 2.0])


def total(w):
    return np.sum(w)


def changing(w):
    w[0] = 5.0
    return np.sum(w * w)


def partial_keeps_its_array(x, c):
    y = x * 2.0
    g = functools.partial(total, y)
    y = x * c
    return g() * np.sum(y)


def default_keeps_its_array(x, c):
    y = x * 2.0
    g = lambda w=y: np.sum(w)  # noqa: E731 (a default of a lambda is the point)
    y = x * c
    y[0] = 1.0
    return g() * np.sum(y)


def partial_sees_writes(x, c):
    y = x * 2.0
    g = functools.partial(total, y)
    y[1] = c
    return g() * np.sum(y)


def zip_keeps_its_arrays(x, c):
    y = x * 2.0
    pairs = zip(y, x, strict=True)
    y = x * c
    s = 0.0
    for p, q in pairs:
        s += p * q
    return s + np.sum(y)


def enumerate_and_reversed_keep_theirs(x, c):
    y = x * 2.0
    pairs = enumerate(y)
    y = x * c
    s = 0.0
    for k, p in pairs:
        s += k * p
    y = y * 2
    back = reversed(y)
    y[0] = c
    for p in back:
        s += p * c
    return s + np.sum(y)


def method_keeps_its_array(x, c):
    y = x * 2.0
    add = y.sum
    y = x * c
    return add() * np.sum(y)


def pullback_keeps_its_point(x, c):
    y = x * 2.0
    v, pull = vjp(lambda w: np.sum(w * w * w), y)
    y = x * c
    return np.sum(pull(1.0)[0]) + np.sum(y) * v


def pullback_keeps_what_it_read(x, c):
    s, y = c * 0.5, x * c

    def g(w):
        return np.sum(w * w * y) * s

    v, pull = vjp(g, x)
    s = s * 2
    y[0] = 1.0
    derivative = grad(g)
    y[1] = 2.0
    return np.sum(pull(1.0)[0]) + np.sum(derivative(x)) * v


def pullback_is_not_written_to(x, c):
    y = x * 2
    v, pull = vjp(lambda w: np.sum(w * w), y)
    y[0] = c
    return np.sum(pull(1.0)[0]) + v * np.sum(y)


def derivative_changes_nothing(x, c):
    y = x * c
    v, pull = vjp(changing, y)
    return np.sum(pull(1.0)[0]) + v * np.sum(y)


HELD = (
    partial_keeps_its_array, default_keeps_its_array, partial_sees_writes, zip_keeps_its_arrays,
    enumerate_and_reversed_keep_theirs, method_keeps_its_array, pullback_keeps_its_point,
    pullback_keeps_what_it_read, pullback_is_not_written_to, derivative_changes_nothing,
)  # fmt: skip


@pytest.mark.parametrize("f", HELD)
def test_what_is_held_stays(f) -> None:
    value, _ = value_and_grad(f, (0, 1))(V, 6.0)
    assert value == f(V.copy(), 6.0)
    check_grads(f, (V, 6.0), order=2)


def held_on_a_path(x, c):
    y = x * 2.0
    g = functools.partial(total, y)
    if c > 5:
        y = x * 3.0
    y[0] = 7.0 * c
    return g()


def test_a_write_that_a_function_may_see_is_refused() -> None:
    with pytest.raises(Unsupported, match="depends on the path taken"):
        grad(held_on_a_path)(V, 6.0)


def swapped_with_part_of_a_tuple(p, u, c):
    w = p[0]
    for k in range(2):
        w, u = u, w
        w[0] = c * k
    return np.sum(w * u * c)


def scaled(m, c):
    if c > 3:
        m = m * 2.0
    m[0] = c
    return np.sum(m * m)


def called_with_its_last_mention(x, c):
    y = x * 2.0
    r = scaled(y, c)
    return r * c


def called_before_its_last_mention(x, c):
    y = x * 2.0
    r = scaled(y, c)
    return r * np.sum(y)


def called_in_comprehensions(x, c):
    y = x * 2.0
    return sum([scaled(y, c) for _ in range(2)])


def test_names_that_are_not_mentioned_any_more_are_no_aliases() -> None:
    for c in (2.0, 6.0):
        args = ((V,), V * 2, c)
        value, _ = value_and_grad(swapped_with_part_of_a_tuple, (0, 1, 2))(*args)
        assert value == swapped_with_part_of_a_tuple((V.copy(),), V * 2, c)
        value, _ = value_and_grad(called_with_its_last_mention, (0, 1))(V, c)
        assert value == called_with_its_last_mention(V, c)
        check_grads(called_with_its_last_mention, (V, c), order=2)


@pytest.mark.parametrize("f", [called_before_its_last_mention, called_in_comprehensions])
def test_names_that_are_still_mentioned_are_aliases(f) -> None:
    with pytest.raises(Unsupported, match="depends on the path taken"):
        value_and_grad(f, (0, 1))(V, 6.0)
