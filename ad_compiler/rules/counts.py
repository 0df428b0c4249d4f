"""What is known of integers that are lengths, or lengths and a little more or less.

With `n = len(x)`, the arrays `np.zeros(n - 1)`, `x[1:n]` and `x[:-1]` have one length, which is
known before any of them is made.
"""

from __future__ import annotations

from collections.abc import Sequence

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.types import PY, Dim, Int, Sym, Trim, Type


def counted(type_: Type) -> Dim | None:
    """The length that `max(value, 0)` is, for a value of this type."""
    if not isinstance(type_, Int):
        return None
    return type_.count if type_.length is None else type_.length


def sum_type(args: Sequence[Atom], sign: int) -> Type | None:
    """The type of a length and a constant together, or of their difference; None for others."""
    x, y = args
    if sign > 0 and isinstance(x, Const):
        x, y = y, x
    known = isinstance(x.type, Int) and x.type.kind == PY and counted(x.type) is not None
    if not known or not isinstance(y, Const) or type(y.value) is not int:
        return None
    return moved(x.type, sign * y.value)


def moved(type_: Type, by: int) -> Type | None:
    """The type of a length, or what was moved from one, and `by` more."""
    assert isinstance(type_, Int)
    dim, exact = type_.count, type_.exact
    if type_.length is not None:
        dim, exact = type_.length, not is_clamped(type_.length)
    if isinstance(dim, int) or dim is None or (by > 0 and not exact):
        return None
    base, less = _parts(dim)
    less -= by
    if exact and less <= 0:
        return Int(PY, Trim(base, less) if less else base)
    return Int(PY, None, Trim(base, less), exact)


def is_clamped(dim: Dim) -> bool:
    """Whether a length is 0 where what it is computed from would be negative."""
    return isinstance(dim, Trim) and dim.by > 0


def at_least_zero(type_: Type) -> Type | None:
    """The type of `max(value, 0)`; None if nothing is known of it."""
    known = counted(type_)
    return None if known is None else Int(PY, known)


def stops_before(dim: Dim, stop: Atom) -> int | None:
    """How many elements `x[:stop]` leaves out at the end of an axis, whatever its length.

    A stop of more than two before the end is negative for some lengths from which elements
    are left, as in `x[:len(x) - 3]` for two.
    """
    known = counted(stop.type)
    if known is None or isinstance(dim, int) or isinstance(known, int):
        return None
    (base, less), (end, more) = _parts(dim), _parts(known)
    return more - less if base == end and 0 <= more - less <= 2 else None


def _parts(dim: Sym | Trim) -> tuple[Sym, int]:
    """A length as the symbol that it is made from, and how much less it is."""
    return (dim.base, dim.by) if isinstance(dim, Trim) else (dim, 0)
