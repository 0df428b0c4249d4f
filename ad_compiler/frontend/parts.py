"""Subscripts as targets: what they point at, and what assigning to it does."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import numpy as np

from ad_compiler.frontend import (
    attributes,
    calls,
    containers,
    growing,
    indexing,
    operators,
    tabling,
    writing,
)
from ad_compiler.frontend.context import Context, array_of, atom_of
from ad_compiler.frontend.expressions import expression, subscript_items
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.slots import current
from ad_compiler.frontend.values import Growing, Place, Structure, Value, static
from ad_compiler.ir.index import WHOLE, Pattern
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal


@dataclass(frozen=True, eq=False)
class Part:
    """`array[pattern]`, evaluated as far as Python does before an assignment."""

    array: Value
    pattern: Pattern
    operands: tuple[Atom, ...]


@dataclass(frozen=True, eq=False)
class Field:
    """`record.name`."""

    record: Structure
    name: str


@dataclass(frozen=True, eq=False)
class Entry:
    """`container[index]`."""

    container: Structure | Growing
    index: Value


Target = Part | Entry | Field


def located(ctx: Context, scope: Scope, target: ast.Subscript | ast.Attribute) -> Target:
    """What a subscript or an attribute points at."""
    if isinstance(target, ast.Attribute):
        return _field(ctx, expression(ctx, scope, target.value), target.attr)
    array = tabling.holder(ctx, scope, target.value, expression, subscript_items)
    if isinstance(array, Structure | Growing):
        items, is_tuple = subscript_items(ctx, scope, target)
        if is_tuple and isinstance(array, Structure) and array.kind == "dict":
            return Entry(array, indexing.key_of(items))
        if is_tuple or isinstance(items[0], indexing.Slice):
            raise TypeRefusal(
                f"this part of {describe(array)} cannot be assigned", "make a new one"
            )
        return Entry(array, items[0])
    if array_of(ctx, array) is None:
        raise TypeRefusal(f"{describe(array)} has no parts to assign", "assign to an array")
    items, is_tuple = subscript_items(ctx, scope, target)
    if not is_tuple and isinstance(items[0], Structure) and items[0].kind == "tuple":
        pattern, operands = indexing.pattern_of(ctx, items[0].items)
    else:
        pattern, operands = indexing.pattern_of(ctx, items)
    return Part(array, pattern, tuple(operands))


def _field(ctx: Context, value: Value, name: str) -> Field:
    if isinstance(value, Structure) and value.record is not None:
        return Field(value, name)
    if array_of(ctx, value) is not None:
        raise TypeRefusal(f"`.{name}` of an array cannot be assigned", "make another array instead")
    raise TypeRefusal(
        f"`.{name}` of {describe(value)} cannot be assigned",
        "keep the value in a local name, a dict or a dataclass, and return it",
    )


def read(ctx: Context, part: Target) -> Value:
    """The value of a part: a number or a copy as it is now, a view as it will be."""
    if isinstance(part, Field):
        return attributes.attribute(ctx, current(ctx.storage, part.record), part.name)
    if isinstance(part, Entry):
        return indexing.subscript(ctx, part.container, [part.index], False, "")
    if part.pattern == ("...",) and isinstance(part.array, Place):
        return part.array
    return indexing.taken(ctx, part.array, part.pattern, part.operands)


def assign(ctx: Context, part: Target, value: Value) -> None:
    """`array[pattern] = value`, `container[index] = value`, `record.name = value`."""
    if isinstance(part, Entry | Field):
        _set(ctx, part, value)
        return
    writing.write(ctx, part.array, part.pattern, part.operands, _as_array(ctx, value))


def _set(ctx: Context, entry: Entry | Field, value: Value) -> None:
    if isinstance(entry, Field):
        containers.set_field(ctx, entry.record, entry.name, value)
    elif isinstance(entry.container, Growing):
        growing.set_item(ctx, entry.container, entry.index, value)
    else:
        containers.set_item(ctx, entry.container, entry.index, value)


def update(ctx: Context, part: Target, op: ast.operator, old: Value, value: Value) -> None:
    """`array[pattern] op= value`, where `old` was read before the value."""
    if isinstance(part, Entry | Field):
        if array_of(ctx, old) is not None:
            writing.update(ctx, old, WHOLE, (), op, old, value)
        elif not containers.extend(ctx, op, old, value):
            new = operators.binary(ctx, op, old, value)
            _set(ctx, part, new)
        return
    writing.update(ctx, part.array, part.pattern, part.operands, op, old, _as_array(ctx, value))


def delete(ctx: Context, scope: Scope, target: ast.expr) -> None:
    """`del container[index]`."""
    entry = located(ctx, scope, target) if isinstance(target, ast.Subscript) else None
    if not isinstance(entry, Entry) or not isinstance(entry.container, Structure):
        raise TypeRefusal("only names and items of dicts and lists can be deleted", "leave it")
    containers.call_method(ctx, entry.container, "pop", [entry.index], {})


def _as_array(ctx: Context, value: Value) -> Value:
    """A list or tuple as the array that NumPy makes of it."""
    value = indexing.resolved(ctx, value)
    if isinstance(value, Structure) and value.kind not in ("dict", "dataclass"):
        return calls.call(ctx, static(np.array), [value], {})
    atom_of(ctx, value)
    return value
