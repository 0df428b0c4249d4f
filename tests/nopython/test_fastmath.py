"""`fastmath`: LLVM may reorder sums and products, and change nothing else."""

from typing import Any

import numpy as np
import pytest

from ad_compiler import UsageError, grad, hvp, jvp, value_and_grad, vjp


def valley(x: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def test_the_decorator_says_what_may_be_reordered() -> None:
    text = grad(valley, backend="numba", fastmath=True).source(np.ones(3))
    assert text.count('fastmath={"reassoc", "nsz", "contract", "arcp"}') == 1
    assert "fastmath=" not in grad(valley, backend="numba").source(np.ones(3))


def test_derivatives_agree_up_to_rounding_and_nan_stays() -> None:
    x = np.linspace(-1.0, 2.0, 50)
    fast = value_and_grad(valley, backend="numba", fastmath=True)
    value, slope = fast(x)
    assert value == pytest.approx(valley(x), rel=1e-13)
    np.testing.assert_allclose(slope, grad(valley)(x), rtol=1e-12)
    x[7], x[20] = np.nan, np.inf
    value, slope = fast(x)
    assert np.isnan(value)
    np.testing.assert_array_equal(np.isnan(slope), np.isnan(grad(valley)(x)))


def test_products_take_it_too() -> None:
    x, v = np.linspace(-1.0, 2.0, 5), np.arange(5.0)
    options: Any = {"backend": "numba", "fastmath": True}
    np.testing.assert_allclose(hvp(valley, **options)(x, v), hvp(valley)(x, v), rtol=1e-12)
    assert jvp(valley, (x,), (v,), **options) == pytest.approx(jvp(valley, (x,), (v,)))
    np.testing.assert_allclose(vjp(valley, x, **options)[1](2.0)[0], 2 * grad(valley)(x))


def test_it_is_for_numba() -> None:
    with pytest.raises(UsageError, match="add backend='numba'"):
        grad(valley, fastmath=True)
