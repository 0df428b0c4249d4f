"""What an expression of the user's source is worth while it is lowered.

Numbers and arrays are atoms of the IR. Containers, functions and iterables are compile-time
structure around atoms: they exist only here, and no statement of the IR ever sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from ad_compiler.frontend.identity import Identity
from ad_compiler.frontend.roots import Root
from ad_compiler.frontend.source import Code
from ad_compiler.ir.builder import Frame
from ad_compiler.ir.nodes import Atom, Branch, Const, Label, Let, Tree, Undef, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.records import Record
from ad_compiler.ir.types import Array, Static


@dataclass(frozen=True, eq=False, repr=False)
class Structure:
    """A `tuple`, `list`, `dict` or `dataclass` of values.

    `keys` are those of a dict, or the fields of a named tuple or dataclass, whose class is the
    `record`; a tuple that NumPy names the parts of has none.

    What can change has an identity: what it is now is what its holders say.
    """

    kind: str
    keys: tuple[Label, ...]
    items: tuple[Value, ...]
    identity: Identity | None = None
    record: Record | None = None

    def __post_init__(self) -> None:
        fixed = self.kind == "tuple" or (self.record is not None and self.record.frozen)
        if self.identity is None and not fixed:
            object.__setattr__(self, "identity", Identity())

    def named(self) -> dict[Any, Value]:
        """The items of a dict, or of a named tuple or dataclass, by their keys."""
        return dict(zip(self.keys, self.items, strict=True))


def labels(kind: str, keys: tuple[Label, ...], count: int) -> tuple[Label, ...]:
    """The key, field or position of each item of a container."""
    return keys if kind == "dict" or keys else tuple(range(count))


@dataclass(frozen=True)
class Skeleton:
    """A container without its leaves; a child that is None is a leaf."""

    kind: str
    keys: tuple[Label, ...]
    children: tuple[Skeleton | None, ...]
    identity: Identity | None = field(default=None, compare=False, repr=False)
    record: Record | None = None

    def shown(self) -> str:
        """What it is, in a message."""
        if self.record is not None:
            return f"a `{self.record.short}`"
        return f"a {self.kind} of {len(self.children)}"

    def paths(self) -> tuple[Label, ...]:
        """The key of each child."""
        return labels(self.kind, self.keys, len(self.children))

    def identities(self) -> Iterator[Identity | None]:
        """The identities of this container and of those in it, in order."""
        yield self.identity
        for child in self.children:
            if child is not None:
                yield from child.identities()


@dataclass(frozen=True, eq=False, repr=False)
class UserFunction:
    """A Python function with its source, ready to be lowered in place of its calls.

    `environment` finds the names that it does not bind itself.
    """

    code: Code
    environment: Environment
    defaults: dict[str, Value]


@dataclass(frozen=True, eq=False, repr=False)
class Environment:
    """Where a function finds the names that it does not bind: None if nowhere.

    `names`: those that the functions around it bind, now or later. `bind` assigns one of them.
    """

    find: Callable[[str], Value | None]
    names: frozenset[str] = frozenset()
    bind: Callable[[str, Value], None] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Namespace:
    """A module that is known by its text: `find` gives its attributes."""

    name: str
    find: Callable[[str], Value]


@dataclass(frozen=True, eq=False, repr=False)
class Partial:
    """`functools.partial`: a function with some of its arguments."""

    function: Value
    args: tuple[Value, ...]
    keywords: dict[str, Value]


@dataclass(frozen=True, eq=False, repr=False)
class Derived:
    """`grad(f)` and its like: a derivative that is written out where it is called.

    The fields are those of a request; `given` are arguments that it has already.
    """

    function: Value
    kind: str
    argnums: tuple[int | str, ...]
    as_tuple: bool = False
    has_aux: bool = False
    mode: str = "auto"
    given: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Method:
    """`x.name` before it is called."""

    receiver: Value
    name: str


@dataclass(frozen=True, eq=False, repr=False)
class Shape:
    """`x.shape` before it is known which of its lengths are needed."""

    array: Atom


@dataclass(frozen=True, eq=False, repr=False)
class Range:
    """A `range`. `slots`: of a checkpointed loop over it, see `For`."""

    start: Atom
    stop: Atom
    step: Atom
    slots: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class Zipped:
    """`zip(...)` of iterables. `even`: they are known to have one length."""

    parts: tuple[Value, ...]
    even: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Grid:
    """All tuples of items of ranges and arrays, the last of them running fastest."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Counted:
    """`enumerate(...)` of an iterable that cannot be unrolled."""

    inner: Value
    start: Atom


@dataclass(frozen=True, eq=False, repr=False)
class Backwards:
    """`reversed(...)` of an array."""

    inner: Value


@dataclass(frozen=True, eq=False, repr=False)
class Picked:
    """The items of an iterable at places that an array of integers holds."""

    inner: Value
    places: Var


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """A view: how it is read (`prim` of the array and `args`), and as part of a store's pattern."""

    prim: Primitive
    args: tuple[Atom, ...]
    pattern: tuple[str, ...]
    operands: tuple[Atom, ...]

    def __repr__(self) -> str:
        return f"{self.pattern}{self.operands}"


