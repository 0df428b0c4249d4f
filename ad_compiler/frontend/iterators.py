"""What gives its items only once: `zip`, `enumerate`, `reversed`, `map`, generator expressions.

Here their items are known as often as they are asked for. So a name may stand for such a thing
only if the text reads it once, in a place that runs as often as what binds it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.source import Code, children
from ad_compiler.frontend.values import Backwards, Counted, Grid, Value, Zipped
from ad_compiler.ir.primitive import TypeRefusal

Repeated = tuple[ast.AST, ...]
"""The loops and functions around a name that may run several times for once that it is reached."""

_LOOPS = (ast.For, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)


def marked(storage: Storage, value: Value) -> Value:
    """A value that stands for an iterator, though it looks like a container or a range."""
    storage.iterators[id(value)] = value
    return value


def require_once(storage: Storage, code: Code, name: str, value: Value) -> None:
    """Refuse to bind a name to an iterator whose items may be taken again."""
    if is_iterator(storage, value) and not _is_read_once(code.node, name):
        raise TypeRefusal(
            f"`{name}` is an iterator, which gives its items only once",
            "make a list of it, list(...), or write it where it is used",
        )


def require_no_iterator(storage: Storage, item: Value) -> None:
    """Refuse an iterator in a container, which nobody watches."""
    if is_iterator(storage, item):
        raise TypeRefusal(
            "an iterator, which gives its items only once, in a container",
            "make a list of it: list(...)",
        )


def is_iterator(storage: Storage, value: Value) -> bool:
    """Whether a value gives its items only once."""
    return isinstance(value, Zipped | Grid | Counted | Backwards) or id(value) in storage.iterators


def _is_read_once(function: ast.FunctionDef | ast.Lambda, name: str) -> bool:
    body = function.body if isinstance(function, ast.FunctionDef) else [function.body]
    mentions = [m for part in body for m in _mentions(part, name, ())]
    reads = [around for node, around in mentions if isinstance(node.ctx, ast.Load)]
    stores = [around for node, around in mentions if not isinstance(node.ctx, ast.Load)]
    parameters = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    if name in parameters:
        stores.append(())
    return not reads or (len(reads) == 1 and all(around == reads[0] for around in stores))


def _mentions(node: ast.AST, name: str, around: Repeated) -> Iterator[tuple[ast.Name, Repeated]]:
    """Where a name is mentioned, and what may repeat it there."""
    if isinstance(node, ast.Name):
        if node.id == name:
            yield node, around
        return
    once: list[ast.AST] = []
    if isinstance(node, ast.For):
        once = [node.iter]
    elif isinstance(node, _COMPREHENSIONS):
        once = [node.generators[0].iter]
    inner = (
        (*around, node) if isinstance(node, (*_LOOPS, *_COMPREHENSIONS, *_FUNCTIONS)) else around
    )
    for part in once:
        yield from _mentions(part, name, around)
    for part in children(node):
        if isinstance(part, ast.comprehension) and part.iter in once:
            for piece in (part.target, *part.ifs):
                yield from _mentions(piece, name, inner)
        elif part not in once:
            yield from _mentions(part, name, inner)
