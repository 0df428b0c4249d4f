"""Arrays made of Python's containers, as `np.array` makes them."""

from __future__ import annotations

from ad_compiler.frontend import growing, indexing
from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Growing, Loose, Place, Structure, Value, is_atom, static
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, is_number, rank
from ad_compiler.rules.likeness import copy_of
from ad_compiler.rules.registry import PRIMITIVES


def is_array(value: Value) -> bool:
    """Whether the value is an array already."""
    if isinstance(value, Place | Loose):
        return True
    return isinstance(value, Var | Const) and isinstance(value.type, Array)


def rank_of(ctx: Context, value: Value) -> int:
    """The number of axes of an array, or of what an array is made of."""
    if isinstance(value, Structure):
        return 1 + (rank_of(ctx, value.items[0]) if value.items else 0)
    if isinstance(value, Growing):
        return 1 + rank(growing.element_of(ctx, value))
    return rank(atom_of(ctx, value).type)


def array_of(ctx: Context, value: Value, name: str = "", *, rows: bool = False) -> Value:
    """A new array of a number, an array, or a nest of them; `rows`: it lies row by row."""
    value = indexing.resolved(ctx, value)
    if isinstance(value, Growing):
        return growing.as_array(ctx, value, name)
    if is_array(value):
        atom = atom_of(ctx, value)
        return apply(ctx, PRIMITIVES["copy"] if rows else copy_of(atom), (atom,), name)
    if not isinstance(value, Structure):
        return apply(ctx, PRIMITIVES["array0"], (atom_of(ctx, value),), name)
    if value.kind in ("dict", "dataclass"):
        raise TypeRefusal(f"an array of {describe(value)}", "give numbers or arrays")
    if not value.items:
        return apply(ctx, PRIMITIVES["np.zeros"], (const(0), static("float64")), name)
    if all(is_atom(item) and is_number(item.type) for item in value.items):
        return apply(ctx, PRIMITIVES["array_of"], [atom_of(ctx, i) for i in value.items], name)
    parts = [row_of(ctx, item) for item in value.items]
    return apply(ctx, PRIMITIVES["array_of_arrays"], parts, name)


def row_of(ctx: Context, value: Value) -> Atom:
    """One of the parts of which an array is made."""
    return atom_of(ctx, value) if is_array(value) else atom_of(ctx, array_of(ctx, value))
