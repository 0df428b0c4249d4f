"""What each case must be: right, or refused."""
# pyright: basic

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import (
    Unsupported,
    check_grads,
    grad,
    jvp,
    value_and_grad,
)
from tests.points import assert_same_bits

V = np.array([0.5, -1.5, 2.0])
M = np.arange(1.0, 7.0).reshape(2, 3) / 4


def right(f: Callable[..., Any], *args: Any) -> None:
    """The value bit for bit, both modes and second order; nothing of the caller's changes."""
    real = tuple(k for k, a in enumerate(args) if not isinstance(a, int | bool | str))
    before = copy.deepcopy(args)
    expected = f(*copy.deepcopy(args))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, _ = value_and_grad(f, real)(*args)
    assert_same_bits(value, expected)
    assert repr(args) == repr(before)
    check_grads(f, args)


def slope(f: Callable[..., Any], *args: Any, wrt: Any = 0) -> Any:
    """The gradient at a point, by both modes, without a warning that the function does not give."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = grad(f, wrt)(*args)
    one = args[wrt]
    if isinstance(one, float):
        dots: list[Any] = [0] * len(args)
        dots[wrt] = 1.0
        np.testing.assert_equal(jvp(f, args, tuple(dots))[1], found)
    return found


def refused(f: Callable[..., Any], *args: Any, saying: str, wrt: Any = 0) -> None:
    """Refused before it runs, with a place, a reason and a remedy."""
    with pytest.raises(Unsupported, match=saying) as caught:
        grad(f, wrt)(*args)
    error = caught.value
    assert error.lineno is not None
    assert error.remedy
