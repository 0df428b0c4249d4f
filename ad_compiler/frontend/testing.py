"""Expressions of which only the truth counts: conditions, and what they are made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ad_compiler.frontend.source import Code


def is_tested(code: Code, node: ast.expr) -> bool:
    """Whether only the truth value of an expression is looked at."""
    known = code.source.tested
    if code.node not in known:
        tests = (test for part in ast.walk(code.node) for test in _tests(part))
        known[code.node] = frozenset(inner for test in tests for inner in _with_operands(test))
    return node in known[code.node]


def _tests(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield test
        case ast.Assert(test=test) | ast.UnaryOp(op=ast.Not(), operand=test):
            yield test
        case ast.comprehension(ifs=tests):
            yield from tests
        case _:
            pass


def _with_operands(test: ast.expr) -> Iterator[ast.expr]:
    yield test
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _with_operands(value)
