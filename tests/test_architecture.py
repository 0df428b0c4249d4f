"""The shape of the code: which room may import which, how long a file may be, no cycles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ad_compiler"

ROOMS = (
    "frozen", "errors", "ir", "rules", "frontend", "analysis", "transform", "backend", "symbolic",
    "viz",
    "driver", "api", "inspection", "marking", "__init__", "fuzz", "cli", "__main__",
)  # fmt: skip
"""In order: a room imports itself and the rooms before it."""

HEAVY = {"sympy", "black", "numba", "click", "matplotlib", "scipy"}
"""What may be imported inside a function, because loading it takes longer than using it."""

LONGEST = 400

FILES = sorted(PACKAGE.rglob("*.py"))
ALL_FILES = sorted([*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])


def name_of(path: Path) -> str:
    """The dotted name of a module of the package; a package is `….__init__`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = {name_of(path) for path in FILES}


def room_of(module: str) -> str:
    """`ad_compiler.ir.nodes` is in `ir`; `ad_compiler.cli_emit` is in `cli`."""
    part = module.split(".")[1]
    return part if part.startswith("__") else part.split("_")[0]


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules that code imports; for names of our packages, the modules they are."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (resolved(f"{module}.{alias.name}", module) for alias in names)
            case ast.ImportFrom():
                raise AssertionError("imports are absolute")
            case _:
                pass


def resolved(name: str, module: str) -> str:
    """The module behind `from module import name`."""
    candidates = (name, f"{name}.__init__", module, f"{module}.__init__")
    return next((c for c in candidates if c in MODULES), module)


def ours(path: Path) -> set[str]:
    """The modules of this package that a file imports."""
    return {m for m in imports(ast.parse(path.read_text(encoding="utf-8"))) if m in MODULES}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_rooms_import_only_rooms_before_them(path: Path) -> None:
    own = ROOMS.index(room_of(name_of(path)))
    later = [m for m in ours(path) if ROOMS.index(room_of(m)) > own]
    assert not later, f"{name_of(path)} imports {later}"


def test_no_import_cycles() -> None:
    graph = {name_of(path): ours(path) - {name_of(path)} for path in FILES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{lines} lines: is it still one thing?"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_heavy_things_are_imported_late(path: Path) -> None:
    late = {
        module.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.Lambda)
        for module in imports(node)
    }
    if room_of(name_of(path)) in ("cli", "driver", "__init__", "fuzz"):
        # help must not wait for NumPy, nor a program that is on disk for the compiler; and what
        # counts branches is there before the modules that they are in
        late -= {"ad_compiler"}
    assert late <= HEAVY


@pytest.mark.parametrize("path", sorted((ROOT / "generated").glob("*.py")), ids=lambda p: p.stem)
def test_emitted_code_stands_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert set(imports(tree)) <= {"math", "numpy"}
