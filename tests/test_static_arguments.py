"""Arguments and defaults that are no numbers: functions, dtypes, enums, ranges, objects."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, grad, jvp, vjp


def converted(x: Any, dtype: Any = np.float32) -> Any:
    return np.sum(x.astype(dtype))


class Mode(Enum):
    SQUARE = 1
    SCALE = 2


def moded(x: Any, mode: Mode = Mode.SQUARE) -> Any:
    return x * x if mode is Mode.SQUARE else x * mode.value


def powers(x: Any, exponents: range = range(3)) -> Any:
    total = 0.0
    for k in exponents:
        total += x**k
    return total


class Squares:
    offset = 2.0

    def plain(self, x: Any) -> Any:
        return x * x

    def shifted(self, x: Any) -> Any:
        return x + self.offset


def call(x: Any, f: Callable[[Any], Any]) -> Any:
    return f(x)


def test_functions_are_arguments() -> None:
    scale = 3.0
    gradient = grad(call)
    for _ in range(2):
        assert gradient(1.5, math.sin) == math.cos(1.5)
        assert gradient(1.5, math.cos) == -math.sin(1.5)
        assert gradient(1.5, lambda u: u * scale) == 3.0
    cubed = functools.partial(lambda n, u: u**n, 3)
    assert gradient(2.0, cubed) == 12.0
    assert jvp(call, (1.5, math.sin), (1.0, None))[1] == math.cos(1.5)
    assert vjp(call, 1.5, math.sin)[1](1.0) == (math.cos(1.5), 0)


def test_dtypes_enums_and_ranges_are_arguments() -> None:
    assert grad(converted)(np.ones(2)).tolist() == [1.0, 1.0]
    assert grad(moded)(1.5) == 3.0
    assert grad(moded)(1.5, Mode.SCALE) == 2.0
    gradient = grad(powers)
    assert (gradient(1.5), gradient(1.5, range(2)), gradient(1.5, range(2))) == (4.0, 1.0, 1.0)


@pytest.mark.parametrize("thing", [slice(1, 2), {1, 2}, object(), math, len, np.dtype("f4")])
def test_an_object_that_is_not_used_does_not_matter(thing: object) -> None:
    def square(x: Any, thing: object) -> Any:
        return x * x

    assert grad(square)(1.5, thing) == 3.0


def test_methods_of_classes() -> None:
    assert grad(Squares.plain, 1)(Squares(), 1.5) == 3.0
    with pytest.raises(Unsupported, match="attribute `offset` of a Squares"):
        grad(Squares.shifted, 1)(Squares(), 1.5)
