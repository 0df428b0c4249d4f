"""Checkpointed loops: the same gradients, to the bit, from a few states."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, checkpoint, grad, hvp, jvp, source, value_and_grad
from ad_compiler.ir.nodes import Function
from ad_compiler.rules.helpers import helper
from ad_compiler.transform import pipeline
from tests.depth import thorough

# -- the schedule ---------------------------------------------------------------------------------


@cache
def least(steps: int, slots: int) -> int:
    """The fewest trips to be run again, to reverse so many with so many states kept."""
    if steps == 1:
        return 0
    if slots == 1:
        return steps * (steps - 1) // 2
    return min(m + least(steps - m, slots - 1) + least(m, slots) for m in range(1, steps))


def run_again(steps: int, slots: int) -> int:
    """The trips that the emitted schedule runs again; it never keeps more states than it may."""
    following = helper("next_snapshot")
    starts, trips = [0], 0
    for k in range(steps - 1, -1, -1):
        start = starts[-1]
        if start == k:
            starts.pop()
        while start < k:
            end = following(start, k, slots - len(starts))
            trips += end - start
            if end < k:
                starts.append(end)
            start = end
        assert len(starts) <= slots
    assert starts == []
    return trips


@pytest.mark.parametrize("slots", range(1, 8))
def test_no_schedule_repeats_less(slots: int) -> None:
    for steps in range(1, 50):
        assert run_again(steps, slots) == least(steps, slots)


def test_sweeps_of_a_long_loop() -> None:
    assert run_again(10_000, 10) < 5.9 * 10_000
    assert run_again(100_000, 32) < 5 * 100_000


# -- programs -------------------------------------------------------------------------------------


def chain(x: float, h: float, n: int) -> float:
    for k in checkpoint(range(n), 4):
        x = x + h * math.sin(x) * k
    return x


def stencil(u: Any, c: float, n: int) -> Any:
    total = 0.0
    for t in checkpoint(range(n), slots=3):
        u[1:-1] += c * np.sin(u[2:] - 2 * u[1:-1] + u[:-2])
        total += np.sum(u**2) * t
        if total > 1e9:
            raise ValueError(total)
    return total + np.sum(u)


def swapped(u: Any, c: float, n: int) -> Any:
    new = np.zeros_like(u)
    for _ in checkpoint(range(n)):
        for i in range(1, len(u) - 1):
            new[i] = u[i] + c * math.sin(u[i - 1]) * u[i + 1]
        u, new = new, u
    return np.sum(u * new)


def backwards_in_steps(x: float, h: float, n: int) -> float:
    for k in checkpoint(range(3 * n, n, -2), 2):
        x = x + h * math.cos(x * k)
    return x


def nested(x: float, h: float, n: int) -> float:
    for k in checkpoint(range(n), 3):
        for j in checkpoint(range(k), 2):
            x = x + h * math.sin(x + j)
        x = x * math.cos(x)
    return x


def two_arms(x: float, h: float, n: int) -> float:
    y = 1.0
    for k in checkpoint(range(n), 3):
        if x > 1.0:
            x = x * math.cos(h * k)
        else:
            x, y = x + h * y, math.sin(y * x) + 1.0
    return x * y


def one_path(x: float, h: float, n: int) -> float:
    if h > 0:
        for _ in checkpoint(range(n), 2):
            x = math.sin(x) + h
    return x * h


def called_twice(x: float, h: float, n: int) -> float:
    return chain(chain(x, h, n), h, n + 1)


U = np.array([0.3, 0.9, -0.4, 0.8, 0.1])
PROGRAMS: list[tuple[Callable[..., Any], Any]] = [
    (chain, 0.7),
    (stencil, U),
    (swapped, U),
    (backwards_in_steps, 0.7),
    (nested, 0.7),
    (two_arms, 0.7),
    (one_path, 0.7),
    (called_twice, 0.7),
]


def unchanged(program: Function) -> Function:
    return program


def same(one: Any, other: Any) -> bool:
    return all(
        np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 20])
@pytest.mark.parametrize(("f", "x"), PROGRAMS)
def test_the_bits_are_those_of_tapes(
    f: Callable[..., Any], x: Any, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = value_and_grad(f, (0, 1))(x, 0.1, n)
    monkeypatch.setattr(pipeline, "with_snapshots", unchanged)
    stored = value_and_grad(f, (0, 1), memory="recompute")(x, 0.1, n)
    assert kept[0] == stored[0] == f(*((x.copy() if isinstance(x, np.ndarray) else x), 0.1, n))
    assert same(kept[1], stored[1])


@pytest.mark.parametrize(("f", "x"), PROGRAMS)
def test_all_keep_snapshots_and_have_second_derivatives(f: Callable[..., Any], x: Any) -> None:
    assert "_snapshots" in source(grad(f, (0, 1)), x, 0.1, 3)
    check_grads(f, (x, 0.1, 5), order=2)


def test_forward_over_reverse_keeps_snapshots() -> None:
    text = source(hvp(stencil), U, 0.1, 5)
    assert "u_dot_snapshots" in text
    assert "tape" not in text


@thorough
def test_memory_does_not_grow_with_the_trips() -> None:
    def peak(n: int) -> int:
        gradient(u, 0.1, n)
        tracemalloc.start()
        gradient(u, 0.1, n)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    gradient, u = grad(stencil), np.linspace(0.0, 1.0, 2000)
    assert peak(400) < 1.2 * peak(40)
    assert peak(400) < 20 * u.nbytes


def test_it_is_the_range_itself() -> None:
    assert checkpoint(range(3), 2) == range(3)
    with pytest.raises(TypeError, match=r"checkpoint\(\) takes a range"):
        checkpoint([1, 2])  # type: ignore[arg-type]  # is refused
    with pytest.raises(ValueError, match="at least one slot, not 0"):
        checkpoint(range(3), 0)


def test_tangents_go_along() -> None:
    _, x_dot = jvp(chain, (0.7, 0.1, 9), (1.0, 0.0, 0))
    assert x_dot == pytest.approx(grad(chain)(0.7, 0.1, 9), rel=1e-14)


def leaves(x: float, n: int) -> float:
    for _ in checkpoint(range(n), 2):
        x = math.sin(x)
        if x < 0.1:
            break
    return x


def over_a_list(x: float, n: int) -> float:
    for k in checkpoint([1, 2], n):  # type: ignore[arg-type]  # is refused
        x = math.sin(x) + k
    return x


def of_unknown_slots(x: float, n: int) -> float:
    for _ in checkpoint(range(9), int(x * n)):
        x = math.sin(x)
    return x


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (leaves, "a checkpointed loop cannot be left early"),
        (over_a_list, r"checkpoint\(\) takes a range, and a number of slots"),
        (of_unknown_slots, r"the slots of checkpoint\(\) must be a positive integer"),
    ],
)
def test_refused(f: Callable[..., Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        grad(f)(0.5, 3)
