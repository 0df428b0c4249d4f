"""The public functions: structure of results, composition, guards, errors."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import inspect
import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ad_compiler
from ad_compiler import (
    GradientError,
    UsageError,
    check_grads,
    compare,
    differentiable,
    elementwise_grad,
    grad,
    graph,
    hessian,
    hvp,
    install_import_hook,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    source,
    value_and_grad,
    vjp,
)

SCALE = 2.0


def scaled(x: float) -> float:
    return SCALE * x * x


def wave(x: float, y: float = 0.5) -> float:
    return math.sin(x) * y


def quadratic(x: Any, a: Any) -> Any:
    return x @ a @ x


def pair(x: float) -> tuple[float, int]:
    return x * x, 3


def two(x: Any, y: float) -> Any:
    return x * y, {"sum": np.sum(x)}


x3 = np.array([1.0, -2.0, 0.5])
a33 = np.arange(9.0).reshape(3, 3)


def test_captured_numbers_are_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = grad(scaled)
    assert gradient(3.0) == 12.0
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 10.0)
    assert gradient(3.0) == 60.0
    monkeypatch.setattr(sys.modules[__name__], "SCALE", np.float64(4.0))
    assert gradient(3.0) == 24.0


def test_defaults_are_those_of_the_call() -> None:
    def f(x: float, a: float = 2.0, n: int = 3, *, kind: str = "plain") -> float:
        for _ in range(n):
            a = a * x
        return a if kind == "plain" else -a

    gradient = grad(f)
    for _ in range(2):  # the second time, the program is found at once
        assert gradient(2.0) == 24.0
        assert gradient(2.0, 3.0) == 36.0
        assert gradient(2.0, 3.0, 1) == 3.0
        assert gradient(2.0, kind="other") == -24.0
    f.__defaults__ = (5.0, 1)
    assert gradient(2.0) == 5.0
    f.__kwdefaults__ = {"kind": "other"}
    assert gradient(2.0) == -5.0
    f.__defaults__ = None
    with pytest.raises(UsageError, match="missing"):
        gradient(2.0)


def test_a_program_for_certain_integers_is_found_for_these() -> None:
    gradient = grad(lambda x, n: np.sum(np.zeros(n) + x * np.arange(n)))
    for _ in range(2):
        assert [gradient(1.0, n) for n in (3, 4, 3)] == [3.0, 6.0, 3.0]


def test_defaults_keywords_and_names() -> None:
    assert grad(wave)(1.0) == math.cos(1.0) * 0.5
    assert grad(wave, "y")(1.0, y=3.0) == math.sin(1.0)
    assert grad(wave, ("x", 1))(1.0, 2.0) == (math.cos(1.0) * 2.0, math.sin(1.0))


def test_auxiliary_output() -> None:
    assert grad(pair, has_aux=True)(2.0) == (4.0, 3)
    assert value_and_grad(pair, has_aux=True)(2.0) == ((4.0, 3), 4.0)


def test_jacobians_and_hessians() -> None:
    expected = a33 + a33.T
    assert hessian(quadratic)(x3, a33) == pytest.approx(expected)
    assert hvp(quadratic)(x3, a33, x3) == pytest.approx(expected @ x3)
    for make in (jacobian, jacfwd, jacrev):
        assert make(grad(quadratic))(x3, a33) == pytest.approx(expected)


def test_products_of_functions_with_several_results() -> None:
    value, tangent = jvp(two, (x3, 2.0), (np.ones(3), None))
    assert value[0] == pytest.approx(2 * x3)
    assert tangent[0] == pytest.approx([2.0] * 3)
    assert tangent[1]["sum"] == 3.0
    value, pullback = vjp(two, x3, 2.0)
    for _ in range(2):
        x_bar, y_bar = pullback((np.ones(3), {"sum": 1.0}))
        assert x_bar == pytest.approx([3.0] * 3)
        assert y_bar == pytest.approx(np.sum(x3))


def test_derivatives_compose() -> None:
    assert grad(grad(grad(wave)))(1.0) == pytest.approx(-math.cos(1.0) * 0.5)
    value, tangent = jvp(grad(wave), (1.0, 2.0), (1.0, 0))
    assert (value, tangent) == pytest.approx((math.cos(1.0) * 2, -math.sin(1.0) * 2))


def test_an_elementwise_derivative_is_proved() -> None:
    def square(x: Any) -> Any:
        return x * x

    assert elementwise_grad(square)(x3) == pytest.approx(2 * x3)


def test_elementwise_through_loops_and_branches() -> None:
    def powers(x: Any, n: int) -> Any:
        y = x
        for _ in range(n):
            y = y * x
        return y if n > 1 else np.sin(x)

    assert elementwise_grad(powers)(x3, 3) == pytest.approx(4 * x3**3)
    assert elementwise_grad(powers)(x3, 1) == pytest.approx(np.cos(x3))


def test_what_is_not_elementwise_is_refused() -> None:
    def mixing(x: Any) -> Any:
        return np.cumsum(x)

    with pytest.raises(UsageError, match="not elementwise"):
        elementwise_grad(mixing)(x3)


def test_results_share_no_memory_with_arguments() -> None:
    def dot(x: Any, y: Any) -> Any:
        return np.dot(x, y)

    x, y = x3.copy(), x3.copy() + 1
    gx, gy = grad(dot, (0, 1))(x, y)
    gx[:] = 0
    gy[:] = 0
    assert np.array_equal(x, x3)
    assert np.array_equal(y, x3 + 1)


def integer_result(x: float) -> int:
    return int(x)


def container(x: float) -> list[float]:
    return [x, x]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grad(scaled)(3), "not a real number"),
        (lambda: grad(two, 0)(x3, 1.0), "single number"),
        (lambda: grad(lambda x: x * 2)(x3), "jacobian"),
        (lambda: grad(integer_result)(1.0), "no derivative"),
        (lambda: grad(container)(1.0), "container"),
        (lambda: grad(scaled, 4)(1.0), "takes 1 argument"),
        (lambda: grad(scaled, "z")(1.0), "no such argument"),
        (grad(scaled), "missing a required argument"),
        (lambda: grad(scaled)(1.0, 2.0), "too many positional"),
        (lambda: grad(scaled)(1.0 + 2.0j), "complex"),
        (lambda: grad(scaled)(np.ones(2, np.float16)), "float16"),
        (lambda: grad(scaled)(np.ma.masked_array([1.0])), "behaves unlike"),
        (lambda: grad(len), "Python function"),
        (lambda: jvp(scaled, (1.0,), (np.ones(2),)), "shape"),
        (lambda: jvp(scaled, (1.0,), ()), "tangents"),
        (lambda: vjp(quadratic, x3, a33)[1](x3), "shape"),
        (lambda: hvp(quadratic)(x3, a33, np.ones((2, 2))), "axes"),
        (lambda: install_import_hook("json"), "imported already"),
    ],
)
def test_calls_that_cannot_be_meant(call: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()


def test_a_derivative_is_a_good_citizen() -> None:
    gradient = grad(wave)
    assert inspect.signature(gradient) == inspect.signature(wave)
    assert gradient.__wrapped__ is wave
    assert pickle.loads(pickle.dumps(gradient))(1.0) == gradient(1.0)
    direct = gradient.direct(1.0, 0.5)
    assert direct(1.0, 0.5) == gradient(1.0, 0.5)
    assert "def wave_grad" in inspect.getsource(direct)
    assert "math.cos(x)" in source(wave, 1.0)


def test_looking_inside() -> None:
    assert "math.sin" in graph(wave, 1.0, 2.0).mermaid
    assert compare(wave, 1.0, 2.0).agree


def test_check_grads_finds_a_kink() -> None:
    def step(x: float) -> float:
        return x + round(x)

    with pytest.raises(GradientError):
        check_grads(step, (0.5,))


@differentiable
def marked(x: float) -> float:
    return x**3


def test_marked_functions_bring_their_derivatives() -> None:
    assert marked(2.0) == 8.0
    assert marked.grad(2.0) == 12.0
    assert marked.value_and_grad(2.0) == (8.0, 12.0)
    assert marked.hessian(2.0) == 12.0
    assert marked.jvp((2.0,), (1.0,)) == (8.0, 12.0)
    assert marked.vjp(2.0)[1](1.0) == (12.0,)


HOOKED = """
from ad_compiler import differentiable

