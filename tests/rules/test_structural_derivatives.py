"""Derivatives of every structural rule at each of its samples, as compiled code gives them.

So too for the functions that are defined by others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import linalg

from ad_compiler.rules.registry import DEFINITIONS
from tests.rules.programs import (
    DEFINED,
    STRUCTURAL,
    Sample,
    at_every_sample,
    compiled,
    inner,
    interpreted,
    random_like,
)

CASES: dict[str, Sequence[Sample]] = {**STRUCTURAL, **DEFINED}
every_case = at_every_sample(CASES, quick=1)


def moved(case: Sample, dots: list[Any], step: float, extra: tuple[Any, ...] = ()) -> list[Any]:
    """The arguments, those that carry a derivative shifted along a direction."""
    values = [*case.arguments, *extra]
    for k, dot in zip(case.wrt, dots, strict=True):
        values[k] = values[k] + step * dot
    return values


def differences(
    case: Sample, function: Any, dots: list[Any], extra: tuple[Any, ...] = ()
) -> list[Any]:
    """The derivative of each result along a direction, by differences extrapolated once."""

    def central(step: float) -> list[Any]:
        ahead, behind = (function(*moved(case, dots, h, extra)) for h in (step, -step))
        return [(np.asarray(a) - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]

    fine, coarse = central(1e-4), central(2e-4)
    return [(4 * a - b) / 3 for a, b in zip(fine, coarse, strict=True)]


def directions(case: Sample, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [random_like(case.arguments[k], rng) for k in case.wrt]


def identical(one: Any, other: Any) -> bool:
    return type(one) is type(other) and np.array_equal(one, other, equal_nan=True)


@every_case
def test_every_sample_moves_an_operand(case: Sample) -> None:
    assert case.wrt


@every_case
def test_emitted_code_computes_the_very_value(case: Sample) -> None:
    args = case.arguments
    values = compiled(case.derived())(*args)
    for value, expected in zip(values, case.values, strict=True):
        assert np.array_equal(value, expected, equal_nan=True)
        assert np.asarray(value).dtype == np.asarray(expected).dtype


def test_every_definition_has_samples() -> None:
    without = {t for t, d in DEFINITIONS.items() if not (d.samples or d.writes)}
    assert without == {linalg.lstsq}  # whose solution is a primitive, and nothing else is computed


def cotangents(case: Sample, seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return tuple(random_like(z, rng) for z in case.values)


@every_case
def test_forward_agrees_with_differences_and_reverse_is_its_transpose(case: Sample) -> None:
    args, dots = case.arguments, directions(case, 1)
    z, z_dot = compiled(case.derived("jvp"))(*args, *dots)
    assert list(map(np.shape, z_dot)) == list(map(np.shape, z))
    slopes = differences(case, interpreted(case.function()), dots)
    for tangent, slope in zip(z_dot, slopes, strict=True):
        assert np.asarray(tangent) == pytest.approx(slope, rel=1e-7, abs=1e-8)
    z_bar = cotangents(case, 2)
    bars = compiled(case.derived("vjp"))(*args, z_bar)
    assert inner(bars, dots) == pytest.approx(inner(z_bar, z_dot), rel=1e-12, abs=1e-13)


@every_case
def test_cotangents_are_like_their_primals_and_share_no_memory(case: Sample) -> None:
    args = case.arguments
    before = [np.copy(a) for a in args]
    z_bar = cotangents(case, 3)
    bars = compiled(case.derived("vjp"))(*args, z_bar)
    for k, bar in zip(case.wrt, bars, strict=True):
        assert type(bar) is type(args[k])
        assert np.shape(bar) == np.shape(args[k])
        assert np.asarray(bar).dtype == np.asarray(args[k]).dtype
    for n, bar in enumerate(bars):
        others = [*args, *z_bar, *bars[:n]]
        assert not any(np.may_share_memory(bar, other) for other in others if np.ndim(other))
    assert all(identical(np.asarray(a), b) for a, b in zip(args, before, strict=True))


@at_every_sample(CASES, quick=1, every=2)
def test_single_precision_is_kept(case: Sample) -> None:
    small = case.single()
    args, dots = small.arguments, directions(small, 1)
    z, z_dot = compiled(small.derived("jvp"))(*args, *dots)
    for value, tangent in zip(z, z_dot, strict=True):
        assert np.asarray(tangent).dtype == np.asarray(value).dtype
    bars = compiled(small.derived("vjp"))(*args, cotangents(small, 2))
    for k, bar in zip(small.wrt, bars, strict=True):
        assert np.asarray(bar).dtype == np.asarray(args[k]).dtype
        assert np.shape(bar) == np.shape(args[k])


@at_every_sample(
    {name: group for name, group in CASES.items() if name != "cofactors"}, quick=1, every=2
)
def test_second_derivatives(case: Sample) -> None:
    """Forward over reverse agrees with differences of the gradient, and with reverse twice."""
    w = cotangents(case, 4)
    dots, bars = directions(case, 5), tuple(directions(case, 6))
    gradient = interpreted(case.derived("grad", curved=True))
    forward = interpreted(case.derived("grad", "jvp", curved=True))
    along = forward(*case.arguments, *w, *dots)[len(case.wrt) :]
    for one, other in zip(along, differences(case, gradient, dots, w), strict=True):
        assert np.asarray(one) == pytest.approx(other, rel=1e-7, abs=1e-7)
    twice = interpreted(case.derived("grad", "vjp", curved=True))
    across = twice(*case.arguments, *w, *bars)
    assert inner(across, dots) == pytest.approx(inner(bars, along), rel=1e-11, abs=1e-12)
