"""Derivatives of every structural rule at each of its samples, as compiled code gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.rules.programs import LINEAR, Case, compiled, inner, interpreted, random_like, single

CASES = [
    pytest.param(Case(p, r, sample), id=f"{p.name}-{k}")
    for p, r in LINEAR
    for k, sample in enumerate(r.samples)
    if not p.name.startswith(("tape", "list"))
]
every_case = pytest.mark.parametrize("case", CASES)


def moved(case: Case, dots: list[Any], step: float, extra: tuple[Any, ...] = ()) -> list[Any]:
    """The arguments, those that carry a derivative shifted along a direction."""
    values = [*case.arguments, *extra]
    for k, dot in zip(case.wrt, dots, strict=True):
        values[k] = values[k] + step * dot
    return values


def differences(
    case: Case, function: Any, dots: list[Any], extra: tuple[Any, ...] = ()
) -> list[Any]:
    """The derivative of each result along a direction, by differences extrapolated once."""

    def central(step: float) -> list[Any]:
        ahead, behind = (function(*moved(case, dots, h, extra)) for h in (step, -step))
        return [(np.asarray(a) - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]

    fine, coarse = central(1e-4), central(2e-4)
    return [(4 * a - b) / 3 for a, b in zip(fine, coarse, strict=True)]


def directions(case: Case, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [random_like(case.arguments[k], rng) for k in case.wrt]


def listed(value: Any) -> list[Any]:
    """The results of an operation that may have several."""
    return list(value) if isinstance(value, tuple) else [value]


def cotangents(values: list[Any], seed: int) -> list[Any]:
    """A random cotangent for each result."""
    rng = np.random.default_rng(seed)
    return [random_like(value, rng) for value in values]


def given(bars: list[Any]) -> Any:
    """Cotangents as a pullback takes them."""
    return tuple(bars) if len(bars) > 1 else bars[0]


def identical(one: Any, other: Any) -> bool:
    return type(one) is type(other) and np.array_equal(one, other, equal_nan=True)


@every_case
def test_every_sample_moves_an_operand(case: Case) -> None:
    assert case.wrt


@every_case
def test_emitted_code_computes_the_very_value(case: Case) -> None:
    args = case.arguments
    value = listed(compiled(case.derived())(*args))
    expected = case.expected()
    assert len(value) == len(expected)
    for one, other in zip(value, expected, strict=True):
        assert np.array_equal(one, other, equal_nan=True)
        assert np.asarray(one).dtype == np.asarray(other).dtype


@every_case
def test_forward_agrees_with_differences_and_reverse_is_its_transpose(case: Case) -> None:
    args, dots = case.arguments, directions(case, 1)
    z, z_dot = map(listed, compiled(case.derived("jvp"))(*args, *dots))
    for value, tangent, difference in zip(
        z, z_dot, differences(case, interpreted(case.function()), dots), strict=True
    ):
        assert np.shape(tangent) == np.shape(value)
        assert np.asarray(tangent) == pytest.approx(difference, rel=1e-7, abs=1e-8)
    z_bar = cotangents(z, 2)
    bars = compiled(case.derived("vjp"))(*args, given(z_bar))
    assert inner(bars, dots) == pytest.approx(inner(z_bar, z_dot), rel=1e-12, abs=1e-13)


@every_case
def test_cotangents_are_like_their_primals_and_share_no_memory(case: Case) -> None:
    args = case.arguments
    before = [np.copy(a) for a in args]
    z_bar = cotangents(case.expected(), 3)
    bars = compiled(case.derived("vjp"))(*args, given(z_bar))
    for k, bar in zip(case.wrt, bars, strict=True):
        assert type(bar) is type(args[k])
        assert np.shape(bar) == np.shape(args[k])
        assert np.asarray(bar).dtype == np.asarray(args[k]).dtype
    for n, bar in enumerate(bars):
        others = [*args, *z_bar, *bars[:n]]
        assert not any(np.may_share_memory(bar, other) for other in others if np.ndim(other))
    assert all(identical(np.asarray(a), b) for a, b in zip(args, before, strict=True))


@every_case
def test_single_precision_is_kept(case: Case) -> None:
    small = Case(case.primitive, case.rule, tuple(map(single, case.sample)))
    args, dots = small.arguments, directions(small, 1)
    z, z_dot = map(listed, compiled(small.derived("jvp"))(*args, *dots))
    for value, tangent in zip(z, z_dot, strict=True):
        assert np.asarray(tangent).dtype == np.asarray(value).dtype
    bars = compiled(small.derived("vjp"))(*args, given(cotangents(z, 2)))
    for k, bar in zip(small.wrt, bars, strict=True):
        assert np.asarray(bar).dtype == np.asarray(args[k]).dtype
        assert np.shape(bar) == np.shape(args[k])


@pytest.mark.parametrize("case", [c for c in CASES if "cofactors-" not in str(c.id)])
def test_second_derivatives(case: Case) -> None:
    """Forward over reverse agrees with differences of the gradient, and with reverse twice."""
    w = cotangents(case.expected(), 4)
    dots, bars = directions(case, 5), directions(case, 6)
    gradient = interpreted(case.derived("grad", curved=True))
    forward = interpreted(case.derived("grad", "jvp", curved=True))
    along = forward(*case.arguments, *w, *dots)[len(case.wrt) :]
    for one, other in zip(along, differences(case, gradient, dots, tuple(w)), strict=True):
        assert np.asarray(one) == pytest.approx(other, rel=1e-7, abs=1e-7)
    twice = interpreted(case.derived("grad", "vjp", curved=True))
    across = twice(*case.arguments, *w, *bars)
    assert inner(across, dots) == pytest.approx(inner(bars, along), rel=1e-11, abs=1e-12)
