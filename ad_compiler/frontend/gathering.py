"""Builtins that gather items: `list`, `dict`, `map`, `sorted`, `functools.reduce`, `np.stack`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import arguments, growing, iterables
from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.iterators import marked
from ad_compiler.frontend.lengthening import as_list
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Growing, Structure, Value, Zipped, static
from ad_compiler.ir.nodes import Const, Label, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import (
    PY_FLOAT,
    PY_INT,
    RAGGED,
    Array,
    Bool,
    Dim,
    Float,
    Int,
    Type,
    dims_of,
    rank,
)
from ad_compiler.rules.joining import joined_columns, joined_rows
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

Args = Sequence[Value]
Keywords = dict[str, Value]
Lower = Callable[[Context, Args, Keywords, str, Any], Value | None]


def items_of(ctx: Context, value: Value, who: str) -> list[Value]:
    """The items of an iterable that `who` takes at compile time."""
    items = iterables.known_items(ctx, value)
    if items is None and isinstance(value, Structure):
        raise TypeRefusal(f"{who} of {describe(value)}, which has no items", "name its fields")
    if items is None:
        raise TypeRefusal(
            f"{who} of {describe(value)}, whose length is not known at compile time",
            "write a loop, or a NumPy function of the whole array",
        )
    return items


def require_items(ctx: Context, xs: Growing, kind: str, message: str) -> None:
    """Raise an error where a list has no items when the program runs."""
    empty = apply(ctx, OPERATORS["=="], (atom_of(ctx, growing.length(ctx, xs)), const(0)))
    iterables.raise_if(ctx, atom_of(ctx, empty), kind, message)


def _tuple(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Any) -> Value:
    if args and iterables.known_items(ctx, args[0]) is None and not isinstance(args[0], Structure):
        made = as_list(ctx, args[0])
        made.identity.frozen, made.identity.fixed = "it is a tuple", True
        return made
    return Structure("tuple", (), tuple(items_of(ctx, args[0], "tuple()") if args else ()))


def _list(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: Any) -> Value:
    if args and iterables.known_items(ctx, args[0]) is None and not isinstance(args[0], Structure):
        return as_list(ctx, args[0])
    return Structure("list", (), tuple(items_of(ctx, args[0], "list()") if args else ()))


def _dict(ctx: Context, args: Args, kw: Keywords, _name: str, _call: Any) -> Value:
    items = dict[Label, Value]()
    if args:
        match args[0]:
            case Structure("dict", keys, values):
                items.update(zip(keys, values, strict=True))
            case pairs:
                for pair in _pairs(ctx, pairs):
                    if not isinstance(pair, Structure) or len(pair.items) != 2:
                        raise TypeRefusal("dict() takes a dict or pairs here", "write `{...}`")
                    items[arguments.dict_key(ctx, pair.items[0])] = pair.items[1]
    items.update(kw)
    return Structure("dict", tuple(items), tuple(items.values()))


def _pairs(ctx: Context, value: Value) -> Sequence[Value]:
    """The items of a dict: of `zip(names, x)`, so many as there are names."""
    most = iterables.most_trips(ctx, value)
    if most is None:
        return items_of(ctx, value, "dict()")
    length = iterables.length_of(ctx, value)
    short = atom_of(ctx, apply(ctx, OPERATORS["<"], (length, const(most))))
    message = f"a dict of {most} keys from fewer values"
    iterables.raise_if(ctx, short, "KeyError", message)
    return [iterables.item_at(ctx, value, const(k)) for k in range(most)]


def _collected(ctx: Context, parts: Args, make: Callable[[Args], Value]) -> Value:
    """A list of what is made of the items of iterables, one a trip of a loop."""
    together = Zipped(tuple(parts))

    def item(index: Var) -> Value:
        row = iterables.item_at(ctx, together, index)
        assert isinstance(row, Structure)
        return make(row.items)

    return growing.collected(ctx, iterables.trips_of(ctx, together), item)


def _map(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Any) -> Value:
    if any(iterables.known_items(ctx, part) is None for part in args[1:]):
        found = _collected(ctx, args[1:], lambda items: call(ctx, args[0], items, {}))
        return marked(ctx.storage, found)
    rows = [items_of(ctx, part, "map()") for part in args[1:]]
    made = [call(ctx, args[0], list(row), {}) for row in zip(*rows, strict=False)]
    return marked(ctx.storage, Structure("tuple", (), tuple(made)))


def _reduce(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Any) -> Value | None:
    """`functools.reduce` of a container; its rule writes the loop over an array."""
    xs = args[1]
    if isinstance(xs, Growing):
        if len(args) < 3:
            message = "reduce() of empty iterable with no initial value"
            require_items(ctx, xs, "TypeError", message)
        return growing.folded(
            ctx, xs, lambda one, other: call(ctx, args[0], [one, other], {}), "value", *args[2:]
        )
    items = iterables.known_items(ctx, xs)
    if items is None:
        return None
    if not items and len(args) < 3:
        raise TypeRefusal("reduce() of nothing", "give what it starts with")
    value, *rest = [*args[2:], *items]
    for item in rest:
        value = call(ctx, args[0], [value, item], {})
    return value


_CONVERSIONS: dict[type[Type], str] = {Float: "float", Int: "int", Bool: "bool"}


def numbers_of(ctx: Context, array: Value, element: Type) -> Growing:
    """A list of the elements of an array, each a number of a kind."""
    made = as_list(ctx, array)
    if growing.element_of(ctx, made) == element:
        return made
    kind = PRIMITIVES[_CONVERSIONS[type(element)]]

    def item(index: Var) -> Value:
        return apply(ctx, kind, (atom_of(ctx, growing.item(ctx, made, index)),))

    return growing.collected(ctx, iterables.trips_of(ctx, made), item)


def _stack(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value | None:
    """Rows that a list has at run time: what `np.array` makes of it, if there are any."""
    axis = kw.get("axis", args[1] if len(args) > 1 else const(0))
    rows = args[0] if args else None
    if not isinstance(rows, Growing) or not isinstance(axis, Const) or not kw.keys() <= {"axis"}:
        return None
    length = atom_of(ctx, growing.length(ctx, rows))
    is_empty = atom_of(ctx, apply(ctx, OPERATORS["=="], (length, const(0))))
    iterables.raise_if(ctx, is_empty, "ValueError", "need at least one array to stack")
    stacked = growing.as_array(ctx, rows, name if axis == const(0) else "")
    if axis == const(0):
        return stacked
    moved = call(ctx, static(np.moveaxis), [stacked, const(0), axis], {})
    return call(ctx, static(np.array), [moved], {}, name)


def _rows(ctx: Context, args: Args, kw: Keywords, name: str, call: Any) -> Value | None:
    """`np.vstack` of vectors that a list has at run time: each is a row."""
    if kw or not isinstance(args[0], Growing) or rank(growing.element_of(ctx, args[0])) != 1:
        return None
    return _stack(ctx, args, kw, name, call)


def joined(ctx: Context, xs: Growing, axis: Value, name: str, call: Any) -> Value:
    """`np.concatenate` of a list that has a length when the program runs."""
    element = growing.element_of(ctx, xs)
    width = rank(element)
    along = axis.value % width if isinstance(axis, Const) and width else None
    if along not in (0, 1) or (along == 1 and width != 2) or RAGGED in _others(element, along):
        raise TypeRefusal(
            f"joining {describe(xs)} along axis {along}",
            "write a loop that fills an array, or append the rows to one list",
        )
    message = "need at least one array to concatenate"
    require_items(ctx, xs, "ValueError", message)
    return call(ctx, static(joined_columns if along else joined_rows), [xs], {}, name)


def _others(element: Type, along: int) -> tuple[Dim, ...]:
    """The lengths of the axes but one."""
    return tuple(dim for k, dim in enumerate(dims_of(element)) if k != along)


def columns(ctx: Context, xs: Growing) -> Value:
    """`zip(*xs)` of a list of tuples, which has some."""
    row = xs.identity.row
    if row is None:
        raise TypeRefusal(f"zip(*…) of {describe(xs)}", "write a loop over its items")
    require_items(ctx, xs, "ValueError", "zip(*xs) of an empty list")
    array = atom_of(ctx, growing.as_array(ctx, xs))
    pattern = static((":", "int"))
    made = [
        numbers_of(ctx, apply(ctx, PRIMITIVES["getitem"], (array, pattern, const(k))), type_)
        for k, type_ in enumerate(row.types)
    ]
    for column in made:
        column.identity.frozen, column.identity.fixed = "it is a tuple", True
    return marked(ctx.storage, Structure("tuple", (), tuple(made)))


def plain_list(ctx: Context, array: Value) -> Growing:
    """`x.tolist()` of an array with one axis or two."""
    type_ = atom_of(ctx, array).type
    if rank(type_) not in (1, 2):
        raise TypeRefusal("`.tolist()` of an array of such rank", "loop over the array itself")
    if rank(type_) == 2:
        trips = iterables.trips_of(ctx, array)
        return growing.collected(
            ctx, trips, lambda index: plain_list(ctx, iterables.item_at(ctx, array, index))
        )
    kinds = {"f": PY_FLOAT, "b": Bool()}
    kind = kinds.get(type_.dtype[0], PY_INT) if isinstance(type_, Array) else PY_INT
    return numbers_of(ctx, array, kind)


FUNCTIONS: dict[Any, Lower] = {
    tuple: _tuple,
    list: _list,
    dict: _dict,
    map: _map,
    functools.reduce: _reduce,
    np.stack: _stack,
    np.vstack: _rows,
}
"""Functions by identity, as `builtin.TABLE` has them."""
