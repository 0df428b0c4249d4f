"""Lists and tapes of values: their own operations work on any elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.analysis.dependence.lengths import Lengths
from ad_compiler.analysis.dependence.values import (
    REMEDY,
    Held,
    Known,
    Real,
    Value,
    array_of_sets,
    is_real,
    join,
    nothing,
    sets_of,
    shape_of,
)
from ad_compiler.ir.nodes import Let
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import is_differentiable

Operation = Callable[[Let, Sequence[Value], Lengths], Value]


def items_of(value: Value) -> list[Value]:
    """The elements of a list; a constant one holds constants."""
    if isinstance(value, Known):
        return [Known(item) for item in value.value]
    if not isinstance(value, Held):
        raise TypeRefusal("the elements of a list depend on real numbers", REMEDY)
    return list(value.items)


def _evaluated(let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    """An operation that only moves elements."""
    xs, *others = values
    found = let.prim.evaluate(items_of(xs), *others)
    return Held(tuple(found)) if isinstance(found, list) else found


def _new(_let: Let, _values: Sequence[Value], _lengths: Lengths) -> Value:
    return Held(())


def _get(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    items, k = items_of(values[0]), values[1]
    if isinstance(k, Known):
        return items[k.value]
    if not items:
        raise TypeRefusal("an element of an empty list", REMEDY)
    found = items[0]
    for item in items:
        found = join(found, item)
    return found


def _put(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    xs, k, value = values
    items = items_of(xs)
    if not isinstance(k, Known):
        return Held(tuple(join(item, value) for item in items))
    if k.value == len(items):
        return Held((*items, value))  # a tape grows by what is put behind its end
    items[k.value] = value
    return Held(tuple(items))


def _added(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    xs, k, value = values
    items = items_of(xs)
    places = [k.value] if isinstance(k, Known) else range(len(items))
    for place in places:
        items[place] = total(items[place], value)
    return Held(tuple(items))


def total(one: Value, other: Value) -> Value:
    """The sum of two elements; of two lists, element by element."""
    if isinstance(one, Held) or isinstance(other, Held):
        pairs = zip(items_of(one), items_of(other), strict=True)
        return Held(tuple(total(a, b) for a, b in pairs))
    return Real(sets_of(one) | sets_of(other))


def _summed(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    pairs = zip(items_of(values[0]), items_of(values[1]), strict=True)
    return Held(tuple(total(a, b) for a, b in pairs))


def _zeros(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    return _zero(Held(tuple(items_of(values[0]))))


def _zero(value: Value) -> Value:
    if isinstance(value, Held):
        return Held(tuple(map(_zero, value.items)))
    return Real(nothing(shape_of(value)))


def _length(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    return Known(len(items_of(values[0])))


def _array(let: Let, values: Sequence[Value], lengths: Lengths) -> Value:
    items = items_of(values[0])
    if not is_differentiable(let.targets[0].type):
        raise TypeRefusal("a list of integers that depend on real numbers", REMEDY)
    shape = shape_of(items[0]) if items else lengths.shape(let.targets[0].type, "this list")[1:]
    out: Any = np.empty((len(items), *shape), dtype=object)
    for k, item in enumerate(items):
        out[k] = sets_of(item)
    return Real(out)


def _rows(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    (x,) = values
    if not is_real(x):
        raise TypeRefusal("a list of integers that depend on real numbers", REMEDY)
    return Held(tuple(Real(row) for row in array_of_sets(x)))


def _lists(let: Let, values: Sequence[Value], lengths: Lengths) -> Value:
    rows = items_of(_rows(let, values, lengths))
    return Held(tuple(_rows(let, (row,), lengths) for row in rows))


def _of_row(change: Operation) -> Operation:
    """The same done to one row of a list of lists."""

    def operation(let: Let, values: Sequence[Value], lengths: Lengths) -> Value:
        xs, k, *others = values
        rows = items_of(xs)
        if isinstance(k, Known):
            rows[k.value] = change(let, (rows[k.value], *others), lengths)
            return Held(tuple(rows))
        return Held(tuple(join(row, change(let, (row, *others), lengths)) for row in rows))

    return operation


def _item(let: Let, values: Sequence[Value], lengths: Lengths) -> Value:
    xs, k, j = values
    return _get(let, (_get(let, (xs, k), lengths), j), lengths)


def _longer(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    return Held((*items_of(values[0]), values[1]))


def _shorter(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    return Held(tuple(items_of(values[0])[:-1]))


HANDLERS: dict[str, Operation] = {
    "tape_new": _new,
    "tape_get": _get,
    "tape_put": _put,
    "tape_add": _added,
    "tape_zeros_like": _zeros,
    "list_append": _evaluated,
    "list_pop": _evaluated,
    "list_pop_first": _evaluated,
    "list_put_first": _evaluated,
    "list_get": _get,
    "list_set": _put,
    "list_sum": _summed,
    "list_len": _length,
    "list_array": _array,
    "list_rows": _rows,
    "list_like": _array,
    "list_lists": _lists,
    "list_item_get": _item,
    "list_item_set": _of_row(_put),
    "list_item_add": _of_row(_added),
    "list_item_append": _of_row(_longer),
    "list_item_pop": _of_row(_shorter),
}
