"""Finds the source of a function, and checks that it is what runs.

The file is parsed as a whole, so places are absolute; the function's node is found by the first
line and the columns of its code object; and the file is compiled again to see that it has not
been edited since the function was made from it.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any, cast

from ad_compiler.errors import Span, Unsupported
from ad_compiler.frontend.matching import without_match

FunctionNode = ast.FunctionDef | ast.Lambda


@dataclass(eq=False)
class Source:
    """The text of a file, its syntax tree, and what was found out about its nodes."""

    file: str
    text: str
    codes: dict[FunctionNode, Code] = field(default_factory=dict["FunctionNode", "Code"])
    bound: dict[ast.AST, frozenset[str]] = field(default_factory=dict["ast.AST", "frozenset[str]"])
    nodes: dict[ast.AST, list[ast.AST]] = field(default_factory=dict["ast.AST", "list[ast.AST]"])
    yields: dict[ast.AST, ast.AST | None] = field(default_factory=dict["ast.AST", "ast.AST | None"])
    """The first `yield` of functions."""
    ends: dict[ast.AST, dict[ast.AST, tuple[str, ...]]] = field(
        default_factory=dict["ast.AST", "dict[ast.AST, tuple[str, ...]]"]
    )
    varying: dict[ast.AST, frozenset[str]] = field(default_factory=dict[ast.AST, frozenset[str]])
    confined: dict[ast.AST, Mapping[ast.AST, tuple[str, ...]]] = field(
        default_factory=dict["ast.AST", "Mapping[ast.AST, tuple[str, ...]]"]
    )
    tested: dict[ast.AST, frozenset[ast.expr]] = field(
        default_factory=dict[ast.AST, frozenset[ast.expr]]
    )
    optional: dict[ast.AST, frozenset[str]] = field(default_factory=dict[ast.AST, frozenset[str]])
    tables: dict[ast.AST, Mapping[str, Any]] = field(
        default_factory=dict[ast.AST, "Mapping[str, Any]"]
    )
    written: dict[tuple[ast.AST, str], ast.FunctionDef] = field(
        default_factory=dict["tuple[ast.AST, str]", "ast.FunctionDef"]
    )
    """The functions that comprehensions stand for."""

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of the file."""
        tree = ast.parse(self.text, self.file)
        return without_match(tree) if "match" in self.text else tree

    @cached_property
    def functions(self) -> dict[int, list[FunctionNode]]:
        """All functions, by the line that their code object begins at."""
        found: dict[int, list[FunctionNode]] = {}
        inside = children if "lambda" in self.text else blocks
        stack: list[ast.AST] = [self.tree]
        while stack:
            node = stack.pop()
            stack.extend(inside(node))
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                found.setdefault(first_line(node), []).append(node)
        return found

    @cached_property
    def compiled(self) -> dict[tuple[str, int], list[CodeType]]:
        """The code objects that the text compiles to, by name and first line."""
        found: dict[tuple[str, int], list[CodeType]] = {}
        module = compile(self.text, self.file, "exec", dont_inherit=True)
        for code in _codes(module):
            found.setdefault((code.co_name, code.co_firstlineno), []).append(code)
        return found

    def line(self, number: int) -> str:
        """A line by its number, counted from 1."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def column(self, line: int, offset: int) -> int:
        """The column in characters of an offset in UTF-8 bytes."""
        text = self.line(line)
        return offset if text.isascii() else len(text.encode()[:offset].decode())

    def span(self, node: ast.AST) -> Span:
        """The place of a node."""
        line, end = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]
        start = self.column(line, node.col_offset)  # type: ignore[attr-defined]
        stop = self.column(end, node.end_col_offset)  # type: ignore[attr-defined]
        return Span(self.file, line, start, end, stop)

    def code(self, node: FunctionNode) -> Code:
        """The function of a node."""
        code = self.codes.get(node)
        if code is None:
            code = self.codes[node] = Code(self, node)
        return code

    def refuse(self, node: ast.AST, reason: str, remedy: str = "") -> Unsupported:
        """The error that points at a node."""
        at = self.span(node)
        return Unsupported(reason, at, remedy, self.line(at.line) + "\n")


@dataclass(frozen=True, eq=False)
class Code:
    """A function of a source file."""

    source: Source
    node: FunctionNode

    @property
    def name(self) -> str:
        """The function's name."""
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "<lambda>"

    @property
    def key(self) -> tuple[str, int, int]:
        """Where the function is."""
        return self.source.file, self.node.lineno, self.node.col_offset

    @property
    def arguments(self) -> list[ast.arg]:
        """The parameters, the keyword-only ones last."""
        args = self.node.args
        return [*args.posonlyargs, *args.args, *args.kwonlyargs]

    @property
    def text(self) -> str:
        """The lines that the function stands on."""
        return "\n".join(self.source.lines[first_line(self.node) - 1 : self.node.end_lineno])


_LEAVES = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue})


