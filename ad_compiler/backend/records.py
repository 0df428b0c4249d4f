"""How emitted code reads the items of containers, and makes named tuples and dataclasses.

An object of the class of an argument is the argument with other fields, so that a module need not
import the class; any other class is a hidden parameter, or imported.
"""

from __future__ import annotations

from collections.abc import Iterator

from ad_compiler.errors import InternalError
from ad_compiler.ir.nodes import Branch, Const, Function, Label, Parameter, Tree, records_in
from ad_compiler.ir.records import Record

REPLACE = "dataclasses.replace"


def inside(tree: Branch, path: str, label: Label) -> str:
    """The expression that reads an item of a container."""
    return f"{path}[{key(label)}]" if tree.record is None else f"{path}.{label}"


def key(label: Label) -> str:
    """A key as Black quotes it."""
    text = repr(label)
    if isinstance(label, str) and '"' not in label and text.startswith("'"):
        return f'"{text[1:-1]}"'.replace("\\'", "'")
    return text


def class_path(record: Record) -> str:
    """The path of a class that a module imports."""
    if record.path is None:
        raise InternalError(f"the class `{record.name}` cannot be imported")
    return record.path


def models(function: Function) -> dict[Record, tuple[str, Branch]]:
    """For each class of named tuples or dataclasses, an argument or a part of one that is such."""
    found: dict[Record, tuple[str, Branch]] = {}
    for parameter in function.parameters:
        for path, branch in _branches(parameter.tree, parameter.name):
            if branch.record is not None:
                found.setdefault(branch.record, (path, branch))
    return found


def _branches(tree: Tree, path: str) -> Iterator[tuple[str, Branch]]:
    if not isinstance(tree, Branch):
        return
    yield path, tree
    for label, child in zip(tree.labels(), tree.children, strict=True):
        yield from _branches(child, inside(tree, path, label))


def class_parameter(function: Function, record: Record) -> Parameter | None:
    """The hidden parameter that a class arrives in."""
    for parameter in function.parameters:
        tree = parameter.tree
        if parameter.hidden and isinstance(tree, Const) and tree.value is record.cls:
            return parameter
    return None


def paths(function: Function) -> Iterator[str]:
    """The dotted paths that the returned value mentions."""
    known = models(function)
    for record in records_in(function.output):
        if record not in known:
            if class_parameter(function, record) is None:
                yield class_path(record)
        elif not record.is_tuple:
            yield REPLACE
