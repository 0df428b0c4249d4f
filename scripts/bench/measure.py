"""How long functions take, and how much memory: in turns, on one core.

Time is the processor's, so that what else a machine does counts less.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

ROUND = 0.004
"""Seconds that a round of one function takes at the least: shorter than what disturbs it."""
TOTAL = 1.0
"""Seconds for all rounds of one function, more or less."""
MOST = 60
"""Rounds at the most; there are five at the least, or one if a call takes too long."""
LONG = 3.0
"""Seconds that are too long: what takes more is called once, and its memory is not measured."""

Thunk = Callable[[], Any]


@dataclass(frozen=True)
class Measured:
    """Seconds a call, and the peak of memory in bytes."""

    least: float
    median: float
    memory: int


def numbers(value: Any) -> Any:
    """All numbers of a gradient in a row."""
    if isinstance(value, tuple | list):
        return np.concatenate([numbers(item) for item in value])
    return np.ravel(np.asarray(value, dtype=float))


def rounds_of(function: Thunk) -> tuple[int, int]:
    """How many rounds, and how many calls in each."""
    start = time.process_time()
    function()
    took = max(time.process_time() - start, 1e-7)
    if took > LONG:
        return 1, 1
    calls = max(1, int(ROUND / took))
    return max(5, min(MOST, int(TOTAL / (calls * took)))), calls


def timed(functions: Mapping[str, Thunk]) -> dict[str, list[float]]:
    """Seconds a call of each function, in turns."""
    plans = {name: rounds_of(function) for name, function in functions.items()}
    found: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(max(rounds for rounds, _ in plans.values())):
        for name, function in functions.items():
            rounds, calls = plans[name]
            if turn >= rounds:
                continue
            start = time.process_time()
            for _ in range(calls):
                function()
            found[name].append((time.process_time() - start) / calls)
    return found


def peak(function: Thunk) -> int:
    """The bytes that a call takes beside what is there already; Numba's arrays are counted too."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def measured(
    functions: Mapping[str, Thunk], memory: Mapping[str, Callable[[], int]]
) -> dict[str, Measured]:
    """Time and memory of each; `memory` for those whose memory Python does not see."""
    times = timed(functions)
    return {
        name: Measured(
            min(times[name]),
            statistics.median(times[name]),
            memory[name]() if name in memory else peak(function),
        )
        for name, function in functions.items()
    }
