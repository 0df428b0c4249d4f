"""Iterators give what is there when their items are taken; here the items were computed before.

doubled = map(lambda v: v * c, xs)      Python takes 5.0 for the first item, and the new `c`
xs[0], c = 5.0, 3.0                     for all of them. So what an iterator reads is watched,
total = sum(doubled)                    and if it has changed meanwhile, that is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType

from ad_compiler.frontend.holding import lists_within, places_within
from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.slots import Slot
from ad_compiler.frontend.values import (
    Backwards,
    Counted,
    Environment,
    Growing,
    Range,
    Skeleton,
    Structure,
    Value,
    Zipped,
    place_in,
)
from ad_compiler.ir.builder import Cell
from ad_compiler.ir.nodes import Atom, Const

REMEDY = "make a list of it where it is written: list(...)"


@dataclass(frozen=True)
class Watch:
    """What an expression reads, and what functions in it may read: by cells, as they were."""

    seen: dict[Cell, Atom | None]

    def has_changed(self, storage: Storage) -> bool:
        """Whether something is not what it was."""
        builder = storage.builder
        for cell, before in self.seen.items():
            carried = [frame.params.get(cell) for frame in builder.frames]
            value = builder.peek(cell)
            if value is not before and not any(value is one for one in carried):
                return True
        return False


def watch(
    storage: Storage,
    slots: dict[str, Slot],
    around: Environment,
    node: ast.AST,
    code: ast.AST,
    *,
    computed: bool,
) -> Watch:
    """Watch what an expression reads, of the names of a function and of the functions `around`.

    Of iterators that are not `computed`, only lists and dicts: they find the items of arrays.
    """
    inner = [n for n in ast.walk(code) if isinstance(n, _FUNCTIONS) and n is not code]
    parts = (part for tree in (node, *inner) for part in ast.walk(tree))
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    read = (slots[name] for name in names & slots.keys())
    watched = (slot for slot in read if computed or _is_container(storage, slot))
    cells = [cell for slot in watched for cell in _cells(storage, slot)]
    for name in (names & around.names) - slots.keys():
        cells += _cells_of(storage, around.find(name))
    return Watch({cell: storage.builder.peek(cell) for cell in cells})


_FUNCTIONS = (ast.Lambda, ast.FunctionDef)


def _cells_of(storage: Storage, value: Value | None) -> Iterator[Cell]:
    """The cells of what a function around has bound a name to."""
    if value is not None:
        yield from (place.root.cell for place in places_within(value))
        yield from (xs.root.cell for xs in lists_within(value))
    if isinstance(value, Structure) and value.identity is not None:
        for slot in value.identity.holders:
            yield from _cells(storage, slot)


def _is_container(storage: Storage, slot: Slot) -> bool:
    atom = storage.builder.peek(slot.main)
    return isinstance(atom, Const) and isinstance(atom.value, Skeleton | Growing)


def _cells(storage: Storage, slot: Slot) -> Iterator[Cell]:
    """The cells of a name, and of the storage that it is bound to: an iterator holds it, too."""
    for cell in slot.cells():
        yield cell
        atom = storage.builder.peek(cell)
        place = place_in(atom)
        if place is not None:
            place.root.captured = True
            yield place.root.cell
        elif isinstance(atom, Const) and isinstance(atom.value, Growing):
            yield atom.value.root.cell


def is_computed(storage: Storage, value: Value) -> bool:
    """Whether an iterator's items were computed where it is written, unlike those of `zip`."""
    match value:
        case Zipped(parts):
            return any(is_computed(storage, part) for part in parts)
        case Counted(inner) | Backwards(inner):
            return is_computed(storage, inner)
        case Range():
            return False
        case _:
            return id(value) in storage.iterators


def is_written(function: Value) -> bool:
    """Whether a function is lowered, so that it may change what it is given."""
    return not isinstance(function, Const) or isinstance(function.value, FunctionType)


def is_view(node: ast.expr) -> bool:
    """Whether an iterable may be a view of a dict, as `d.items()` is."""
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    methods = (function.attr for function in calls if isinstance(function, ast.Attribute))
    return not {"items", "keys", "values"}.isdisjoint(methods)


def only_takes_apart(node: ast.expr) -> bool:
    """Whether an iterable can be evaluated again: it does nothing but take containers apart."""
    return all(isinstance(inner, _STRUCTURE) for inner in ast.walk(node))


_STRUCTURE = (
    ast.Name, ast.Attribute, ast.Call, ast.keyword, ast.Subscript, ast.Constant, ast.expr_context,
)  # fmt: skip
