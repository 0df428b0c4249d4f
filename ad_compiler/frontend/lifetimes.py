"""Which names are not mentioned any more, from a statement or a call on.

    y = x                  `x` is mentioned for the last time in the call of `f`. Whatever that
    z = f(x, y) + y        does to the array, or makes of it on one path, `x` will not tell.

A name that a loop mentions lives as long as the outermost such loop, and one that a function
inside mentions lives on.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ad_compiler.frontend.source import Code, blocks, children

Position = tuple[int, int]
Ends = dict[ast.AST, tuple[str, ...]]

_LOOPS = (ast.For, ast.While)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_REPEATED = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
NEVER: Position = (1 << 60, 0)


def last_mentions(code: Code) -> Mapping[ast.AST, tuple[str, ...]]:
    """The names that end before each statement, and with the arguments of each call."""
    known = code.source.ends
    if code.node not in known:
        known[code.node] = _ends(code.node)
    return known[code.node]


def _ends(function: ast.AST) -> Ends:
    if not isinstance(function, ast.FunctionDef):
        return {}
    mentions = _Mentions()
    for part in function.body:
        mentions.walk(part, (0, 0), None)
    last, statements = mentions.last, mentions.statements
    found: dict[ast.AST, list[str]] = {}
    starts = [(s.lineno, s.col_offset) for s in statements]
    for name, end in last.items():
        at = bisect_left(starts, end)
        if at < len(statements):
            found.setdefault(statements[at], []).append(name)
    for statement in statements:
        if isinstance(statement, _SIMPLE):
            end = _end(statement)
            for call, name in _calls(statement):
                if last[name] <= end:
                    found.setdefault(call, []).append(name)
    return {node: tuple(names) for node, names in found.items()}


def _end(node: ast.stmt) -> Position:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _read(statement: ast.stmt) -> Position:
    """Where all that a statement itself says was said: before its first inner statement."""
    inner = blocks(statement)
    first = inner[0] if inner else None
    return (first.lineno, first.col_offset) if isinstance(first, ast.stmt) else _end(statement)


@dataclass
class _Mentions:
    """Until when each name lives, and the statements, in the order of the text."""

    last: dict[str, Position] = field(default_factory=dict[str, Position])
    statements: list[ast.stmt] = field(default_factory=list[ast.stmt])

    def walk(self, node: ast.AST, read: Position, until: Position | None) -> None:
        """`read`: where the statement around was read; `until`: how long a loop around runs."""
        if isinstance(node, ast.stmt):
            read = _read(node)
            if until != NEVER:
                self.statements.append(node)
        if isinstance(node, ast.Name):
            self.last[node.id] = max(self.last.get(node.id, read), until or read)
        elif isinstance(node, _SCOPES):
            until = NEVER
        elif isinstance(node, _LOOPS):
            line, column = _end(node)
            until = until or (line, column + 1)  # later than its last statement
        for part in children(node):
            self.walk(part, read, until)


def _calls(statement: ast.stmt) -> Iterator[tuple[ast.Call, str]]:
    """The innermost call that holds all that a statement says of a name, by name."""
    holding: dict[str, list[ast.Call]] = {}

    def walk(node: ast.AST, around: list[ast.Call], *, once: bool) -> None:
        if isinstance(node, ast.Name):
            common = holding.get(node.id, around) if once else []
            holding[node.id] = [call for call in around if call in common]
        elif isinstance(node, ast.Call):
            around = [*around, node]
        elif isinstance(node, (*_SCOPES, *_REPEATED)):
            once = False
        for part in children(node):
            walk(part, around, once=once)

    walk(statement, [], once=True)
    for name, calls in holding.items():
        if calls:
            yield calls[-1], name
