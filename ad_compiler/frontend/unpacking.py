"""Takes a value apart for a tuple of targets."""

from __future__ import annotations

import ast

from ad_compiler.frontend import indexing
from ad_compiler.frontend.context import Context, array_of, atom_of
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Structure, Value
from ad_compiler.ir.nodes import Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.registry import PRIMITIVES


def unpacked(ctx: Context, names: list[ast.expr], value: Value) -> list[tuple[ast.expr, Value]]:
    """Each target of a tuple of targets, with the value that it gets."""
    value = indexing.resolved(ctx, value)
    starred = [k for k, one in enumerate(names) if isinstance(one, ast.Starred)]
    if array_of(ctx, value) is not None and not starred:
        value = Structure("tuple", (), _elements(ctx, ctx.storage.rooted(value), names))
    if isinstance(value, Structure) and value.kind == "dataclass":
        raise TypeRefusal(f"{describe(value)} cannot be unpacked", "name its fields")
    if not isinstance(value, Structure) or value.kind == "dict":
        raise TypeRefusal(
            f"{describe(value)} cannot be unpacked here", "index the elements one by one"
        )
    items = value.items
    if starred:
        names, items = _gather(names, items, starred[0])
    if len(items) != len(names):
        raise TypeRefusal(
            f"{len(items)} values cannot be unpacked into {len(names)} names",
            "give each value a name",
        )
    return [(one, _named(ctx, one, item)) for one, item in zip(names, items, strict=True)]


def _named(ctx: Context, target: ast.expr, item: Value) -> Value:
    """A value that has no name yet, under the one that it gets."""
    if isinstance(target, ast.Name) and isinstance(item, Var) and item.temp:
        return ctx.builder.emit(PRIMITIVES["identity"], item, name=target.id)
    return item


def _elements(ctx: Context, array: Value, names: list[ast.expr]) -> tuple[Value, ...]:
    """`a, b = array`: one value a name, or ValueError at run time."""
    ctx.builder.effect(PRIMITIVES["check_length"], atom_of(ctx, array), const(len(names)))
    labels = [n.id if isinstance(n, ast.Name) else "" for n in names]
    return tuple(indexing.element(ctx, array, const(k), name) for k, name in enumerate(labels))


def _gather(
    names: list[ast.expr], items: tuple[Value, ...], star: int
) -> tuple[list[ast.expr], tuple[Value, ...]]:
    """`a, *b = ...`: the items that b takes, as one list."""
    after = len(names) - star - 1
    if len(items) < len(names) - 1:
        raise TypeRefusal(f"{len(items)} values are too few for these names", "")
    stop = len(items) - after
    middle = Structure("list", (), items[star:stop])
    one = names[star]
    assert isinstance(one, ast.Starred)
    return [*names[:star], one.value, *names[star + 1 :]], (*items[:star], middle, *items[stop:])
