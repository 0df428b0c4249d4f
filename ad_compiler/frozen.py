"""The decorator of nodes: dataclasses that nobody assigns to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def frozen(cls: type[T]) -> type[T]:
    """Make a class of immutable values, equal if their fields are.

    The type checker sees to it that no field is assigned. To enforce it at run time as well would
    make each node three times as slow to create, and the compiler creates little else.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


@dataclass_transform(frozen_default=True, eq_default=False)
def frozen_identity(cls: type[T]) -> type[T]:
    """Make a class of immutable values, each equal to itself alone."""
    return dataclass(slots=True, eq=False)(cls)
