"""Marks: what means something to derivatives alone."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math

import numpy as np
import pytest

from ad_compiler import grad, hessian, jvp, stop_gradient, value_and_grad, vjp


def scalar(x):
    return x * stop_gradient(x * x) + math.sin(x)


def test_a_derivative_takes_it_for_a_constant() -> None:
    value, slope = value_and_grad(scalar)(1.5)
    assert value == scalar(1.5)
    assert slope == pytest.approx(1.5**2 + math.cos(1.5))
    assert jvp(scalar, (1.5,), (1.0,))[1] == pytest.approx(slope)


def test_every_derivative_sees_it() -> None:
    assert grad(grad(scalar))(1.5) == pytest.approx(-math.sin(1.5))
    assert hessian(scalar)(1.5) == pytest.approx(-math.sin(1.5))


def test_arrays_containers_and_loops() -> None:
    def f(x, p):
        w, b = stop_gradient((p["w"], p["b"]))
        s = 0.0
        for _ in range(3):
            s += np.sum(stop_gradient(x) * x * w) + b
        return s

    x, p = np.array([1.0, 2.0]), {"w": np.array([3.0, 4.0]), "b": 2.0}
    value, pullback = vjp(f, x, p)
    assert value == f(x, p)
    x_bar, p_bar = pullback(1.0)
    assert x_bar == pytest.approx(3 * x * p["w"])
    assert p_bar["w"] == pytest.approx([0.0, 0.0])
    assert p_bar["b"] == 0.0


def test_the_text_does_not_mention_it() -> None:
    assert "stop_gradient" not in grad(scalar).source(1.5)
    assert stop_gradient((1, 2.0)) == (1, 2.0)
