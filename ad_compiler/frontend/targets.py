"""Binds the targets of assignments: names, and tuples of them."""

from __future__ import annotations

import ast

from ad_compiler.frontend import indexing
from ad_compiler.frontend.context import Context
from ad_compiler.frontend.refusals import IN_PLACE
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.values import Structure, Value, describe
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array
from ad_compiler.rules.registry import PRIMITIVES


def bind_target(ctx: Context, scope: Scope, target: ast.expr, value: Value) -> None:
    """Assign a value to a target."""
    match target:
        case ast.Name(id=name):
            scope.bind(ctx.builder, name, value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            _unpack(ctx, scope, parts, value)
        case ast.Attribute():
            raise scope.code.source.refuse(
                target, "assigning attributes is not supported", "return the value instead"
            )
        case _:
            raise scope.code.source.refuse(target, *IN_PLACE)


def _unpack(ctx: Context, scope: Scope, parts: list[ast.expr], value: Value) -> None:
    value = indexing.resolved(ctx, value)
    starred = [k for k, part in enumerate(parts) if isinstance(part, ast.Starred)]
    if isinstance(value, Var | Const) and isinstance(value.type, Array) and not starred:
        value = Structure("tuple", (), _elements(ctx, value, parts))
    if not isinstance(value, Structure) or value.kind == "dict":
        raise TypeRefusal(
            f"{describe(value)} cannot be unpacked here", "index the elements one by one"
        )
    items = value.items
    if starred:
        parts, items = _gather(parts, items, starred[0])
    if len(items) != len(parts):
        raise TypeRefusal(
            f"{len(items)} values cannot be unpacked into {len(parts)} names",
            "give each value a name",
        )
    for part, item in zip(parts, items, strict=True):
        bind_target(ctx, scope, part, item)


def _elements(ctx: Context, array: Var | Const, parts: list[ast.expr]) -> tuple[Value, ...]:
    """`a, b = array`: one value a name, or ValueError at run time."""
    ctx.builder.effect(PRIMITIVES["check_length"], array, const(len(parts)))
    names = [p.id if isinstance(p, ast.Name) else "" for p in parts]
    return tuple(indexing.element(ctx, array, const(k), name) for k, name in enumerate(names))


def _gather(
    parts: list[ast.expr], items: tuple[Value, ...], star: int
) -> tuple[list[ast.expr], tuple[Value, ...]]:
    """`a, *b = ...`: the items that b takes, as one list."""
    after = len(parts) - star - 1
    if len(items) < len(parts) - 1:
        raise TypeRefusal(f"{len(items)} values are too few for these names", "")
    stop = len(items) - after
    middle = Structure("list", (), items[star:stop])
    part = parts[star]
    assert isinstance(part, ast.Starred)
    return [*parts[:star], part.value, *parts[star + 1 :]], (*items[:star], middle, *items[stop:])
