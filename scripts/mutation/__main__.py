"""Damage rules and transformations, one at a time, and see whether the tests notice.

`python -m scripts.mutation COUNT [--seed S] [--jobs N] [--damage PATTERN] [--only FILE[:LINE]]`:
random mutants, in `ad_compiler`, those whose words match a pattern if one is given. Each lives in a
process of its own, in which first the tests of the functions of the damaged file run, then all
others. The exit code is 1 if one survives, 2 if the tests fail without damage.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.mutation.changes import Mutant, mutants
from scripts.mutation.damaged import ROOT, WHOLE, last_part, run

ROOMS = {"rules": 4, "transform": 4, "analysis": 1}
"""Where mutants live, and in what shares."""

WARM = ("numpy", "scipy.special", "scipy.linalg", "scipy.stats", "sympy", "black", "click")
"""What is imported once, before processes are made."""

SOONEST = (
    "emitted", "transform", "control_flow", "test_in_place.py", "test_composition.py",
    "test_language.py", "test_regressions.py", "test_nested.py", "test_growing.py", "nasty_cases",
)  # fmt: skip
"""The tests that notice most, first."""

SURVIVED = "SURVIVED"
PASSED, NONE_CHOSEN = 0, 5
"""Exit codes of pytest that say nothing against a mutant."""


@dataclass(frozen=True)
class Task:
    """One mutant, and how far its tests have come."""

    number: int
    path: Path
    which: int
    mutant: Mutant
    quick: bool = True

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)} {self.mutant}"


def tests_of(task: Task) -> tuple[frozenset[str], list[str]]:
    """The names of functions that tests are chosen by, and the files of the tests."""
    if task.quick and task.path.parent.name == "rules":
        return names_in(task.path), ["tests/rules"]
    first = [f"tests/{name}" for name in SOONEST]
    if task.quick:
        return frozenset(), first
    rest = sorted(p for p in (ROOT / "tests").iterdir() if p.name.startswith("test_") or p.is_dir())
    others = [f"tests/{p.name}" for p in rest if p.name not in (*SOONEST, "cases", "__pycache__")]
    return frozenset(), [*others] if task.path.parent.name != "rules" else [*first, *others]


def names_in(path: Path) -> frozenset[str]:
    """The words of a file, and the names in its tables: what it enters is among them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tables = [top for top in tree.body if not isinstance(top, ast.FunctionDef)]
    words = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    names = [n.attr for top in tables for n in ast.walk(top) if isinstance(n, ast.Attribute)]
    texts = [w for w in words if isinstance(w, str) and re.fullmatch(r"[\w.]+", w)]
    return frozenset(map(last_part, [*texts, *names]))


def chosen(count: int, seed: int, damage: str) -> Iterator[tuple[Path, int, Mutant]]:
    """Random mutants: the file, the number in it, what is changed."""
    rng = random.Random(seed)
    found = {room: [m for path in files(room) for m in of_file(path)] for room in ROOMS}
    every = {room: [m for m in of if re.search(damage, m[2].what)] for room, of in found.items()}
    for _ in range(count):
        room = rng.choices(list(ROOMS), list(ROOMS.values()))[0]
        yield rng.choice(every[room])


def files(room: str) -> list[Path]:
    """The modules of a room."""
    return sorted((ROOT / "ad_compiler" / room).glob("*.py"))


def of_file(path: Path) -> list[tuple[Path, int, Mutant]]:
    """All mutants of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(path, k, mutant) for k, mutant in enumerate(mutants(tree))]


def only(place: str) -> Iterator[tuple[Path, int, Mutant]]:
    """All mutants of a file, or of a line of it."""
    file, _, line = place.partition(":")
    for path, k, mutant in of_file(ROOT / file):
        if not line or mutant.line == int(line):
            yield path, k, mutant


class Crew:
    """Processes at work."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.running: dict[int, tuple[Task, float, Path]] = {}
        self.logs = Path(tempfile.mkdtemp(prefix="mutation"))

    def start(self, task: Task) -> None:
        """Run the tests of a mutant in a process of its own."""
        log = self.logs / f"{task.number}{'' if task.quick else '_rest'}"
        names, tests = tests_of(task)
        pid = os.fork()
        if pid:
            self.running[pid] = task, time.monotonic(), log
            return
        out = os.open(log, os.O_WRONLY | os.O_CREAT)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = 1
        try:
            code = run(task.path, task.which, names, tests)
        finally:
            os._exit(code)

    def dismiss(self) -> None:
        """End the processes that still run."""
        for pid in self.running:
            os.kill(pid, signal.SIGKILL)

    def finish(self) -> tuple[Task, str]:
        """Wait for a process: its mutant and what became of it, empty if that is still open."""
        pid, status = os.wait()
        task, start, log = self.running.pop(pid)
        if os.waitstatus_to_exitcode(status) in (PASSED, NONE_CHOSEN):
            if not task.quick:
                return task, SURVIVED
            self.start(replace(task, quick=False))
            return task, ""
        said = log.read_text(encoding="utf-8", errors="replace")
        by = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - |$)", said, re.MULTILINE)
        seconds = time.monotonic() - start
        return task, f"caught in {seconds:.0f} s by {by.group(1) if by else 'the import'}"


def main() -> int:
    """Print what became of each mutant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--damage", default="", help="a regular expression: 'left out|exchanged'")
    parser.add_argument("--only", help="all mutants of a file, or of FILE:LINE")
    given = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in WARM:
        importlib.import_module(name)
    some = chosen(given.count, given.seed, given.damage)
    found = list(only(given.only) if given.only else some)
    waiting = [Task(k, *mutant) for k, mutant in enumerate(found)][::-1]
    whole = Task(-1, found[0][0], WHOLE, Mutant(0, "not damaged"))
    waiting.append(whole)
    crew, survived = Crew(given.jobs), 0
    while waiting or crew.running:
        while waiting and len(crew.running) < given.jobs:
            crew.start(waiting.pop())
        task, verdict = crew.finish()
        if task.which == WHOLE:
            if verdict and verdict != SURVIVED:
                crew.dismiss()
                print(f"the tests fail where nothing is damaged: {verdict}")
                return 2
            continue
        survived += verdict == SURVIVED
        if verdict:
            print(f"{task.number}: {task}: {verdict}", flush=True)
    print(f"{len(found)} mutants, {survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