@differentiable
def f(x):
    {body}
    return x * x
"""


def test_the_import_hook_checks_at_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hooked_fine.py").write_text(HOOKED.format(body="pass"))
    (tmp_path / "hooked_bad.py").write_text(HOOKED.format(body="del x"))
    (tmp_path / "hooked_empty.py").write_text("x = 1\n")
    with install_import_hook(["hooked_fine", "hooked_bad"]):
        fine = __import__("hooked_fine")
        assert fine.f.grad(3.0) == 6.0
        with pytest.raises(ad_compiler.Unsupported):
            __import__("hooked_bad")
    with pytest.raises(UsageError, match="no function marked"), install_import_hook("hooked_empty"):
        __import__("hooked_empty")


def test_importing_is_quick_and_light() -> None:
    code = "import sys, ad_compiler.api; print({'sympy', 'black', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_infinite_slopes_of_arrays_do_not_warn() -> None:
    def total(x: Any) -> Any:
        return np.sum(np.sqrt(x))

    assert np.array_equal(grad(total)(np.zeros(2)), [np.inf, np.inf])


def test_calls_with_other_kinds_are_not_mistaken_for_known_ones() -> None:
    def f(x: Any, n: int) -> Any:
        return np.sum(x**n) if n > 1 else np.sum(x)

    slope = grad(f)
    x = np.array([1.0, 2.0, 3.0])
    for _ in range(2):
        assert slope(x, 2).tolist() == [2.0, 4.0, 6.0]
        assert slope(x, 1).tolist() == [1.0, 1.0, 1.0]
        single = slope(x.astype(np.float32), 2)
        assert single.dtype == np.float32
        assert slope(x[:1], 2).tolist() == [2.0]
        assert slope(x=x, n=3).tolist() == [3.0, 12.0, 27.0]
        assert slope(x[:, np.newaxis] * np.ones(2), 2).shape == (3, 2)
