"""Takes a value apart for a tuple of targets."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ad_compiler.frontend import growing, indexing
from ad_compiler.frontend.context import Context, apply, array_of, atom_of
from ad_compiler.frontend.growing import Trips
from ad_compiler.frontend.iterables import raise_if
from ad_compiler.frontend.lengthening import as_list
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Growing, Structure, Value
from ad_compiler.ir.nodes import Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import dims_of
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES


def unpacked(ctx: Context, names: list[ast.expr], value: Value) -> list[tuple[ast.expr, Value]]:
    """Each target of a tuple of targets, with the value that it gets."""
    value = indexing.resolved(ctx, value)
    starred = [k for k, one in enumerate(names) if isinstance(one, ast.Starred)]
    if starred and (array_of(ctx, value) is not None or isinstance(value, Growing)):
        return _around_star(ctx, names, value, starred[0])
    if array_of(ctx, value) is not None:
        labels = [one.id if isinstance(one, ast.Name) else "" for one in names]
        value = Structure("tuple", (), _elements(ctx, ctx.storage.rooted(value), labels))
    if isinstance(value, Growing):
        value = _listed(ctx, value, len(names))
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


def _elements(ctx: Context, array: Value, names: Sequence[str]) -> tuple[Value, ...]:
    """`a, b = array`: one value a name, or ValueError at run time."""
    atom = atom_of(ctx, array)
    if dims_of(atom.type)[:1] != (len(names),):
        ctx.builder.effect(PRIMITIVES["check_length"], atom, const(len(names)))
    return tuple(indexing.element(ctx, array, const(k), name) for k, name in enumerate(names))


def items_of(ctx: Context, value: Value, count: int) -> Sequence[Value]:
    """The items of an array or of a list, or ValueError at run time unless there are so many."""
    if isinstance(value, Growing):
        return _listed(ctx, value, count).items
    return _elements(ctx, ctx.storage.rooted(value), [""] * count)


def _listed(ctx: Context, xs: Growing, count: int) -> Structure:
    """`a, b = xs` of a list that grows: one item a name, or ValueError at run time."""
    length = atom_of(ctx, growing.length(ctx, xs))
    for symbol, message in (
        ("<", "not enough values to unpack"),
        (">", "too many values to unpack"),
    ):
        wrong = atom_of(ctx, apply(ctx, OPERATORS[symbol], (length, const(count))))
        raise_if(ctx, wrong, "ValueError", message)
    return Structure("tuple", (), tuple(growing.item(ctx, xs, const(k)) for k in range(count)))


def _around_star(
    ctx: Context, names: list[ast.expr], value: Value, star: int
) -> list[tuple[ast.expr, Value]]:
    """`a, *b = value`, where only the program knows how many items there are."""
    xs = value if isinstance(value, Growing) else as_list(ctx, value)
    length = atom_of(ctx, growing.length(ctx, xs))
    few = atom_of(ctx, apply(ctx, OPERATORS["<"], (length, const(len(names) - 1))))
    raise_if(ctx, few, "ValueError", "not enough values to unpack")
    before, after = names[:star], names[star + 1 :]
    stop = atom_of(ctx, apply(ctx, OPERATORS["-"], (length, const(len(after)))))
    middle = growing.cut(ctx, xs, Trips(const(star), stop, const(1)))
    one = names[star]
    assert isinstance(one, ast.Starred)
    places = [*range(star), *range(-len(after), 0)]
    ends = [growing.item(ctx, xs, const(k)) for k in places]
    found = [_named(ctx, one, item) for one, item in zip([*before, *after], ends, strict=True)]
    values = [*found[:star], middle, *found[star:]]
    return list(zip([*before, one.value, *after], values, strict=True))


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
