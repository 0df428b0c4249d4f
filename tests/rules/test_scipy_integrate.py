"""Integrals of samples: short axes, kinds of numbers, keywords, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from ad_compiler import Unsupported, grad, jvp

RULES: list[Any] = [integrate.trapezoid, integrate.simpson, integrate.cumulative_trapezoid]
simpson: Any = integrate.simpson
RNG = np.random.default_rng(0)


def same(function: Callable[..., Any], *args: Any) -> None:
    """The value is SciPy's to the bit, of the same dtype; or what it raises is."""
    still = tuple(np.zeros_like(a) if a.dtype.kind == "f" else None for a in args)
    try:
        wanted = function(*args)
    except (ValueError, IndexError) as error:
        with pytest.raises(type(error)):
            jvp(function, args, still)
        return
    value = jvp(function, args, still)[0]
    assert type(value) is type(wanted)
    assert value.dtype == wanted.dtype
    assert np.array_equal(value, wanted, equal_nan=True)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", ["f8", "f4", "i8"])
def test_axes_of_every_length(rule: Any, kind: str) -> None:
    def at(y: Any, x: Any) -> Any:
        return rule(y, x)

    def along(y: Any, x: Any) -> Any:
        return rule(y, x=x, axis=0)

    for n in (0, 1, 2, 3, 4, 7, 20):
        y, x = (RNG.normal(size=n) * 9).astype(kind), np.cumsum(RNG.random(n) + 0.1)
        same(at, y, x)
        same(at, y, x.astype("f4"))
        same(along, np.stack([y, 2 * y], axis=1), x)
        same(along, np.stack([y, 2 * y], axis=1), np.stack([x, x**2], axis=1))


@pytest.mark.parametrize("rule", RULES)
def test_places_that_coincide(rule: Any) -> None:
    def at(y: Any, x: Any) -> Any:
        return rule(y, x)

    y = RNG.normal(size=6)
    for places in ([0, 0, 0, 1, 1, 2], [0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 1, 1]):
        x = np.array(places, float)
        same(at, y, x)
        assert np.isfinite(jvp(at, (y, x), (y, x))[1]).all()


@pytest.mark.parametrize("rule", RULES)
def test_lists_and_widths(rule: Any) -> None:
    def of_list(a: float) -> Any:
        return np.sum(rule([a, 2 * a, a * a, 3.0], dx=0.5))

    def of_width(y: Any, dx: float) -> Any:
        return np.sum(rule(y, dx=dx))

    assert grad(of_list)(0.5) == pytest.approx((of_list(0.501) - of_list(0.499)) / 0.002)
    y = RNG.normal(size=6)
    assert grad(of_width, 1)(y, 0.5) == pytest.approx(of_width(y, 1.0))


@pytest.mark.parametrize("rule", RULES)
def test_lengths_that_differ(rule: Any) -> None:
    def at(y: Any, x: Any) -> Any:
        return rule(y, x)

    same(at, np.ones(6), np.arange(4.0))
    same(at, np.ones(6), np.arange(2.0))
    same(at, np.ones((2, 3)), np.arange(3.0)[None])


def test_sums_of_float32_at_float64_places() -> None:
    def at(y: Any, x: Any) -> Any:
        return integrate.trapezoid(y, x)

    same(at, RNG.normal(size=20_000).astype("f4"), np.cumsum(RNG.random(20_000)))


def test_the_first_of_running_integrals() -> None:
    def from_zero(y: Any) -> Any:
        return integrate.cumulative_trapezoid(y, axis=0, initial=0)

    same(from_zero, RNG.normal(size=(3, 2)))
    same(from_zero, RNG.normal(size=(3, 2)).astype("f4"))


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda y: integrate.cumulative_trapezoid(y, initial=1.0), "`initial` other than 0"),
    (lambda y: simpson(y, dx=np.ones(2)), "`dx` that is an array"),
    (lambda y: simpson(y, y[0, 0]), "neither one axis"),
    (lambda y: integrate.trapezoid(y, axis=2), "axis 2 of an array with 2 axes"),
    (lambda y: integrate.trapezoid(y[0, 0]), "axis -1 of an array with 0 axes"),
    (lambda y: simpson(y.astype(np.float32), y[0].astype(np.float32)), "float32 samples"),
    (integrate.cumulative_simpson, "`scipy.integrate.cumulative_simpson` has no rule"),
    (integrate.romb, "`scipy.integrate.romb` has no rule"),
]


@pytest.mark.parametrize(("function", "reason"), REFUSED)
def test_refusals(function: Any, reason: str) -> None:
    def total(y: Any) -> Any:
        return np.sum(function(y))

    with pytest.raises(Unsupported, match=reason):
        grad(total)(np.ones((2, 3)))


def test_numba_compiles_the_trapezoidal_rule() -> None:
    pytest.importorskip("numba")

    def total(y: Any, x: Any) -> Any:
        return integrate.trapezoid(y, x)

    y, x = RNG.normal(size=5), np.cumsum(RNG.random(5))
    wanted = grad(total, (0, 1))(y, x)
    for one, other in zip(grad(total, (0, 1), backend="numba")(y, x), wanted, strict=True):
        assert one == pytest.approx(other)
