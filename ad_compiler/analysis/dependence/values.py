"""What is known of a value when the real numbers of a program are not: an abstract domain.

* `Known`: an integer, a truth value, a string, a constant: the value itself.
* `Real`: any real numbers of a known shape; for each, the set of inputs that it may depend on.
* `Hidden`: integers or truth values of a known shape.
* `Held`: a list or a tape of values.

A set of inputs is a Python integer, one bit an input, so that a union is `|`, no input is 0, and
arrays of sets are NumPy's arrays of objects: what rearranges an array rearranges these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ad_compiler.frozen import frozen
from ad_compiler.ir.primitive import TypeRefusal

Shape = tuple[int, ...]


@frozen
class Known:
    """A value that does not depend on any real number that is not a constant."""

    value: Any


@frozen
class Real:
    """Real numbers, by what they may depend on: one set of inputs, or an array of them."""

    sets: Any


@frozen
class Hidden:
    """Integers or truth values that real numbers decide."""

    shape: Shape = ()


@frozen
class Held:
    """The elements of a list or a tape."""

    items: tuple[Value, ...]


@frozen
class Unbound:
    """A name that no path so far has given a value."""


Value = Known | Real | Hidden | Held | Unbound

REMEDY = "give the pattern: sparsity=a boolean array or scipy.sparse matrix"


def known(value: Any) -> Value:
    """What is known of a value that is known: all, for a list of each of its elements."""
    return Held(tuple(map(known, value))) if isinstance(value, list) else Known(value)


def shape_of(value: Value) -> Shape:
    """The shape of a number or an array."""
    match value:
        case Real(sets):
            return sets.shape if isinstance(sets, np.ndarray) else ()
        case Hidden(shape):
            return shape
        case Known(known) if isinstance(known, np.ndarray):
            return known.shape
        case _:
            return ()


def nothing(shape: Shape) -> Any:
    """Sets without any input."""
    return np.zeros(shape, dtype=object) if shape else 0


def sets_of(value: Value) -> Any:
    """The inputs that numbers depend on; none, for what is not real."""
    return value.sets if isinstance(value, Real) else nothing(shape_of(value))


def array_of_sets(value: Value) -> Any:
    """The same as an array, also for a single number."""
    sets = sets_of(value)
    if isinstance(sets, np.ndarray):
        return sets
    array = np.empty((), dtype=object)
    array[()] = sets
    return array


def union(sets: Any) -> int:
    """All inputs of all elements."""
    if not isinstance(sets, np.ndarray):
        return sets
    return np.bitwise_or.reduce(sets, axis=None) if sets.size else 0


def union_of(values: Iterable[Value]) -> int:
    """All inputs that any of some values may depend on."""
    found = 0
    for value in values:
        match value:
            case Real(sets):
                found |= union(sets)
            case Held(items):
                found |= union_of(items)
            case _:
                pass
    return found


def is_real(value: Value) -> bool:
    """Whether a value is made of real numbers."""
    return isinstance(value, Real) or (
        isinstance(value, Known)
        and isinstance(value.value, float | complex | np.inexact | np.ndarray)
        and np.asarray(value.value).dtype.kind in "fc"
    )


def same(one: Value, other: Value) -> bool:
    """Whether as much is known of two values, and the same."""
    match one, other:
        case Known(a), Known(b):
            if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
                return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b)
            return a is b or (type(a) is type(b) and bool(a == b))
        case Real(a), Real(b):
            return np.shape(a) == np.shape(b) and bool(np.all(a == b))
        case Held(a), Held(b):
            return len(a) == len(b) and all(map(same, a, b))
        case _:
            return one == other


def join(one: Value, other: Value) -> Value:
    """What is known of a value that is one of two."""
    match one, other:
        case (Unbound(), value) | (value, Unbound()):
            return value
        case _ if same(one, other):
            return one
        case Held(a), Held(b) if len(a) == len(b):
            return Held(tuple(map(join, a, b)))
        case (Held(), _) | (_, Held()):
            raise TypeRefusal("the length of a list depends on real numbers", REMEDY)
        case _:
            return _joined(one, other)


def _joined(one: Value, other: Value) -> Value:
    shapes = shape_of(one), shape_of(other)
    if shapes[0] != shapes[1]:
        raise TypeRefusal(
            f"an array has the shape {shapes[0]} or {shapes[1]}, depending on real numbers", REMEDY
        )
    if is_real(one) or is_real(other):
        return Real(sets_of(one) | sets_of(other))
    return Hidden(shapes[0])


def joined(ones: Iterable[Value], others: Iterable[Value]) -> list[Value]:
    """The joins of values, pair by pair."""
    return [join(a, b) for a, b in zip(ones, others, strict=True)]
