"""`ad-compiler fuzz`: random programs, judged; what fails is made small and kept."""

from __future__ import annotations

import math
import os
import random
import time
from pathlib import Path

import click

from ad_compiler.fuzz.run import Found, Tally, run

MOST_REFUSED = 0.05
"""The share of programs that may be refused; a few more by chance, two standard deviations."""

MOST_KEPT = 20
"""How many failing programs are made small; the others fail in the same few ways."""

PAUSE = 5.0
"""Seconds between two lines of progress."""


def fuzzed(count: int, seed: int | None, minutes: float | None, jobs: int, folder: Path) -> int:
    """Judge programs and print the outcome; the exit code is 1 if the compiler is at fault."""
    first = random.SystemRandom().randrange(10**9) if seed is None else seed
    click.echo(f"seed {first}: {count} programs")
    tally, start = Tally(), time.monotonic()
    shown = start
    for more in run(first, count, jobs or os.cpu_count() or 1, minutes and 60 * minutes):
        tally.add(more)
        for one in more.found:
            click.echo(f"seed {one.seed}: {one.outcome}: {one.detail}", err=True)
        if time.monotonic() - shown > PAUSE:
            shown = time.monotonic()
            click.echo(f"{summary(tally)} in {shown - start:.0f} s", err=True)
    _print(tally)
    _keep(tally.failed, folder)
    count = sum(tally.outcomes.values())
    chance = 2 * math.sqrt(count * MOST_REFUSED * (1 - MOST_REFUSED))
    refused = tally.outcomes["refused"] > count * MOST_REFUSED + chance
    return 1 if tally.failed or refused else 0


def summary(tally: Tally) -> str:
    """How many programs had each outcome."""
    every = sum(tally.outcomes.values())
    parts = [f"{tally.outcomes[name]} {name}" for name in ("right", "wrong", "crash", "refused")]
    return f"{every} programs: {', '.join(parts)}, {tally.outcomes['undecided']} undecided"


def _print(tally: Tally) -> None:
    from ad_compiler.fuzz.table import table

    click.echo(table(tally))
    click.echo(summary(tally))
    for one in tally.found:
        click.echo(f"seed {one.seed}: {one.outcome}: {one.detail.splitlines()[0]}")


def _keep(failed: list[Found], folder: Path) -> None:
    from ad_compiler.fuzz.generate import program
    from ad_compiler.fuzz.verdict import keep

    for one in failed[:MOST_KEPT]:
        click.echo(f"wrote {keep(folder, one.seed, program(one.seed).text)}", err=True)
