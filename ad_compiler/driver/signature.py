"""What of a call's arguments a program depends on: kinds, dtypes, ranks, axes of length 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ad_compiler.ir.few import KINDS_OF_LENGTHS
from ad_compiler.ir.records import items_of

SCALARS = frozenset({float, int, bool})
SIMPLE = SCALARS | {np.ndarray, np.float64}
"""Types that are no containers."""
PLAIN = frozenset({str, bytes, type(None), range})
"""Types whose equal values are alike; all other objects are told apart by identity."""


def kind_of(value: Any) -> Any:
    """A hashable key that is equal for values that one program serves."""
    kind = type(value)
    if kind in SCALARS:
        return kind
    if kind is np.ndarray:
        return (kind, value.dtype, tuple([KINDS_OF_LENGTHS.get(n) for n in value.shape]))
    if kind is tuple or kind is list:
        return (kind, *map(kind_of, value))
    if kind is dict:
        return (kind, *((key, kind_of(item)) for key, item in value.items()))
    if isinstance(value, np.generic):
        return kind
    if kind in PLAIN:
        return (kind, value)
    items = items_of(value)
    return Identity(value) if items is None else (kind, *(kind_of(item) for _, item in items))


class Identity:
    """Stands for one object; keeps it alive."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def kinds_of(values: Iterable[Any]) -> tuple[Any, ...]:
    """The key of several values."""
    values = tuple(values)
    kinds = tuple(map(kind_of, values))
    simple = SIMPLE.issuperset(map(type, values))
    return kinds if simple or not holds_twice(values) else (*kinds, TWICE)


TWICE = "a list, dict or dataclass twice"


def holds_twice(values: Iterable[Any]) -> bool:
    """Whether something that can change, other than an array, is there twice."""
    seen: set[int] = set()
    return any(_is_twice(value, seen) for value in values)


def _is_twice(value: Any, seen: set[int]) -> bool:
    items = None if type(value) in SIMPLE else items_of(value)
    if items is None:
        return False
    if type(value) is not tuple:
        if id(value) in seen:
            return True
        seen.add(id(value))
    return any(_is_twice(item, seen) for _, item in items)
