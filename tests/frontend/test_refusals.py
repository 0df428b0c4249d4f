"""What is refused: each with its place, its reason and a remedy."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, grad

x3 = np.array([1.0, 2.0, 3.0])


def element(x: Any) -> Any:
    y = x * 2
    y[0] = 1.0
    return y[0]


def augmented(x: Any) -> Any:
    y = x * 2
    y += 1
    return y[0]


def broken(x: Any) -> Any:
    s = 0.0
    for k in range(3):
        if k > 1:
            break
        s += x[k]
    return s


def early(x: Any) -> Any:
    for k in range(3):
        if x[k] > 2:
            return x[k]
    return x[0]


def one_path(x: Any) -> Any:
    if x[0] > 5:
        y = x[0]
    return y


def no_rule(x: Any) -> Any:
    return np.fft.fft(x)[0]


def caught(x: Any) -> Any:
    try:
        return x[0]
    except IndexError:
        return 0.0


def random(x: Any) -> Any:
    return np.random.normal() * x[0]


def recursive(x: Any) -> Any:
    return recursive(x[1:]) if len(x) > 1 else x[0]


def nothing(x: Any) -> Any:
    x * 2


def text(x: Any) -> Any:
    return f"{x}"


def misspelled(x: Any) -> Any:
    return x.summ()


def generator(x: Any) -> Any:
    yield x[0]


CASES = [
    (element, "y[0]", "in place"),
    (augmented, "y += 1", "in place"),
    (broken, "break", "break"),
    (early, "return x[k]", "return"),
    (one_path, "y", "one path"),
    (no_rule, "np.fft.fft(x)", "no derivative rule"),
    (caught, "try:", "try"),
    (random, "np.random.normal()", "no derivative rule"),
    (recursive, "recursive(x[1:])", "itself"),
    (nothing, "def nothing", "returns nothing"),
    (text, 'f"{x}"', "f-strings"),
    (misspelled, "x.summ", "no derivative rule"),
    (generator, "yield x[0]", "generators"),
]


@pytest.mark.parametrize(("function", "place", "reason"), CASES, ids=lambda v: str(v)[:20])
def test_refused_at_the_place(function: Callable[..., Any], place: str, reason: str) -> None:
    with pytest.raises(Unsupported) as caught:
        grad(function)(x3)
    error = caught.value
    assert reason in error.reason
    assert isinstance(error, SyntaxError)
    assert error.at is not None
    assert error.at.file == __file__
    assert error.text is not None
    assert error.text[error.at.column :].startswith(place.split("\n", maxsplit=1)[0])
    shown = "".join(traceback.format_exception_only(error))
    assert "^" in shown
    assert "hint: " in shown
