"""Reading and writing parts of arrays of sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ad_compiler.analysis.dependence.lengths import Lengths
from ad_compiler.analysis.dependence.values import (
    REMEDY,
    Hidden,
    Known,
    Real,
    Value,
    array_of_sets,
    nothing,
    sets_of,
    shape_of,
    union,
)
from ad_compiler.ir.index import located
from ad_compiler.ir.nodes import Let
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import is_differentiable


def refused(name: str) -> NoReturn:
    """What `name` gives has no shape that is known."""
    raise TypeRefusal(f"the shape of what `{name}` gives is not known without real numbers", REMEDY)


def _key(values: Sequence[Value]) -> list[Any] | None:
    """A pattern and its operands; None if real numbers decide where it leads."""
    if not all(isinstance(v, Known) for v in values):
        return None
    return [v.value for v in values if isinstance(v, Known)]


def _plain(value: Value) -> Any:
    """Sets to be written: one set itself, as an array would become an element."""
    sets = sets_of(value)
    return sets if np.ndim(sets) else union(sets)


def _read(let: Let, values: Sequence[Value], lengths: Lengths) -> Value:
    """A part of an array; of which any element may be meant, if the index is not known."""
    x, *index = values
    key = _key(index)
    if key is None:
        shape = lengths.shape(let.targets[0].type, "this index")
        if not is_differentiable(let.targets[0].type):
            return Hidden(shape)
        return Real(nothing(shape) | union(sets_of(x)))
    return Real(let.prim.evaluate(array_of_sets(x), *key))


def _changed(let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    """An array with another value in a part, or in any part if the index is not known."""
    a, pattern, value, *operands = values
    key = _key([pattern, *operands])
    if not is_differentiable(let.targets[0].type):
        return Hidden(shape_of(a))
    if key is None:
        return Real(sets_of(a) | union(sets_of(value)))
    if let.prim.name == "store":
        return Real(let.prim.evaluate(array_of_sets(a), key[0], _plain(value), *key[1:]))
    out = array_of_sets(a).copy()
    part, place = located(out, key[0], key[1:])
    np.bitwise_or.at(part, place, _plain(value))  # what is added to depends on both
    return Real(out)


HANDLERS: dict[str, Callable[[Let, Sequence[Value], Lengths], Value]] = {
    "getitem": _read,
    "store": _changed,
    "add_at": _changed,
}
