"""Imports a module with one change in it, and runs tests on it. No file is written."""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from scripts.mutation.changes import mutants

ROOT = Path(__file__).parents[2]
WHOLE = -1
"""The number of the mutant that is none: its tests must pass."""

LONGEST = 120
"""The seconds after which a test has found something: an endless loop."""

BLIND = ("test_mutants", "driver", "cli", "lecture", "test_generated", "test_readme", "test_bench")
"""Tests of processes and files, which do not see what is damaged in this process."""


class Damaged(importlib.abc.InspectLoader):
    """Loads a damaged module. Its source is damaged too, for functions of rules are read."""

    def __init__(self, path: Path, number: int) -> None:
        self.file = f"{path} damaged"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self.text = ast.unparse(tree)
        if number == WHOLE:
            return
        for k, _ in enumerate(mutants(tree)):
            if k == number:
                self.text = ast.unparse(ast.fix_missing_locations(tree))
                return
        raise AssertionError("there is no such mutant")

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 (importlib passes it)
        """What `linecache` shows, and the compiler lowers."""
        return self.text

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 (importlib passes it)
        """The code of the damaged module."""
        return compile(self.text, self.file, "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module that is damaged."""

    def __init__(self, path: Path, number: int) -> None:
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        self.loader = Damaged(path, number)

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The damaged module; None for all others."""
        if fullname != self.name:
            return None
        spec = importlib.util.spec_from_loader(fullname, self.loader, origin=self.loader.file)
        assert spec is not None
        spec.has_location = True
        return spec


class Chosen:
    """Keeps the tests that see something, those of the named functions alone if any are named."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Drop the others."""
        items[:] = [item for item in items if self.wants(item)]

    def wants(self, item: Any) -> bool:
        """Whether a test is of one of the functions."""
        if Path(item.path).relative_to(ROOT / "tests").parts[0].removesuffix(".py") in BLIND:
            return False
        spec = getattr(item, "callspec", None)
        return not self.names or (spec is not None and last_part(spec.id) in self.names)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, Any, Any]:
        """A test that does not end fails."""
        signal.signal(signal.SIGALRM, _endless)
        signal.alarm(LONGEST)
        try:
            return (yield)
        finally:
            signal.alarm(0)


def _endless(*_: object) -> None:
    raise TimeoutError("a test does not end")


def last_part(name: str) -> str:
    """`det` of `np.linalg.det`, and of the test `np.linalg.det-3`."""
    return name.removesuffix(" more").removesuffix(" by others").split("-")[0].split(".")[-1]


def run(path: Path, number: int, names: Iterable[str], tests: list[str]) -> int:
    """Run tests in this process, on a damaged compiler: the exit code of pytest."""
    os.chdir(ROOT)
    sys.meta_path.insert(0, Finder(path, number))
    options = ["-q", "-x", "-n", "0", "--no-header", "--tb=line", "-p", "no:cacheprovider"]
    chosen = Chosen(names)
    if chosen.names:  # few enough to run those that go deeper, too
        options += ["-m", "thorough or not thorough"]
    return int(pytest.main([*options, *tests], plugins=[chosen]))
