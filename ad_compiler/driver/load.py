"""Compiles emitted text into functions whose source can be seen.

The text is entered in `linecache` under a name made of its hash, so that tracebacks, pdb and
`inspect.getsource` show it.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from ad_compiler.driver import store
from ad_compiler.errors import UsageError
from ad_compiler.frontend.hashing import sha256

IMPORTS = frozenset({"math", "numpy", "builtins", "dataclasses", "numba"})
PARTS = {"scipy": frozenset({"special", "linalg", "stats"})}
"""All that an emitted module may import: modules, and parts of packages."""

KINDS: tuple[type[ast.AST], ...] = (
    ast.Module, ast.FunctionDef, ast.Return, ast.Assign, ast.AugAssign, ast.For, ast.While, ast.If,
    ast.With, ast.withitem, ast.Raise, ast.Assert, ast.Expr, ast.Pass, ast.Break, ast.Import,
    ast.ImportFrom, ast.alias, ast.arguments, ast.arg, ast.keyword,
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.Call,
    ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Dict,
    ast.Set, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip
"""The syntax that emitted modules are made of."""

_PLAIN = (
    "ctx",
    "op",
    "ops",
    "name",
    "id",
    "attr",
    "kind",
    "type_comment",
    "is_async",
    "conversion",
)
_OWN: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Name: (), ast.Constant: (), ast.alias: (), ast.arg: ("annotation",),
    ast.keyword: ("value",), ast.ImportFrom: ("names",),
}  # fmt: skip
_PARTS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: _OWN.get(kind, tuple(field for field in kind._fields if field not in _PLAIN))
    for kind in KINDS
}
"""The fields of each kind that hold further syntax."""

_LOADED: dict[str, dict[str, Any]] = {}
"""The modules that were compiled in this process, by the hash of their text."""


def load(
    text: str,
    name: str,
    handed: Mapping[str, Any] | None = None,
    *,
    compiled: bool = False,
    tree: ast.Module | None = None,
) -> Callable[..., Any]:
    """The function `name` of an emitted module, which is `handed` what it cannot import.

    `compiled`: Numba compiles it, and keeps the machine code beside a file of the text.
    `tree`: the text, parsed, if it is that already.
    """
    digest = sha256(text.encode()).hexdigest()
    module = None if handed else _LOADED.get(digest)
    if module is None:
        file = store.module_file(digest, text) if compiled else None
        if file is None:
            file = f"<ad_compiler {digest[:16]}>"
            if compiled:
                text, tree = _not_kept(text), None
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        name_of_module = f"ad_compiler.emitted_{digest[:16]}"
        made = ModuleType(name_of_module)
        made.__file__ = file
        module = made.__dict__
        module.update(handed or {})
        if not handed:
            _LOADED[digest] = module
        if compiled:
            sys.modules[name_of_module] = made  # where Numba looks for what it kept
        try:
            exec(compile(tree or text, file, "exec"), module)
        except ModuleNotFoundError as error:
            _LOADED.pop(digest, None)
            if error.name != "numba":
                raise
            raise UsageError("backend='numba' needs Numba: install ad-compiler[numba]") from None
    return module[name]


def _not_kept(text: str) -> str:
    """The text of a module that Numba compiles, but keeps nowhere."""
    return re.sub(r"^(@[\w.]+\()cache=True(?:, )?", r"\1", text, flags=re.MULTILINE)


def _of_name(node: ast.Name) -> str | None:
    dunder = node.id.startswith("__") and node.id.endswith("__")
    return f"the name {node.id}" if dunder or node.id in _FORBIDDEN else None


def _of_attribute(node: ast.Attribute) -> str | None:
    private = node.attr.startswith("_") and node.attr != "_replace"  # of named tuples
    return f"the attribute {node.attr}" if private else None


def _of_import(node: ast.Import) -> str | None:
    strange = [alias.name for alias in node.names if alias.name not in IMPORTS]
    return f"an import of {strange[0]}" if strange else None


def _of_import_from(node: ast.ImportFrom) -> str | None:
    allowed = PARTS.get(node.module or "", frozenset())
    strange = node.level or any(alias.name not in allowed for alias in node.names)
    return f"an import from {node.module}" if strange else None


_FORBIDDEN = ("eval", "exec", "open", "compile")
_CHECKS: dict[type[ast.AST], Any] = {
    ast.Name: _of_name,
    ast.Attribute: _of_attribute,
    ast.Import: _of_import,
    ast.ImportFrom: _of_import_from,
}


def foreign(text: str) -> str | None:
    """What a text has that emitted modules never have; None if nothing."""
    try:
        return foreign_in(ast.parse(text))
    except (SyntaxError, ValueError) as error:
        return f"no valid syntax ({error})"


def foreign_in(tree: ast.Module) -> str | None:
    """The same, of a text that is parsed."""
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind not in _PARTS:
            return f"syntax of the kind {kind.__name__}"
        problem = _CHECKS[kind](node) if kind in _CHECKS else None
        if problem is not None:
            return problem
        for field in _PARTS[kind]:
            part = getattr(node, field)
            if type(part) is list:
                stack.extend(part)
            elif part is not None:
                stack.append(part)
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef) or is_docstring):
            return f"a {type(node).__name__} outside a function"
    return None
