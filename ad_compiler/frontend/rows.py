"""Rows of numbers in lists that grow: `points.append((x, y))`.

In the program a row is an array; where it is read, it is the tuple or list of numbers that it was.
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.frontend.context import Context, apply, atom_of, atoms_of
from ad_compiler.frontend.identity import Identity, Row
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Structure, Value, is_atom, static
from ad_compiler.ir.nodes import Atom, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import (
    MIXED_FLOAT,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Bool,
    Float,
    Int,
    Type,
    dims_of,
    dtype_of,
    is_number,
    join,
    shown,
)
from ad_compiler.rules.registry import PRIMITIVES

REMEDY = "append tuples of numbers, alike in length and kinds, or make a list for each part"
HELD = "it is an item of another list"
CHANGE = "write `table[i][j] = …` of a list of lists whose rows have no names, or use an array"
PLAIN = (PY_FLOAT, PY_INT, PY_BOOL)
FLOAT32 = Float("f32")
CONVERSIONS: dict[type[Type], str] = {Float: "float", Int: "whole", Bool: "bool"}


def packed(ctx: Context, identity: Identity, value: Structure) -> Atom:
    """A row as an array, which a list is to hold."""
    agree(identity, _row_of(ctx, value))
    if value.identity is not None:
        value.identity.frozen = HELD
    known = _array_of(ctx, value)
    if known is not None:
        return known
    return atom_of(ctx, apply(ctx, PRIMITIVES["array_of"], atoms_of(ctx, value.items)))


def _array_of(ctx: Context, value: Structure) -> Atom | None:
    """The array that a row was read from, if all its numbers were, in order."""
    found = [ctx.storage.elements.get(item) for item in value.items if isinstance(item, Var)]
    arrays = {array for array, _ in filter(None, found)}
    if len(found) < len(value.items) or len(arrays) != 1:
        return None
    (array,) = arrays
    whole = dims_of(array.type) == (len(found),)
    return array if whole and found == [(array, k) for k in range(len(found))] else None


def packed_type(ctx: Context, identity: Identity, value: Structure) -> Type:
    """The type of the array that a row of a list is."""
    agree(identity, _row_of(ctx, value))
    return _type_of(ctx, value)


def agree(identity: Identity, row: Row) -> None:
    """See to it that all rows of a list are alike."""
    known = identity.row
    both = row if known is None else _either(known, row)
    if both is None or (identity.read and both != known):
        raise TypeRefusal("rows that differ in a list that grows while the program runs", REMEDY)
    identity.row = both


def _either(one: Row, other: Row) -> Row | None:
    """What rows are that may be one or the other: some numbers Python's or NumPy's."""
    types = tuple(join(a, b) for a, b in zip(one.types, other.types, strict=False))
    alike = replace(one, types=()) == replace(other, types=())
    if not alike or len(one.types) != len(other.types):
        return None
    known = tuple(t for t, a in zip(types, one.types, strict=True) if t in (a, MIXED_FLOAT))
    return replace(one, types=known) if len(known) == len(types) else None


def unpacked(ctx: Context, identity: Identity, row: Row, array: Value) -> Structure:
    """The tuple or list of numbers that an array stands for."""
    require_known(identity, row.types)
    atom = atom_of(ctx, array)
    items = tuple(_item(ctx, atom, k, type_) for k, type_ in enumerate(row.types))
    own = None if row.kind == "tuple" else Identity(frozen=HELD)
    return Structure(row.kind, row.keys, items, own, row.record)


def require_known(identity: Identity, types: tuple[Type, ...]) -> None:
    """Refuse to read numbers of which only the program knows whose they are."""
    if MIXED_FLOAT in types:
        raise TypeRefusal(
            "a number that may be Python's or NumPy's, in a row of a list that grows",
            "convert all of them with np.float64(...), or all with float(...)",
        )
    identity.read = True


def _item(ctx: Context, array: Atom, k: int, type_: Type) -> Value:
    value = apply(ctx, PRIMITIVES["getitem"], (array, static(("int",)), const(k)))
    number = as_number(ctx, value, type_)
    if isinstance(number, Var) and isinstance(array, Var):
        ctx.storage.elements[number] = (array, k)
    return number


def as_number(ctx: Context, value: Value, type_: Type) -> Value:
    """An element of an array as the kind of number that it was."""
    atom = atom_of(ctx, value)
    if atom.type == type_:
        return value
    if type_ == FLOAT32:
        return apply(ctx, PRIMITIVES["np.float32"], (atom,))
    return apply(ctx, PRIMITIVES[CONVERSIONS[type(type_)]], (atom,))


def _row_of(ctx: Context, value: Structure) -> Row:
    """What a row is that an array can stand for: numbers of NumPy's must be of its dtype.

    Those of single precision fit into any array of floats.
    """
    atoms = [item for item in value.items if is_atom(item) and is_number(item.type)]
    if value.kind not in ("tuple", "list") or not atoms or len(atoms) < len(value.items):
        raise TypeRefusal(f"{describe(value)} in a list that grows while the program runs", REMEDY)
    types = tuple(_plain(atom.type) for atom in atoms)
    dtype = dtype_of(_type_of(ctx, value))
    for type_ in types:
        if type_ not in (*PLAIN, FLOAT32) and dtype_of(type_) != dtype:
            raise TypeRefusal(f"{shown(type_)} in a row of a list that grows", REMEDY)
    return Row(value.kind, value.keys, value.record, types)


def _type_of(ctx: Context, value: Structure) -> Type:
    made = PRIMITIVES["array_of"].infer(atoms_of(ctx, value.items))
    assert isinstance(made, Array)
    return made


def _plain(type_: Type) -> Type:
    """The kind of a number, whatever else is known of it."""
    return Int(type_.kind) if isinstance(type_, Int) else type_
