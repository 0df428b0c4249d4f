"""Counts what random programs reach: operations of the programs, branches of the backend.

The modules of the backend are given a counter at the beginning of each arm of an `if`, a `match`,
a loop and a function when they are imported. So `watch` must run before they are.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

WATCHED = "ad_compiler.backend."
COUNTER = "__hit__"

BRANCHES: Counter[str] = Counter()
"""How often each branch was taken; those that never were are there too, with 0."""

OPERATIONS: Counter[str] = Counter()
"""How many programs had each kind of operation and node."""


class Watching(importlib.machinery.PathFinder):
    """Finds the modules that are watched, to be loaded with counters in them."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The place of a module that is watched; None for all others."""
        if not fullname.startswith(WATCHED):
            return None
        spec = super().find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        return importlib.util.spec_from_loader(fullname, Loader(fullname, spec.origin))


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles the text of a module with counters in it; keeps no bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module."""
        path = self.get_filename(fullname)
        tree = counted(ast.parse(Path(path).read_text(encoding="utf-8")), fullname)
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        module.__dict__[COUNTER] = BRANCHES
        exec(self.get_code(module.__name__), module.__dict__)


def counted(tree: ast.Module, module: str) -> ast.Module:
    """The tree with a counter in each arm."""
    for node in list(ast.walk(tree)):
        for arm, block in arms(node):
            if impossible(block):
                continue
            label = f"{module.removeprefix('ad_compiler.')}:{block[0].lineno} {arm}"
            BRANCHES[label] += 0
            count = ast.parse(f"{COUNTER}[{label!r}] += 1").body[0]
            documented = isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None
            block.insert(1 if documented else 0, ast.copy_location(count, block[0]))
    return ast.fix_missing_locations(tree)


def arms(node: ast.AST) -> list[tuple[str, list[ast.stmt]]]:
    """The blocks of a statement that are run on one of several paths."""
    match node:
        case ast.If():
            return [("if", node.body), *([("else", node.orelse)] if node.orelse else [])]
        case ast.For() | ast.While():
            return [("loop", node.body), *([("else", node.orelse)] if node.orelse else [])]
        case ast.FunctionDef():
            return [(node.name, node.body)]
        case ast.match_case():
            return [("case", node.body)]
        case ast.Try():
            return [("except", handler.body) for handler in node.handlers]
        case _:
            return []


def impossible(block: list[ast.stmt]) -> bool:
    """Whether a block only says that it is never reached."""
    match block[0]:
        case ast.Expr(ast.Call(ast.Name("assert_never"))):
            return True
        case ast.Raise(ast.Call(ast.Name("InternalError" | "NotImplementedError"))):
            return True
        case ast.Expr(ast.Constant(value=value)) if value is Ellipsis:
            return True
        case _:
            return False


def watch() -> None:
    """Begin to count. The backend must not have been imported."""
    if Watching not in sys.meta_path:
        assert not any(name.startswith(WATCHED) for name in sys.modules)
        sys.meta_path.insert(0, Watching)
        _watch_operations()


def _watch_operations() -> None:
    from ad_compiler.driver import build
    from ad_compiler.ir.nodes import For, If, Let, While, walk

    emit = build.emit

    def counting(function: Any, *args: Any, **options: Any) -> str:
        kinds: set[str] = set()
        for stmt in walk(function.block):
            match stmt:
                case Let() if stmt.prim.name:
                    kinds.add(stmt.prim.name)
                case If():
                    kinds.add("If")
                case For():
                    kinds.add("For, descending" if stmt.descending else "For")
                    kinds.add("For, with a way out" if stmt.body.stop is not None else "For")
                case While():
                    kinds.add("While")
                case _:
                    kinds.add(f"Effect {stmt.prim.name}")
        OPERATIONS.update(kinds)
        return emit(function, *args, **options)

    build.emit = counting
