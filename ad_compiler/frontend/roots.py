"""Roots: the storage of arrays, and which of them may be the same storage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ad_compiler.ir.builder import Cell
from ad_compiler.ir.nodes import Var


@dataclass(eq=False)
class Root:
    """The storage of one array. Its current value is what `cell` holds.

    `contiguous`: certainly laid out row by row. `origin`: the variable, of an array that comes
    from outside. `frozen`: why it must not be written, if it must not.
    """

    cell: Cell
    serial: int
    contiguous: bool = False
    origin: Var | None = None
    holders: dict[Cell, None] = field(default_factory=dict[Cell, None])
    """The cells that ever held a place in this storage."""
    frozen: str = ""
    captured: bool = False
    """Whether a function or iterator holds it, too: it stays what it is, whatever names do."""
    written: bool = False
    sources: tuple[Root, ...] = ()
    """The roots whose array it may hold, where paths met."""
    tied_to: dict[Root, None] = field(default_factory=dict["Root", None])
    """Roots of others whose storage it may be; see `reach.py`."""
    tied_by: dict[Root, None] = field(default_factory=dict["Root", None])
    """The roots that may be its storage."""
    doubt: str = ""
    """Why it may be, if not because it depends on the path."""

    def tie(self, other: Root) -> set[Root]:
        """Note that this may be the storage of another root; those that it may be since then."""
        before = self.mates()
        if other is not self:
            self.tied_to[other] = None
            other.tied_by[self] = None
        return self.mates() - before

    def mates(self) -> set[Root]:
        """The other roots that may be the same storage."""
        below = _closure({self}, lambda root: root.tied_to)
        return _closure(below, lambda root: root.tied_by) - {self}

    def mark_written(self) -> None:
        """Note that the array changes, here and wherever it came from."""
        self.written = True
        for root in self.sources:
            if not root.written:
                root.mark_written()


def _closure(roots: set[Root], step: Callable[[Root], Iterable[Root]]) -> set[Root]:
    """Roots, and all that some steps lead to from there."""
    found, left = set(roots), list(roots)
    while left:
        more = set(step(left.pop())) - found
        found |= more
        left += more
    return found