def children(node: ast.AST) -> list[ast.AST]:
    """The parts of a node, but for the operators and contexts, which have no parts."""
    found: list[ast.AST] = []
    if type(node) in _LEAVES:
        return found
    for name in node._fields:
        part = getattr(node, name, None)
        if isinstance(part, ast.AST):
            if part._fields:
                found.append(part)
        elif isinstance(part, list):
            items = cast("list[object]", part)
            found.extend([item for item in items if isinstance(item, ast.AST)])
    return found


def blocks(node: ast.AST) -> list[ast.AST]:
    """The statements in a statement, and the handlers and cases that hold statements."""
    fields = ("body", "orelse", "finalbody", "handlers", "cases")
    return [part for field in fields for part in getattr(node, field, ())]


def first_line(node: FunctionNode) -> int:
    """The line at which the code object of a function begins: that of its first decorator."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return decorators[0].lineno if decorators else node.lineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    stack = [code]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(c for c in one.co_consts if isinstance(c, CodeType))


_SOURCES: dict[str, Source] = {}
"""The last text seen of each file."""

_FOUND: dict[int, tuple[CodeType, Code]] = {}
"""What was found for a code object; it is kept alive, so that its id stays its own."""


def source_of(function: FunctionType) -> Code:
    """The source of a live function; refuses what has none, or one that was edited since."""
    code = function.__code__
    known = _FOUND.get(id(code))
    if known is None:
        known = _FOUND[id(code)] = (code, _find(function))
    return known[1]


def _find(function: FunctionType) -> Code:
    code = function.__code__
    at = Span(code.co_filename, code.co_firstlineno, 0, code.co_firstlineno, 0)
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        raise Unsupported(
            f"`{code.co_name}` is an `async` function", at, "differentiate an ordinary function"
        )
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise Unsupported(
            f"the source of `{code.co_name}` is not available",
            at,
            "define the function in a file, not by exec or in a bare interpreter",
        )
    source = _read(code.co_filename, "".join(lines))
    node = _node_of(source, code, at)
    if not _is_current(source, code, node):
        raise Unsupported(
            f"`{code.co_name}` is not what its source file says",
            at,
            "the file was edited after it was imported: import it again",
        )
    return source.code(node)


def _read(file: str, text: str) -> Source:
    known = _SOURCES.get(file)
    if known is None or known.text != text:
        known = _SOURCES[file] = Source(file, text)
    return known


def _node_of(source: Source, code: CodeType, at: Span) -> FunctionNode:
    try:
        candidates = source.functions.get(code.co_firstlineno, [])
    except SyntaxError:
        candidates = []
    named = [n for n in candidates if source.code(n).name == code.co_name]
    if len(named) > 1:
        named = _innermost(named, code)
    if len(named) != 1:
        problem = "stands beside another on its line" if named else "is not in its source file"
        raise Unsupported(
            f"the function `{code.co_name}` {problem}",
            at,
            "write it on a line of its own, and import the file again if it was edited",
        )
    return named[0]


def _innermost(nodes: list[FunctionNode], code: CodeType) -> list[FunctionNode]:
    """The smallest function whose body holds all places that the code object names."""
    places = [
        (line, column, end_line, end_column)
        for line, end_line, column, end_column in code.co_positions()
        if line and end_line and column is not None and end_column
    ]
    holding = [n for n in nodes if places and all(_holds(n, place) for place in places)]
    size = min((_extent(n) for n in holding), default=None)
    return [n for n in holding if _extent(n) == size]


def _holds(node: FunctionNode, place: tuple[int, int, int, int]) -> bool:
    first, last = (node.body, node.body) if isinstance(node, ast.Lambda) else (node, node)
    begin = (first.lineno, first.col_offset)
    end = (last.end_lineno or 0, last.end_col_offset or 0)
    return begin <= place[:2] and place[2:] <= end


def _extent(node: FunctionNode) -> tuple[int, int]:
    lines = (node.end_lineno or 0) - node.lineno
    return lines, (node.end_col_offset or 0) - node.col_offset


def _is_current(source: Source, code: CodeType, node: FunctionNode) -> bool:
    """Whether the text compiles to the code that runs. Test runners rewrite `assert`."""
    twins = source.compiled.get((code.co_name, code.co_firstlineno), [])
    if any(_same(code, twin) for twin in twins):
        return True
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node)) and any(
        twin.co_varnames[: twin.co_argcount] == code.co_varnames[: code.co_argcount]
        for twin in twins
    )


def is_exact(function: FunctionType) -> bool:
    """Whether the code that runs is just what its source compiles to, `assert` included."""
    code = function.__code__
    twins = source_of(function).source.compiled.get((code.co_name, code.co_firstlineno), [])
    return any(_same(code, twin) for twin in twins)


def _same(code: CodeType, twin: CodeType) -> bool:
    """Whether two code objects do the same; the flags of `from __future__` do not matter."""
    if code == twin:
        return True
    names = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_argcount")
    if any(getattr(code, name) != getattr(twin, name) for name in names):
        return False
    return len(code.co_consts) == len(twin.co_consts) and all(
        _same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType)
        else type(a) is type(b) and repr(a) == repr(b)
        for a, b in zip(code.co_consts, twin.co_consts, strict=True)
    )  # fmt: skip
