"""What the builder keeps books in: cells, frames, and how types meet at the end of a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ad_compiler.ir.atoms import Atom, Const, Var
from ad_compiler.ir.nodes import Let, Stmt, defined_by
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import RAGGED, Array, Dim, Static, Sym, Tape, Trim, Type, dims_of, join

_NAMES = re.compile(r"[^\W\d]\w*\.\d+")
"""The variables and lengths that the name of a length mentions."""


@dataclass(eq=False, slots=True)
class Cell:
    """A mutable name. `zero` makes the value that stands for "nothing assigned yet".

    A cell without `zero` is a user's name: where it may be unbound it must not be read.
    """

    name: str
    home: Frame
    zero: Callable[[Any], Atom] | None = None
    temp: bool = False
    """Whether what it holds after a branch may be folded into an expression."""
    steady: bool = False
    """Whether no loop that is entered after its home assigns it a number."""


@runtime_checkable
class Shown(Protocol):
    """A compile-time value that says what it is, for messages."""

    def shown(self) -> str:
        """The value as a noun: "an array", "a tuple"."""
        ...


class JoinRefusal(TypeRefusal):
    """A name whose values on two paths have no common type.

    `needed` are the integers that say which path is taken, if they do; once they were `asked` for.
    """

    needed: frozenset[Var] = frozenset()
    asked: bool = False

    def __init__(self, name: str, one: Atom, other: Atom) -> None:
        first, second = _shown(one), _shown(other)
        remedy = _remedy(first, second)
        if first == second and " " in first:
            second = f"another {first.partition(' ')[2]}"
        super().__init__(f"`{name}` is {first} on one path and {second} on another", remedy)
        self.name = name


def _shown(atom: Atom) -> str:
    """A value in a message."""
    match atom:
        case Const(Shown() as value):
            return value.shown()
        case Const(value, Static()):
            return repr(value) if isinstance(value, str | None) else "another object"
        case _:
            return f"an array ({atom.type})" if isinstance(atom.type, Array) else str(atom.type)


def _remedy(one: str, other: str) -> str:
    """What to write instead."""
    if "None" in (one, other):
        return "give it a value of the same kind on every path"
    if one == other:
        return "they differ: make both the same, or give each path a name of its own"
    if any(shown.startswith("an array") for shown in (one, other)):
        return "begin with an array of the shape it will have, such as np.zeros_like(x)"
    return "use a different name for each"


@dataclass(eq=False, slots=True)
class Widening:
    """What the parameters of a loop turned out to need while its body was built."""

    types: dict[Cell, Type] = field(default_factory=dict[Cell, Type])
    fresh: set[Sym] = field(default_factory=set[Sym])
    """Lengths that stand for whatever length an axis has in a trip."""
    conflicts: dict[Cell, JoinRefusal] = field(default_factory=dict[Cell, JoinRefusal])
    """Cells that no parameter can carry; they may be assigned, but not read, before assigned."""
    moving: dict[Cell, bool] = field(default_factory=dict[Cell, bool])
    """Cells of names that stand for other storage after a trip; True: without former aliases."""
    growing: dict[Any, Type] = field(default_factory=dict[Any, Type])
    """Lists that get longer or shorter in a trip, and the type of their elements."""
    containers: dict[Cell, Any] = field(default_factory=dict[Cell, Any])
    """What containers are that are other objects after a trip."""


@dataclass(eq=False, slots=True)
class Frame:
    """A block under construction.

    `assigned` are the outer cells that a loop body may assign, None if that is not known.
    """

    is_loop: bool
    stmts: list[Stmt] = field(default_factory=list[Stmt])
    values: dict[Cell, Atom] = field(default_factory=dict[Cell, Atom])
    params: dict[Cell, Var] = field(default_factory=dict[Cell, Var])
    widening: Widening = field(default_factory=Widening)
    assigned: frozenset[Cell] | None = None
    lengths: dict[Dim, Dim] = field(default_factory=dict[Dim, Dim])
    """Lengths that operations of this frame found equal to others, each by its other name."""
    true: set[Atom] = field(default_factory=set[Atom])
    """Truth values that are true here: there was a test, or a check."""
    assumed: dict[Cell, Atom] = field(default_factory=dict[Cell, Atom])
    """The cells that hold True only since a test says so, and what they hold outside."""
    dead: bool = False
    """The end of this frame is never reached (it raised); it has no results."""

    def known_names(self) -> Iterator[str]:
        """What is at hand in this frame, and its lengths, as names of lengths mention them."""
        atoms = [*self.values.values()]
        for stmt in self.stmts:
            atoms += defined_by(stmt)
            atoms += stmt.args if isinstance(stmt, Let) else ()
        for atom in atoms:
            if not isinstance(atom, Var):
                continue
            yield repr(atom)
            for dim in dims_of(atom.type):
                if not isinstance(dim, int):
                    yield (dim.base if isinstance(dim, Trim) else dim).name

    def may_assign(self, cell: Cell) -> bool:
        return self.assigned is None or cell in self.assigned


def merge(a: Type, b: Type, fresh: Sym) -> Type | None:
    """The type of a value that is an `a` or a `b`; None for compile-time values that differ."""
    if isinstance(a, Static) or isinstance(b, Static):
        return None
    return join(a, b, fresh)


def is_part(dim: Sym, sym: Sym) -> bool:
    """Whether a length was made by joining shapes under the name `sym`."""
    return dim.name.startswith(f"{sym.name}.")


def covers(param: Type, value: Type, fresh: set[Sym]) -> bool:
    """Whether every value of one type may stand in a parameter of the other."""
    if param == value:
        return True
    match param, value:
        case (Array(p, m), Array(q, n)) if p == q and len(m) == len(n):
            return all(s == t or s in fresh for s, t in zip(m, n, strict=True))
        case (Tape(p), Tape(q)):
            return covers(p, q, fresh)
        case _:
            return join(param, value) == param


def of_all_trips(type_: Type, frames: Sequence[Frame]) -> Type:
    """The type of a list after a trip: a length of that trip is none of all its elements."""
    if not isinstance(type_, Tape) or not isinstance(type_.element, Array):
        return type_
    known = {name for frame in frames for name in frame.known_names()}
    dims = (d if _is_made_of(d, known) else RAGGED for d in type_.element.dims)
    return Tape(Array(type_.element.dtype, tuple(dims)))


def _is_made_of(dim: Dim, known: set[str]) -> bool:
    """Whether a length is computed from what is known by these names, and so is one length."""
    if isinstance(dim, int):
        return True
    name = (dim.base if isinstance(dim, Trim) else dim).name
    parts = _NAMES.findall(name)
    return name in known or (bool(parts) and known.issuperset(parts))


class Junctions(Protocol):
    """Who is asked where paths meet, before cells are joined or carried."""

    def arms(self, arms: Sequence[Frame]) -> None:
        """The arms of an `If` are built; their frames are closed, and can be opened again."""
        ...

    def enter(self, widening: Widening, carried: dict[Cell, Any]) -> None:
        """A loop body is about to be built, perhaps again."""
        ...

    def leave(self, frame: Frame, widening: Widening, carried: dict[Cell, Any]) -> bool:
        """The end of a loop body is reached; whether it must be built again."""
        ...
