"""Judges many random programs in several processes, and counts what they reach."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from ad_compiler.fuzz import hits

LIMIT = 60.0
"""The seconds of computing after which a program counts as one that hangs the compiler."""

CHUNK = 8
"""How many programs a process is given at a time."""


@dataclass(frozen=True)
class Found:
    """A program that is not right."""

    seed: int
    outcome: str
    detail: str
    oracle: str


@dataclass
class Tally:
    """What became of some programs."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    found: list[Found] = field(default_factory=list[Found])
    rows: Counter[str] = field(default_factory=Counter[str])
    operations: Counter[str] = field(default_factory=Counter[str])
    branches: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: Tally) -> None:
        """Count what another one counted, too."""
        self.outcomes += other.outcomes
        self.found += other.found
        for mine, more in (
            (self.rows, other.rows),
            (self.operations, other.operations),
            (self.branches, other.branches),
        ):
            mine.update(more)  # keeps what was counted 0 times

    @property
    def failed(self) -> list[Found]:
        """The programs at which the compiler is at fault."""
        return [one for one in self.found if one.outcome in ("wrong", "crash")]


def prepare() -> None:
    """Make a process ready: nothing is taken from disk, and what is reached is counted."""
    os.environ.update({"AD_COMPILER_CACHE": "0", "AD_COMPILER_VERIFY": "1"})
    hits.watch()


def judged(seeds: range) -> Tally:
    """What became of the programs of some seeds, in this process."""
    from ad_compiler.fuzz.generate import program
    from ad_compiler.fuzz.verdict import verdict

    tally = Tally()
    branches, operations = hits.BRANCHES.copy(), hits.OPERATIONS.copy()
    for seed in seeds:
        made = program(seed)
        result = verdict(made.text, LIMIT, f"fuzz{seed}")
        tally.outcomes[result.outcome] += 1
        tally.rows.update(set(made.used))
        if result.outcome not in ("right", "undecided"):
            tally.found.append(Found(seed, result.outcome, result.detail, result.oracle))
    for now, before, mine in (
        (hits.BRANCHES, branches, tally.branches),
        (hits.OPERATIONS, operations, tally.operations),
    ):
        for label, count in now.items():
            mine[label] += count - before[label]
    return tally


def run(first: int, count: int, jobs: int, seconds: float | None) -> Iterator[Tally]:
    """Judge the programs of the seeds from `first` on; the tallies, as they come in.

    Begins with no more after some seconds.
    """
    end = None if seconds is None else time.monotonic() + seconds
    starts = range(first, first + count, CHUNK)
    left = [range(start, min(start + CHUNK, first + count)) for start in reversed(starts)]
    while left and (end is None or time.monotonic() < end):
        waiting: dict[Future[Tally], range] = {}
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), prepare)
        try:
            yield from _filled(pool, left, waiting, jobs, end)
        except BrokenProcessPool:
            if len(waiting) == 1 and all(len(chunk) == 1 for chunk in waiting.values()):
                yield _died(*waiting.values())
            else:  # one at a time from here, to see which it is
                jobs = 1
                left += [range(seed, seed + 1) for chunk in waiting.values() for seed in chunk]
        finally:
            pool.shutdown(cancel_futures=True)


def _filled(
    pool: ProcessPoolExecutor,
    left: list[range],
    waiting: dict[Future[Tally], range],
    jobs: int,
    end: float | None,
) -> Iterator[Tally]:
    """Keep all processes at work until nothing is left, or the time is over."""
    while True:
        while left and len(waiting) < jobs and (end is None or time.monotonic() < end):
            chunk = left.pop()
            waiting[pool.submit(judged, chunk)] = chunk
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            tally = future.result()
            del waiting[future]
            yield tally


def _died(chunk: range) -> Tally:
    tally = Tally(Counter({"crash": 1}))
    tally.found.append(Found(chunk.start, "crash", "the process died", "died"))
    return tally
