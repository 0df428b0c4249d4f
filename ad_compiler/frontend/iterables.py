"""What a `for` can run over: ranges, arrays, containers, and zip, enumerate, reversed of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from ad_compiler.frontend import growing, indexing
from ad_compiler.frontend.context import Context, apply, atom_of, atoms_of, raise_needs
from ad_compiler.frontend.growing import Trips
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.slots import current
from ad_compiler.frontend.values import (
    Backwards,
    Counted,
    Grid,
    Growing,
    Loose,
    Picked,
    Place,
    Range,
    Structure,
    Value,
    Zipped,
    static,
    value_of,
)
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Int
from ad_compiler.rules.effects import RAISE, VALUE
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

LONGEST = 1000
"""How many trips are written out at most."""


def range_of(ctx: Context, args: list[Value]) -> Range:
    """`range(...)`."""
    atoms = atoms_of(ctx, args)
    for atom in atoms:
        if not isinstance(atom.type, Int):
            refusal = TypeRefusal(f"range() of {describe(atom)}", "convert it with int(...)")
            raise_needs(ctx, atoms, refusal)
            raise refusal
    match atoms:
        case [stop]:
            return Range(const(0), stop, const(1))
        case [start, stop]:
            return Range(start, stop, const(1))
        case [start, stop, step]:
            if isinstance(step, Const) and step.value == 0:
                raise TypeRefusal("the step of a range must not be zero", "use 1 or -1")
            return Range(start, stop, step)
        case _:
            raise TypeRefusal("range() takes one to three integers", "")


def known_items(ctx: Context, value: Value) -> list[Value] | None:
    """The items of an iterable whose length is known at compile time; None for others."""
    value = indexing.resolved(ctx, value)
    match value:
        case Structure("dict", keys):
            return [value_of(key) for key in keys]
        case Structure("dataclass"):
            return None
        case Structure(items=items):
            return list(items)
        case Range(Const(value=start), Const(value=stop), Const(value=step)):
            trips = range(start, stop, step)
            return [const(k) for k in trips] if len(trips) <= LONGEST else None
        case Const(value=str() | tuple() | range() as text):
            return [value_of(item) for item in text]
        case Grid(parts):
            listed = [known_items(ctx, part) for part in parts]
            found = [items for items in listed if items is not None]
            if len(found) < len(listed) or math.prod(map(len, found)) > LONGEST:
                return None
            return [Structure("tuple", (), row) for row in itertools.product(*found)]
        case Zipped(parts):
            listed = [known_items(ctx, part) for part in parts]
            rows = [items for items in listed if items is not None]
            if len(rows) < len(listed):
                return None
            return [Structure("tuple", (), row) for row in zip(*rows, strict=False)]
        case Counted(inner, Const(value=start)):
            items = known_items(ctx, inner)
            if items is None:
                return None
            pairs = enumerate(items, start)
            return [Structure("tuple", (), (const(k), item)) for k, item in pairs]
        case Backwards(inner):
            items = known_items(ctx, inner)
            return None if items is None else items[::-1]
        case _:
            return None


def most_trips(ctx: Context, value: Value) -> int | None:
    """How many items at most an iterable has, some of whose parts exist at compile time only.

    `zip(x, [f, g])` of an array has two items, or less. None for other iterables.
    """
    match indexing.resolved(ctx, value):
        case Counted(inner):
            return most_trips(ctx, inner)
        case Zipped(parts):
            listed = [known_items(ctx, part) for part in parts]
            known = [
                len(items)
                for items, part in zip(listed, parts, strict=True)
                if items is not None and not isinstance(part, Range)
            ]
            return min(known) if known and None in listed and min(known) <= LONGEST else None
        case _:
            return None


def may_change(value: Value) -> bool:
    """Whether the items of an iterable can change: those of lists, dicts and what holds such."""
    match value:
        case Zipped(parts):
            return any(map(may_change, parts))
        case Counted(inner) | Backwards(inner):
            return may_change(inner)
        case Structure(items=items, identity=identity):
            held = identity is not None and bool(identity.holders)
            return held or any(map(may_change, items))
        case _:
            return False


def now(ctx: Context, value: Value) -> Value:
    """An iterable with the items that its lists have by now."""
    match value:
        case Zipped(parts):
            return replace(value, parts=tuple(now(ctx, part) for part in parts))
        case Counted() | Backwards():
            return replace(value, inner=now(ctx, value.inner))
        case Structure():
            return current(ctx.storage, value)
        case _:
            return value


def trips_of(ctx: Context, value: Value) -> Trips:
    """The bounds of the loop over an iterable."""
    match value:
        case Range(start, stop, step):
            return Trips(start, stop, step)
        case _:
            return Trips(const(0), length_of(ctx, value), const(1))


def length_of(ctx: Context, value: Value) -> Atom:
    """How many items an iterable has."""
    match value:
        case Var(type=Array()) | Const(type=Array()) | Place() | Loose():
            return atom_of(ctx, indexing.length(ctx, atom_of(ctx, value), 0))
        case Range(Const(value=0), stop, Const(value=1)) if not isinstance(stop, Const):
            return _at_least_zero(ctx, stop)
        case Range(Const(value=start), Const(value=stop), Const(value=step)):
            return const(len(range(start, stop, step)))
        case Range(start, stop, Const(value=int(step))):
            return _at_least_zero(ctx, _steps(ctx, start, stop, step))
        case Structure(kind, _, items) if kind != "dataclass":
            return const(len(items))
        case Const(value=str() | tuple() | range() as text):
            return const(len(text))
        case Growing():
            return atom_of(ctx, growing.length(ctx, value))
        case Zipped(parts, even):
            lengths = [length_of(ctx, part) for part in (parts[:1] if even else parts)]
            least = lengths[0]
            for length in lengths[1:]:
                least = atom_of(ctx, apply(ctx, PRIMITIVES["min"], (least, length)))
            return least
        case Grid(parts):
            count = length_of(ctx, parts[0])
            for part in parts[1:]:
                count = atom_of(ctx, apply(ctx, OPERATORS["*"], (count, length_of(ctx, part))))
            return count
        case Counted(inner) | Backwards(inner):
            return length_of(ctx, inner)
        case Picked(places=places):
            return length_of(ctx, places)
        case _:
            raise TypeRefusal(
                f"a loop over {describe(value)} is not supported",
                "loop over range(...), an array or a container",
            )


def _steps(ctx: Context, start: Atom, stop: Atom, step: int) -> Atom:
    """How many steps lead from one bound to the other; negative if they lead away."""
    first, last = (start, stop) if step > 0 else (stop, start)
    between = atom_of(ctx, apply(ctx, OPERATORS["-"], (last, first)))
    if abs(step) == 1:
        return between
    whole = atom_of(ctx, apply(ctx, OPERATORS["+"], (between, const(abs(step) - 1))))
    return atom_of(ctx, apply(ctx, OPERATORS["//"], (whole, const(abs(step)))))


def require_even(ctx: Context, parts: Sequence[Value]) -> None:
    """Raise what `zip(..., strict=True)` raises, before the first trip instead of after the last.

    Whatever a derivative does meanwhile, nobody sees.
    """
    listed = [known_items(ctx, part) for part in parts]
    lengths = [
        length_of(ctx, part) if items is None else const(len(items))
        for part, items in zip(parts, listed, strict=True)
    ]
    for k, length in enumerate(lengths[1:], 2):
        differ = _differ(ctx, lengths[0], length)
        message = f"zip() argument {k} does not have the length of argument 1"
        if differ == const(True):
            raise TypeRefusal(message, "make them equally long, or leave `strict` out")
        if differ != const(False):
            raise_if(ctx, differ, "ValueError", message)


def _differ(ctx: Context, one: Atom, other: Atom) -> Atom:
    """Whether two lengths differ: at compile time, if that is known."""
    types = (one.type, other.type)
    lengths = [type_.length for type_ in types if isinstance(type_, Int)]
    if lengths[0] is not None and lengths[0] == lengths[1]:
        return const(False)
    return atom_of(ctx, apply(ctx, OPERATORS["!="], (one, other)))


def raises(ctx: Context, kind: str, message: str) -> None:
    """`raise IndexError("…")`, of a built-in kind: the end of this path."""
    ctx.builder.effect(RAISE, static(kind), static((VALUE,)), static(message))
    ctx.builder.frame.dead = True


def raise_if(ctx: Context, test: Atom, kind: str, message: str) -> None:
    """Append a branch that raises an error of a built-in kind."""
    ctx.builder.if_(test, lambda: raises(ctx, kind, message), lambda: None)


def _at_least_zero(ctx: Context, stop: Atom) -> Atom:
    if isinstance(stop.type, Int) and stop.type.length is not None:
        return stop
    return atom_of(ctx, apply(ctx, PRIMITIVES["max"], (stop, const(0))))


def item_at(ctx: Context, value: Value, index: Atom, name: str = "") -> Value:
    """The item of an iterable that belongs to a trip; `index` counts as `trips_of` says."""
    match value:
        case Range():
            return index
        case Growing():
            return growing.item(ctx, value, index, name)
        case Zipped() | Grid() | Counted() | Backwards() | Picked() | Var() | Const():
            return _nth(ctx, value, index, name)
        case Place() | Loose():
            return _nth(ctx, value, index, name)
        case _:
            raise TypeRefusal(f"a loop over {describe(value)} is not supported")


def _nth(ctx: Context, value: Value, index: Atom, name: str = "") -> Value:
    match value:
        case Var(type=Array()) | Const(type=Array()) | Place() | Loose():
            return indexing.element(ctx, value, index, name)
        case Growing():
            return growing.item(ctx, value, index, name)
        case Range(start, _, step):
            return _plus(ctx, start, _scaled(ctx, step, index))
        case Zipped(parts):
            return Structure("tuple", (), tuple(_nth(ctx, part, index) for part in parts))
        case Grid(parts):
            return _of_grid(ctx, parts, index)
        case Counted(inner, start):
            return Structure("tuple", (), (_plus(ctx, start, index), _nth(ctx, inner, index)))
        case Backwards(inner):
            last = apply(ctx, OPERATORS["-"], (length_of(ctx, inner), const(1)))
            back = atom_of(ctx, apply(ctx, OPERATORS["-"], (atom_of(ctx, last), index)))
            return _nth(ctx, inner, back, name)
        case Picked(inner, places):
            place = atom_of(ctx, indexing.element(ctx, places, index))
            return _nth(ctx, inner, atom_of(ctx, apply(ctx, PRIMITIVES["int"], (place,))), name)
        case Structure() | Const() if isinstance(index, Const):
            items = known_items(ctx, value)
            assert items is not None
            return items[index.value]
        case Structure():
            refusal = TypeRefusal(
                f"the items of {describe(value)} cannot be taken by a loop at run time",
                "give all parts a length known at compile time, or make one array of it",
            )
            raise_needs(ctx, [index], refusal)
            raise refusal
        case _:
            raise TypeRefusal(f"a loop over {describe(value)} is not supported")


def _of_grid(ctx: Context, parts: Sequence[Value], index: Atom) -> Value:
    """The items of a trip through all tuples: its number, taken apart."""
    items: list[Value] = []
    for part in parts[:0:-1]:
        length = length_of(ctx, part)
        own = atom_of(ctx, apply(ctx, OPERATORS["%"], (index, length)))
        items.append(_nth(ctx, part, own))
        index = atom_of(ctx, apply(ctx, OPERATORS["//"], (index, length)))
    return Structure("tuple", (), (_nth(ctx, parts[0], index), *reversed(items)))


def _plus(ctx: Context, start: Atom, offset: Atom) -> Atom:
    if start == const(0):
        return offset
    return atom_of(ctx, apply(ctx, OPERATORS["+"], (start, offset)))


def _scaled(ctx: Context, step: Atom, index: Atom) -> Atom:
    if step == const(1):
        return index
    return atom_of(ctx, apply(ctx, OPERATORS["*"], (step, index)))


__all__ = ["Trips", "item_at", "known_items", "range_of", "static", "trips_of"]
