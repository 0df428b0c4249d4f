"""Compiles emitted text into functions whose source can be seen.

The text is entered in `linecache` under a name made of its hash, so that tracebacks, pdb and
`inspect.getsource` show it.
"""

from __future__ import annotations

import ast
import hashlib
import linecache
from collections.abc import Callable
from typing import Any

IMPORTS = frozenset({"math", "numpy", "builtins", "scipy.special"})
"""All that an emitted module may import."""

STATEMENTS = (
    ast.FunctionDef, ast.Return, ast.Assign, ast.AugAssign, ast.For, ast.While, ast.If, ast.With,
    ast.Raise, ast.Assert, ast.Expr, ast.Pass, ast.Break, ast.Import,
)  # fmt: skip
"""The statements that emitted modules are made of."""

_LOADED: dict[str, dict[str, Any]] = {}
"""The modules that were compiled in this process, by the hash of their text."""


def load(text: str, name: str) -> Callable[..., Any]:
    """The function `name` of an emitted module."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    module = _LOADED.get(digest)
    if module is None:
        file = f"<ad_compiler {digest[:16]}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        module = _LOADED[digest] = {"__name__": "ad_compiler.emitted", "__file__": file}
        exec(compile(text, file, "exec"), module)
    return module[name]


def foreign(text: str) -> str | None:
    """What a text has that emitted modules never have; None if nothing."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return f"no valid syntax ({error})"
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, STATEMENTS):
            return f"a statement of the kind {type(node).__name__}"
        if isinstance(node, ast.Import) and any(a.name not in IMPORTS for a in node.names):
            return f"an import of {node.names[0].name}"
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            return f"the attribute {node.attr}"
        if isinstance(node, ast.Name) and node.id.startswith("__") and node.id.endswith("__"):
            return f"the name {node.id}"
        if isinstance(node, ast.Name) and node.id in ("eval", "exec", "open", "compile"):
            return f"the name {node.id}"
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (isinstance(node, ast.Import | ast.FunctionDef) or is_docstring):
            return f"a {type(node).__name__} outside a function"
    return None
