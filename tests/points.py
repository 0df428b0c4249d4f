"""Functions with the points that they are tested at, entered where they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, jacfwd, value_and_grad


class Points:
    """A decorator that collects functions: `@case(x, y)` tests one at the point (x, y)."""

    def __init__(self) -> None:
        self.entered: list[Any] = []

    def __call__(self, *args: Any) -> Callable[[Any], Any]:
        def enter(function: Any) -> Any:
            self.entered.append(pytest.param(function, args, id=function.__name__))
            return function

        return enter


def assert_same_bits(value: Any, expected: Any) -> None:
    """Fail unless a result is the very number or array that the function itself gives."""
    assert type(value) is type(expected)
    assert np.asarray(value).tobytes() == np.asarray(expected).tobytes()


def check_program(function: Callable[..., Any], args: tuple[Any, ...], backend: str) -> None:
    """Fail unless value and gradients are right; arguments that do not move come last."""

    def number(*given: Any) -> Any:
        found = function(*given)
        return np.sum(found**2) if np.ndim(found) else found

    moving = tuple(k for k, arg in enumerate(args) if not isinstance(arg, int))
    expected = number(*(np.copy(a) if isinstance(a, np.ndarray) else a for a in args))
    value, gradient = value_and_grad(number, moving, backend=backend)(*args)
    assert value == pytest.approx(expected, rel=1e-13)
    for one, other in zip(gradient, jacfwd(number, moving)(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)
    if backend == "python":
        assert_same_bits(value, expected)
        count = len(moving)  # what does not move comes last
        fixed = args[count:]
        check_grads(lambda *given: number(*given, *fixed), args[:count])
