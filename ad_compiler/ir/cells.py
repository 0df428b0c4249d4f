"""Cells and the frames they are looked up in: how assignments become SSA.

A cell is read from the innermost frame that has a value of it. On the way out of a loop the value
becomes a parameter of the loop; what a name is on no path is absent.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ad_compiler.ir.atoms import Atom, Const, Undef, Var
from ad_compiler.ir.frames import Cell, Frame, JoinRefusal
from ad_compiler.ir.types import Static, Sym


class Cells:
    """The open frames, outermost first, and what their cells hold."""

    def __init__(self) -> None:
        self.frames: list[Frame] = [Frame(is_loop=False)]
        self.maybe_unbound: set[Cell] = set()
        self._conflicts: dict[Undef, JoinRefusal] = {}
        self._fresh = itertools.count()

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
        if isinstance(outer.type, Static) or not frame.may_assign(cell):
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

    def _sym(self, name: str) -> Sym:
        return Sym(f"{name}#{next(self._fresh)}")
