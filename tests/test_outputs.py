"""Functions that write into an argument: `outputs=`, and what a pullback remembers."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import UsageError, jvp, vjp


def kernel(x, c, out):
    for i in range(1, len(x) - 1):
        out[i] = c * x[i - 1] * x[i + 1]


def test_a_kernel_that_writes_into_an_argument() -> None:
    x, out = np.arange(5.0), np.ones(5)
    value, pullback = vjp(kernel, x, 2.0, out, outputs="out")
    assert value == pytest.approx([1, 0, 6, 16, 1])
    assert np.array_equal(out, np.ones(5))
    x_bar, c_bar, out_bar = pullback(np.ones(5))
    assert x_bar == pytest.approx([4, 6, 8, 2, 4])
    assert c_bar == pytest.approx(11.0)
    assert out_bar == pytest.approx([1, 0, 0, 0, 1])
    (state,), (state_dot,) = jvp(
        kernel, (x, 2.0, out), (np.ones(5), 1.0, np.zeros(5)), outputs=("out",)
    )
    assert np.array_equal(state, value)
    assert state_dot == pytest.approx([0, 4, 11, 20, 0])


def test_a_pullback_belongs_to_the_point_where_it_was_made() -> None:
    x = np.arange(5.0)
    _, pullback = vjp(kernel, x, 2.0, np.ones(5), outputs="out")
    before = pullback(np.ones(5))[0]
    x[:] = 0.0
    assert np.array_equal(pullback(np.ones(5))[0], before)


def test_outputs_are_arguments() -> None:
    with pytest.raises(UsageError, match="no such argument"):
        vjp(kernel, np.ones(3), 1.0, np.ones(3), outputs="result")
    with pytest.raises(UsageError, match="only arrays"):
        vjp(kernel, np.ones(3), 1.0, np.ones(3), outputs="c")
