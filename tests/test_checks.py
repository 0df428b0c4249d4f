"""`check_grads` judges on the scale of the function: right derivatives pass, wrong ones fail."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ad_compiler import GradientError, UsageError, check_grads, inspection_checks

RIGHT = {
    "a large argument": (lambda x: x * x, (1e8,)),
    "a small argument": (lambda x: math.log(x) * 2, (1e-6,)),
    "a small value": (lambda x: 1e-20 * x**3, (2.0,)),
    "zero": (lambda x: x**3 + x**2 + x, (0.0,)),
    "arrays of single precision": (
        lambda x: np.sum(np.sin(x) * np.exp(x)),
        (np.linspace(-3, 3, 50).astype(np.float32),),
    ),
    "a number of single precision": (lambda x: x**2, (np.float32(1.5),)),
    "elements of many sizes": (lambda x: np.sum(np.log(x)), (np.array([1e-8, 1.0, 1e8]),)),
    "a container": (lambda p, n: p["w"] ** n * p["b"], ({"w": 2.0, "b": 1e5}, 3)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_derivatives_pass(name: str) -> None:
    f, args = RIGHT[name]
    check_grads(f, args)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_that_are_off_by_a_little_fail(
    name: str, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    f, args = RIGHT[name]
    factor = 1.02

    def scaled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: scaled(item) for key, item in value.items()}
        if isinstance(value, tuple):
            return tuple(map(scaled, value))
        return value * factor

    jvp, vjp = inspection_checks.jvp, inspection_checks.vjp
    calls: list[Any] = []

    def wrong_jvp(f: Any, primals: Any, tangents: Any) -> Any:
        value, tangent = jvp(f, primals, tangents)
        calls.append(f)
        return value, scaled(tangent) if len(calls) == order else tangent

    def wrong_vjp(f: Any, *primals: Any) -> Any:
        value, pullback = vjp(f, *primals)
        return value, (lambda bar: scaled(pullback(bar))) if order == 1 else pullback

    monkeypatch.setattr(inspection_checks, "jvp", wrong_jvp)
    monkeypatch.setattr(inspection_checks, "vjp", wrong_vjp)
    with pytest.raises(GradientError, match="differences"):
        check_grads(f, args)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x + round(x), (0.5,)),
        (lambda x: 1e-20 * round(x), (0.5,)),
        (lambda x: x * math.floor(x * 1e3) / 1e3, (0.5,)),
    ],
)
def test_jumps_are_found(f: Any, args: Any) -> None:
    with pytest.raises(GradientError):
        check_grads(f, args)


def test_what_cannot_be_checked() -> None:
    with pytest.raises(UsageError, match="returns one number"):
        check_grads(lambda x: x * 2, (np.ones(3),))
    with pytest.raises(UsageError, match="must be a tuple"):
        check_grads(lambda x: x * 2, 1.5)  # type: ignore[arg-type]
