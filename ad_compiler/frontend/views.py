"""Which operations give a view of their operand, and of which part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend.values import Place
from ad_compiler.ir.index import Pattern
from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.types import Array
from ad_compiler.rules.registry import PRIMITIVES

Found = tuple[Pattern, tuple[Atom, ...]]
Rest = Sequence[Any]


def _item(_: Array, rest: Rest, __: Place) -> Found | None:
    pattern, *operands = rest
    if "array" in pattern.value or "mask" in pattern.value:
        return None
    return pattern.value, tuple(operands)


def _order(prim: str) -> Callable[[Array, Rest, Place], Found]:
    """The order of axes that a rearrangement gives, read off an array whose lengths count."""

    def find(array: Array, rest: Rest, _: Place) -> Found:
        lengths = tuple(range(len(array.dims)))
        made = PRIMITIVES[prim].evaluate(np.empty(lengths), *(a.value for a in rest))
        if made.shape == lengths[::-1]:
            return ("T",), ()
        return (f"transpose({', '.join(map(str, made.shape))})",), ()

    return find


def _expanded(array: Array, rest: Rest, _: Place) -> Found:
    made = np.expand_dims(np.empty((2,) * len(array.dims)), rest[0].value)
    return tuple("new" if n == 1 else ":" for n in made.shape), ()


def _squeezed(array: Array, rest: Rest, _: Place) -> Found | None:
    axis = rest[0].value
    if not isinstance(axis, int) or len(array.dims) == 1:
        return None
    gone = axis % len(array.dims)
    return tuple("int" if k == gone else ":" for k in range(len(array.dims))), (const(0),)


def _flipped(array: Array, rest: Rest, _: Place) -> Found:
    axis = rest[0].value
    count = len(array.dims)
    turned = range(count) if axis is None else [a % count for a in np.atleast_1d(axis)]
    pattern = tuple("::c" if k in turned else ":" for k in range(count))
    return pattern, (const(-1),) * len(turned)


def _reshaped(array: Array, rest: Rest, place: Place) -> Found | None:
    """All of an array that lies row by row, or has one axis, is given a shape without a copy."""
    if place.path or not (place.root.contiguous or len(array.dims) == 1):
        return None
    return (f"reshape({len(rest)})",), tuple(rest)


def _raveled(_: Array, __: Rest, place: Place) -> Found | None:
    if place.path or not place.root.contiguous:
        return None
    return ("reshape(1)",), (const(-1),)


VIEWS: dict[str, Callable[[Array, Rest, Place], Found | None]] = {
    "getitem": _item,
    "T": _order("T"),
    "np.transpose": _order("np.transpose"),
    "np.swapaxes": _order("np.swapaxes"),
    "np.moveaxis": _order("np.moveaxis"),
    "np.expand_dims": _expanded,
    "np.squeeze": _squeezed,
    "np.flip": _flipped,
    "np.reshape": _reshaped,
    "ravel": _raveled,
}
"""How each primitive that gives a view says which part of the array it is."""
