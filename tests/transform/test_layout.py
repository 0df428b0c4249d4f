"""Copies keep the layout of an array; where it is that of a plain copy, they are one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads, grad, source


def plain(x: Any, n: int) -> Any:
    u = x.copy()
    for _ in range(n):
        u[1:] += u[:-1] * u[1:]
    return np.sum(u * u)


def on_one_path(x: Any, n: int) -> Any:
    u = x.copy()
    if n > 1:
        u = np.sin(np.zeros_like(u) + u)
    for _ in range(n):
        u[1:] += u[:-1] * u[1:]
    return np.sum(u * u)


def turned(x: Any, n: int) -> Any:
    u = x.copy().T + 0.0
    for _ in range(n):
        u[1:] += u[:-1] * u[1:]
    return np.sum(u * u)


def turned_by_a_trip(x: Any, n: int) -> Any:
    u = x.copy()
    for _ in range(n):
        u[1:] += u[:-1] * u[1:]
        u = np.sin(u.T)
    return np.sum(u * u)


def as_it_comes(x: Any, n: int) -> Any:
    u = np.sin(x)
    for _ in range(n):
        u[1:] += u[:-1] * u[1:]
    return np.sum(u * u)


X = np.asfortranarray(np.linspace(0.1, 0.9, 9).reshape(3, 3))


@pytest.mark.parametrize("f", [plain, on_one_path])
def test_rows(f: Any) -> None:
    assert "order=" not in source(grad(f), X, 2)


@pytest.mark.parametrize("f", [turned, turned_by_a_trip, as_it_comes])
def test_other_layouts_are_kept(f: Any) -> None:
    assert '.copy(order="K")' in source(grad(f), X, 2)


@pytest.mark.parametrize("f", [plain, on_one_path, turned, turned_by_a_trip, as_it_comes])
def test_gradients(f: Any) -> None:
    check_grads(f, (X, 3), order=2)
