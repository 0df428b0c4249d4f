"""The derivatives of tanh to sixth order."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ad_compiler import elementwise_grad

Load = Callable[[str], Any]

FORMULAS = [
    [0, 1],
    [1, 0, -1],
    [0, -2, 0, 2],
    [-2, 0, 8, 0, -6],
    [0, 16, 0, -40, 0, 24],
    [16, 0, -136, 0, 240, 0, -120],
    [0, -272, 0, 1232, 0, -1680, 0, 720],
]
"""Each derivative as a polynomial in tanh(x): d/dx t^n = n t^(n-1) (1 - t^2)."""


def test_derivatives_to_sixth_order(lecture: Load) -> None:
    x = np.linspace(-7, 7, 201)
    curves = lecture("tanh_derivatives").derivatives(x)
    assert len(curves) == 7
    for curve, formula in zip(curves, FORMULAS, strict=True):
        expected = np.polynomial.polynomial.polyval(np.tanh(x), formula)
        assert np.max(np.abs(curve - expected)) < 1e-10


def test_the_sixth_derivative_is_no_longer_than_by_hand(lecture: Load) -> None:
    tanh: Any = lecture("tanh_derivatives").tanh
    for _ in range(6):
        tanh = elementwise_grad(tanh)
    operations = (ast.BinOp, ast.UnaryOp, ast.Call)
    tree = ast.parse(tanh.source(np.zeros(3)))
    assert sum(isinstance(node, operations) for node in ast.walk(tree)) <= 50


def test_the_plot_is_written(lecture: Load, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    module, x = lecture("tanh_derivatives"), np.linspace(-7, 7, 51)
    module.plot(x, module.derivatives(x), str(tmp_path / "tanh.png"))
    assert (tmp_path / "tanh.png").read_bytes().startswith(b"\x89PNG")
