"""Values that both arms of a branch hand on to the backward sweep under one name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import ad_compiler
from ad_compiler import grad, source


def gated(xs: Any, limit: float) -> Any:
    total = 0.0
    for x in xs:
        if x > limit:
            t = math.sin(x)
            total += t * t
        else:
            t = math.exp(x)
            total += t * math.cos(t)
    return total


def chained(xs: Any, limit: float) -> Any:
    total = 1.0
    for x in xs:
        if x > limit:
            t = math.sin(x * total)
            total = t * t
        else:
            t = math.exp(x * total)
            total = t * math.cos(t)
    return total


def kinds_chained(x: Any, limit: float, n: int) -> Any:
    for _ in range(n):
        if x[0] > limit:
            t = np.sin(x)
            x = t * t
        else:
            t = np.sin(np.sum(x))
            x = x + t * t
    return np.sum(x)


def leaving(xs: Any, limit: float) -> Any:
    total = 1.0
    for x in xs:
        if x > limit:
            t = math.sin(x * total)
            total = total * t * t
            break
        t = math.exp(x * total)
        total = t * math.cos(t)
    return total


def kinds(x: Any, sign: float) -> Any:
    if sign > 0:
        t = np.sin(x)
        y = t * t
    else:
        t = np.sum(x)
        y = x * t * t
    return np.sum(y)


def crossed(x: float, sign: float) -> float:
    if sign > 0:
        a = math.sin(x)
        b = a * x
        y = a * b * math.exp(b)
    else:
        b = math.cos(x)
        a = b + x
        y = a * a * b * math.exp(a)
    return y


ITEMS = np.array([0.3, 0.9, 0.5, 0.1])
CASES: list[tuple[Any, tuple[Any, ...]]] = [
    (gated, (ITEMS, 0.4)),
    (chained, (ITEMS, 0.4)),
    (kinds_chained, (np.array([0.3, 0.9]), 0.7, 4)),
    (leaving, (ITEMS, 0.8)),
    (leaving, (ITEMS, 1.8)),
    (leaving, (ITEMS, 0.1)),
    (kinds, (np.array([0.3, 0.9]), 1.0)),
    (kinds, (np.array([0.3, 0.9]), -1.0)),
    (crossed, (0.7, 1.0)),
    (crossed, (0.7, -1.0)),
]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_both_orders(f: Any, args: tuple[Any, ...]) -> None:
    ad_compiler.check_grads(f, args, order=2)


def test_one_tape_for_both_arms() -> None:
    text = source(grad(chained), ITEMS, 1.0)
    assert text.count("  t_tape = []") == 1
    assert "None" not in text


def test_values_of_two_types_stay_apart() -> None:
    assert "= None" in source(grad(kinds_chained), np.ones(3), 1.0, 4)


def test_one_branch_in_a_loop_of_both_sweeps() -> None:
    assert source(grad(gated), ITEMS, 1.0).count("if ") == 1
