"""Sets of inputs that add and multiply like numbers, so that NumPy's sums and products of them are
unions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.analysis.dependence.values import Value, array_of_sets


class Set:
    """A set of inputs in the place of a real number."""

    __slots__ = ("bits",)

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __or__(self, other: Any) -> Set:
        if isinstance(other, Set):
            return Set(self.bits | other.bits) if other.bits else self
        return self

    def conjugate(self) -> Set:
        return self

    def __neg__(self) -> Set:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __or__


_wrap = np.frompyfunc(Set, 1, 1)
_unwrap = np.frompyfunc(lambda item: item.bits if isinstance(item, Set) else 0, 1, 1)


def with_sets(value: Value) -> Any:
    """An operand with a `Set` for each of its elements."""
    array = array_of_sets(value)
    out = np.empty(array.shape, dtype=object)
    out[...] = _wrap(array)
    return out if array.ndim else out[()]


def without_sets(found: Any) -> Any:
    """What an operation on such operands gives, as plain sets."""
    return _unwrap(found)
