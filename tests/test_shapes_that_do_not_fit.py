"""A derivative that does not compute the value still raises for shapes that do not fit."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from collections.abc import Callable
from itertools import product as product_of
from typing import Any

import numpy as np
import pytest

from ad_compiler import (
    Unsupported,
    check_grads,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    value_and_grad,
    vjp,
)

THREE, FOUR, M43 = np.ones(3), np.ones(4), np.ones((4, 3))


def product(x, y):
    return np.sum(x * y)


def total(x, y):
    return np.sum(x + y)


def larger(x, y):
    return np.sum(np.maximum(2 * x, y))


def matrix_product(x, y):
    return np.sum(x @ y)


def in_a_branch(x, y):
    return np.sum(x - y) if x[0] > 0 else 0.0 * x[0]


def not_used(x, y):
    np.sum(x * y @ y)
    return x[0] * y[0]


def not_used_at_all(x, y, m):
    z = y * x
    _ = m * m[0] @ z  # that these lengths are equal, nothing else sees to
    return np.sum(np.where(x > 0, z, z))


def not_used_and_not_there(x, y, k=7):
    _ = x[k] * y @ y
    return np.sum(x * y)


def added_in_place(x, y):
    z = 2 * x
    z += y
    return np.sum(z)


def written(x, y):
    z = np.zeros(len(x))
    z[:] = 2 * y
    return np.sum(z)


def written_to_a_part(x, y):
    z = x * 2
    z[1:3] = y
    return np.sum(z)


def written_to_elements(x, y):
    z = x * 2
    z[np.array([0, 1])] = y
    return np.sum(z)


def a_dot_product(x, y):
    return np.dot(x, 2 * y)


def einsum(x, y):
    return np.einsum("i,i->", x, 2 * y)


def interpolated(x, y):
    return np.interp(0.5, x, 2 * y)


def averaged(x, y):
    return np.average(x, weights=y, axis=0)


CASES = [
    (added_in_place, (THREE, FOUR)),
    (added_in_place, (np.ones(1), FOUR)),
    (written, (THREE, np.ones(6))),
    (written, (np.ones(1), FOUR)),
    (written_to_a_part, (np.ones(6), THREE)),
    (written_to_a_part, (np.ones(2), np.ones(2))),
    (written_to_elements, (THREE, FOUR)),
    (a_dot_product, (FOUR, np.ones(1))),
    (a_dot_product, (np.ones(1), FOUR)),
    (a_dot_product, (THREE, FOUR)),
    (einsum, (np.ones(5), np.ones(6))),
    (interpolated, (np.arange(5.0), np.ones(6))),
    (averaged, (np.ones(1), THREE)),
    (not_used, (THREE, FOUR)),
    (not_used_at_all, (np.ones(6), np.ones(6), M43)),
    (not_used_at_all, (THREE, FOUR, M43)),
    (product, (THREE, FOUR)),
    (product, (np.ones(2), M43)),
    (total, (THREE, FOUR)),
    (larger, (THREE, FOUR)),
    (matrix_product, (M43, np.ones(5))),
    (in_a_branch, (THREE, FOUR)),
]


@pytest.mark.parametrize("derivative", [grad, hessian])
@pytest.mark.parametrize(("f", "args"), CASES)
def test_it_raises(f: Callable[..., Any], args: tuple[Any, ...], derivative: Any) -> None:
    with pytest.raises(
        ValueError, match=r"mismatch|broadcast|size|aligned|same length|not as long"
    ):
        derivative(f)(*args)


def test_what_is_looked_at_for_a_check_alone_is_there() -> None:
    for derivative in (grad, value_and_grad):
        with pytest.raises(IndexError, match="out of bounds"):
            derivative(not_used_and_not_there)(THREE, THREE)


def test_a_length_that_may_be_1_does_not_make_others_equal() -> None:
    def f(x, y, z):
        _ = y * z
        return np.sum(np.sin(x * y) + np.sin(x * z))

    x, y = np.ones(1), np.ones((1, 4))
    assert grad(f)(x, y, y) == pytest.approx(8 * np.cos(1.0))
    with pytest.raises(ValueError, match=r"mismatch|broadcast"):
        grad(f)(x, THREE, FOUR)


def test_other_derivatives_raise_too() -> None:
    with pytest.raises(ValueError, match="mismatch"):
        hvp(product)(THREE, FOUR, THREE)
    with pytest.raises(ValueError, match="mismatch"):
        elementwise_grad(lambda x, y: x * y)(THREE, FOUR)
    with pytest.raises(ValueError, match="broadcast"):
        vjp(product, THREE, FOUR)


def test_a_branch_that_is_not_taken_does_not() -> None:
    assert grad(in_a_branch)(-THREE, FOUR) == pytest.approx(np.zeros(3))


def test_what_is_computed_anyhow_is_not_checked_apart() -> None:
    def f(x, y):
        return np.sum(np.sin(x * y))

    assert "broadcast_shapes" not in grad(f).source(THREE, THREE)


@pytest.mark.parametrize("by", range(1, 4))
def test_parts_of_short_arrays_broadcast_as_they_do_in_the_primal(by: int) -> None:
    def f(x, y):
        return np.sum(x[by:] ** 2 * np.sin(y[:-by]))

    for n, m in product_of(range(2, 8), repeat=2):
        x, y = np.linspace(0.5, 1.0, n), np.linspace(1.0, 2.0, m)
        if n != m and 1 not in (n - by, m - by) and max(n, m) > by:
            with pytest.raises(ValueError, match=r"mismatch|broadcast"):
                grad(f, (0, 1))(x, y)
            continue
        value, gradients = value_and_grad(f, (0, 1))(x, y)
        assert value == f(x, y)
        assert [g.shape for g in gradients] == [(n,), (m,)]
        check_grads(f, (x, y))


REFUSED: list[tuple[Callable[..., Any], str]] = [
    (lambda x: np.take_along_axis(x, np.zeros((4, 3), int), axis=2), "axis 2 of an array"),
    (lambda x: np.expand_dims(x, (0, 0)), "repeated axes"),
    (lambda x: np.rot90(x, 1, (0, 0)), "np.rot90 with the axes"),
    (lambda x: np.vsplit(x[0], 3)[0], "np.vsplit of a vector"),
    (lambda x: np.dsplit(x, 3)[0], "np.dsplit of less"),
    (lambda x: np.einsum("ij->ijk", x), "the result of np.einsum"),
    (lambda x: np.gradient(x, 1.0, 2.0, 3.0)[0], "another number of spacings"),
    (lambda x: max([]) * x, "max\\(\\) of nothing"),
    (lambda x: np.sin(*[x, x, x]), "takes 1 operands"),
    (lambda x: x[0, 0].dot(x), "no `.dot`, which arrays have"),
    (lambda x: np.average(x, weights=x[0]), "weights of another shape"),
    (lambda x: np.ascontiguousarray(np.array(x[0, 0])), "array without axes"),
]


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_axes_that_there_are_not_are_refused(f: Callable[..., Any], reason: str) -> None:
    def total(x):
        return np.sum(f(x))

    with pytest.raises(Unsupported, match=reason) as caught:
        grad(total)(M43)
    assert caught.value.remedy


def test_weights_are_not_repeated() -> None:
    for axis, weights in ((0, np.ones(1)), (1, np.ones((4, 1)))):

        def f(x, axis=axis, weights=weights):
            return np.sum(np.average(x, axis=axis, weights=weights))

        with pytest.raises(ValueError, match="the weights are not as long"):
            grad(f)(M43)
