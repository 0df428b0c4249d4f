"""NumPy's objects that make arrays when they are indexed: `np.r_ np.c_ np.mgrid np.ogrid np.s_`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import arrays, calls
from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.indexing import Item, Slice, slice_value
from ad_compiler.frontend.values import Structure, Value, static
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import NUMPY_NAMES, Int
from ad_compiler.rules import infer
from ad_compiler.rules.registry import OPERATORS


def _call(ctx: Context, thing: Any, *args: Value, **keywords: Value) -> Value:
    return calls.call(ctx, static(thing), list(args), keywords)


def _list(values: Sequence[Value]) -> Structure:
    return Structure("list", (), tuple(values))


def _numbers(ctx: Context, item: Slice) -> Value:
    """`start:stop:step` as `np.arange` has it."""
    start, stop, step = _bounds(item)
    count = _count(step)
    if count is not None:
        return _call(ctx, np.linspace, start, stop, const(count))
    return _call(ctx, np.arange, start, stop, step)


def _bounds(item: Slice) -> tuple[Value, Value, Value]:
    if item.stop is None:
        raise TypeRefusal("a slice without an end makes no numbers", "give the end")
    return item.start or const(0), item.stop, item.step or const(1)


def _count(step: Value) -> int | None:
    """How many numbers `start:stop:5j` makes; None where the step is one."""
    if isinstance(step, Const) and isinstance(step.value, complex):
        return int(abs(step.value))
    return None


def _array(ctx: Context, item: Value) -> Value:
    """Something of at least one axis."""
    if arrays.rank_of(ctx, item) == 0:
        return arrays.array_of(ctx, _list([item]))
    return item if arrays.is_array(item) else arrays.array_of(ctx, item)


def _parts(ctx: Context, items: Sequence[Item]) -> list[Value]:
    """What stands between the brackets, as arrays."""
    values = [_numbers(ctx, item) if isinstance(item, Slice) else item for item in items]
    parts = [_array(ctx, value) for value in values]
    given = zip(values, parts, strict=True)
    types = [atom_of(ctx, v if isinstance(v, Var | Const) else part).type for v, part in given]
    wanted = infer.promote(types)
    if infer.promote(atom_of(ctx, part).type for part in parts) == wanted:
        return parts
    dtype = static(NUMPY_NAMES[wanted])
    return [_call(ctx, np.asarray, part, dtype=dtype) for part in parts]


def _rows(ctx: Context, items: Sequence[Item]) -> Value:
    return _call(ctx, np.concatenate, _list(_parts(ctx, items)))


def _columns(ctx: Context, items: Sequence[Item]) -> Value:
    parts = _parts(ctx, items)
    tall = [
        _call(ctx, np.expand_dims, p, const(1)) if arrays.rank_of(ctx, p) == 1 else p for p in parts
    ]
    return _call(ctx, np.concatenate, _list(tall), const(-1))


def _vectors(ctx: Context, items: Sequence[Item]) -> list[Value]:
    """The numbers along each axis; as in NumPy, not those of `np.arange` if any is a float."""
    if not all(isinstance(item, Slice) for item in items):
        raise TypeRefusal("a grid of what is no slice", "write start:stop for each axis")
    axes = [_bounds(item) for item in items if isinstance(item, Slice)]
    if all(isinstance(atom_of(ctx, bound).type, Int) for axis in axes for bound in axis):
        return [_call(ctx, np.arange, *axis) for axis in axes]
    if len(axes) == 1 and _count(axes[0][2]) is None:
        return [_call(ctx, np.arange, *axes[0])]
    return [_along(ctx, *axis) for axis in axes]


def _along(ctx: Context, start: Value, stop: Value, step: Value) -> Value:
    """`np.arange(n) * step + start`, in floats."""
    count: Value
    length, many = _binary(ctx, "-", stop, start), _count(step)
    if many is None:
        count = _call(ctx, math.ceil, _binary(ctx, "/", length, step))
    else:
        count = const(many)
        step = _binary(ctx, "/", length, const(float(many - 1))) if many != 1 else const(1)
    places = _call(ctx, np.arange, count, dtype=static(float))
    return _binary(ctx, "+", _binary(ctx, "*", places, step), start)


def _binary(ctx: Context, operator: str, one: Value, other: Value) -> Value:
    return apply(ctx, OPERATORS[operator], (atom_of(ctx, one), atom_of(ctx, other)))


def _mesh(ctx: Context, items: Sequence[Item]) -> Value:
    vectors = _vectors(ctx, items)
    if len(vectors) == 1:
        return vectors[0]
    grids = _call(ctx, np.meshgrid, *vectors, indexing=static("ij"))
    return _call(ctx, np.stack, grids)


def _open_mesh(ctx: Context, items: Sequence[Item]) -> Value:
    vectors = _vectors(ctx, items)
    if len(vectors) == 1:
        return vectors[0]
    return _call(ctx, np.meshgrid, *vectors, indexing=static("ij"), sparse=static(True))


def _index(_ctx: Context, items: Sequence[Item]) -> Value:
    """`np.s_[1:-1, 0]`: the index itself."""
    parts = [slice_value(i.start, i.stop, i.step) if isinstance(i, Slice) else i for i in items]
    return parts[0] if len(parts) == 1 else Structure("tuple", (), tuple(parts))


MAKERS = {
    id(np.r_): _rows,
    id(np.c_): _columns,
    id(np.mgrid): _mesh,
    id(np.ogrid): _open_mesh,
    id(np.s_): _index,
}
"""What makes arrays between brackets, by identity."""


def made(ctx: Context, value: Value, items: Sequence[Item]) -> Value | None:
    """`value[items]`, if it makes an array; None of anything else."""
    maker = MAKERS.get(id(value.value)) if isinstance(value, Const) else None
    return None if maker is None else maker(ctx, items)
