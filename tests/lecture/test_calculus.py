"""Newton's method, the chain rule, and the two small graphs of the lecture."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, hessian, jacobian, jvp, value_and_grad

Load = Callable[[str], Any]


def test_newton_converges_quadratically(lecture: Load) -> None:
    root = 2.0945514815423265
    errors = [abs(x - root) for x in lecture("newton").find_zero(3.0)]
    assert errors[-1] < 1e-14
    large = [e for e in errors if e > 1e-7]
    assert len(large) >= 3
    assert all(after <= before**2 for before, after in zip(large, errors[1:], strict=False))


def test_newton_finds_the_minimum_in_many_dimensions(lecture: Load) -> None:
    path = lecture("newton").find_minimum(np.full(5, 0.9))
    assert path[-1] == pytest.approx(np.ones(5), abs=1e-12)


def test_derivatives_of_the_valley(lecture: Load) -> None:
    x = np.array([0.3, -0.8, 1.2])
    valley = lecture("newton").valley
    inner = [-400 * x[k] * (x[k + 1] - x[k] ** 2) - 2 * (1 - x[k]) for k in range(2)]
    outer = [200 * (x[k] - x[k - 1] ** 2) for k in (1, 2)]
    expected = np.array([inner[0], inner[1] + outer[0], outer[1]])
    assert grad(valley)(x) == pytest.approx(expected, rel=1e-14)
    curvature = hessian(valley)(x)
    diagonal = [1200 * x[k] ** 2 - 400 * x[k + 1] + 2 for k in range(2)]
    assert np.diag(curvature) == pytest.approx([diagonal[0], diagonal[1] + 200, 200], rel=1e-13)
    assert np.diag(curvature, 1) == pytest.approx(-400 * x[:2], rel=1e-13)
    assert curvature == pytest.approx(curvature.T, rel=1e-14)


def test_a_derivative_through_newtons_method(lecture: Load) -> None:
    for a in (0.5, 2.0, 100.0):
        assert grad(lecture("newton").square_root)(a) == pytest.approx(
            0.5 / math.sqrt(a), rel=1e-12
        )


def test_the_chain_rule_for_numbers(lecture: Load) -> None:
    module = lecture("chain_rule")
    for x in (-2.0, 0.0, 1.5):
        expected = 2 * x * math.cos(x * x)
        assert grad(module.composed)(x) == pytest.approx(expected, rel=1e-14)
        product = grad(module.wave)(module.square(x)) * grad(module.square)(x)
        assert product == pytest.approx(expected, rel=1e-14)


def test_the_chain_rule_for_jacobians(lecture: Load) -> None:
    module, a = lecture("chain_rule"), np.array([0.5, -1.0, 2.0, 0.25])
    assert jacobian(module.composed_vectors)(a) == pytest.approx(module.chained(a), rel=1e-13)


def test_the_computation_graph(lecture: Load) -> None:
    w, x, b, target = 0.5, 2.0, -1.0, 3.0
    y = math.exp(w * x + b)
    value, gradient = value_and_grad(lecture("computation_graph").loss, (0, 1, 2, 3))(
        w, x, b, target
    )
    v_bar = 2 * (y - target) * y
    assert value == (y - target) ** 2
    assert gradient == pytest.approx((v_bar * x, v_bar * w, v_bar, -2 * (y - target)), rel=1e-15)


def test_the_computation_graph_prints_its_trace(
    lecture: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    lecture("computation_graph").main()
    shown = capsys.readouterr().out
    for step in ("u = w * x", "v = u + b", "y = math.exp(v)"):
        assert step in shown


def test_the_example_of_the_encyclopedia(lecture: Load) -> None:
    f = lecture("wikipedia").f
    expected = (3.0 + math.cos(2.0), 2.0)
    assert grad(f, (0, 1))(2.0, 3.0) == pytest.approx(expected, rel=1e-15)
    forward = tuple(jvp(f, (2.0, 3.0), seed)[1] for seed in ((1.0, 0.0), (0.0, 1.0)))
    assert forward == pytest.approx(expected, rel=1e-15)