@dataclass(eq=False, repr=False)
class Place:
    """An array by where it lives: a root, and a path of views with their indices fixed.

    `known` is the view as it was last read: of which value, by which statement of which frame.
    """

    root: Root
    path: tuple[Step, ...]
    name: str = ""
    known: tuple[Atom, Frame, int] | None = None

    def __repr__(self) -> str:
        return f"{self.root.serial}{self.path}"

    def shown(self) -> str:
        """What it is, in a message."""
        return "an array"

    def remember(self, value: Atom, frame: Frame) -> None:
        """Note that the last statement of a frame took the view of a value."""
        self.known = (value, frame, len(frame.stmts) - 1)

    def recalled(self, value: Atom, frames: list[Frame]) -> Var | None:
        """The view of a value, if it was taken before, and is at hand in one of the open frames."""
        if self.known is None or self.known[0] is not value or self.known[1] not in frames:
            return None
        _, frame, position = self.known
        if position >= len(frame.stmts):
            return None  # it was undone
        stmt, last = frame.stmts[position], self.path[-1]
        if isinstance(stmt, Let) and stmt.prim is last.prim and stmt.args[1:] == last.args:
            return stmt.targets[0]
        return None


@dataclass(frozen=True, eq=False, repr=False)
class Loose:
    """An array that may share memory with roots, or may not: to be read, never written."""

    atom: Atom
    roots: tuple[Root, ...]
    why: str


@dataclass(frozen=True, eq=False, repr=False)
class Text:
    """An f-string that is only made to be shown: its pieces, and the operands in it."""

    pieces: tuple[str | tuple[str, str], ...]
    operands: tuple[Atom, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Growing:
    """A list whose length is known only at run time: what the cell of its root holds."""

    root: Root
    identity: Identity
    """That of the list it was when it had a length."""
    within: tuple[Growing, Atom] | None = None
    """The list of lists of which it is an item, and its place: what changes it changes that."""

    def __repr__(self) -> str:
        return f"growing {self.root.serial}"

    def shown(self) -> str:
        """What it is, in a message."""
        return "a list"


@dataclass(frozen=True, eq=False)
class Maybe:
    """A value that is there, or not: then it is None (see `optional.py`)."""

    has: Atom
    value: Value


Value = (
    Var | Const | Undef | Structure | UserFunction | Namespace | Partial | Method | Shape | Range
    | Zipped | Grid | Counted | Backwards | Picked | Derived | Place | Loose | Text | Growing
    | Maybe
)  # fmt: skip

Iterables = Range | Zipped | Grid | Counted | Backwards | Picked


def static(value: object, spelling: str | None = None) -> Const:
    """A compile-time constant that is no number."""
    return Const(value, Static(), spelling)


def place_in(atom: Atom | None) -> Place | None:
    """The place that a cell holds, None if it holds something else."""
    if isinstance(atom, Const) and isinstance(atom.value, Place):
        return atom.value
    return None


def held(place: Place) -> Const:
    """A place as a cell holds it."""
    return static(place)


def is_atom(value: Value) -> TypeGuard[Atom]:
    """Whether the value is a number, an array or a plain constant."""
    return isinstance(value, Var | Const | Undef)


def tuple_of(items: Iterator[Value] | tuple[Value, ...] | list[Value]) -> Structure:
    """A tuple of values."""
    return Structure("tuple", (), tuple(items))


def constant_of(value: Value) -> Const | None:
    """The value as one constant; a container of constants is one too."""
    match value:
        case Const():
            return value
        case Structure("dict" | "dataclass"):
            return None
        case Structure(kind, _, items):
            parts = [constant_of(item) for item in items]
            if any(part is None or isinstance(part.type, Array) for part in parts):
                return None
            made = [part.value for part in parts if part is not None]
            return static(made if kind == "list" else tuple(made))
        case _:
            return None


def value_of(thing: Any) -> Value:
    """A compile-time Python value as a value: numbers are constants, containers structure."""
    match thing:
        case tuple() | list():
            kind = "list" if isinstance(thing, list) else "tuple"
            return Structure(kind, (), tuple(map(value_of, thing)))
        case dict():
            return Structure("dict", tuple(thing), tuple(map(value_of, thing.values())))
        case _:
            return const(thing)


def leaves_of(value: Value) -> Iterator[Value]:
    """The leaves of a structure, left to right."""
    if isinstance(value, Structure):
        for item in value.items:
            yield from leaves_of(item)
    else:
        yield value


def identities_in(value: Value) -> Iterator[Identity]:
    """The identities of a container and of those in it."""
    if isinstance(value, Structure):
        if value.identity is not None:
            yield value.identity
        for item in value.items:
            yield from identities_in(item)


def from_tree(tree: Tree) -> Value:
    """A parameter's tree as a value."""
    match tree:
        case Branch(kind, keys, children, record):
            items = tuple(map(from_tree, children))
            return Structure(kind, keys, items, record=record)
        case Var() | Const():
            return tree
        case int():
            raise AssertionError("a parameter's leaves are variables")


def mapped(value: Value, change: Callable[[Value], Value]) -> Value:
    """The same structure with each leaf replaced."""
    if isinstance(value, Structure):
        return replace(value, items=tuple(mapped(item, change) for item in value.items))
    return change(value)
