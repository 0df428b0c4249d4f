"""The lengths that the names of lengths stand for, learned from values on the way."""

from __future__ import annotations

from ad_compiler.analysis.dependence.values import REMEDY, Held, Shape, Unbound, Value, shape_of
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym, Trim, Type


class Lengths:
    """What each symbol is at the moment; in a loop, in the present trip."""

    def __init__(self) -> None:
        self.known: dict[Sym, int] = {}

    def learn(self, type_: Type, value: Value) -> None:
        """The lengths of a value of a type."""
        if not isinstance(type_, Array) or isinstance(value, Held | Unbound):
            return
        for dim, length in zip(type_.dims, shape_of(value), strict=True):
            if isinstance(dim, Sym):
                self.known[dim] = length

    def shape(self, type_: Type, what: str) -> Shape:
        """The shape of a value of a type. Raises TypeRefusal if it depends on values."""
        if not isinstance(type_, Array):
            return ()
        return tuple(self._length(dim, what) for dim in type_.dims)

    def _length(self, dim: Dim, what: str) -> int:
        match dim:
            case int():
                return dim
            case Trim(base, by) if base in self.known:
                return max(self.known[base] - by, 0)
            case Sym() if dim in self.known:
                return self.known[dim]
            case _:
                raise TypeRefusal(
                    f"the shape of what {what} gives is not known without real numbers", REMEDY
                )
