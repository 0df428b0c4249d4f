"""A function with many surroundings, run as another process would run it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ad_compiler.driver import build
from ad_compiler.driver.kept import PROGRAMS

SUBJECT = """\
import functools
import math

import numpy as np

RATE = 2.0
TURNS = 2
MODE = "sine"
PAIR = [1.0, 3.0]
TABLE = {"a": 2.0}
PI = math.pi


def helper(u):
    return math.sin(u) * RATE


def power(u, n):
    return u * n


half = functools.partial(power, n=0.5)


def made(k):
    def inner(x):
        return k * x * x

    return inner


inner = made(3.0)


def f(x, scale=1.5):
    s = helper(x) * scale + half(x) + inner(x) + x * PI
    for item in PAIR:
        s += item * x**2
    for _ in range(TURNS):
        s = s * x
    if MODE == "sine":
        s += TABLE["a"] * x
    return s
"""


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Begin as a new process does."""
    build.LOWERED.entries.clear()
    PROGRAMS.entries.clear()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the programs that the compiler made."""
    names: list[str] = []
    run = build.build

    def counted(lowered: Any, *rest: Any) -> Any:
        names.append(lowered.function.name)
        return run(lowered, *rest)

    monkeypatch.setattr(build, "build", counted)
    return names


Load = Callable[[str], Any]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes a module and runs it anew, as another process would."""

    def run(text: str) -> Any:
        path = tmp_path / "subject.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("subject", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        exec(compile(text, str(path), "exec", dont_inherit=True), module.__dict__)
        return module

    return run
