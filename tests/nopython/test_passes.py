"""What makes code for Numba fast leaves its results as they are, beside what it must not touch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, value_and_grad
from ad_compiler.fuzz.backends import numbers
from ad_compiler.transform.pipeline import OPTIONAL
from tests.depth import spread
from tests.nopython.passes import (
    ALL,
    M,
    X,
    elementwise,
    gathered,
    heat,
    kept,
    one_quotient,
    parts,
    scattered,
    scratch,
    two_only,
)
from tests.nopython.plainly import emitted, run


@pytest.mark.parametrize("left_out", [(), *((name,) for name in sorted(OPTIONAL)), tuple(OPTIONAL)])
@pytest.mark.parametrize(("function", "args"), spread(ALL, 12))
def test_passes_keep_results(
    function: Callable[..., Any], args: tuple[Any, ...], left_out: tuple[str, ...]
) -> None:
    expected = numbers(value_and_grad(function)(*args))
    got = numbers(run(emitted(function, args, without=left_out), args))
    assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("function", "args"), scratch.entered)
def test_scratch_arrays_take_one_loop(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = emitted(function, args)
    assert "and its reverse in one" in text
    assert not [line for line in text.splitlines() if "np.empty(" in line and line[4] == " "]


@pytest.mark.parametrize(("function", "args"), kept.entered)
def test_what_trips_learn_from_each_other_takes_two(
    function: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    assert "-1, -1)" in emitted(function, args)


@pytest.mark.parametrize(("function", "args"), gathered.entered)
def test_neighbours_are_gathered(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = emitted(function, args)
    assert "np.zeros((n" in text or "np.zeros(n" in text or "np.zeros((m" in text
    assert emitted(function, args, without=("gather",)) != text


@pytest.mark.parametrize(("function", "args"), scattered.entered)
def test_other_places_are_not(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert emitted(function, args) == emitted(function, args, without=("gather",))


def test_quotients_share_a_division() -> None:
    text = emitted(one_quotient, (0.3, -1.3), (0, 1))
    assert text.count(" / y") == 2  # the quotient itself, and one of the backward sweep
    assert emitted(one_quotient, (0.3, -1.3), (0, 1), ("quotients",)).count(" / y") == 3


def test_elementwise_operations_take_one_loop() -> None:
    for x, place in ((X, "[i] ="), (M, "[i, j] =")):
        assert place in emitted(elementwise, (x,))
        assert place not in emitted(elementwise, (x,), without=("elements",))


def test_what_is_never_zero_does_not_raise() -> None:
    def logistic(x: float) -> float:
        return 1.0 / (1.0 + math.exp(-x))

    def odds(x: float) -> float:
        return 1.0 / (1.0 - math.exp(-x))

    assert 'error_model="numpy"' in emitted(logistic, (0.5,))
    assert 'error_model="numpy"' not in emitted(odds, (0.5,))


def test_parts_change_through_views() -> None:
    text = emitted(parts, (M,))
    assert "] +=" not in text
    assert "] *=" not in text
    assert "] -=" not in text


def test_buffers_are_allocated_before_the_loop_over_time() -> None:
    text = emitted(heat, (M, 0.2, 3))
    assert text.index("= np.zeros((n + 2, m + 2))") < text.index(
        "for _ in range(steps - 1, -1, -1)"
    )


def test_what_runs_ahead_comes_first() -> None:
    lines = emitted(two_only, (X,)).splitlines()
    places = [line.split("=")[0].strip() for line in lines if "u_bar[" in line]
    assert places == ["u_bar[i + 1] +", "u_bar[i] -"]


def test_integers_in_lists_of_floats_do_not_cut_floats_off() -> None:
    def known(x: Any) -> Any:
        w: Any = [0, 0, 0]
        for i in range(len(x)):
            w[i] = x[i] * 2
        return w[0] * w[1] + w[2]

    def counted(x: Any) -> Any:
        dp: Any = [0] * (len(x) + 1)
        for i in range(len(x)):
            dp[i + 1] = dp[i] * 0.5 + x[i]
        return dp[len(x)]

    x = np.array([0.5, 0.7, -0.3])
    value, gradient = value_and_grad(known, backend="numba")(x)
    assert value == known(x)
    np.testing.assert_array_equal(gradient, value_and_grad(known)(x)[1])
    with pytest.raises(Unsupported, match="floats are written to later"):
        value_and_grad(counted, backend="numba")(x)
