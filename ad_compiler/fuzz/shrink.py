"""Makes a failing program small: it stays a program that fails in the same way.

Statements go, loops and branches become their bodies, expressions become their operands or
numbers, arguments and unused functions go, until nothing more can.
"""

from __future__ import annotations

import ast
import time
import warnings
from collections.abc import Callable, Iterator

KEPT = ("f", "number", "arguments")
"""The functions that a program is known by."""

Fails = Callable[[str], bool]


def shrunk(text: str, fails: Fails, seconds: float = 60.0) -> str:
    """The smallest program found in some time that still fails, as Python text."""
    end = time.monotonic() + seconds
    tree = ast.parse(text)
    best = ast.unparse(tree)
    if not fails(best):
        return text
    again = True
    while again:
        again = False
        for kind in (_less_statements, _less_expressions):
            position = 0
            while time.monotonic() < end:
                candidate = next(_from(kind(best), position), None)
                if candidate is None:
                    break
                number, smaller = candidate
                if len(smaller) < len(best) and _compiles(smaller) and fails(smaller):
                    best, again = smaller, True
                    position = number
                else:
                    position = number + 1
            if time.monotonic() > end:
                return best
    return best


def _from(candidates: Iterator[str], position: int) -> Iterator[tuple[int, str]]:
    for number, text in enumerate(candidates):
        if number >= position:
            yield number, text


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        try:
            compile(text, "<shrunk>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


def _less_statements(text: str) -> Iterator[str]:
    """The program without one of its statements, or with the body of one in its place."""
    count = sum(1 for _ in _blocks(ast.parse(text)))
    for k in range(count):
        length = len(_block(ast.parse(text), k)[1])
        yield from _without_runs(text, k, length)
        for n in reversed(range(length)):
            for change in (_removed, _replaced_by_body, _without_else):
                tree = ast.parse(text)
                owner, block = _block(tree, k)
                if change(owner, block, n):
                    yield ast.unparse(tree)


def _without_runs(text: str, k: int, length: int) -> Iterator[str]:
    """The program without halves, quarters and so on of one block."""
    size = length // 2
    while size > 1:
        for start in reversed(range(0, length, size)):
            tree = ast.parse(text)
            owner, block = _block(tree, k)
            run = block[start : start + size]
            if not any(isinstance(s, ast.FunctionDef) and s.name in KEPT for s in run):
                del block[start : start + size]
                if not block and block is getattr(owner, "body", None):
                    block.append(ast.Pass())
                yield ast.unparse(tree)
        size //= 2


def _blocks(tree: ast.Module) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in ("arguments", "number"):
            continue
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and not _within_arguments(tree, node):
                yield node, block


def _within_arguments(tree: ast.Module, node: ast.AST) -> bool:
    fixed = (s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == "arguments")
    return any(node is inner for function in fixed for inner in ast.walk(function))


def _block(tree: ast.Module, k: int) -> tuple[ast.AST, list[ast.stmt]]:
    return next(pair for number, pair in enumerate(_blocks(tree)) if number == k)


def _removed(owner: ast.AST, block: list[ast.stmt], n: int) -> bool:
    stmt = block[n]
    if isinstance(stmt, ast.FunctionDef) and stmt.name in KEPT:
        return False
    del block[n]
    if not block and block is getattr(owner, "body", None):
        block.append(ast.Pass())
    return not isinstance(stmt, ast.Pass)


def _replaced_by_body(_owner: ast.AST, block: list[ast.stmt], n: int) -> bool:
    stmt = block[n]
    if not isinstance(stmt, ast.If | ast.For | ast.While):
        return False
    block[n : n + 1] = stmt.body
    return True


def _without_else(_owner: ast.AST, block: list[ast.stmt], n: int) -> bool:
    stmt = block[n]
    if not isinstance(stmt, ast.If | ast.For | ast.While) or not stmt.orelse:
        return False
    block[n : n + 1] = stmt.orelse
    return True


def _less_expressions(text: str) -> Iterator[str]:
    """The program with one expression of `f` replaced by one of its parts, or by a number."""
    count = sum(1 for _ in _expressions(ast.parse(text)))
    for k in range(count):
        for choice in range(4):
            tree = ast.parse(text)
            parent, name, place, node = list(_expressions(tree))[k]
            parts = [p for p in ast.iter_child_nodes(node) if isinstance(p, ast.expr)]
            parts = [p for p in parts if not isinstance(p, ast.Slice)]
            options = [*parts[:3], ast.Constant(0.5)]
            if choice >= len(options):
                break
            if place is None:
                setattr(parent, name, options[choice])
            else:
                getattr(parent, name)[place] = options[choice]
            yield ast.unparse(ast.fix_missing_locations(tree))


def _expressions(
    tree: ast.Module,
) -> Iterator[tuple[ast.AST, str, int | None, ast.expr]]:
    """The expressions of f that are read, with where they stand."""
    functions = [s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == "f"]
    for parent in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(parent, ast.arguments):
            continue
        for name, value in ast.iter_fields(parent):
            if name == "func":
                continue
            many = value if isinstance(value, list) else [value]
            for place, node in enumerate(many):
                if _replaceable(node):
                    yield parent, name, place if isinstance(value, list) else None, node


def _replaceable(node: object) -> bool:
    if not isinstance(node, ast.expr) or isinstance(node, ast.Constant | ast.Name | ast.Slice):
        return False
    return not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
