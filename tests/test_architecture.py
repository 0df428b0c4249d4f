"""The shape of the code: which room may import which, how long a file may be, no cycles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

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


@cache
def trees() -> dict[str, ast.Module]:
    """The modules of the package, by name."""
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


@cache
def graph() -> dict[str, set[str]]:
    """The modules of this package that each imports."""
    return {name: set(imports(tree)) & MODULES for name, tree in trees().items()}


def test_rooms_import_only_rooms_before_them() -> None:
    def place(module: str) -> int:
        return ROOMS.index(room_of(module))

    later = [(m, n) for m, found in graph().items() for n in found if place(n) > place(m)]
    assert later == []


def test_no_import_cycles() -> None:
    others = {name: found - {name} for name, found in graph().items()}
    assert len(list(TopologicalSorter(others).static_order())) == len(MODULES)


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in ALL_FILES}
    assert {path: n for path, n in lengths.items() if n > LONGEST} == {}


def test_only_heavy_things_are_imported_late() -> None:
    assert {name: found for name in MODULES if (found := late(name) - HEAVY)} == {}


def late(name: str) -> set[str]:
    """The packages that functions of a module import."""
    found = {
        module.split(".")[0]
        for node in ast.walk(trees()[name])
        if isinstance(node, ast.FunctionDef | ast.Lambda)
        for module in imports(node)
    }
    if room_of(name) in ("cli", "driver", "__init__", "fuzz"):
        # help must not wait for NumPy, nor a program that is on disk for the compiler; and what
        # counts branches is there before the modules that they are in
        found -= {"ad_compiler"}
    return found


def test_emitted_code_stands_alone() -> None:
    plain, compiled = set[str](), set[str]()
    for path in (ROOT / "generated").glob("*.py"):
        needed = compiled if path.stem.endswith("_numba") else plain
        needed.update(imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert plain == {"math", "numpy"}
    assert compiled == {"math", "numpy", "numba"}
