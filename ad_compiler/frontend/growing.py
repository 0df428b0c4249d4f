"""Lists whose length is known only at run time, because a loop or a branch appends to them.

A list starts as compile-time structure. Where paths meet on which it has different lengths, it
becomes a value of the program, with one type for all its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ad_compiler.frontend import rows
from ad_compiler.frontend.context import Context, Snapshot, apply, array_of, atom_of
from ad_compiler.frontend.identity import Identity
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.reach import LISTED
from ad_compiler.frontend.values import Growing, Loose, Place, Structure, Value, static
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import (
    RAGGED,
    Array,
    Float,
    Int,
    Static,
    Tape,
    Type,
    is_number,
    join,
)
from ad_compiler.rules.registry import PRIMITIVES


@dataclass(frozen=True, eq=False)
class Trips:
    """A loop at run time: its bounds."""

    start: Atom
    stop: Atom
    step: Atom


Combine = Callable[[Value, Value], Value]


def element_type(items: Sequence[Value], ctx: Context, identity: Identity) -> Type | None:
    """The type that all elements of a list have; None for a list without elements."""
    found: Type | None = None
    for item in items:
        own = _type_of(ctx, item, identity)
        if not (isinstance(own, Array | Tape) or is_number(own)):
            raise TypeRefusal(
                f"{describe(item)} in a list that grows while the program runs",
                "append numbers or arrays of one shape",
            )
        common = own if found is None else join(found, own, RAGGED)
        if common is None:
            raise TypeRefusal(
                f"{found} and {own} in a list that grows while the program runs",
                "let all elements of the list be of one kind",
            )
        found = common
    return found


def _type_of(ctx: Context, value: Value, identity: Identity) -> Type:
    """The type that an element of a list has in the program."""
    if isinstance(value, Structure):
        if identity.table and value.kind == "list":
            return Tape(element_type(value.items, ctx, Identity()) or Float())
        return rows.packed_type(ctx, identity, value)
    if isinstance(value, Growing):
        return _held(ctx, value).type
    return atom_of(ctx, value).type


def filled(ctx: Context, xs: Structure, type_: Type, name: str) -> Atom:
    """The value of the program that a list of known items is."""
    value: Atom = ctx.builder.emit(PRIMITIVES["tape_new"], Const(None, type_), name=name)
    for one in xs.items:
        atom = _element(ctx, xs.identity or Identity(), one)
        value = ctx.builder.emit(PRIMITIVES["list_append"], value, atom, name=name)
    return value


# -- what can be done with one --------------------------------------------------------------------


def read(ctx: Context, xs: Growing) -> Atom:
    """The list as it is now."""
    if xs.within is not None:
        outer, k = xs.within
        return atom_of(ctx, apply(ctx, PRIMITIVES["list_get"], (read(ctx, outer), k), "row"))
    value = ctx.builder.read(xs.root.cell)
    assert value is not None
    return value


def require_own(identity: Identity) -> None:
    """Refuse to change a list that others may hold."""
    if identity.frozen:
        raise TypeRefusal(
            f"this cannot be changed here: {identity.frozen}",
            rows.CHANGE if identity.frozen == rows.HELD else "make a new list",
        )


def _changed(ctx: Context, xs: Growing, value: Value) -> None:
    require_own(xs.identity)
    ctx.changed(xs.identity)
    if xs.within is not None:
        outer, k = xs.within
        args = (read(ctx, outer), k, atom_of(ctx, value))
        value = apply(ctx, PRIMITIVES["list_set"], args, xs.root.cell.name)
    ctx.builder.assign(xs.root.cell, atom_of(ctx, value))


def element_of(ctx: Context, xs: Growing) -> Type:
    """The type of the elements of the list."""
    tape = read(ctx, xs).type
    assert isinstance(tape, Tape)
    return tape.element


def length(ctx: Context, xs: Growing, name: str = "") -> Value:
    """`len(xs)`."""
    return apply(ctx, PRIMITIVES["list_len"], (read(ctx, xs),), name)


def item(ctx: Context, xs: Growing, index: Value, name: str = "") -> Value:
    """`xs[index]`."""
    atom = _index(index)
    if xs.within is not None:
        outer, k = xs.within
        return apply(ctx, PRIMITIVES["list_item_get"], (read(ctx, outer), k, atom), name)
    row = xs.identity.row
    label = name if row is None else "row"
    value = apply(ctx, PRIMITIVES["list_get"], (read(ctx, xs), atom), label)
    if row is not None:
        return rows.unpacked(ctx, xs.identity, row, value)
    if isinstance(value, Var) and isinstance(value.type, Array):
        return Loose(value, (), LISTED)
    if isinstance(value, Var) and isinstance(value.type, Tape):
        return _listed(ctx, value)
    return value


def picked(ctx: Context, xs: Structure, index: Var, name: str = "") -> Value | None:
    """`xs[index]` of known items, where only the program knows the index.

    None if the items are of different types, since a value of the program has one.
    """
    identity = Identity()
    try:
        type_ = element_type(xs.items, ctx, identity)
    except TypeRefusal:
        return None
    if type_ is None:
        return None
    root = ctx.storage.unset_root("items", [])
    ctx.builder.assign(root.cell, filled(ctx, replace(xs, identity=identity), type_, "items"))
    return item(ctx, Growing(root, identity), index, name)


def set_item(ctx: Context, xs: Growing, index: Value, value: Value) -> None:
    """`xs[index] = value`."""
    if xs.within is not None:
        _change_row(ctx, xs, "list_item_set", _index(index), _element(ctx, xs.identity, value))
        return
    args = (read(ctx, xs), _index(index), _element(ctx, xs.identity, value))
    _changed(ctx, xs, apply(ctx, PRIMITIVES["list_set"], args, xs.root.cell.name))


def as_array(ctx: Context, xs: Growing, name: str = "") -> Value:
    """`np.array(xs)`."""
    return apply(ctx, PRIMITIVES["list_array"], (read(ctx, xs),), name)


def folded(
    ctx: Context, xs: Growing, combine: Combine, name: str, start: Value | None = None
) -> Value:
    """The items combined one by one from the left, as `functools.reduce` does.

    Without a start there must be an item.
    """
    builder = ctx.builder
    first = const(1 if start is None else 0)
    cell = builder.cell(name, atom_of(ctx, item(ctx, xs, const(0)) if start is None else start))

    def step(index: Var) -> None:
        before = builder.read(cell)
        assert before is not None
        builder.assign(cell, atom_of(ctx, combine(before, item(ctx, xs, index))))

    count = atom_of(ctx, length(ctx, xs))
    builder.for_(first, count, const(1), step, name="k")
    found = builder.read(cell)
    assert found is not None
    return found


def combined_by(ctx: Context, primitive: Primitive, name: str) -> Combine:
    """A primitive of two operands that combines items."""
    return lambda one, other: apply(ctx, primitive, (atom_of(ctx, one), atom_of(ctx, other)), name)


def collected(
    ctx: Context,
    trips: Trips,
    item_at: Callable[[Var], Value],
    *,
    name: str = "items",
    table: bool = False,
) -> Growing:
    """A list of items that are computed one a trip."""
    identity = Identity(table=table)
    root = ctx.storage.unset_root(name, [])
    types: list[Type] = [Float()]
    made = Growing(root, identity)

    def trip(index: Var) -> None:
        value = item_at(index)
        wanted, types[0] = types[0], _element(ctx, identity, value).type
        if join(wanted, types[0], RAGGED) is not None:
            append(ctx, made, value)
            types[0] = wanted if isinstance(wanted, Array) else types[0]

    snapshot = Snapshot(ctx.builder)
    while True:
        type_ = types[0]
        empty = ctx.builder.emit(PRIMITIVES["tape_new"], Const(None, type_), name=name)
        ctx.builder.assign(root.cell, empty)
        ctx.builder.for_(trips.start, trips.stop, trips.step, trip, name="k")
        if types[0] == type_:
            return made
        snapshot.restore()
        snapshot = Snapshot(ctx.builder)


def replaced(ctx: Context, xs: Growing, other: Growing | None) -> None:
    """Give a list the items of another, which nobody else has."""
    assert other is not None
    _changed(ctx, xs, read(ctx, other))


def copied(ctx: Context, xs: Growing, name: str = "") -> Growing:
    """`xs[:]`: another list of the same items."""
    root = ctx.storage.unset_root(name or "items", [])
    ctx.builder.assign(root.cell, read(ctx, xs))
    row = xs.identity.row
    xs.identity.read = xs.identity.read or row is not None
    return Growing(root, Identity(row=row, read=row is not None))


def cut(ctx: Context, xs: Growing, trips: Trips) -> Growing:
    """A list of some of the items of a list."""
    return collected(ctx, trips, lambda index: item(ctx, xs, index))


def part(ctx: Context, xs: Growing, cut: Callable[[Value], Value]) -> Growing:
    """`xs[a:b]`: of a list of numbers by way of an array, of others by way of the places."""
    element = element_of(ctx, xs)
    if not is_number(element):
        return _picked_out(ctx, xs, cut)
    some = cut(as_array(ctx, xs))
    kind = "float" if isinstance(element, Float) else "int" if isinstance(element, Int) else ""

    def item(index: Var) -> Value:
        value = apply(ctx, PRIMITIVES["getitem"], (atom_of(ctx, some), static(("int",)), index))
        if atom_of(ctx, value).type == element or not kind:
            return value
        return apply(ctx, PRIMITIVES[kind], (atom_of(ctx, value),))

    count = atom_of(ctx, apply(ctx, PRIMITIVES["dim"], (atom_of(ctx, some), const(0))))
    return collected(ctx, Trips(const(0), count, const(1)), item)


def _picked_out(ctx: Context, xs: Growing, cut: Callable[[Value], Value]) -> Growing:
    count = atom_of(ctx, length(ctx, xs))
    all_places = apply(ctx, PRIMITIVES["np.arange"], (count,))
    places = atom_of(ctx, cut(all_places))

    def chosen(index: Var) -> Value:
        place = apply(ctx, PRIMITIVES["getitem"], (places, static(("int",)), index))
        return item(ctx, xs, apply(ctx, PRIMITIVES["int"], (atom_of(ctx, place),)))

    stop = atom_of(ctx, apply(ctx, PRIMITIVES["dim"], (places, const(0))))
    return collected(ctx, Trips(const(0), stop, const(1)), chosen)


def put_first(ctx: Context, xs: Growing, value: Value) -> None:
    """`xs.insert(0, value)`."""
    args = (read(ctx, xs), _element(ctx, xs.identity, value))
    _changed(ctx, xs, apply(ctx, PRIMITIVES["list_put_first"], args, xs.root.cell.name))


def pop_first(ctx: Context, xs: Growing) -> Value:
    """`xs.pop(0)`."""
    value = item(ctx, xs, const(0))
    name = xs.root.cell.name
    _changed(ctx, xs, apply(ctx, PRIMITIVES["list_pop_first"], (read(ctx, xs),), name))
    return value


def append(ctx: Context, xs: Growing, value: Value) -> None:
    """`xs.append(value)`."""
    if xs.within is not None:
        _change_row(ctx, xs, "list_item_append", _element(ctx, xs.identity, value))
        return
    name = xs.root.cell.name
    made = apply(
        ctx, PRIMITIVES["list_append"], (read(ctx, xs), _element(ctx, xs.identity, value)), name
    )
    _changed(ctx, xs, made)


def pop(ctx: Context, xs: Growing) -> Value:
    """`xs.pop()`."""
    value = item(ctx, xs, const(-1))
    if xs.within is not None:
        _change_row(ctx, xs, "list_item_pop")
        return value
    _changed(ctx, xs, apply(ctx, PRIMITIVES["list_pop"], (read(ctx, xs),), xs.root.cell.name))
    return value


def _index(index: Value) -> Atom:
    if isinstance(index, Var | Const) and isinstance(index.type, Int):
        return index
    raise TypeRefusal(f"{describe(index)} is no index of a growing list", "use an integer")


def _held(ctx: Context, xs: Growing) -> Atom:
    """A list as an item of another."""
    xs.identity.frozen = rows.HELD
    return read(ctx, xs)


def row_of(ctx: Context, xs: Growing, index: Value, *, own: bool) -> Growing | None:
    """`xs[index]` of a list of lists of numbers, to be looked at or changed there; None of others.

    `own`: nobody else can hold the row.
    """
    element = element_of(ctx, xs)
    if not isinstance(element, Tape) or not is_number(element.element):
        return None
    frozen = xs.identity.frozen if own else rows.HELD
    return Growing(xs.root, Identity(frozen=frozen), (xs, _index(index)))


def _change_row(ctx: Context, xs: Growing, change: str, *args: Atom) -> None:
    assert xs.within is not None
    outer, k = xs.within
    require_own(xs.identity)
    made = apply(ctx, PRIMITIVES[change], (read(ctx, outer), k, *args), xs.root.cell.name)
    _changed(ctx, outer, made)


def _listed(ctx: Context, atom: Var) -> Growing:
    """The list that an item of another is."""
    root = ctx.storage.unset_root("row", [])
    ctx.builder.assign(root.cell, atom)
    return Growing(root, Identity(frozen=rows.HELD))


def _element(ctx: Context, identity: Identity, value: Value) -> Atom:
    """A value as an element of a list: from now on the list knows its array too."""
    if isinstance(value, Structure):
        if identity.table and value.kind == "list":
            type_ = _type_of(ctx, value, identity)
            assert isinstance(type_, Tape)
            return filled(ctx, value, type_.element, "row")
        return rows.packed(ctx, identity, value)
    if isinstance(value, Growing):
        return _held(ctx, value)
    if isinstance(value, Place | Loose):
        ctx.storage.freeze([value.root] if isinstance(value, Place) else value.roots, LISTED)
    atom = atom_of(ctx, value)
    if array_of(ctx, value) is None and isinstance(atom.type, Static):
        raise TypeRefusal(f"{describe(value)} in a growing list", "append numbers or arrays")
    return atom
