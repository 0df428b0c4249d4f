"""The table and the picture of what was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.bench.measure import LONG
from scripts.bench.picture import draw
from scripts.bench.run import Outcome

ROOT = Path(__file__).parents[2]
MARKS = "<!-- benchmark -->", "<!-- end of the benchmark -->"

TIMES = {
    "ours numba": "ours, Numba",
    "hand numba": "by hand, Numba",
    "ours python": "ours, NumPy/Python",
    "hand python": "by hand, NumPy/Python",
    "jax": "JAX",
    "autograd": "autograd",
}


def machine() -> str:
    """The processor, as it names itself, and the versions."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = re.search(r"model name\s*:\s*(.*)", info.read_text())
        model = named[1] if named else model
    packages = [f"Python {platform.python_version()}"]
    for name in ("NumPy", "Numba", "JAX", "autograd"):
        try:
            packages.append(f"{name} {importlib.metadata.version(name.lower())}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"{model}, {os.cpu_count()} cores, one of them used; {', '.join(packages)}"


def seconds(value: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{_digits(value / size)} {unit}"
    return f"{_digits(value * 1e9)} ns"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def size(value: float) -> str:
    """Kilobytes or megabytes."""
    return f"{_digits(value / 1e6)} MB" if value >= 1e6 else f"{_digits(value / 1e3)} kB"


def cells(outcome: Outcome) -> Iterator[str]:
    """The times of a line, minimum and median."""
    for name in TIMES:
        own = outcome.found.get(name)
        yield "" if own is None else f"{seconds(own.least)} ({seconds(own.median)})"


def ratios(outcome: Outcome) -> Iterator[str]:
    """Gradient over primal of ours and by hand, ours over by hand, ours over JAX."""
    least = {name: own.least for name, own in outcome.found.items()}
    for style in ("numba", "python"):
        if f"ours {style}" not in least:
            yield from ("", "", "")
            continue
        for name in ("ours", "hand"):
            yield f"{least[f'{name} {style}'] / least[f'primal {style}']:.2f}"
        yield f"{least[f'ours {style}'] / least[f'hand {style}']:.2f}"
    best = min((v for k, v in least.items() if k.startswith("ours")), default=0.0)
    yield f"{best / least['jax']:.2f}" if "jax" in least else ""


def memories(outcome: Outcome) -> Iterator[str]:
    """The peak of memory of each."""
    for name in TIMES:
        own = outcome.found.get(name)
        yield "" if own is None or own.least > LONG else size(own.memory)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def text(outcomes: Sequence[Outcome]) -> str:
    """All tables."""
    titles = list(TIMES.values())
    relative = [
        "Numba: ours / primal", "by hand / primal", "ours / by hand",
        "NumPy/Python: ours / primal", "by hand / primal", "ours / by hand",
        "best of ours / JAX", "compiled by Numba in",
    ]  # fmt: skip
    return "\n\n".join(
        [
            f"Measured on {machine()}.",
            "Time of a gradient, minimum (median):",
            markdown(["", *titles], [[o.name, *cells(o)] for o in outcomes]),
            "Ratios of the minima:",
            markdown(
                ["", *relative],
                [
                    [o.name, *ratios(o), f"{o.compiled:.1f} s" if o.compiled else ""]
                    for o in outcomes
                ],
            ),
            "Memory at its peak, beside the arguments:",
            markdown(["", *titles], [[o.name, *memories(o)] for o in outcomes]),
        ]
    )


def short(outcomes: Sequence[Outcome]) -> str:
    """A table for the README: the faster of our two, and the one by hand in its style."""
    rows: list[list[str]] = []
    for outcome in outcomes:
        least = {name: own.least for name, own in outcome.found.items()}
        style = min(("numba", "python"), key=lambda s: least.get(f"ours {s}", float("inf")))
        names = (f"ours {style}", f"hand {style}", "jax", "autograd")
        times = [seconds(least[name]) if name in least else "" for name in names]
        factor = least[names[0]] / least[f"primal {style}"]
        rows.append([outcome.name, *times, f"{factor:.1f}"])
    head = ["gradient", "ours", "by hand", "JAX", "autograd", "ours / the function itself"]
    picture = "![Times of gradients](docs/benchmark.svg)"
    return f"{markdown(head, rows)}\n\nMeasured on {machine()}.\n\n{picture}"


def insert(page: Path, tables: str) -> None:
    """Put text between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    page.write_text(f"{before}{MARKS[0]}\n{tables}\n{MARKS[1]}{after}", encoding="utf-8")


def report(outcomes: Sequence[Outcome], *, write: bool) -> None:
    """Print, and store if told so."""
    tables = text(outcomes)
    print(tables)
    if write:
        docs = ROOT / "docs"
        draw(outcomes, TIMES, docs / "benchmark.svg")
        picture = "![Times of gradients](benchmark.svg)"
        insert(docs / "benchmark.md", f"{tables}\n\n{picture}")
        insert(ROOT / "README.md", short(outcomes))
