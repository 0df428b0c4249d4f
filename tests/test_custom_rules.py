"""`custom_rule`: derivatives that users state, of opaque functions too, in both modes."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from ad_compiler import (
    Unsupported,
    UsageError,
    check_grads,
    custom_rule,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    source,
    value_and_grad,
)
from ad_compiler.cli_emit import emitted, lowered
from ad_compiler.driver.program import Options
from tests.points import Points, assert_same_bits


def bell(t):
    return math.exp(-t * t)


def area_of_bell(a, b):
    return integrate.quad(bell, a, b)[0]


area = custom_rule(
    area_of_bell,
    jvp={
        "a": lambda a, b, *, a_dot: -math.exp(-a * a) * a_dot,
        "b": lambda a, b, *, b_dot: math.exp(-b * b) * b_dot,
    },
    at=(0.3, 1.2),
)

xs = np.linspace(0.0, 3.0, 7)
ys = xs**2


def slopes(x):
    k = np.clip(np.searchsorted(xs, x) - 1, 0, 5)
    return (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k])


@custom_rule(returns="x", vjp=lambda x, *, z_bar: slopes(x) * z_bar, at=(np.array([0.3, 1.2]),))
def table(x):
    return np.interp(x, xs, ys)


@custom_rule(vjp={"m": lambda m, *, z, z_bar: z * z_bar * np.linalg.inv(m).T})
def determinant(m):
    return float(np.linalg.det(m))


@custom_rule(
    returns="float64[:]",
    vjp={
        "m": lambda m, v, *, z_bar: np.outer(z_bar, v),
        "v": lambda m, v, *, z_bar: m.T @ z_bar,
    },
)
def product(m, v):
    return m @ v


case = Points()
m22 = np.array([[2.0, 1.0], [0.5, 3.0]])
x3 = np.array([0.3, 1.2, 2.2])


@case(0.3, 1.5)
def integrals(x, y):
    return area(x, y * x) * x


@case(x3)
def tables(x):
    return np.sum(np.sin(table(x)) * x)


@case(m22)
def determinants(m):
    return determinant(m @ m) + determinant(m) ** 2


@case(m22, np.array([0.3, 0.7]))
def products(m, v):
    return np.sum(product(m, product(m, v)) ** 3)


@case(0.7)
def in_a_loop(x):
    s = 0.0
    for _ in range(4):
        if s < 10:
            s = s * 0.5 + area(s, x)
    return s


@case(0.7)
def inside_a_derivative(x):
    return grad(integrals)(x, x * 2) * grad(area, 1)(x, 1.0)


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    value, _ = value_and_grad(function, tuple(range(len(args))))(*args)
    assert_same_bits(value, function(*args))
    check_grads(function, args)


def test_each_mode_follows_from_the_other() -> None:
    np.testing.assert_array_equal(jacfwd(table)(x3), jacrev(table)(x3))
    np.testing.assert_allclose(
        jvp(determinants, (m22,), (np.eye(2),))[1], np.trace(grad(determinants)(m22))
    )
    second = hessian(determinants)(m22).reshape(4, 4)
    np.testing.assert_allclose(second, second.T)


def test_the_text_calls_the_function_and_states_its_derivative() -> None:
    text = source(value_and_grad(integrals, (0, 1)), 0.3, 1.5)
    assert text.count("area_of_bell(x, y_x)") == 1
    assert "math.exp(-y_x * y_x)" in text
    assert grad(area, 1)(0.3, 1.2) == math.exp(-1.2 * 1.2)


scale = 2.0
scaled = custom_rule(lambda x: scale * x, jvp=lambda x, *, x_dot: scale * x_dot)


def test_what_a_rule_reads_may_change() -> None:
    global scale  # noqa: PLW0603
    gradient = grad(lambda x: scaled(x) * 3.0)
    assert gradient(1.0) == 6.0
    scale = 5.0
    assert gradient(1.0) == 15.0
    scale = 2.0


def test_results_share_no_memory_with_arguments() -> None:
    same = custom_rule(lambda x: x, jvp=lambda x, *, x_dot: x_dot, returns="x")

    def f(x):
        y = same(x)
        y[0] = 5.0
        return np.sum(x * y)

    np.testing.assert_array_equal(grad(f)(np.ones(2)), [5.0, 2.0])


def square(x):
    return x * x


WRONG: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (square, {}, "needs a jvp or a vjp"),
    (lambda *x: x, {"jvp": lambda x, *, x_dot: x_dot}, "no plain parameter"),
    (lambda x, y: x, {"jvp": lambda x, y, *, x_dot: x_dot}, "for each of x, y"),
    (square, {"jvp": lambda x, x_dot: x_dot}, "must take x by position"),
    (square, {"jvp": lambda x, *, dx: dx}, "must take `x_dot` by keyword"),
    (square, {"vjp": lambda x, *, x_dot: x_dot}, "must take `z_bar` by keyword"),
    (square, {"jvp": {"y": lambda x, *, y_dot: y_dot}}, "no parameter `y`, only x"),
    (square, {"jvp": math.sin}, "must be a Python function"),
    (square, {"jvp": lambda x, *, x_dot: x_dot, "returns": "complex"}, "returns='complex'"),
    (square, {"jvp": lambda x, *, x_dot: x * x_dot, "at": (3.0,)}, "the jvp in `x` of `square`"),
    (square, {"vjp": lambda x, *, z_bar: x * z_bar, "at": (3.0,)}, "the vjp in `x` of `square`"),
    (
        square,
        {"vjp": lambda x, *, z_bar: 2 * np.sum(x * z_bar), "at": (x3,), "returns": "x"},
        "the vjp in `x` of `square`",
    ),
]


@pytest.mark.parametrize(("function", "options", "reason"), WRONG)
def test_wrong_at_registration(function: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        custom_rule(function, **options)


def test_no_parameter_is_taken_for_a_constant() -> None:
    part = custom_rule(lambda a, b: a * b, jvp={"a": lambda a, b, *, a_dot: b * a_dot})
    assert grad(part)(1.0, 2.0) == 2.0
    for derive in (grad, jacfwd, jacrev):
        with pytest.raises(Unsupported, match="no derivative in `b`") as caught:
            derive(lambda a, b: part(a, b) * b, 1)(1.0, 2.0)
        assert caught.value.lineno is not None


def test_results_of_another_type_are_refused_when_they_come() -> None:
    lying = custom_rule(lambda x: x[:1], jvp=lambda x, *, x_dot: x_dot, returns="x")
    with pytest.raises(UsageError, match=r"of the shape \(3,\), as `x` is, but"):
        value_and_grad(lambda x: np.sum(lying(x)))(np.ones(3))
    counting = custom_rule(lambda x: 1, jvp=lambda x, *, x_dot: x_dot)
    with pytest.raises(UsageError, match="a float, but it returned int"):
        value_and_grad(counting)(1.0)


class Opaque:
    def __call__(self, x):
        return x


opaque = Opaque()


def test_rules_are_in_the_accepted_language() -> None:
    unclear = custom_rule(square, jvp=lambda x, *, x_dot: 2 * opaque(x) * x_dot)
    with pytest.raises(Unsupported, match="no derivative rule"):
        grad(unclear)(2.0)


MODULE = """
import math
from ad_compiler import custom_rule

@custom_rule(jvp=lambda x, *, x_dot: math.cos(x) * x_dot)
def wave(x):
    return math.sin(x)

def f(x):
    return wave(x) ** 2
"""


def test_emitted_modules_import_the_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "module_with_a_rule.py"
    path.write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    text = emitted(lowered(f"{path}:f", {}, True, ""), "grad", "0", "auto", Options(), "generated")
    assert "import module_with_a_rule" in text
    names: dict[str, Any] = {}
    exec(compile(text, "<emitted>", "exec"), names)
    assert names["f_grad"](0.7) == pytest.approx(2 * math.sin(0.7) * math.cos(0.7))
    with pytest.raises(Unsupported, match="--import"):
        lowered(f"{path}:f", {}, False, "")
