"""Series of `np.polynomial`: what is refused, and what emitted code says of their loops."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import chebyshev, polynomial

from ad_compiler import grad, source
from ad_compiler.errors import Unsupported

C = np.array([0.5, -1.0, 2.0])


def test_the_reverse_of_a_loop_names_its_file() -> None:
    def f(c):
        return chebyshev.chebval(0.3, c)

    text = source(grad(f), C)
    assert "# reverse of the loop at series.py:" in text
    assert grad(f)(C) == pytest.approx([1.0, 0.3, 2 * 0.3**2 - 1], rel=1e-14)


def test_several_series_are_refused() -> None:
    def f(x):
        return np.sum(polynomial.polyval(x, np.ones((3, 2))))

    with pytest.raises(Unsupported, match="several series"):
        grad(f)(0.5)


def test_points_are_not_paired_with_one_series() -> None:
    def f(x):
        return np.sum(polynomial.polyvalfromroots(x, C, tensor=False))

    with pytest.raises(Unsupported, match="tensor=False"):
        grad(f)(np.ones(4))
    assert grad(f)(0.25) == pytest.approx(grad(lambda x: (x - 0.5) * (x + 1) * (x - 2))(0.25))
