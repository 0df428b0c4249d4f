"""What a program raises stays, also where only what nobody reads asks for it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, value_and_grad


def of_an_array(x: Any) -> Any:
    total = 0.5
    for i in range(3):
        if x[i] > total:
            total += x[i - 1]
    return x[0]


def of_a_list(x: Any) -> Any:
    total = 0.5
    items = [v * 1.0 for v in x]
    for i in range(3):
        if items[i] > total:
            total += x[0]
    return x[0]


def of_a_table(x: Any) -> Any:
    total = 0.5
    table = [[v] * 3 for v in x]
    for i in range(3):
        if table[i][0] > total:
            total += table[i][i]
    return x[0]


def in_a_while(x: Any) -> Any:
    total, k = 0.5, 0
    while x[k] < 9.0:
        total += x[0]
        k += 1
    return x[0]


@pytest.mark.parametrize("function", [of_an_array, of_a_list, of_a_table, in_a_while])
def test_an_index_that_only_dead_code_reads(function: Callable[..., Any]) -> None:
    for derivative in (grad(function), value_and_grad(function)):
        with pytest.raises(IndexError):
            derivative(np.array([0.3, 0.8]))


def test_what_is_asked_twice_is_emitted_once() -> None:
    text = grad(of_an_array).source(np.ones(3))
    assert "if x[i] > total" in text
    assert "\n        x[i]\n" not in text
