"""Who can reach which storage: names, loops, functions, and values on their way.

Two roots may turn out to be the same storage, depending on the path taken or on how an array is
laid out. Such roots are tied: one is written only where nobody can reach the others any more.

y = u                   y and u are tied by the test. Where `u` is not mentioned after it, y can
if c > 0:               be changed in place; where `y` is not, u and v can.
    y = v
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ad_compiler.frontend.roots import Root
from ad_compiler.frontend.values import Loose, Place, Value, held, place_in
from ad_compiler.ir.builder import Builder, Cell, Frame
from ad_compiler.ir.nodes import Var
from ad_compiler.ir.primitive import TypeRefusal

ITERATED = "a loop goes through what may be the same array"
LISTED = "it is also in a list"
ITEM = "give the item another array: `xs[k] = xs[k] * 2`"
COPY = "write `.copy()` where it is made, so that it has memory of its own"
UNCLEAR = "which array it is depends on the path taken"


def also_in(root: Root) -> str:
    """Why an array must not change that a name may stand for, or for a part of it."""
    return f"`{root.cell.name}` is a part of it, or not, depending on the path taken"


@dataclass(eq=False)
class Flight:
    """What the statement in progress of one call has let go of, and may still work with."""

    roots: list[Root] = field(default_factory=list[Root])
    loose: list[Loose] = field(default_factory=list[Loose])


@dataclass(eq=False)
class Reach:
    """What can be reached in a program under construction, and by whom."""

    builder: Builder
    watched: frozenset[Var] = frozenset()
    """The arrays from outside whose final state is asked for."""
    looping: dict[Cell, list[Root]] = field(default_factory=dict[Cell, list[Root]])
    """What holds the arrays that loops go through, and the roots that are not written meanwhile."""
    pinned: list[Root] = field(default_factory=list[Root])
    """Roots that a statement in progress still reads."""
    flights: list[Flight] = field(default_factory=lambda: [Flight()])
    """Those of the calls in progress."""
    frozen: list[Root] = field(default_factory=list[Root])
    """The roots that were frozen so far, in order."""
    ties: list[tuple[Root, set[Root]]] = field(default_factory=list[tuple[Root, set[Root]]])
    """The roots that were tied so far, in order, each with those that it may be since then."""

    # -- names --------------------------------------------------------------------------------

    def holders(self, root: Root) -> list[Cell]:
        """The cells that hold a place of a root now."""
        found = [(cell, place_in(self.builder.peek(cell))) for cell in root.holders]
        return [cell for cell, place in found if place is not None and place.root is root]

    def names_of(self, root: Root) -> list[Cell]:
        """The holders of a root that are names of the program."""
        return [cell for cell in self.holders(root) if cell not in self.looping]

    def release(self, cells: Iterable[Cell]) -> None:
        """Forget names that nobody can read any more."""
        for cell in cells:
            place = self.let_go(cell)
            if place is not None:
                place.root.holders.pop(cell, None)

    def let_go(self, cell: Cell) -> Place | None:
        """A name is about to be bound to something else, or gone: what it holds may be in use."""
        place = place_in(self.builder.peek(cell))
        if place is not None:
            self.flights[-1].roots.append(place.root)
        return place

    # -- values on their way ------------------------------------------------------------------

    @contextmanager
    def call(self) -> Generator[None]:
        """A call of a function of the program, which has statements of its own."""
        self.flights.append(Flight())
        try:
            yield
        finally:
            del self.flights[-1]

    def land(self) -> None:
        """A statement begins: the one before it is done with its values."""
        self.flights[-1] = Flight()

    @contextmanager
    def pin(self, values: Iterable[Value]) -> Generator[None]:
        """While values are on their way to names, no name may reuse the storage they are in."""
        length = len(self.pinned)
        self.pinned += [v.root for v in values if isinstance(v, Place)]
        try:
            yield
        finally:
            del self.pinned[length:]

    # -- loops --------------------------------------------------------------------------------

    @contextmanager
    def kept(self, values: Iterable[Value]) -> Generator[None]:
        """While a loop goes through arrays: it holds them, whatever becomes of their names."""
        cells: list[Cell] = []
        for value in values:
            match value:
                case Place(root):
                    cell = self.builder.cell("items", held(value))
                    root.holders[cell] = None
                    self.looping[cell] = []
                case Loose(atom, roots):
                    cell = self.builder.cell("items", atom)
                    self.looping[cell] = []
                    self.lend(roots, [cell])
                case _:
                    continue
            cells.append(cell)
        try:
            yield
        finally:
            self.release(cells)
            for cell in cells:
                for root in self.looping.pop(cell):
                    if root.frozen == ITERATED and not self.loops_through(root):
                        root.frozen = ""

    def loops_through(self, root: Root) -> list[Cell]:
        """The loops that may go through the storage of a root, if nothing else forbids writing."""
        if root.frozen not in ("", ITERATED):
            return []
        return [c for c, lent in self.looping.items() if c in self.holders(root) or root in lent]

    def lend(self, roots: Iterable[Root], loops: Iterable[Cell]) -> None:
        """Forbid to write to roots as long as loops run that may go through their storage."""
        for root in roots:
            self.freeze([root], ITERATED)
            for cell in loops:
                self.looping[cell].append(root)

    # -- what may be written ------------------------------------------------------------------

    def is_watched(self, root: Root) -> bool:
        """Whether somebody will look at what becomes of an array, and not by a name."""
        return root.captured or (root.origin is not None and root.origin in self.watched)

    def freeze(self, roots: Iterable[Root], why: str) -> None:
        """Forbid to write to storage that may be reached in ways that cannot be told apart."""
        for root in roots:
            if not root.frozen:
                root.frozen = why
                self.frozen.append(root)

    def tie(self, root: Root, others: Iterable[Root]) -> None:
        """Note that a root may be the same storage as others."""
        for other in others:
            mates = root.tie(other)
            if mates:
                self.ties.append((root, mates))

    def tied_since(self, count: int, frames: Sequence[Frame]) -> bool:
        """Whether roots that live in some frames were tied to each other after a number of ties."""
        return any(
            root.cell.home in frames and any(mate.cell.home in frames for mate in mates)
            for root, mates in self.ties[count:]
        )

    def is_reached(self, root: Root) -> bool:
        """Whether somebody may still look at what becomes of a root."""
        if root.frozen or self.is_watched(root) or root in self.pinned or self.holders(root):
            return True
        return any(root in flight.roots for flight in self.flights)

    def require_writable(self, root: Root) -> None:
        """Refuse to write where others may or may not see it."""
        why = root.frozen or self._why_not(root)
        if why:
            raise TypeRefusal(
                f"`{root.cell.name}` cannot be changed in place here: {why}",
                ITEM if why == LISTED else COPY,
            )

    def _why_not(self, root: Root) -> str:
        """Why a root must not be written that nothing forbids to write for good."""
        mates = sorted(root.mates(), key=lambda one: one.serial)
        mate = next(filter(self.is_reached, mates), None)
        if mate is not None:
            depends = UNCLEAR if root.tied_to else also_in(mate)
            return root.doubt or mate.doubt or depends
        return next((loose.why for loose in self._waiting() if root in loose.roots), "")

    def _waiting(self) -> Iterator[Loose]:
        """The values that may share memory with roots, and wait for a call that is in progress."""
        for flight in self.flights[:-1]:
            yield from flight.loose
