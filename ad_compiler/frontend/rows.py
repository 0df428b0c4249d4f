"""Rows of numbers in lists that grow: `points.append((x, y))`.

In the program a row is an array; where it is read, it is the tuple or list of numbers that it was.
"""

from __future__ import annotations

from ad_compiler.frontend.context import Context, apply, atom_of, atoms_of
from ad_compiler.frontend.identity import Identity, Row
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Structure, Value, is_atom, static
from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import (
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Bool,
    Float,
    Int,
    Type,
    dtype_of,
    is_number,
)
from ad_compiler.rules.registry import PRIMITIVES

REMEDY = "append tuples of numbers, alike in length and kinds, or make a list for each part"
HELD = "it is also in a list that grows"
PLAIN = (PY_FLOAT, PY_INT, PY_BOOL)
CONVERSIONS: dict[type[Type], str] = {Float: "float", Int: "int", Bool: "bool"}


def packed(ctx: Context, identity: Identity, value: Structure) -> Atom:
    """A row as an array, which a list is to hold."""
    agree(identity, _row_of(ctx, value))
    if value.identity is not None:
        value.identity.frozen = HELD
    return atom_of(ctx, apply(ctx, PRIMITIVES["array_of"], atoms_of(ctx, value.items)))


def packed_type(ctx: Context, identity: Identity, value: Structure) -> Type:
    """The type of the array that a row of a list is."""
    agree(identity, _row_of(ctx, value))
    return _type_of(ctx, value)


def agree(identity: Identity, row: Row) -> None:
    """See to it that all rows of a list are alike."""
    if identity.row is None:
        identity.row = row
    if identity.row != row:
        raise TypeRefusal("rows that differ in a list that grows while the program runs", REMEDY)


def unpacked(ctx: Context, row: Row, array: Value) -> Structure:
    """The tuple or list of numbers that an array stands for."""
    atom = atom_of(ctx, array)
    items = tuple(_item(ctx, atom, k, type_) for k, type_ in enumerate(row.types))
    identity = None if row.kind == "tuple" else Identity(frozen=HELD)
    return Structure(row.kind, row.keys, items, identity, row.record)


def _item(ctx: Context, array: Atom, k: int, type_: Type) -> Value:
    value = apply(ctx, PRIMITIVES["getitem"], (array, static(("int",)), const(k)))
    return as_number(ctx, value, type_)


def as_number(ctx: Context, value: Value, type_: Type) -> Value:
    """An element of an array as the kind of number that it was."""
    atom = atom_of(ctx, value)
    if atom.type == type_:
        return value
    return apply(ctx, PRIMITIVES[CONVERSIONS[type(type_)]], (atom,))


def _row_of(ctx: Context, value: Structure) -> Row:
    """What a row is that an array can stand for: numbers of NumPy's must be of its dtype."""
    atoms = [item for item in value.items if is_atom(item) and is_number(item.type)]
    if value.kind not in ("tuple", "list") or not atoms or len(atoms) < len(value.items):
        raise TypeRefusal(f"{describe(value)} in a list that grows while the program runs", REMEDY)
    types = tuple(_plain(atom.type) for atom in atoms)
    dtype = dtype_of(_type_of(ctx, value))
    for type_ in types:
        if type_ not in PLAIN and dtype_of(type_) != dtype:
            raise TypeRefusal(f"a {type_} in a row of a list that grows", REMEDY)
    return Row(value.kind, value.keys, value.record, types)


def _type_of(ctx: Context, value: Structure) -> Type:
    made = PRIMITIVES["array_of"].infer(atoms_of(ctx, value.items))
    assert isinstance(made, Array)
    return made


def _plain(type_: Type) -> Type:
    """The kind of a number, whatever else is known of it."""
    return Int(type_.kind) if isinstance(type_, Int) else type_
