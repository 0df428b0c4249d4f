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


def floats_into_integers(x: Any) -> Any:
    y = np.zeros(3, dtype=int)
    y += 0.5
    return y[0] * x[0]


def perhaps_an_alias(x: Any) -> Any:
    y = x.copy()
    if x[0] > 0:
        z = y
    else:
        z = x * 2
    z[0] = 1.0
    return np.sum(y)


def perhaps_a_view(x: Any) -> Any:
    y = (x * np.ones((2, 3))).T.ravel()
    z = y.reshape(2, 3)
    w = x[::2].ravel()
    w[0] = 2.0
    return np.sum(z) + w[0] + x[0]


def an_alias_in_one_trip(x: Any) -> Any:
    y = x.copy()
    z = y
    for _ in range(3):
        z[0] = 1.0
        z = z * 2
    return np.sum(y) + np.sum(z)


def endless(x: Any) -> Any:
    s = 0.0
    while True:
        s += x[0]
    return s


def reraising(x: Any) -> Any:
    if x[0] > 100:
        raise  # noqa: PLE0704
    return x[0]


def raising_a_number(x: Any) -> Any:
    if x[0] > 100:
        raise x
    return x[0]


def always_raising(x: Any) -> Any:
    raise ValueError(x)


def one_path(x: Any) -> Any:
    if x[0] > 5:
        y = x[0]
    return y


def no_rule(x: Any) -> Any:
    return np.linalg.eigvals(np.outer(x, x)).real


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
    np.sum(x)


def text(x: Any) -> Any:
    return f"{x}"


def misspelled(x: Any) -> Any:
    return x.summ()


def generator(x: Any) -> Any:
    yield x[0]


def deleted(x: Any) -> Any:
    y = x * 2
    del y
    return y[0]  # noqa: F821 (what is refused)  # pyright: ignore


def too_many_axes(x: Any) -> Any:
    y = np.zeros((3, 3, 3)) * x
    if x[0] > 5:
        np.put(y, [1, 2], 0.0)
    return np.sum(y)


def items_twice(x: Any) -> Any:
    pairs = zip(x, x[::-1], strict=False)
    s = sum(a * b for a, b in pairs)
    return s + sum(a + b for a, b in pairs)


def items_in_each_trip(x: Any) -> Any:
    squares = map(np.square, (x[0], x[1]))
    return sum([v * k for k in range(2) for v in squares])


def items_twice_inside(x: Any) -> Any:
    def both(items: Any) -> Any:
        return sum(items) + sum(items)

    return both(v * v for v in (x[0], x[1]))


def items_kept(x: Any) -> Any:
    kept = (reversed([x[0], x[1]]), 1.0)
    return sum(kept[0]) + sum(kept[0])


CASES = [
    (floats_into_integers, "y += 0.5", "does not write float64 into an array of int64 so"),
    (perhaps_an_alias, "z[0] = 1.0", "depends on the path taken"),
    (perhaps_a_view, "w[0] = 2.0", "may share memory"),
    (an_alias_in_one_trip, "z[0] = 1.0", "depends on the path taken"),
    (endless, "True", "no end"),
    (reraising, "raise", "without an exception"),
    (raising_a_number, "raise x", "array is raised"),
    (always_raising, "def always_raising", "raises on every path"),
    (one_path, "y", "one path"),
    (no_rule, "np.linalg.eigvals", "complex numbers, which are not supported"),
    (caught, "try:", "try"),
    (random, "np.random.normal()", "gives another number each time"),
    (recursive, "recursive(x[1:])", "itself"),
    (nothing, "def nothing", "returns nothing"),
    (text, "def text", "returns a formatted string"),
    (misspelled, "x.summ", "no derivative rule"),
    (generator, "yield x[0]", "generators"),
    (items_twice, "pairs = zip(x, x[::-1], strict=False)", "only once"),
    (items_in_each_trip, "squares = map(np.square, (x[0], x[1]))", "only once"),
    (items_twice_inside, "both(v * v for v in (x[0], x[1]))", "only once"),
    (items_kept, "kept = (reversed([x[0], x[1]]), 1.0)", "only once"),
    (deleted, "y", "was deleted before"),
    (too_many_axes, "np.put(y, [1, 2], 0.0)", "more than two axes"),
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
