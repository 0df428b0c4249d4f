"""Writes into arrays in place: elements, slices, masks, whole arrays, and `out=`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import indexing, operators
from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Loose, Place, Structure, Value, static
from ad_compiler.ir.index import WHOLE, Pattern
from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import NUMPY_NAMES, Array, Type, dtype_of, rank
from ad_compiler.rules import infer
from ad_compiler.rules.registry import PRIMITIVES


def write(
    ctx: Context, target: Value, pattern: Pattern, operands: Sequence[Atom], value: Value
) -> None:
    """`target[pattern] = value`."""
    atom = atom_of(ctx, value)
    match target:
        case Place():
            ctx.storage.write(target, pattern, atom, operands)
        case Loose(_, _, why):
            raise TypeRefusal(
                f"this array cannot be changed in place: {why}",
                "write `.copy()` where it is made, so that it has memory of its own",
            )
        case _:  # a new array that nobody will ever see: the write may still raise
            whole = static(pattern)
            apply(ctx, PRIMITIVES["store"], (atom_of(ctx, target), whole, atom, *operands))


def update(
    ctx: Context,
    target: Value,
    pattern: Pattern,
    operands: Sequence[Atom],
    op: ast.operator,
    old: Value,
    value: Value,
) -> None:
    """`target[pattern] op= value`, where `old` is `target[pattern]`."""
    before, after = atom_of(ctx, old), atom_of(ctx, operators.beside_array(ctx, value, old))
    new = operators.binary(ctx, op, before, after)
    if isinstance(before.type, Array):
        require_fits(atom_of(ctx, new).type, before.type, after.type)
    write(ctx, target, pattern, operands, new)


def require_fits(result: Type, target: Array, value: Type) -> None:
    """Refuse an update in place that NumPy refuses: floats into integers, too many axes."""
    require_castable(infer.our_dtype_of(result), target)
    if rank(value) > rank(target):
        raise TypeRefusal(
            f"an operand of {rank(value)} axes does not fit into {target} in place",
            "write `x = x + ...`, which makes a new array",
        )


def require_castable(dtype: str, target: Type) -> None:
    """Refuse to cast in place what NumPy does not cast without being told to."""
    own = dtype_of(target)
    assert own is not None
    if not np.can_cast(infer.numpy_dtype(dtype), infer.numpy_dtype(own), "same_kind"):
        raise TypeRefusal(
            f"NumPy does not write {NUMPY_NAMES[dtype]} into an array of {NUMPY_NAMES[own]} so",
            "make the array one of floats from the start",
        )


def fill(ctx: Context, target: Value, value: Value) -> None:
    """`target[...] = value`."""
    write(ctx, target, WHOLE, (), value)


def into(ctx: Context, out: Value, result: Value, who: str) -> Value:
    """A result written to `out=`, as a ufunc does."""
    if not isinstance(out, Place | Loose):
        raise TypeRefusal(f"`out` of {who} is {describe(out)}", "pass an array")
    atom = atom_of(ctx, result)
    require_castable(infer.our_dtype_of(atom.type), atom_of(ctx, out).type)
    fill(ctx, out, result)
    return out


def add_at(ctx: Context, target: Value, index: Value, value: Value, *, negative: bool) -> None:
    """`np.add.at(target, index, value)`: duplicate indices all count."""
    items = [index]
    if isinstance(index, Structure) and index.kind == "tuple":
        items = [*index.items]
    pattern, operands = indexing.pattern_of(ctx, items)
    atom = atom_of(ctx, value)
    if negative:
        atom = atom_of(ctx, operators.unary(ctx, ast.USub(), atom))
    require_castable(infer.our_dtype_of(atom.type), atom_of(ctx, target).type)
    if not isinstance(target, Place):
        raise TypeRefusal(f"{describe(target)} cannot be added into", "pass an array by name")
    ctx.storage.add_at(target, pattern, atom, operands)


def _ufunc_at(*, negative: bool) -> Any:
    """`np.add.at(x, index, values)`, `np.subtract.at(...)`."""

    def lower(ctx: Context, args: Sequence[Value], *_rest: Any) -> Value:
        target, index, values = args
        add_at(ctx, target, index, values, negative=negative)
        return const(None)

    return lower


FUNCTIONS: dict[Any, Any] = {
    np.add.at: _ufunc_at(negative=False),
    np.subtract.at: _ufunc_at(negative=True),
}
"""Functions of NumPy that change an array, as `builtin.TABLE` has them."""
