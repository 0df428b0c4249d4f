"""Subscripts: elements and slices of arrays, and parts of compile-time containers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ad_compiler.frontend import growing
from ad_compiler.frontend.context import Context, apply, array_of, atom_of, raise_needs
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.needs import Ends
from ad_compiler.frontend.values import (
    Growing,
    Loose,
    Place,
    Range,
    Shape,
    Structure,
    Value,
    constant_of,
    mapped,
    static,
)
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.records import Record
from ad_compiler.ir.types import Array, Float, Int, Static, dtype_of, is_number
from ad_compiler.rules.registry import PRIMITIVES


@dataclass(frozen=True)
class Slice:
    """A slice in a subscript; None for a bound that is not given."""

    start: Value | None
    stop: Value | None
    step: Value | None


Item = Value | Slice
ALL = Slice(None, None, None)

SLICE = Record("builtins", "slice", ("start", "stop", "step"), False, True, cls=slice)
"""What an object of the class `slice` is: a record of its bounds."""


def slice_value(start: Value | None, stop: Value | None, step: Value | None) -> Structure:
    """`slice(start, stop, step)` as a value that names can be bound to."""
    bounds = tuple(static(None) if bound is None else bound for bound in (start, stop, step))
    return Structure("dataclass", SLICE.fields, bounds, record=SLICE)


def as_slice(item: Item) -> Item:
    """A slice that was made before as one in a subscript; anything else as it is."""
    match item:
        case Structure(record=record) if record is SLICE:
            return Slice(*item.items)
        case Const(value=slice() as known):
            return Slice(*map(const, (known.start, known.stop, known.step)))
        case _:
            return item


def subscript(ctx: Context, value: Value, items: list[Item], is_tuple: bool, name: str) -> Value:
    """`value[items]`; `is_tuple` if the index was written with a comma."""
    if isinstance(value, Structure) and value.kind == "dict":
        return _of_structure(ctx, value, key_of(items) if is_tuple else items[0])
    if not is_tuple and isinstance(items[0], Structure) and items[0].kind == "tuple":
        items, is_tuple = list(items[0].items), True
    match value:
        case Var(type=Array()) | Const(type=Array()) | Place() | Loose():
            return _of_array(ctx, value, items, name)
        case Growing() if not is_tuple and not isinstance(items[0], Slice):
            return growing.item(ctx, value, items[0], name)
        case Growing() if not is_tuple:
            if items[0] == ALL:
                made = growing.copied(ctx, value, name)
            else:
                made = growing.part(ctx, value, lambda array: _of_array(ctx, array, items, ""))
            made.identity.fixed = value.identity.fixed
            return made
        case Structure() if not is_tuple:
            return _of_structure(ctx, value, items[0])
        case Shape(array) if not is_tuple:
            return _of_shape(ctx, array, items[0])
        case Range(Const(), Const(), Const()) if not is_tuple:
            return _of_range(value, items[0])
        case Var() if is_number(value.type) and dtype_of(value.type) is not None:
            whole = apply(ctx, PRIMITIVES["array0"], (value,))  # as NumPy's own numbers allow
            return _of_array(ctx, whole, items, name)
        case _:
            raise TypeRefusal(f"{describe(value)} has no elements", "index an array or a container")


def _of_range(value: Range, item: Item) -> Value:
    """An item or a part of a range that is known."""
    bounds = (value.start, value.stop, value.step)
    whole = range(*(bound.value for bound in bounds if isinstance(bound, Const)))
    given = (item.start, item.stop, item.step) if isinstance(item, Slice) else (item,)
    known = [None if one is None else constant_of(one) for one in given]
    if any(one is not None and found is None for one, found in zip(given, known, strict=True)):
        raise TypeRefusal("an index of a range that is not known", "compute the number instead")
    numbers: list[Any] = [None if found is None else found.value for found in known]
    try:
        part: Any = whole[slice(*numbers)] if isinstance(item, Slice) else whole[numbers[0]]
    except (IndexError, TypeError, ValueError) as error:
        raise TypeRefusal(f"an index of a range: {error}", "mend the index") from None
    if isinstance(part, range):
        return Range(const(part.start), const(part.stop), const(part.step))
    return const(part)


def key_of(items: Sequence[Item]) -> Structure:
    """What `d[a, b]` looks up in a dict."""
    parts = tuple(item for item in items if not isinstance(item, Slice))
    if len(parts) < len(items):
        raise TypeRefusal("a slice is no key of a dict", "use constants")
    return Structure("tuple", (), parts)


def _of_array(ctx: Context, array: Value, items: list[Item], name: str) -> Value:
    pattern, operands = pattern_of(ctx, items)
    return taken(ctx, array, pattern, operands, name)


def taken(
    ctx: Context, array: Value, pattern: tuple[str, ...], operands: Sequence[Atom], name: str = ""
) -> Value:
    """`array[pattern]`: a number, a copy, or a view of a place."""
    prim = PRIMITIVES["getitem"]
    args = (atom_of(ctx, array), static(pattern), *operands)
    return viewed(ctx, array, prim, args, apply(ctx, prim, args, name))


def pattern_of(ctx: Context, items: Sequence[Item]) -> tuple[tuple[str, ...], list[Atom]]:
    """An index as the IR holds it: a pattern, and its dynamic parts."""
    pattern: list[str] = []
    operands: list[Atom] = []
    for item in items:
        kind, own = _pattern_item(ctx, item)
        pattern.append(kind)
        operands.extend(own)
    return tuple(pattern), operands


def viewed(
    ctx: Context, base: Value, prim: Primitive, args: Sequence[Atom], result: Value
) -> Value:
    """The result of an operation that may give a view of `base`: as a place, if it is one."""
    if isinstance(result, Structure):
        return mapped(result, lambda one: viewed(ctx, base, prim, args, one))
    shares = not prim.fresh or prim.name in SHARING
    if not shares or not isinstance(result, Var) or not isinstance(result.type, Array):
        return result
    if prim.name == "getitem" and not {"array", "mask"}.isdisjoint(_pattern(args)):
        return result
    match base:
        case Place():
            return ctx.storage.view(base, prim, args, result)
        case Loose(_, roots, why):
            return ctx.storage.loose(result, roots, why)
        case _:
            return result


SHARING = frozenset(["np.broadcast_to"])
"""Operations that NumPy does not copy for, though emitted code does."""


def _pattern(args: Sequence[Atom]) -> tuple[str, ...]:
    pattern = args[1]
    assert isinstance(pattern, Const)
    return pattern.value


def _pattern_item(ctx: Context, item: Item) -> tuple[str, list[Atom]]:
    """An item of an index as the IR holds it: its kind, and its dynamic parts."""
    item = as_slice(item)
    array = None if isinstance(item, Slice) else array_of(ctx, _as_index(ctx, item))
    item = item if array is None else array
    match item:
        case Slice(start, stop, step):
            return _slice_item(ctx, start, stop, step)
        case Const(value=None):
            return "new", []
        case Const(value=value) if value is Ellipsis:
            return "...", []
        case Var(type=Int()) | Const(type=Int()):
            return "int", [item]
        case Var(type=Array(dtype)) | Const(type=Array(dtype)):
            if dtype == "bool":
                return "mask", [item]
            if dtype[0] in "iu":
                return "array", [item]
            raise TypeRefusal(f"an array of {dtype} is no index", "index with integers or a mask")
        case _:
            refusal = TypeRefusal(
                f"{describe(item)} is no index of an array",
                "index with integers, slices, integer arrays or masks",
            )
            raise_needs(ctx, [item], refusal)
            raise refusal


def _as_index(ctx: Context, item: Value) -> Value:
    """A list of integers or of truth values as the array that NumPy indexes with."""
    match item:
        case Growing(identity=identity) if identity.fixed:
            raise TypeRefusal(
                "a tuple whose length is not known at compile time is no index of an array",
                "write the index out: `x[i, j]`",
            )
        case Growing():
            return growing.as_array(ctx, item)
        case Range(start, stop, step):
            return apply(ctx, PRIMITIVES["np.arange"], (start, stop, step))
        case Structure("list" | "tuple", _, ()):
            return apply(ctx, PRIMITIVES["np.zeros"], (const(0), static("int64")))
        case Structure("list" | "tuple", _, items):
            parts = [_as_index(ctx, one) for one in items]
            if not all(isinstance(one, Var | Const) for one in parts):
                return item
            nested = any(isinstance(one, Structure) for one in items)
            prim = PRIMITIVES["array_of_arrays" if nested else "array_of"]
            return apply(ctx, prim, [atom_of(ctx, one) for one in parts])
        case _:
            return item


def _slice_item(
    ctx: Context, start: Value | None, stop: Value | None, step: Value | None
) -> tuple[str, list[Atom]]:
    given = [_bound(ctx, start), _bound(ctx, stop), _bound(ctx, step)]
    letters = [letter if bound else "" for letter, bound in zip("abc", given, strict=True)]
    text = f"{letters[0]}:{letters[1]}" + (f":{letters[2]}" if letters[2] else "")
    return text, [bound for bound in given if bound is not None]


def _bound(ctx: Context, value: Value | None) -> Atom | None:
    if value is None or (isinstance(value, Const) and value.value is None):
        return None
    if isinstance(value, Var | Const) and isinstance(value.type, Int):
        return value
    remedy = "use integers"
    if isinstance(value, Var) and isinstance(value.type, Float) and value.type.also:
        remedy = "convert it with int(...): a power is a float where its exponent is negative"
    refusal = TypeRefusal(f"{describe(value)} is no bound of a slice", remedy)
    raise_needs(ctx, [value], refusal)
    raise refusal


def _of_structure(ctx: Context, value: Structure, item: Item) -> Value:
    if value.kind == "dataclass":
        raise TypeRefusal(f"{describe(value)} has no elements", "name its field")
    if isinstance(item, Var) and isinstance(item.type, Int) and value.kind in ("list", "tuple"):
        return _picked(ctx, value, item)
    key = _static_key(ctx, value, item)
    if value.kind == "dict":
        if key not in value.keys:
            raise TypeRefusal(
                f"the dict has no key {key!r}",
                f"its keys are {', '.join(map(repr, value.keys)) or 'none'}",
            )
        return value.items[value.keys.index(key)]
    if isinstance(key, slice):
        return Structure(value.kind, (), value.items[key])
    if isinstance(key, int) and not value.items and value.kind == "list":
        raise Ends(ctx.builder.frame, "IndexError", "list index out of range")
    if not isinstance(key, int) or not -len(value.items) <= key < len(value.items):
        raise TypeRefusal(
            f"the {value.kind} of length {len(value.items)} has no element {key!r}",
            "index within its length",
        )
    return value.items[key]


def _static_key(ctx: Context, value: Structure, item: Item) -> Any:
    item = as_slice(item)
    parts = [item.start, item.stop, item.step] if isinstance(item, Slice) else [item]
    constants = [const(None) if part is None else constant_of(part) for part in parts]
    known = [part.value for part in constants if part is not None]
    if len(known) == len(parts):
        return slice(*known) if isinstance(item, Slice) else known[0]
    refusal = _unknown(value)
    raise_needs(ctx, [part for part in parts if part is not None], refusal)
    raise refusal


def _picked(ctx: Context, value: Structure, index: Var) -> Value:
    """An item of known ones: the index becomes known too, if it can; else the program looks."""
    if not value.items:
        raise Ends(ctx.builder.frame, "IndexError", f"{value.kind} index out of range")
    found = growing.picked(ctx, value, index) if ctx.picks else None
    if found is not None:
        return found
    refusal = _unknown(value)
    raise_needs(ctx, [index], refusal, avoidable=True)
    found = growing.picked(ctx, value, index)
    if found is None:
        raise refusal
    return found


def _unknown(value: Structure) -> TypeRefusal:
    return TypeRefusal(
        f"the index of a {value.kind} must be known at compile time",
        "loop over the elements themselves, or make one array of them with np.stack",
    )


def _of_shape(ctx: Context, array: Atom, item: Item) -> Value:
    if isinstance(item, Const) and isinstance(item.type, Int):
        rank = len(array.type.dims) if isinstance(array.type, Array) else 0
        if -rank <= item.value < rank:
            return length(ctx, array, item.value % rank)
    return _of_structure(ctx, lengths(ctx, array), item)


def length(ctx: Context, array: Atom, axis: int, name: str = "") -> Value:
    """`array.shape[axis]`."""
    return apply(ctx, PRIMITIVES["dim"], (array, const(axis)), name)


def lengths(ctx: Context, array: Atom) -> Structure:
    """`array.shape` as a tuple."""
    rank = len(array.type.dims) if isinstance(array.type, Array) else 0
    return Structure("tuple", (), tuple(length(ctx, array, axis) for axis in range(rank)))


def element(ctx: Context, array: Value, index: Atom, name: str = "") -> Value:
    """`array[index]`."""
    return _of_array(ctx, array, [index], name)


def resolved(ctx: Context, value: Value) -> Value:
    """A shape as the tuple that it is; anything else as it is."""
    return lengths(ctx, value.array) if isinstance(value, Shape) else value


def settled(ctx: Context, value: Value) -> Value:
    """A shape as a tuple, a growing list as an array; anything else as it is."""
    return growing.as_array(ctx, value) if isinstance(value, Growing) else resolved(ctx, value)


def is_static(value: Value) -> bool:
    """Whether the value is a compile-time constant that is no number."""
    return isinstance(value, Const) and isinstance(value.type, Static)


def is_numeric(value: Value) -> bool:
    """Whether the value is a single number."""
    return isinstance(value, Var | Const) and is_number(value.type)
