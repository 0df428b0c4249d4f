"""Damage rules and transformations, one at a time, and see whether the tests notice.

`mutate.py COUNT [--seed S]`: each mutant is one change of the syntax tree of one module: a sign, a
factor, a dropped term, a condition turned round, a number off by one, two operands exchanged, a
statement left out, also inside the text of a partial derivative. It lives in a process of its own,
which changes the module when it is imported; no file is written. The exit code is 1 if one
survives.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.machinery
import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).parents[1]
ROOMS = {"rules": 4, "transform": 4, "analysis": 1}
"""Where mutants live, and in what shares."""

LIMIT = 240
"""The seconds after which a mutant counts as caught: it hangs."""

TESTS = {
    "rules": ["tests/rules", "tests/emitted", "tests/test_fuzz.py"],
    "transform": [
        "tests/emitted", "tests/control_flow", "tests/test_in_place.py", "tests/transform",
        "tests/test_composition.py", "tests/test_fuzz.py", "tests/test_nested.py",
        "tests/test_growing.py",
        "tests/nasty_cases", "tests/test_regressions.py", "tests/rules", "tests/test_api.py",
    ],
    "analysis": ["tests/emitted", "tests/test_in_place.py", "tests/test_fuzz.py", "tests/rules"],
}  # fmt: skip
"""The tests that must notice, those that fail soonest first."""

OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Lt: ast.LtE,
    ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip


def mutants(tree: ast.Module) -> Iterator[str]:
    """Change the tree in each way in turn; it is changed when its description is given."""
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.Module):
            yield from _left_out(node)
        elif isinstance(node, ast.If | ast.IfExp):
            old, node.test = node.test, ast.UnaryOp(ast.Not(), node.test)
            yield f"line {old.lineno}: condition turned round"
            node.test = old
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPPOSITE:
            yield from _operator(node)
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPPOSITE:
            old_op = node.ops[0]
            node.ops[0] = OPPOSITE[type(old_op)]()  # type: ignore[assignment]
            yield f"line {node.lineno}: {type(old_op).__name__} turned round"
            node.ops[0] = old_op
        elif isinstance(node, ast.Constant):
            yield from _constant(node)
        elif isinstance(node, ast.Call) and len(node.args) == 2 and not node.keywords:
            node.args.reverse()
            yield f"line {node.lineno}: two arguments exchanged"
            node.args.reverse()


def _left_out(owner: ast.FunctionDef | ast.Module) -> Iterator[str]:
    """Calls for their effect, and changes, are left out; also inside branches and loops."""
    if isinstance(owner, ast.Module):
        return
    for parent in ast.walk(owner):
        for name in ("body", "orelse"):
            block = getattr(parent, name, None)
            for k, stmt in enumerate(block if isinstance(block, list) else []):
                call = isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call)
                if isinstance(block, list) and (call or isinstance(stmt, ast.AugAssign)):
                    block[k] = ast.copy_location(ast.Pass(), stmt)
                    yield f"line {stmt.lineno}: left out"
                    block[k] = stmt


def _operator(node: ast.BinOp | ast.BoolOp) -> Iterator[str]:
    old = node.op
    node.op = OPPOSITE[type(old)]()  # type: ignore[assignment]
    yield f"line {node.lineno}: {type(old).__name__} turned round"
    node.op = old  # type: ignore[assignment]
    if isinstance(node, ast.BinOp) and isinstance(old, ast.Add | ast.Mult):
        right, node.right = node.right, ast.Constant(0 if isinstance(old, ast.Add) else 1)
        yield f"line {node.lineno}: a term or factor dropped"
        node.right = right


def _constant(node: ast.Constant) -> Iterator[str]:
    old = node.value
    if isinstance(old, int) and not isinstance(old, bool) and -2 <= old <= 3:
        node.value = old + 1
        yield f"line {node.lineno}: {old} off by one"
    elif isinstance(old, str) and any(c in old for c in "+-*/") and " " in old:
        try:
            inner = ast.parse(old, mode="eval")
        except SyntaxError:
            return
        module = ast.Module([ast.Expr(inner.body)], [])
        for change in mutants(module):
            body = module.body[0]
            assert isinstance(body, ast.Expr)
            node.value = ast.unparse(body.value)
            yield f"line {node.lineno}: {old!r} is {node.value!r} ({change})"
    node.value = old


class Damaged(importlib.machinery.SourceFileLoader):
    """Imports a module with one change in it."""

    def __init__(self, name: str, path: str, number: int) -> None:
        super().__init__(name, path)
        self.number = number

    def get_code(self, fullname: str) -> CodeType:
        """The code of the damaged module."""
        path = self.get_filename(fullname)
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
        for k, _ in enumerate(mutants(tree)):
            if k == self.number:
                return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
        raise AssertionError("there is no such mutant")


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module that is damaged."""

    def __init__(self, module: str, path: Path, number: int) -> None:
        self.loader = Damaged(module, str(path), number)

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The damaged module; None for all others."""
        if fullname != self.loader.name:
            return None
        return importlib.util.spec_from_loader(fullname, self.loader)


def run(path: Path, number: int, tests: list[str]) -> int:
    """Run tests in this process, on a damaged compiler."""
    import os

    import pytest

    os.environ["AD_COMPILER_CACHE"] = "0"
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    sys.path.insert(0, str(ROOT))
    sys.meta_path.insert(0, Finder(module, path, number))
    return int(
        pytest.main(["-q", "-x", "-n", "0", "--no-header", "-p", "no:cacheprovider", *tests])
    )


def chosen(count: int, seed: int) -> Iterator[tuple[str, Path, int, str]]:
    """Random mutants: the room, the file, the number in it, what is changed."""
    rng = random.Random(seed)
    every: dict[str, list[tuple[Path, int, str]]] = {}
    for room in ROOMS:
        for path in sorted((ROOT / "ad_compiler" / room).glob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            every.setdefault(room, []).extend((path, k, s) for k, s in enumerate(mutants(tree)))
    for _ in range(count):
        room = rng.choices(list(ROOMS), list(ROOMS.values()))[0]
        path, number, what = rng.choice(every[room])
        yield room, path, number, what


def main() -> int:
    """Print what became of each mutant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        return run(Path(given.run[0]), int(given.run[1]), given.run[2:])
    survived = 0
    for k, (room, path, number, what) in enumerate(chosen(given.count, given.seed)):
        start = time.monotonic()
        command = [sys.executable, __file__, "--run", str(path), str(number), *TESTS[room]]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, timeout=LIMIT, check=False
            )
            caught = done.returncode != 0
        except subprocess.TimeoutExpired:
            caught = True
        survived += not caught
        verdict = "caught" if caught else "SURVIVED"
        where = path.relative_to(ROOT)
        print(f"{k}: {verdict} in {time.monotonic() - start:.0f} s: {where} {what}", flush=True)
    print(f"{given.count} mutants, {survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
