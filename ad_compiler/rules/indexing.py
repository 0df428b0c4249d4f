"""Reading and writing parts of arrays, as pure operations: a store gives a new array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.index import (
    axes_order,
    is_slice,
    located,
    segments,
    slice_bounds,
    split_operands,
)
from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import (
    Array,
    Dim,
    Sym,
    Trim,
    Type,
    broadcast,
    dims_of,
    number_of,
    shown,
)
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import length_of
from ad_compiler.rules.counts import stops_before
from ad_compiler.rules.helpers import helper
from ad_compiler.rules.registry import SAME, Flat, Linear, register

ADVANCED = ("array", "mask")

# -- types ----------------------------------------------------------------------------------------


def expanded(array: Array, pattern: Sequence[str]) -> list[str]:
    """The pattern with `...` and missing items written out as full slices."""
    items = list(pattern)
    taken = sum(1 for item in items if item not in ("new", "...", "mask"))
    if items.count("...") > 1:
        raise TypeRefusal("an index has at most one `...`", "remove one")
    missing = len(array.dims) - taken
    if "..." in items:
        at = items.index("...")
        items[at : at + 1] = [":"] * (missing - items.count("mask"))
    return items


def part_type(args: Sequence[Atom]) -> Type:
    """The type of `x[pattern]`, where the pattern may be a chain of views."""
    x, pattern, *operands = args
    assert isinstance(pattern, Const)
    *views, last = segments(pattern.value, operands)
    array = infer.array(x, "an index")
    for own in views:
        array = _view_type(array, own)
    return _indexed(array, *last)


def _view_type(array: Array, segment: tuple[tuple[str, ...], list[Atom]]) -> Array:
    """The type of a view in a chain."""
    (first, *_), operands = segment
    if first == "T":
        return Array(array.dtype, array.dims[::-1])
    if first.startswith("transpose"):
        return Array(array.dtype, tuple(array.dims[k] for k in axes_order(first)))
    if first.startswith("reshape"):
        return Array(array.dtype, reshaped(array, operands))
    taken = _indexed(array, *segment)
    assert isinstance(taken, Array)
    return taken


def reshaped(array: Array, lengths: Sequence[Atom]) -> tuple[Dim, ...]:
    """The shape that an array is given; a length of -1 takes what is left."""
    return tuple(
        Sym(f"rest({'*'.join(map(str, array.dims))}).{axis}")
        if isinstance(length, Const) and length.value == -1
        else length_of(length)
        for axis, length in enumerate(lengths)
    )


def _indexed(array: Array, pattern: tuple[str, ...], operands: list[Atom]) -> Type:
    """The type of a part of an array."""
    axes = list(array.dims)
    mask_rank = _mask_rank(pattern, operands)
    full = pattern if "mask" in pattern else expanded(array, pattern)
    advanced = [item for item in full if item in ADVANCED]
    if len(advanced) > 1 and "mask" in advanced:
        raise TypeRefusal("a mask beside another array index", "index in two steps")
    kept: list[tuple[str, Dim]] = []
    shapes: list[tuple[Dim, ...]] = []
    places: list[int] = []
    for item, own in split_operands(tuple(full), operands):
        if item == "new":
            kept.append(("kept", 1))
            continue
        if item == "...":
            rest = sum(1 for other in full[full.index("...") + 1 :] if other not in ("new", "..."))
            while len(axes) > rest:
                kept.append(("kept", axes.pop(0)))
            continue
        if len(axes) < (mask_rank if item == "mask" else 1):
            raise TypeRefusal(f"too many indices for an array of type {array}", "leave some out")
        if is_slice(item):
            kept.append(("kept", sliced(axes.pop(0), *slice_bounds(item, own))))
            continue
        if item == "mask":
            del axes[:mask_rank]
            shapes.append((Sym(f"count({_shown(own[0])})"),))
        else:
            axes.pop(0)
            shapes.append(dims_of(own[0].type))
        places.append(len(kept))
        kept.append(("taken", 1))
    dims = [dim for kind, dim in kept if kind == "kept"]
    dims += axes
    if advanced:
        together = places[-1] - places[0] == len(places) - 1
        at = sum(1 for kind, _ in kept[: places[0]] if kind == "kept") if together else 0
        dims[at:at] = list(broadcast(*shapes))
    if not dims and "..." not in pattern:
        return number_of(array.dtype)
    return Array(array.dtype, tuple(dims))


def _mask_rank(pattern: Sequence[str], operands: Sequence[Atom]) -> int:
    for item, own in split_operands(tuple(pattern), operands):
        if item == "mask":
            return len(dims_of(own[0].type))
    return 1


def sliced(dim: Dim, start: Atom | None, stop: Atom | None, step: Atom | None) -> Dim:
    """The length of a slice of an axis."""
    stride = 1 if step is None else _value(step)
    if stride == 0:
        raise TypeRefusal("the step of a slice must not be zero", "use 1 or -1")
    if isinstance(dim, int) and all(
        a is None or _value(a) is not None for a in (start, stop, step)
    ):
        bounds = (None if a is None else _value(a) for a in (start, stop, step))
        return len(range(dim)[slice(*bounds)])
    if start is None and stop is None and stride in (1, -1):
        return dim
    cut = _cut(dim, start, stop) if stride == 1 else None
    if cut is not None and not isinstance(dim, int):
        base, by = (dim.base, dim.by) if isinstance(dim, Trim) else (dim, 0)
        return Trim(base, by + cut) if by + cut else base
    shown = ":".join("" if a is None else _shown(a) for a in (start, stop, step))
    return Sym(f"{dim}[{shown}]")


def _cut(dim: Dim, start: Atom | None, stop: Atom | None) -> int | None:
    """How many elements `start:stop` leaves out, whatever the length; None if that varies."""
    first = 0 if start is None else _value(start)
    short = None if stop is None else stops_before(dim, stop)
    if short is not None:
        return None if first is None or first < 0 else first + short
    last = 0 if stop is None else _value(stop)
    if first is None or last is None or first < 0 or last > 0 or (stop is not None and last == 0):
        return None
    return first - last


def _value(atom: Atom) -> int | None:
    return atom.value if isinstance(atom, Const) else None


def _shown(atom: Atom) -> str:
    return str(atom.value) if isinstance(atom, Const) else repr(atom)


def may_miss(args: Sequence[Atom]) -> bool:
    """The `raises` of an index: an element that may not be there."""
    a, pattern, *operands = args
    assert isinstance(pattern, Const)
    if set(pattern.value) == {"int"} and all(map(_is_there, dims_of(a.type), operands)):
        return False
    return any(item == "int" or item in ADVANCED for item in pattern.value)


def _is_there(length: Dim, index: Atom) -> bool:
    """Whether an element is certainly there."""
    if not isinstance(length, int) or not isinstance(index, Const):
        return False
    return -length <= index.value < length


def _stored_type(args: Sequence[Atom]) -> Type:
    """The type of an array after a store: its own, if the value fits the part."""
    a, pattern, value, *operands = args
    part = part_type([a, pattern, *operands])
    infer.numeric([value])
    inner, outer = dims_of(value.type), dims_of(part)
    own = [d for k, d in enumerate(inner) if d != 1 or len(inner) - k <= len(outer)]
    if len(own) > len(outer):
        raise TypeRefusal(f"{shown(value.type)} does not fit into {part}", "write a smaller array")
    return a.type


def _may_not_fit(args: Sequence[Atom]) -> bool:
    a, pattern, value, *operands = args
    if may_miss([a, pattern, *operands]):
        return True
    inner, outer = dims_of(value.type), dims_of(part_type([a, pattern, *operands]))
    padded = (1,) * (len(outer) - len(inner)) + inner
    return any(p != q and p != 1 for p, q in zip(padded, outer, strict=False))


# -- reading --------------------------------------------------------------------------------------


def _getitem(x: Any, pattern: Any, *operands: Any) -> Any:
    part, key = located(x, pattern, operands)
    return part[key]


GETITEM = register(
    Primitive(
        "getitem", _getitem, part_type, Special(), ("x", "pattern", "*operands"),
        raises=may_miss, noun="item", fresh=False,
    ),
    Linear({"x": SAME}, joint=True, samples=(
        (np.array([1.0, -2.0, 3.0]), ("int",), 1),
        (np.array([1.0, -2.0, 3.0]), ("a:b",), 1, 3),
        (np.arange(6.0).reshape(2, 3), (":", "int"), -1),
        (np.arange(6.0).reshape(2, 3), ("array",), np.array([1, 0, 1])),
        (np.arange(3.0), ("mask",), np.array([True, False, True])),
        (np.arange(3.0), ("::c",), -1),
    )),
)  # fmt: skip

# -- writing --------------------------------------------------------------------------------------


def _store(a: Any, pattern: Any, value: Any, *operands: Any) -> Any:
    out = a.copy(order="K")
    part, key = located(out, pattern, operands)
    part[key] = value
    return out


STORE = register(
    Primitive(
        "store", _store, _stored_type, Special(), ("a", "pattern", "value", "*operands"),
        raises=_may_not_fit, noun="stored", in_place=0,
    ),
    Linear({"a": SAME, "value": SAME}, joint=True, samples=(
        (np.array([1.0, -2.0, 3.0]), ("int",), 5.0, 1),
        (np.array([1.0, -2.0, 3.0]), ("a:b",), np.array([4.0, 5.0]), 1, 3),
    )),
)  # fmt: skip


def _last_writes(a: Any, pattern: Any, *operands: Any) -> Any:
    part, key = located(a, pattern, operands)
    return helper("last_writes")(np.shape(part), key)


def _last_writes_type(args: Sequence[Atom]) -> Type:
    return Array("bool", dims_of(part_type(args)))


register(
    Primitive(
        "last_writes", _last_writes, _last_writes_type, Special(), ("a", "pattern", "*operands"),
        raises=may_miss, noun="wins",
    ),
    Flat("a truth value"),
)  # fmt: skip


def _add_at(a: Any, pattern: Any, value: Any, *operands: Any) -> Any:
    out = a.copy(order="K")
    part, key = located(out, pattern, operands)
    np.add.at(part, key, value)
    return out


ADD_AT = register(
    Primitive(
        "add_at", _add_at, _stored_type, Special(), ("a", "pattern", "value", "*operands"),
        raises=_may_not_fit, noun="sums", in_place=0,
    ),
    Linear({"a": SAME, "value": SAME}, joint=True, samples=(
        (np.array([1.0, -2.0, 3.0]), ("int",), 5.0, 1),
        (np.array([1.0, -2.0, 3.0]), ("array",), np.array([4.0, 5.0]), np.array([1, 1])),
    )),
)  # fmt: skip
