"""A workload: its gradients compared, then timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from scripts.bench.measure import LONG, Measured, Thunk, measured, numbers
from scripts.bench.workload import Form, Workload

CLOSE = 1e-9
"""How far gradients may be apart, relative to the largest number in one."""


@dataclass(frozen=True)
class Outcome:
    """What was measured, by what was run: `ours python`, `hand numba`, `jax`, …"""

    name: str
    found: dict[str, Measured]
    compiled: float
    """Seconds of the processor until our gradient was emitted, compiled by Numba, and called."""


def run(workload: Workload, peers: Collection[str], styles: Collection[str]) -> Outcome:
    """Compare all gradients, then time them."""
    thunks: dict[str, Thunk] = {}
    primals: dict[str, Thunk] = {}
    memory: dict[str, Callable[[], int]] = {}
    values: dict[str, Any] = {}
    slow: dict[str, Measured] = {}
    took = 0.0
    for style in styles:
        form = workload.forms.get(style)
        if form is None:
            continue
        start = time.process_time()
        gradient = form.gradient(style)
        ours = partial(gradient, *form.args)
        ours()
        if style == "numba":
            took = time.process_time() - start
        hand = partial(form.by_hand, *form.args)
        primals[f"primal {style}"] = partial(form.value(style), *form.args)
        for name, thunk in ((f"ours {style}", ours), (f"hand {style}", hand)):
            thunks[name] = thunk
            values[name] = numbers(form.normal(thunk()))
    shared = workload.shared
    for name in peers:
        function = getattr(workload, name)()
        thunks[name] = partial(function, *shared.args)
        if name == "jax":
            memory[name] = partial(_memory_of_jax, function, shared)
        start = time.perf_counter()
        values[name] = numbers(shared.normal(thunks[name]()))
        if name == "autograd" and (once := time.perf_counter() - start) > LONG:
            del thunks[name]
            slow[name] = Measured(once, once, 0)
    compare(workload.name, values)
    for thunk in primals.values():
        thunk()
    return Outcome(workload.name, measured(primals | thunks, memory) | slow, took)


def compare(name: str, values: dict[str, Any]) -> None:
    """Raise unless all gradients agree."""
    (first, wanted), *others = values.items()
    for other, value in others:
        apart = np.max(np.abs(value - wanted)) / max(np.max(np.abs(wanted)), 1e-300)
        if not apart <= CLOSE:
            raise AssertionError(f"{name}: {other} and {first} differ by {apart:.1e}")


def _memory_of_jax(function: Any, form: Form) -> int:
    """What the compiled program says that it needs beside its arguments."""
    stats = function.__wrapped__.lower(*form.args).compile().memory_analysis()
    return int(stats.temp_size_in_bytes + stats.output_size_in_bytes)
