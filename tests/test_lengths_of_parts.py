"""Parts of arrays may have one element, and are of other lengths in other trips of a loop."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from ad_compiler import check_grads, checkpoint, grad, hessian, hvp, jacfwd, jvp
from tests.depth import spread


def first_of_a_difference(x, y):
    return np.sum((x - y) * x[:1])


def all_but_one(x, y):
    return np.sum((x + y) * x[1:])


def chosen(x, y):
    return np.sum(np.where(np.append(x[1:], 1.0) > 0.1, x - y, x))


def first_row(x, y):
    m = np.outer(x, x) + y
    return np.sum(m * m[:1])


def first_column(x, y):
    m = np.outer(x, x)
    m = m - m.mean(axis=1, keepdims=True) + np.sum(y)
    return np.sum(m * m[:, :1])


def one_of_another(x, y):
    m = np.mean(x, keepdims=True)
    return np.sum((x - m) * y[:1])


PARTS = [first_of_a_difference, all_but_one, chosen, first_row, first_column, one_of_another]


@pytest.mark.parametrize("f", spread(PARTS, 2))
def test_cotangents_of_one_element_are_repeated_before_they_are_summed(f) -> None:
    random = np.random.default_rng(0)
    for n, m in product(range(1, 8), repeat=2):
        x, y = random.normal(size=n), random.normal(size=m)
        try:
            f(x, y)
        except ValueError:
            with pytest.raises(ValueError, match=r"mismatch|broadcast"):
                grad(f, (0, 1))(x, y)
            continue
        for one, other, arg in zip(
            grad(f, (0, 1))(x, y), jacfwd(f, (0, 1))(x, y), (x, y), strict=True
        ):
            assert one.shape == arg.shape
            assert one == pytest.approx(other, rel=1e-12, abs=1e-12)


def short_tails(x):
    s = 0.0
    for k in range(len(x)):
        z = x[k:]
        if len(z) < 2:
            assert x[0] > 0
            s += np.sum(z * z)
    return s


def tails_that_fit(x):
    s = 0.0
    for k in range(len(x)):
        z = x[k:]
        if len(z) < 2:
            s += np.sum(z * x)
    return s


def tails_with_a_checkpoint(x):
    s = 0.0
    for k in checkpoint(range(len(x)), slots=2):
        z = x[k:] * (1.0 + s)
        if len(z) < 3:
            s = s + np.sum(z * z) * 0.1
    return s


@pytest.mark.parametrize("f", [short_tails, tails_that_fit, tails_with_a_checkpoint])
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_lengths_of_another_trip_are_others(f, n: int) -> None:
    x = np.linspace(0.5, 1.5, n)
    columns = [hvp(f)(x, unit) for unit in np.eye(n)]
    assert hessian(f)(x) == pytest.approx(np.array(columns), rel=1e-12, abs=1e-12)
    unit = np.ones(n)
    assert jvp(f, (x,), (unit,))[1] == pytest.approx(grad(f)(x) @ unit, rel=1e-12)


def summed_alone(x, y):
    return np.sum(np.sin(np.einsum("i,j->i", x[:1], np.diff(y))))


def summed_beside(x, y):
    m, k = np.outer(x[1:], y), np.outer(y[1:], x)
    return np.sum(np.sin(np.einsum("ij,ik->k", m, k)))


def summed_after(x, y):
    m, k = np.outer(x, y)[1:], np.outer(x, y)[1:].T
    return np.sum(np.sin(np.einsum("ij,jk->k", m, k)))


def column_by_column(x, y):
    m = np.outer(x, y)
    return np.sum(np.sin(np.einsum("ij,kl->il", m[:1], m[1:])))


def diagonal_and_rest(x, y):
    m = np.outer(x, y)[1:]
    return np.sum(np.sin(np.einsum("ii,kl->k", m @ m.T, m)))


EINSUMS = [summed_alone, summed_beside, summed_after, column_by_column, diagonal_and_rest]


@pytest.mark.parametrize("f", spread(EINSUMS, 2))
@pytest.mark.parametrize("n", [2, 3, 4])
def test_letters_that_stand_alone_in_einsum(f, n: int) -> None:
    x, y = np.linspace(0.5, 1.5, n), np.linspace(0.25, -0.75, n) ** 3
    check_grads(f, (x, y), order=2)


def test_a_length_is_not_less_by_one_than_itself() -> None:
    def f(x):
        return np.sum(x[1:] * x)

    def unused(x):
        z = x[1:] + x if len(x) == 1 else x * 2.0
        return np.sum(z)

    assert grad(f)(np.ones(0)).shape == (0,)
    with pytest.raises(ValueError, match="broadcast"):
        grad(f)(np.ones(6))
    assert grad(unused)(np.ones(6)) == pytest.approx(np.full(6, 2.0))


def test_what_is_shown_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x):
        print("once")  # noqa: T201
        return np.sum(x**3)

    hessian(f)(np.ones(3))
    assert capsys.readouterr().out == "once\n"
