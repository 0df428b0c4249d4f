"""Places: which storage the array of a name lives in, so that aliases see each other's writes.

A name bound to an array is bound to a *place*: a root (the storage of one array, whose current
value is a cell of the builder) and a path of views. `y = x` makes two names of one root,
`v = x[2:5]` binds v to a path into it. Reading a place reads the current value of the root;
writing stores through the path and gives the root a new value. The IR sees pure values only.

Which place a name has is known at compile time, and must not depend on the path taken. Where
paths meet, names that moved get a root of their own there (`joining.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ad_compiler.frontend.needs import differing
from ad_compiler.frontend.reach import Reach
from ad_compiler.frontend.roots import Root
from ad_compiler.frontend.values import (
    Loose,
    Place,
    Step,
    Structure,
    Value,
    held,
    mapped,
    place_in,
)
from ad_compiler.frontend.views import VIEWS
from ad_compiler.ir.builder import Cell, Frame
from ad_compiler.ir.index import WHOLE, Pattern, composed, is_whole
from ad_compiler.ir.nodes import Atom, Const, Let, Undef, Var
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Static, rank
from ad_compiler.rules.likeness import BY_ROWS
from ad_compiler.rules.registry import PRIMITIVES


@dataclass(eq=False)
class Storage(Reach):
    """The roots of a program under construction."""

    external: dict[Var, Place] = field(default_factory=dict[Var, Place])
    """The places of arrays that come from outside: parameters, captured arrays."""
    iterators: dict[int, Value] = field(default_factory=dict[int, Value])
    elements: dict[Var, tuple[Var, int]] = field(default_factory=dict["Var", "tuple[Var, int]"])
    """Numbers that were read from arrays that stand for rows of lists, and their places."""
    """What gives its items only once, though it looks like a container or a range, by identity."""
    samples: dict[Any, Value] = field(default_factory=dict[Any, Value])
    """What names are that are also None: such a value, by the function's place and the name."""
    optional: Mapping[Any, Value] = field(default_factory=dict[Any, Value])
    """Such names that are None on some paths where they are read; of an earlier attempt."""
    _serial: Iterator[int] = field(default_factory=itertools.count)

    # -- roots --------------------------------------------------------------------------------

    def new_root(self, name: str, value: Atom, *, contiguous: bool | None = None) -> Root:
        """A root in the current frame that holds an array."""
        known = self.is_contiguous(value) if contiguous is None else contiguous
        root = Root(Cell(name, self.builder.frame), next(self._serial), known)
        self.builder.assign(root.cell, value)
        return root

    def unset_root(self, name: str, places: Sequence[Place]) -> Root:
        """A root in the current frame that is about to get what lives in one of some places."""
        root = Root(Cell(name, self.builder.frame), next(self._serial))
        root.contiguous = all(map(self.lies_in_rows, places))
        root.sources = tuple(place.root for place in places)
        return root

    def lies_in_rows(self, place: Place) -> bool:
        """Whether the array of a place is certainly laid out row by row."""
        return place.root.contiguous and not place.path

    def outside(self, var: Var) -> Place:
        """The place of an array that comes from outside."""
        place = self.external.get(var)
        if place is None:
            root = Root(Cell(var.name, self.builder.frames[0]), next(self._serial), origin=var)
            self.builder.frames[0].values[root.cell] = var
            place = self.external[var] = Place(root, ())
        elif place.root.cell not in self.builder.frames[0].values:
            self.builder.frames[0].values[place.root.cell] = var  # it was undone
        return place

    def is_contiguous(self, atom: Atom) -> bool:
        """Whether a new array is certainly laid out row by row."""
        if rank(atom.type) <= 1:
            return True
        last = self.builder.frame.stmts[-1] if self.builder.frame.stmts else None
        return isinstance(last, Let) and last.targets[0] is atom and last.prim.name in BY_ROWS

    # -- names --------------------------------------------------------------------------------

    def declare(self, cell: Cell, value: Atom | Place | Loose, base: Frame) -> None:
        """Let a cell without a value be one that lacks it from an outer frame on."""
        if self.builder.peek(cell) is None:
            self.builder.declare(cell, self.absent(cell, value, base), base)

    def lack(self, cell: Cell, place: Place, base: Frame) -> None:
        """Let a cell lack the array of a place in an outer frame, whatever it holds there."""
        base.values[cell] = self.absent(cell, place, base)

    def absent(self, cell: Cell, value: Atom | Place | Loose, base: Frame) -> Atom:
        """What a cell holds in an outer frame where it will have such a value.

        Nobody reads it there. So it is an array that exists there already, if the value is one.
        """
        match value:
            case Place() if self.exists(value, base):
                return held(value)
            case Place():
                atom = self.like(cell, value)
            case Loose():
                atom = value.atom
            case _:
                atom = value
        if isinstance(atom.type, Array):
            root = Root(Cell(cell.name, base), next(self._serial))
            root.contiguous = not isinstance(value, Place | Loose) and self.is_contiguous(atom)
            root.holders[cell] = None
            base.values[root.cell] = Undef(atom.type)
            return held(Place(root, ()))
        return atom

    def exists(self, place: Place, frame: Frame) -> bool:
        """Whether there is such a place in an outer frame, wherever in the array it is."""
        around = self.builder.frames[: self.builder.frames.index(frame) + 1]
        fixed = all(isinstance(arg, Const) for step in place.path for arg in step.args)
        return fixed and place.root.cell.home in around

    def like(self, cell: Cell, place: Place) -> Atom:
        """A value of the type of a view."""
        atom = self.builder.peek(place.root.cell)
        assert atom is not None
        for step in place.path:
            type_ = step.prim.type_of((atom, *step.args))
            assert isinstance(type_, Array)
            atom = Var(cell.name, type_)
        return atom

    def hold(self, cell: Cell, value: Value) -> Value:
        """What a cell is to hold for a value: for an array, its place."""
        if isinstance(value, Loose):
            value = Place(self._loose_root(cell.name, value), ())
        elif isinstance(value, Var | Const) and isinstance(value.type, Array):
            value = self.place_for(cell, value)
        if isinstance(value, Place):
            value.root.holders[cell] = None
        return value

    def _loose_root(self, name: str, value: Loose) -> Root:
        root = self.new_root(name, value.atom)
        root.sources, root.doubt = value.roots, value.why
        self.tie(root, value.roots)
        if not value.roots:
            self.freeze([root], value.why)
        return root

    def place_for(self, cell: Cell, atom: Atom) -> Place:
        """The place of a new array that a cell is to hold: its old one, if only it knows that."""
        if isinstance(atom, Var) and atom in self.external:
            return self.external[atom]
        old = place_in(self.builder.peek(cell))
        contiguous = self.is_contiguous(atom)
        if old is not None and self.is_own(old, cell) and old.root.contiguous == contiguous:
            self.builder.assign(old.root.cell, atom)
            return old
        return Place(self.new_root(cell.name, atom, contiguous=contiguous), ())

    def is_own(self, place: Place, cell: Cell) -> bool:
        """Whether nothing but a cell can reach the storage of a place."""
        root = place.root
        if place.path or root.origin is not None or root.frozen or root.mates():
            return False
        if root.captured or root in self.pinned:
            return False
        return all(holder is cell for holder in self.holders(root))

    def rooted(self, value: Value, name: str = "values") -> Value:
        """A value that may be used more than once: its arrays have places."""

        def leaf(one: Value) -> Value:
            if isinstance(one, Var | Const) and isinstance(one.type, Array):
                if isinstance(one, Var) and one in self.external:
                    return self.external[one]
                return Place(self.new_root(getattr(one, "name", name), one), ())
            return one

        made = mapped(value, leaf)
        self._mark_alike(value, made)
        return made

    def _mark_alike(self, value: Value, made: Value) -> None:
        """What was made of iterators are iterators, too."""
        if id(value) in self.iterators:
            self.iterators[id(made)] = made
        if isinstance(value, Structure) and isinstance(made, Structure):
            for one, other in zip(value.items, made.items, strict=True):
                self._mark_alike(one, other)

    # -- reading and writing ------------------------------------------------------------------

    def read(self, place: Place, name: str = "") -> Atom:
        """The current value of a place."""
        value = self.builder.read(place.root.cell)
        assert value is not None, f"{place.root.cell.name} is read outside its frame"
        conflict = self.builder.conflict(value)
        if conflict is not None:
            raise differing(conflict)
        known = place.recalled(value, self.builder.frames)
        if known is not None:
            return known
        result = value
        for step in place.path:
            result = self.builder.emit(step.prim, result, *step.args, name=name or place.name)
        if place.path:
            place.remember(value, self.builder.frame)
        return result

    def moved(self, place: Place) -> Atom:
        """The same for a root that takes its place over; what must not be read, still must not."""
        value = self.builder.read(place.root.cell)
        if value is not None and not place.path and self.builder.conflict(value) is not None:
            return value
        return self.read(place)

    def view(self, place: Place, prim: Primitive, args: Sequence[Atom], atom: Atom) -> Value:
        """What a view of a place is: a longer path, or a value that may share its memory."""
        step = _step(prim, args, place)
        if step is None:
            why = f"it may share memory with the result of `{prim.name.removeprefix('np.')}`"
            return self.loose(atom, (place.root,), why)
        value = self.builder.peek(place.root.cell)
        name = atom.name if isinstance(atom, Var) and not atom.temp else ""
        made = Place(place.root, (*place.path, step), name)
        if value is not None:
            made.remember(value, self.builder.frame)
        return made

    def loose(self, atom: Atom, roots: tuple[Root, ...], why: str) -> Loose:
        """An array that may share memory with roots."""
        made = Loose(atom, roots, why)
        self.flights[-1].loose.append(made)
        return made

    def write(self, place: Place, pattern: Pattern, value: Atom, operands: Sequence[Atom]) -> None:
        """`place[pattern] = value`."""
        self._change(PRIMITIVES["store"], place, pattern, value, operands)

    def add_at(self, place: Place, pattern: Pattern, value: Atom, operands: Sequence[Atom]) -> None:
        """`np.add.at(place, pattern, value)`."""
        self._change(PRIMITIVES["add_at"], place, pattern, value, operands)

    def _change(
        self,
        prim: Primitive,
        place: Place,
        pattern: Pattern,
        value: Atom,
        operands: Sequence[Atom],
    ) -> None:
        root = place.root
        self.require_writable(root)
        chain, own = chain_of(place.path)
        whole = composed(chain, pattern) if chain else pattern
        if is_whole(whole):
            whole = WHOLE
        old = self.builder.read(root.cell)
        assert old is not None
        args = (old, Const(whole, Static()), value, *own, *operands)
        self.builder.assign(root.cell, self.builder.emit(prim, *args, name=root.cell.name))
        root.mark_written()

    def written(self) -> list[Var]:
        """The arrays from outside that are written."""
        return [var for var, place in self.external.items() if place.root.written]


def chain_of(path: Sequence[Step]) -> tuple[Pattern, list[Atom]]:
    """The views of a path as one pattern, and its operands."""
    chain: Pattern = ()
    operands: list[Atom] = []
    for step in path:
        chain = composed(chain, step.pattern) if chain else step.pattern
        operands += step.operands
    return chain, operands


def _step(prim: Primitive, args: Sequence[Atom], place: Place) -> Step | None:
    """A view as a step of a path, None if it may be a copy, or cannot be written through."""
    find, array = VIEWS.get(prim.name), args[0].type
    if find is None or not isinstance(array, Array):
        return None
    found = find(array, args[1:], place)
    return None if found is None else Step(prim, tuple(args[1:]), *found)
