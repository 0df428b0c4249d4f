"""Binds the targets of assignments: names, and tuples of them."""

from __future__ import annotations

import ast

from ad_compiler.frontend import indexing, parts
from ad_compiler.frontend.context import Context, array_of, atom_of
from ad_compiler.frontend.refusals import syntax
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.values import Structure, Value, describe
from ad_compiler.ir.nodes import const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.registry import PRIMITIVES


def bind_target(ctx: Context, scope: Scope, target: ast.expr, value: Value) -> None:
    """Assign a value to a target."""
    match target:
        case ast.Name(id=name):
            scope.bind(ctx.storage, name, value)
        case ast.Subscript():
            parts.assign(ctx, parts.located(ctx, scope, target), value)
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            _unpack(ctx, scope, elts, value)
        case ast.Attribute():
            raise scope.code.source.refuse(
                target, "assigning attributes is not supported", "return the value instead"
            )
        case _:
            raise syntax(scope, target)


def _unpack(ctx: Context, scope: Scope, names: list[ast.expr], value: Value) -> None:
    value = indexing.resolved(ctx, value)
    starred = [k for k, one in enumerate(names) if isinstance(one, ast.Starred)]
    if array_of(ctx, value) is not None and not starred:
        value = Structure("tuple", (), _elements(ctx, ctx.storage.rooted(value), names))
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
    with ctx.storage.pin(items):
        for one, item in zip(names, items, strict=True):
            bind_target(ctx, scope, one, item)


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
