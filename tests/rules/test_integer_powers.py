"""Powers whose exponent is an integer that only the run knows, of any sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, hessian, jvp

Slope = dict[int, float]
"""The slope of `x ** n`, by n."""

POINTS: list[tuple[float, Slope, Slope]] = [
    (1.5, {3: 6.75, 2: 3.0, 1: 1.0, 0: 0.0, -1: -1 / 2.25, -2: -2 / 3.375}, {3: 9.0, 2: 2.0}),
    (-0.5, {3: 0.75, 2: -1.0, 1: 1.0, 0: 0.0, -1: -4.0, -2: 16.0}, {3: -3.0, -1: -16.0}),
    (0.0, {3: 0.0, 2: 0.0, 1: 1.0, 0: 0.0}, {3: 0.0, 2: 2.0, 1: 0.0, 0: 0.0}),
]  # fmt: skip
SLOPES = [(x, n, slope) for x, slopes, _ in POINTS for n, slope in slopes.items()]
CURVATURES = [(x, n, value) for x, _, values in POINTS for n, value in values.items()]


def raised(x: Any, n: int) -> Any:
    return x**n


def sum_raised(x: Any, n: int) -> Any:
    return np.sum(x**n)


def raised_in_turn(x: Any, first: int, last: int) -> Any:
    total = 0.0
    for n in range(first, last):
        total += x**n
    return total


@pytest.mark.parametrize(("x", "n", "slope"), SLOPES)
def test_slopes(x: float, n: int, slope: float) -> None:
    assert grad(raised)(x, n) == pytest.approx(slope, rel=1e-15, abs=0)
    assert grad(raised)(np.float64(x), n) == pytest.approx(slope, rel=1e-15, abs=0)
    assert jvp(raised, (x, n), (1.0, 0))[1] == pytest.approx(slope, rel=1e-15, abs=0)
    assert grad(raised_in_turn)(x, n, n + 1) == pytest.approx(slope, rel=1e-15, abs=0)


@pytest.mark.parametrize(("x", "n", "value"), CURVATURES)
def test_second_derivatives(x: float, n: int, value: float) -> None:
    assert hessian(raised)(x, n) == pytest.approx(value, rel=1e-14, abs=0)
    assert hessian(raised_in_turn)(x, n, n + 1) == pytest.approx(value, rel=1e-14, abs=0)


@pytest.mark.parametrize("n", [3, 1, 0])
def test_arrays(n: int) -> None:
    x = np.array([1.5, -0.5, 0.0])
    wanted = [slopes[n] for _, slopes, _ in POINTS]
    np.testing.assert_allclose(grad(sum_raised)(x, n), wanted, rtol=1e-15)
