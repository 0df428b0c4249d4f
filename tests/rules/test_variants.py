"""Functions that mean another operation for operands of other ranks, as users call them."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ad_compiler import check_grads

N = np.sin(np.arange(1.0, 25.0))
SHAPES = [(), (4,), (3, 4), (2, 3, 4)]


@pytest.mark.parametrize("one", SHAPES)
@pytest.mark.parametrize("other", [(), (4,), (4, 2), (2, 4, 3)])
def test_dot(one: Any, other: Any) -> None:
    x, y = (np.resize(N, shape) if shape else 0.7 for shape in (one, other))
    check_grads(lambda x, y: np.sum(np.sin(np.dot(x, y))), (x, y))


@pytest.mark.parametrize("one", SHAPES)
@pytest.mark.parametrize("other", [(), (4,), (2, 4), (2, 3, 4)])
def test_inner(one: Any, other: Any) -> None:
    x, y = (np.resize(N, shape) if shape else 0.7 for shape in (one, other))
    check_grads(lambda x, y: np.sum(np.sin(np.inner(x, y))), (x, y))
