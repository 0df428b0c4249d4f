"""Iterators over pairs and places: `itertools.product` and its like, `np.ndindex`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import arrays, indexing, iterables
from ad_compiler.frontend.context import Context, apply, array_of, atom_of, raise_needs
from ad_compiler.frontend.gathering import items_of
from ad_compiler.frontend.iterators import marked
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import (
    Grid,
    Growing,
    Picked,
    Range,
    Structure,
    Value,
    Zipped,
    static,
)
from ad_compiler.ir.nodes import Const, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.registry import PRIMITIVES

Args = Sequence[Value]
Keywords = dict[str, Value]
Lower = Callable[[Context, Args, Keywords, str, Any], Value | None]


def _listed(ctx: Context, rows: Sequence[Sequence[Value]]) -> Value:
    """An iterator over tuples that are known."""
    made = tuple(Structure("tuple", (), tuple(row)) for row in rows)
    return marked(ctx.storage, Structure("tuple", (), made))


def _number(value: Value, what: str) -> int:
    if isinstance(value, Const) and isinstance(value.value, int):
        return value.value
    raise TypeRefusal(f"{what} must be known at compile time", "write a literal")


def _product(ctx: Context, args: Args, kw: Keywords, _name: str, _call: Any) -> Value:
    parts = [*args] * _number(kw.get("repeat", const(1)), "`repeat`")
    places = all(isinstance(part, Range) or array_of(ctx, part) is not None for part in parts)
    if places and parts:
        return Grid(tuple(parts))
    rows = itertools.product(*(items_of(ctx, part, "itertools.product()") for part in parts))
    return _listed(ctx, list(rows))


def _pairwise(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Any) -> Value:
    (items,) = args
    if arrays.is_array(items):
        after = indexing.taken(ctx, items, ("a:",), [const(1)])
        return Zipped((items, after))
    if isinstance(items, Growing):
        after = indexing.subscript(ctx, items, [indexing.Slice(const(1), None, None)], False, "")
        return Zipped((items, after))
    return _listed(ctx, list(itertools.pairwise(items_of(ctx, items, "itertools.pairwise()"))))


def _bounds(value: Value) -> tuple[Value, ...]:
    """What the length of a range depends on."""
    return (value.start, value.stop, value.step) if isinstance(value, Range) else ()


def _chosen(choose: Callable[[Any, int], Any]) -> Lower:
    """`itertools.combinations` and `permutations` of what is known."""

    def lower(ctx: Context, args: Args, kw: Keywords, _name: str, call: Any) -> Value:
        items = iterables.known_items(ctx, args[0])
        if items is None:
            pairs = _pairs(ctx, args, kw, call) if choose is itertools.combinations else None
            if pairs is not None:
                return pairs
            refusal = TypeRefusal(
                f"itertools.{choose.__name__}() of {describe(args[0])}, whose length is not known "
                "at compile time",
                "write nested loops, e.g. for i in range(n): for j in range(i + 1, n):",
            )
            raise_needs(ctx, _bounds(args[0]), refusal)
            raise refusal
        length = kw.get("r", args[1] if len(args) > 1 else const(len(items)))
        return _listed(ctx, list(choose(items, _number(length, "the length"))))

    return lower


def _pairs(ctx: Context, args: Args, kw: Keywords, call: Any) -> Value | None:
    """`itertools.combinations(items, 2)` of as many items as only the program knows."""
    items = args[0]
    if kw.get("r", args[-1]) != const(2) or not _is_long(ctx, items):
        return None
    count = iterables.length_of(ctx, items)
    first, second = call(ctx, static(np.triu_indices), [count, const(1)], {}).items
    return Zipped((Picked(items, first), Picked(items, second)), even=True)


def _is_long(ctx: Context, items: Value) -> bool:
    return isinstance(items, Range | Growing) or array_of(ctx, items) is not None


def _chain(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Any) -> Value:
    items = [item for part in args for item in items_of(ctx, part, "itertools.chain()")]
    return marked(ctx.storage, Structure("tuple", (), tuple(items)))


def _indices(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Any) -> Value:
    """`np.ndindex` of a shape."""
    first = indexing.resolved(ctx, args[0]) if len(args) == 1 else None
    lengths = first.items if isinstance(first, Structure) else args
    return Grid(tuple(Range(const(0), atom_of(ctx, n), const(1)) for n in lengths))


def _enumerated(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Any) -> Value:
    """`np.ndenumerate` of an array."""
    array = args[0] if arrays.is_array(args[0]) else arrays.array_of(ctx, args[0])
    shape = indexing.lengths(ctx, atom_of(ctx, array))
    flat = apply(ctx, PRIMITIVES["ravel"], (atom_of(ctx, array),))
    return Zipped((_indices(ctx, (shape,), {}, "", None), flat), even=True)


FUNCTIONS: dict[Any, Lower] = {
    itertools.product: _product,
    itertools.pairwise: _pairwise,
    itertools.combinations: _chosen(itertools.combinations),
    itertools.permutations: _chosen(itertools.permutations),
    itertools.chain: _chain,
    np.ndindex: _indices,
    np.ndenumerate: _enumerated,
}
"""By identity, as `builtin.TABLE` has them."""
