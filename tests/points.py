"""Functions with the points that they are tested at, entered where they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


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
