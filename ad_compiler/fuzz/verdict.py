"""The verdict on a program within a time, and cases: programs that failed, made small."""

from __future__ import annotations

import re
from pathlib import Path

from ad_compiler.fuzz.limits import Hangs, limit
from ad_compiler.fuzz.oracles import Verdict, judge
from ad_compiler.fuzz.shrink import shrunk

SHRINKING = 5.0
"""Seconds for one candidate of a smaller program."""


def verdict(text: str, seconds: float, name: str = "fuzz") -> Verdict:
    """All oracles on one program; a crash if they take longer than some seconds of computing."""
    limit(seconds)
    try:
        return judge(text, name)
    except Hangs:
        return Verdict("crash", f"it takes more than {seconds:g} s", "hangs")
    except Exception as error:
        return Verdict("crash", f"the program itself: {error!r}", f"itself {type(error).__name__}")
    finally:
        limit(0.0)


def failure(result: Verdict) -> tuple[str, str, str]:
    """What stays the same while a program is made smaller: outcome, oracle, and words."""
    words = result.detail if result.outcome != "wrong" else ""
    return result.outcome, result.oracle, re.sub(r"\S*[\d`'\"\[(<]\S*", "", words)[:60]


def smaller(text: str, seconds: float) -> tuple[str, Verdict]:
    """A small program that fails as this one does, and how."""
    first = verdict(text, 4 * SHRINKING)
    wanted = failure(first)
    found = shrunk(text, lambda t: failure(verdict(t, SHRINKING)) == wanted, seconds)
    return found, verdict(found, 4 * SHRINKING)


def keep(folder: Path, seed: int, text: str, seconds: float = 60.0) -> Path:
    """Write a failing program, made small, as a case."""
    found, result = smaller(text, seconds)
    folder.mkdir(parents=True, exist_ok=True)
    what = re.sub(r"\W+", "_", f"{result.outcome}_{result.oracle}").strip("_").lower()
    path = folder / f"{what}_{seed}.py"
    lines = f"{result.outcome}: {result.detail}".splitlines()
    head = "".join(f"# {line}\n" for line in [f"seed {seed}", *lines[:4]])
    path.write_text(f"{head}{found}\n", encoding="utf-8")
    return path
