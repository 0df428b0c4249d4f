"""Classes of a file that only have fields: named tuples and dataclasses, made as the text says.

The class that is made has the fields, defaults and annotations of the one in the file, and names
for its methods, which are never called.
"""

from __future__ import annotations

import ast
import collections
import dataclasses
import typing
from typing import Any

from ad_compiler.frontend.reading.constants import evaluate
from ad_compiler.frontend.reading.objects import is_fixed
from ad_compiler.frontend.reading.things import ReadModule, Unclear, words

OPTIONS = words("frozen slots kw_only order eq repr unsafe_hash match_args")
"""What `@dataclass(...)` may be told without changing what fields are."""
FACTORIES = (list, dict, tuple)


def class_of(node: ast.ClassDef, names: ReadModule, module: str) -> type:
    """A class of records. Raises Unclear for other classes."""
    if node.keywords:
        raise Unclear("it is a class with a metaclass")
    bases = [evaluate(base, names) for base in node.bases]
    if bases == [typing.NamedTuple] and not node.decorator_list:
        return _named_tuple(node, names, module)
    if bases in ([], [object]) and len(node.decorator_list) == 1:
        return _dataclass(node, names, module)
    raise Unclear("it is a class that is neither a named tuple nor a dataclass")


def _named_tuple(node: ast.ClassDef, names: ReadModule, module: str) -> type:
    fields, methods = _body(node)
    defaults = [_default(f.value, names) for f in fields.values() if f.value is not None]
    given = [f.value is not None for f in fields.values()]
    if given != sorted(given):
        raise Unclear("a field without a default follows one that has one", TypeError)
    made: Any = collections.namedtuple(node.name, list(fields), defaults=defaults, module=module)  # type: ignore[misc]
    made.__annotations__ = {name: annotation(f.annotation, names) for name, f in fields.items()}
    return _finished(made, node, methods)


def _dataclass(node: ast.ClassDef, names: ReadModule, module: str) -> type:
    fields, methods = _body(node)
    options = _options(node.decorator_list[0], names)
    made = dataclasses.make_dataclass(
        node.name,
        [
            (name, Any) if f.value is None else (name, Any, _field(f.value, names))
            for name, f in fields.items()
        ],
        namespace=dict.fromkeys(set(methods) & {"__post_init__"}, _not_followed),
        **options,
    )
    made.__annotations__ = {name: annotation(f.annotation, names) for name, f in fields.items()}
    made.__module__ = module
    return _finished(made, node, methods)


def _finished(made: Any, node: ast.ClassDef, methods: list[str]) -> type:
    special = [name for name in methods if name.startswith("__") and name != "__post_init__"]
    if special:
        raise Unclear(f"it is a class with a `{special[0]}` of its own")
    for name in methods:
        if name != "__post_init__":
            setattr(made, name, _not_followed)
    made.__qualname__ = node.name
    return made


def _not_followed(*_: Any) -> None:
    """Stands for the methods of a class that is read."""


def _body(node: ast.ClassDef) -> tuple[dict[str, ast.AnnAssign], list[str]]:
    """The fields of a class, and the names of its methods."""
    fields: dict[str, ast.AnnAssign] = {}
    methods: list[str] = []
    for stmt in node.body:
        match stmt:
            case ast.AnnAssign(target=ast.Name(id=name)):
                if any(word in ast.unparse(stmt.annotation) for word in ("ClassVar", "InitVar")):
                    raise Unclear("it is a class with attributes that are no fields")
                fields[name] = stmt
            case ast.FunctionDef(name=name):
                methods.append(name)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise Unclear("it is a class that has more than fields and methods")
    return fields, methods


def _options(node: ast.expr, names: ReadModule) -> dict[str, Any]:
    """What `@dataclass` or `@dataclass(...)` is told."""
    call = node if isinstance(node, ast.Call) else None
    if evaluate(node if call is None else call.func, names) is not dataclasses.dataclass:
        raise Unclear(f"what the decorator `{ast.unparse(node)}` does is not known")
    if call is None:
        return {}
    options = {str(k.arg): evaluate(k.value, names) for k in call.keywords}
    if call.args or not OPTIONS.issuperset(options):
        raise Unclear(f"what `{ast.unparse(node)}` makes is not known")
    return options


def _field(node: ast.expr, names: ReadModule) -> Any:
    """A default of a dataclass: a value, or `field(default=...)`, `field(default_factory=...)`."""
    if not isinstance(node, ast.Call):
        return _default(node, names)
    if evaluate(node.func, names) is not dataclasses.field or node.args:
        return _default(node, names)
    options = {str(k.arg): evaluate(k.value, names) for k in node.keywords}
    factory = options.get("default_factory", list)
    if not {"default", "default_factory", "kw_only"}.issuperset(options):
        raise Unclear("it has a field of a special kind")
    if "default" in options:
        options["default"] = _constant(options["default"])
    if not any(factory is known for known in FACTORIES):
        raise Unclear("it has a field whose default is made by a call")
    return dataclasses.field(**options)


def _default(node: ast.expr, names: ReadModule) -> Any:
    return _constant(evaluate(node, names))


def _constant(value: Any) -> Any:
    if not is_fixed(value):
        raise Unclear("it has a default that may change")
    return value


def annotation(node: ast.expr, names: ReadModule) -> Any:
    """What an annotation says: the class of a record, or its text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return node
    try:
        thing = evaluate(node, names)
    except Unclear:
        thing = None
    return thing if isinstance(thing, type) else ast.unparse(node)
