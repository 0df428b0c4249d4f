"""What may be differentiated and called besides plain functions; what depth of code is accepted."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import functools
import importlib
import math
import pickle
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from ad_compiler import (
    Unsupported,
    UsageError,
    compare,
    differentiable,
    grad,
    graph,
    hessian,
    hvp,
    install_import_hook,
    jvp,
    source,
    trace,
    vjp,
)


@differentiable
def square(x: float) -> float:
    return x * x


def scaled(a: Any, x: Any, y: Any = 2.0) -> Any:
    return a * x * y


@numba.njit
def cubed(x: Any) -> Any:
    return x * x * x


class Model:
    @differentiable
    def energy(self, x: float) -> float:
        return square(x) * 3

    def plain(self, x: float) -> float:
        return 5 * x


def test_marked_functions_are_functions_in_all_respects() -> None:
    assert grad(lambda x: square(x) * x)(1.5) == 3 * 1.5**2
    assert grad(square)(1.5) == 3.0
    assert jvp(square, (1.5,), (1.0,)) == (2.25, 3.0)
    assert vjp(square, 1.5)[1](1.0) == (3.0,)
    assert Model().energy(2.0) == 12.0
    assert grad(Model().energy)(2.0) == 12.0
    assert pickle.loads(pickle.dumps(square)) is square
    assert pickle.loads(pickle.dumps(grad(square)))(1.5) == 3.0


def test_methods_partial_functions_and_compiled_ones() -> None:
    assert grad(Model().plain)(1.5) == 5.0
    part = functools.partial(scaled, 3.0)
    assert grad(part)(1.5) == 6.0
    assert grad(functools.partial(part, y=5.0))(1.5) == 15.0
    assert grad(part, "y")(1.5, 4.0) == 4.5
    assert grad(grad(part, 0), 1)(1.5, 4.0) == 3.0
    assert jvp(part, (1.5,), (1.0,)) == (9.0, 6.0)
    assert vjp(part, 1.5, 4.0)[1](1.0) == (12.0, 4.5)
    assert pickle.loads(pickle.dumps(grad(part)))(1.5) == 6.0
    assert grad(cubed)(2.0) == 12.0
    assert grad(lambda x: cubed(x) * x)(1.0) == 4.0


def test_argnums_of_numpy() -> None:
    assert grad(scaled, np.int64(1))(2.0, 3.0) == 4.0
    with pytest.raises(UsageError, match="argnums"):
        grad(scaled, True)


def vector(x: "float64[:]", n: int = 3) -> Any:  # noqa: F821, UP037 # pyright: ignore
    return np.sum(x) * n


def test_looking_inside_without_arguments() -> None:
    assert "return 2 * x" in source(square)
    assert "return 2 * x" in square.source()
    assert "return 2.0" in hessian(square).source()
    assert "return 2 * v" in source(hvp(square))
    assert "n=3" in source(vector)
    assert "float64#91;:#93;" in graph(vector).mermaid
    assert graph(lambda: 1.0).mermaid


def test_looking_at_a_point_with_defaults() -> None:
    steps = trace(lambda x, d={"k": 2.0}, m="a": x * d["k"], 1.5)
    assert [row.value for row in steps.rows] == [1.5, 2.0, 3.0]
    assert compare(lambda x, m="a": x * x, 1.5).agree
    weights = np.array([1.0, 2.0])
    assert compare(lambda x: x * np.sum(weights), 1.5).agree


MODULE = """
from ad_compiler import differentiable

@differentiable
def first(x):
    return x[0] * x[1]

@differentiable
def second(x, rate):
    return first(x) * rate

@differentiable
def third(*x):
    return x[0]
"""


def test_the_import_hook_takes_no_guess_for_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hooked_arrays.py").write_text(MODULE)
    with install_import_hook("hooked_arrays"):
        module = importlib.import_module("hooked_arrays")
    assert module.second.grad(np.array([2.0, 3.0]), 4.0).tolist() == [12.0, 8.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: jvp(scaled, 1.5, 1.0),  # type: ignore[arg-type]
        lambda: install_import_hook(3),  # type: ignore[arg-type]
        lambda: grad(len),
        lambda: hvp(square)(1.5),
    ],
)
def test_calls_that_cannot_be_meant(call: Any) -> None:
    with pytest.raises(UsageError):
        call()


async def later(x: float) -> float:
    return x


def test_async_functions_are_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="`later` is an `async` function"):
        grad(later)(1.0)


DEEP = {
    "a long sum": "return " + "+".join(["x"] * 2000),
    "signs": "return " + "-" * 500 + "x",
    "nested calls": "return " + "math.sin(" * 90 + "x" + ")" * 90,
    "branches": "if x < 0: y = x\n"
    + "".join(f"    elif x < {k}: y = x * {k}\n" for k in range(1, 150))
    + "    else: y = x\n    return y",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_code(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = f"deep_{name.replace(' ', '_')}"
    (tmp_path / f"{module}.py").write_text(f"import math\ndef f(x):\n    {DEEP[name]}\n")
    f = importlib.import_module(module).f
    slope = (f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6
    assert math.isclose(grad(f)(0.7), slope, rel_tol=1e-6)
