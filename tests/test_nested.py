"""Derivatives inside the functions that are differentiated."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import (
    Unsupported,
    check_grads,
    differentiable,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)


def cube(x: Any) -> Any:
    return x**3


slope = grad(cube)
curvature = grad(slope)


@differentiable
def square(x: Any) -> Any:
    return x * x


def gradient(x: Any) -> Any:
    return grad(cube)(x) * x


def pushed(x: Any) -> Any:
    return jvp(cube, (x,), (x,))[1]


def pulled(x: Any) -> Any:
    value, back = vjp(lambda a, b: a * b, x, 2 * x)
    one, other = back(1.0)
    return value * one * other


def objects(x: Any) -> Any:
    return slope(x) * curvature(x) * square(x)


def passed(x: Any) -> Any:
    def twice(f: Callable[[Any], Any]) -> Any:
        return f(f(x))

    return twice(slope)


def confusing(x: Any) -> Any:
    return x * grad(lambda y: x + y)(1.0)


def more_confusing(x: Any) -> Any:
    return grad(lambda y: y * grad(lambda z: x * y * z * z)(y))(x)


def newton(x: Any) -> Any:
    def residual(y: Any) -> Any:
        return y * y - x

    y = 1.0
    for _ in range(4):
        y = y - residual(y) / grad(residual)(y)
    return y


def branches(x: Any) -> Any:
    if x > 1:
        return grad(cube)(x)
    return grad(lambda u: math.sin(u * x))(x)


def containers(x: Any) -> Any:
    value, found = value_and_grad(lambda p: p["a"] ** 2 * p["b"])({"a": x, "b": 2.0})
    return value + found["a"] * found["b"]


def with_aux(x: Any) -> Any:
    found, aux = grad(lambda u: (u * u, u * x), has_aux=True)(x)
    return found * aux


@pytest.mark.parametrize(
    "f",
    [
        gradient, pushed, pulled, objects, passed, confusing, more_confusing, newton, branches,
        containers, with_aux,
    ],
)  # fmt: skip
@pytest.mark.parametrize("x", [0.7, 1.6])
def test_numbers(f: Callable[[Any], Any], x: float) -> None:
    assert value_and_grad(f)(x)[0] == pytest.approx(f(x), rel=1e-15)
    check_grads(f, (x,))


def test_the_inner_derivative_takes_the_rest_for_constant() -> None:
    assert grad(confusing)(2.0) == 1.0
    assert grad(more_confusing)(2.0) == 6 * 3 * 2.0**2


def descent(w: Any, x: Any, y: Any) -> Any:
    def loss(w: Any) -> Any:
        return np.sum((x @ w - y) ** 2)

    for _ in range(3):
        w = w - 0.01 * grad(loss)(w)
    return loss(w)


def second_order(x: Any) -> Any:
    def energy(u: Any) -> Any:
        return np.sum(u**3) * u[0]

    total = np.sum(hessian(energy)(x)) + np.sum(hvp(energy)(x, x))
    return total + np.sum(jacobian(lambda u: u**2)(x) * x)


def elementwise(x: Any) -> Any:
    return np.sum(elementwise_grad(lambda u: np.tanh(u))(x))  # noqa: PLW0108


def written(x: Any) -> Any:
    found = grad(lambda u: np.sum(u * u * u))(x)
    found[0] = 0.0
    return np.sum(found * x)


@pytest.mark.parametrize("f", [second_order, elementwise, written])
def test_arrays(f: Callable[[Any], Any]) -> None:
    x = np.array([0.3, -1.2])
    value, _ = value_and_grad(f)(x)
    assert value == pytest.approx(f(x), rel=1e-14)
    check_grads(f, (x,))


def test_a_gradient_step_is_differentiated() -> None:
    x = np.arange(6.0).reshape(3, 2)
    check_grads(descent, (np.ones(2), x, np.ones(3)))


def test_what_cannot_be_meant_is_refused_where_it_stands() -> None:
    def writes(x: Any) -> Any:
        a = np.zeros(2)

        def f(y: Any) -> Any:
            a[0] = y
            return a[0] * y

        return grad(f)(x)

    def of_an_integer(x: Any) -> Any:
        return grad(lambda n: n * x)(2)

    def of_a_vector(x: Any) -> Any:
        return np.sum(grad(lambda u: u * x)(np.ones(2)))

    for f, message in (
        (writes, "changes its surroundings"),
        (of_an_integer, "not a real number"),
        (of_a_vector, "needs a number"),
    ):
        with pytest.raises(Unsupported, match=message) as caught:
            grad(f)(1.5)
        assert caught.value.filename == __file__


def test_tangents_of_another_length_are_told_apart_when_it_runs() -> None:
    def energy(x: Any) -> Any:
        return np.sum(x**4) + x[0] * x[-1]

    def f(x: Any, v: Any) -> Any:
        return v[1:] @ hvp(energy)(x[:-1], v[1:])

    x, v = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0])
    assert value_and_grad(f)(x, v)[0] == f(x, v)
    check_grads(f, (x, v))
    with pytest.raises(ValueError, match="v has another length than what it belongs to"):
        grad(f)(x, np.ones(4))
