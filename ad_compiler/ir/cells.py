"""Cells and the frames they are looked up in: how assignments become SSA.

A cell is read from the innermost frame that has a value of it. On the way out of a loop the value
becomes a parameter of the loop; what a name is on no path is absent.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from ad_compiler.ir.atoms import Atom, Const, Undef, Var
from ad_compiler.ir.frames import Cell, Frame, JoinRefusal
from ad_compiler.ir.types import Array, Dim, Static, Sym, Trim, Type, never_one


class Cells:
    """The open frames, outermost first, and what their cells hold."""

    def __init__(self) -> None:
        self.frames: list[Frame] = [Frame(is_loop=False)]
        self.maybe_unbound: set[Cell] = set()
        self._conflicts: dict[Undef, JoinRefusal] = {}
        self._fresh = itertools.count()
        self._met: dict[str, int] = {}

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def cell(
        self, name: str, value: Atom | None = None, zero: Callable[[Any], Atom] | None = None
    ) -> Cell:
        """A new mutable name that lives in the current frame."""
        cell = Cell(name, self.frame, zero)
        if value is not None:
            self.assign(cell, value)
        return cell

    def assign(self, cell: Cell, value: Atom) -> None:
        self.frame.values[cell] = value
        self.maybe_unbound.discard(cell)

    def read(self, cell: Cell) -> Atom | None:
        """The current value of a cell, None if nothing was assigned on this path."""
        return self._read(cell, len(self.frames) - 1)

    def value(self, cell: Cell) -> Atom:
        """The current value of a cell that surely has one."""
        value = self.read(cell)
        assert value is not None
        return value

    def peek(self, cell: Cell) -> Atom | None:
        """What a cell holds, without making it a parameter of a loop."""
        return self._peek(cell, self.frames)

    def outer(self, cell: Cell) -> Atom | None:
        """What a cell holds outside the current frame."""
        return self._peek(cell, self.frames[:-1])

    def _peek(self, cell: Cell, frames: list[Frame]) -> Atom | None:
        return next((f.values[cell] for f in reversed(frames) if cell in f.values), None)

    def _read(self, cell: Cell, depth: int) -> Atom | None:
        frame = self.frames[depth]
        if cell in frame.values:
            return frame.values[cell]
        if depth == 0:
            return None
        outer = self._read(cell, depth - 1)
        if outer is None or not frame.is_loop:
            return outer
        if cell in frame.widening.conflicts:
            return self._mark(frame.widening.conflicts[cell])
        if isinstance(outer.type, Static) or cell.steady or not frame.may_assign(cell):
            return outer
        # The outer value becomes a parameter: only at the end is it known what is carried.
        param = Var(cell.name, frame.widening.types.get(cell, outer.type))
        frame.params[cell] = param
        frame.values[cell] = param
        return param

    def _mark(self, refusal: JoinRefusal) -> Undef:
        """A value that stands for "differs between paths": it may be there, but not be read."""
        mark = Undef(Static())
        self._conflicts[mark] = refusal
        return mark

    def is_absent(self, atom: Atom) -> bool:
        """Whether an atom stands for a name that nothing was assigned to yet."""
        return isinstance(atom, Undef) and atom not in self._conflicts

    def declare(self, cell: Cell, value: Atom, home: Frame) -> None:
        """Let a cell that has no value be one that lacks it in an outer frame.

        So paths on which it is assigned can be joined with others. `value` is the first that it
        gets; what is known at compile time is the same on all paths.
        """
        if self.read(cell) is None:
            home.values[cell] = value if isinstance(value, Const) else Undef(value.type)

    def conflict(self, atom: Atom) -> JoinRefusal | None:
        """Why what `read` gave is no value, where a name differs too much between paths."""
        return self._conflicts.get(atom) if isinstance(atom, Undef) else None

    def read_or_zero(self, cell: Cell) -> Atom | None:
        """The value of a cell that is about to be added to; None if nothing is there yet.

        Where a loop was entered since the cell's home, trips accumulate: the cell is made zero
        just outside the outermost such loop.
        """
        value = self.read(cell)
        if value is not None:
            return value
        start = self.frames.index(cell.home) + 1
        for depth in range(start, len(self.frames)):
            if self.frames[depth].is_loop:
                self._zero_in_frame(depth - 1, cell)
                return self.read(cell)
        return None

    def _zero_in_frame(self, depth: int, cell: Cell) -> None:
        """Assign a cell its zero in an outer frame."""
        assert cell.zero is not None
        inner = self.frames[depth + 1 :]
        del self.frames[depth + 1 :]
        self.assign(cell, cell.zero(self))
        self.frames.extend(inner)

    # -- lengths ------------------------------------------------------------------------------

    def equate(self, one: Dim, other: Dim) -> None:
        """Record that two lengths are equal from here on, in this frame: an operation saw to it."""
        names = sorted((self.named(one), self.named(other)), key=self._order)
        bases: list[Dim] = [dim.base for dim in names if isinstance(dim, Trim)]
        if names[0] != names[1] and not any(name in bases for name in names):
            self.frame.lengths[names[1]] = names[0]

    def named(self, dim: Dim) -> Dim:
        """A length by the one name of all that are known to be equal to it."""
        return _named(dim, self.frames)

    def lengths_named(self, type_: Type, *inner: Frame) -> Type:
        """A type with all its lengths by the names that are known here, or within `inner`."""
        frames = [*self.frames, *inner]
        if not isinstance(type_, Array) or not any(frame.lengths for frame in frames):
            return type_
        return Array(type_.dtype, tuple(_named(dim, frames) for dim in type_.dims))

    def _order(self, dim: Dim) -> tuple[int, int, int, int]:
        """Which name of a length says most: a number, one that cannot be 1, the one met first.

        All names have a place, and parts of what comes first come first: chains of names end.
        """
        match dim:
            case int():
                return 0, 0, 0, dim
            case Sym(name, never):
                return 1 if never else 2, -never, self._met.setdefault(name, len(self._met)), 0
            case Trim(base, by):
                _, never, place, _ = self._order(base)
                return 1 if never_one(dim) else 3, never, place, by

    def _sym(self, name: str) -> Sym:
        return Sym(f"{name}#{next(self._fresh)}")


def _named(dim: Dim, frames: Sequence[Frame]) -> Dim:
    """The end of the chain of names that frames have for a length."""
    while (shorter := next((f.lengths[dim] for f in frames if dim in f.lengths), None)) is not None:
        dim = shorter
    if not isinstance(dim, Trim):
        return dim
    base = _named(dim.base, frames)
    match base:
        case int():
            return max(base - dim.by, 0)
        case Sym() if base != dim.base:
            return _named(Trim(base, dim.by), frames)
        case _:
            return dim
