"""Lists that get longer at run time: `xs += items`, `xs.extend(items)`, `xs + items`, `list(x)`.

A list that grows knows at run time only how many items it has; so may what it is lengthened by.
"""

from __future__ import annotations

from collections.abc import Sequence

from ad_compiler.frontend import arrays, growing, iterables, turning
from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.identity import Identity
from ad_compiler.frontend.values import Growing, Structure, Value
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.types import Float, Int, Tape, Type, join, rank
from ad_compiler.rules.registry import PRIMITIVES


def lengthen(ctx: Context, xs: Growing, items: Value) -> None:
    """Append all items of an iterable."""
    known = iterables.known_items(ctx, items)
    if known is not None:
        for item in known:
            growing.append(ctx, xs, item)
        return
    trips = iterables.trips_of(ctx, items)

    def trip(index: Var) -> None:
        growing.append(ctx, xs, iterables.item_at(ctx, items, index))

    ctx.builder.for_(trips.start, trips.stop, trips.step, trip, name="k")


def begin_to_grow(ctx: Context, xs: Structure, items: Value) -> None:
    """`xs.extend(items)`, where only the program knows how many items there are."""
    more = as_list(ctx, items)
    lengthen(ctx, turning.grown(ctx, xs, _element(ctx, xs, more)), more)


def displayed(ctx: Context, parts: Sequence[Value]) -> Growing:
    """`[*a, *b, …]` of parts some of which grow."""
    made: Value = Structure("list", (), ())
    for part in parts:
        known = iterables.known_items(ctx, part)
        more = as_list(ctx, part) if known is None else Structure("list", (), tuple(known))
        if isinstance(made, Structure) and isinstance(more, Structure):
            made = Structure("list", (), (*made.items, *more.items))
        elif isinstance(made, Growing):
            lengthen(ctx, made, more)
        else:
            made = concatenated(ctx, made, more) or made
    assert isinstance(made, Growing)
    return made


def concatenated(ctx: Context, left: Value, right: Value, name: str = "items") -> Growing | None:
    """`left + right` of two lists of which one grows; None if they are others."""
    if not (_is_list(left) and _is_list(right) and Growing in (type(left), type(right))):
        return None
    if isinstance(left, Growing):
        made = _new(ctx, growing.read(ctx, left), left.identity, name)
    else:
        assert isinstance(right, Growing)
        empty = _empty(ctx, _element(ctx, left, right), name)
        made = _new(ctx, empty, right.identity, name)
        lengthen(ctx, made, left)
    lengthen(ctx, made, right)
    of = (one.identity for one in (left, right) if isinstance(one, Growing))
    made.identity.fixed = any(identity.fixed for identity in of)
    return made


def repeated(ctx: Context, left: Value, right: Value, name: str = "items") -> Growing | None:
    """`xs * n` or `n * xs` of a list, where only the program knows n; None of anything else."""
    xs, times = (right, left) if isinstance(right, Structure) else (left, right)
    if not (isinstance(xs, Structure) and xs.kind == "list" and xs.items):
        return None
    if not (isinstance(times, Var) and isinstance(times.type, Int)):
        return None
    made = _like(ctx, xs, name)

    def trip(_: Var) -> None:
        lengthen(ctx, made, xs)

    ctx.builder.for_(const(0), times, const(1), trip, name="k")
    return made


def as_growing(ctx: Context, xs: Structure) -> Growing:
    """A new list of known items as one that grows."""
    made = _like(ctx, xs)
    lengthen(ctx, made, xs)
    return made


def as_list(ctx: Context, items: Value) -> Growing:
    """`list(items)`, where only the program knows how many there are."""
    if isinstance(items, Growing):
        return _new(ctx, growing.read(ctx, items), items.identity)
    if arrays.is_array(items) and rank(atom_of(ctx, items).type) == 1:  # rows are views
        return _new(ctx, atom_of(ctx, apply(ctx, PRIMITIVES["list_rows"], (atom_of(ctx, items),))))
    trips = iterables.trips_of(ctx, items)
    return growing.collected(ctx, trips, lambda index: iterables.item_at(ctx, items, index))


def _is_list(value: Value) -> bool:
    return isinstance(value, Growing) or (isinstance(value, Structure) and value.kind == "list")


def _element(ctx: Context, left: Value, right: Value) -> Type:
    """The type of the elements of two lists, the second of which grows."""
    assert isinstance(left, Structure)
    assert isinstance(right, Growing)
    tape = growing.read(ctx, right).type
    assert isinstance(tape, Tape)
    own = growing.element_type(left.items, ctx, right.identity)
    return tape.element if own is None else join(own, tape.element) or Float()


def _like(ctx: Context, xs: Structure, name: str = "items") -> Growing:
    """An empty list for items like some that are known."""
    identity = Identity()
    element = growing.element_type(xs.items, ctx, identity)
    return _new(ctx, _empty(ctx, element or Float(), name), identity, name)


def _empty(ctx: Context, element: Type, name: str) -> Atom:
    return ctx.builder.emit(PRIMITIVES["tape_new"], Const(None, element), name=name)


def _new(ctx: Context, value: Atom, like: Identity | None = None, name: str = "items") -> Growing:
    """A new list that begins with a value of the program; its rows are like those of another."""
    root = ctx.storage.unset_root(name, [])
    ctx.builder.assign(root.cell, value)
    if like is None:
        return Growing(root, Identity())
    like.read = like.row is not None
    return Growing(root, Identity(row=like.row, read=True))
