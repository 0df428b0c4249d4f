"""The names of a function while it is lowered: each one a cell of the builder, or several.

A name bound to a container has one cell that says what container it is (its skeleton), and one
for each leaf, so that branches and loops join the leaves like any other names.
"""

from __future__ import annotations

import ast
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ad_compiler.frontend.flow import Flow
from ad_compiler.frontend.holding import places_within
from ad_compiler.frontend.iterators import require_no_iterator, require_once
from ad_compiler.frontend.lifetimes import last_mentions
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.source import Code
from ad_compiler.frontend.values import (
    Environment,
    Growing,
    Identity,
    Loose,
    Partial,
    Place,
    Skeleton,
    Structure,
    UserFunction,
    Value,
    is_atom,
    labels,
    leaves_of,
    static,
)
from ad_compiler.ir.builder import Builder, Cell, Frame
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.effects import RAISE, VALUE

Path = tuple[str | int, ...]
DELETED = object()
"""What a name is bound to after `del`."""


@dataclass(frozen=True, eq=False, repr=False)
class Opaque:
    """A compile-time value on its way through a cell."""

    value: Value

    def shown(self) -> str:
        """What it is, in a message."""
        return describe(self.value)


@dataclass(eq=False)
class Slot:
    """A name: the cell of what it is, and the cells of the leaves it ever had."""

    name: str
    main: Cell
    bound: Cell | None = None
    """Whether the name has a value, where that is only known at run time."""
    leaves: dict[Path, Cell] = field(default_factory=dict[Path, Cell])
    ended: bool = False
    """Whether the text does not mention the name any more."""

    def cells(self) -> list[Cell]:
        """All cells that the name has so far."""
        return [self.main, *self.leaves.values()]


def new_slot(storage: Storage, name: str, home: Frame | None = None) -> Slot:
    """A name that is not bound yet, and lives in a frame: the current one, if none is given."""
    return Slot(name, Cell(name, home or storage.builder.frame))


def store(storage: Storage, slot: Slot, value: Value, base: Frame | None = None) -> None:
    """Bind a name. If it had no value yet, it lacks one on other paths from the frame `base` on."""
    put(storage, slot, current(storage, value) if isinstance(value, Structure) else value, base)


def put(storage: Storage, slot: Slot, value: Value, base: Frame | None = None) -> None:
    """Bind a name to a value that is up to date."""
    if not isinstance(value, Structure):
        _fill(storage, slot.main, value, base)
        return
    with storage.pin(leaves_of(value)):
        skeleton = static(_store_leaves(storage, slot, value, (), base))
    if base is not None:
        storage.builder.declare(slot.main, skeleton, base)
    storage.builder.assign(slot.main, skeleton)


def store_outside(storage: Storage, slot: Slot, value: Value) -> None:
    """Bind a name in the outermost frame, whatever frame is open."""
    builder = storage.builder
    inner = builder.frames[1:]
    del builder.frames[1:]
    store(storage, slot, value)
    builder.frames.extend(inner)


def _fill(storage: Storage, cell: Cell, value: Value, base: Frame | None) -> None:
    if base is not None:
        storage.declare(
            cell,
            value if is_atom(value) or isinstance(value, Place | Loose) else static(Opaque(value)),
            base,
        )
    value = storage.hold(cell, value)
    if isinstance(value, Place | Growing):
        storage.builder.assign(cell, static(value))
    else:
        for place in places_within(value):
            place.root.captured = True
        atom = value if is_atom(value) else static(Opaque(value))
        storage.builder.assign(cell, atom)


def _store_leaves(
    storage: Storage, slot: Slot, value: Structure, path: Path, base: Frame | None
) -> Skeleton:
    children: list[Skeleton | None] = []
    keys = labels(value.kind, value.keys, len(value.items))
    for key, item in zip(keys, value.items, strict=True):
        at = (*path, key)
        require_no_iterator(storage, item)
        if isinstance(item, Structure):
            children.append(_store_leaves(storage, slot, item, at, base))
            continue
        cell = slot.leaves.get(at)
        if cell is None:
            label = "_".join((slot.name, *map(str, at)))
            name = label if label.isidentifier() else slot.name
            cell = slot.leaves[at] = Cell(name, slot.main.home)
        _fill(storage, cell, item, base)
        children.append(None)
    if value.identity is not None:
        value.identity.holders[slot] = None
    return Skeleton(value.kind, value.keys, tuple(children), value.identity, value.record)


def load(storage: Storage, slot: Slot) -> Value | None:
    """What a name is bound to; None if it is not, or not on every path."""
    return _load_cell(storage.builder, slot, slot.main, ())


def holders(storage: Storage, identity: Identity) -> list[Slot]:
    """The names that hold a list or dict now, itself or inside another container."""

    def holds(slot: Slot) -> bool:
        for cell in slot.cells():
            atom = storage.builder.peek(cell)
            match atom.value if isinstance(atom, Const) else None:
                case Growing(identity=own) if own is identity:
                    return True
                case Skeleton() as skeleton:
                    if any(own is identity for own in skeleton.identities()):
                        return True
                case _:
                    pass
        return False

    return [slot for slot in identity.holders if holds(slot)]


def current(storage: Storage, value: Structure) -> Structure:
    """A container as it is now, however long ago it was read."""
    if value.identity is None:
        items = tuple(
            current(storage, item) if isinstance(item, Structure) else item for item in value.items
        )
        changed = any(a is not b for a, b in zip(items, value.items, strict=True))
        return replace(value, items=items) if changed else value
    for slot in holders(storage, value.identity):
        found = part_of(load(storage, slot), value.identity)
        if isinstance(found, Structure):
            return found
    return value


def part_of(value: Value | None, identity: Identity) -> Structure | Growing | None:
    """The part of a container that has an identity."""
    if isinstance(value, Structure | Growing) and value.identity is identity:
        return value
    if not isinstance(value, Structure):
        return None
    parts = (part_of(item, identity) for item in value.items)
    return next((part for part in parts if part is not None), None)


def take(storage: Storage, slot: Slot) -> Value:
    """What a name is bound to, which nobody will read again."""
    value = load(storage, slot)
    assert value is not None
    storage.release(slot.cells())
    return value


def _load_cell(builder: Builder, slot: Slot, cell: Cell, path: Path) -> Value | None:
    atom = builder.read(cell)
    if atom is None:
        return None
    conflict = builder.conflict(atom)
    if conflict is not None:
        raise conflict
    if isinstance(atom, Const):
        match atom.value:
            case (Place() | Growing()) as value:
                return value
            case Opaque(value):
                return value
            case Skeleton() as skeleton:
                return _load_leaves(builder, slot, skeleton, path)
            case _:
                pass
    return atom


def _load_leaves(builder: Builder, slot: Slot, skeleton: Skeleton, path: Path) -> Structure:
    items: list[Value] = []
    for key, child in zip(skeleton.paths(), skeleton.children, strict=True):
        at = (*path, key)
        if child is not None:
            items.append(_load_leaves(builder, slot, child, at))
            continue
        leaf = _load_cell(builder, slot, slot.leaves[at], at)
        assert leaf is not None
        items.append(leaf)
    kind, keys, record = skeleton.kind, skeleton.keys, skeleton.record
    return Structure(kind, keys, tuple(items), skeleton.identity, record)


@dataclass(eq=False)
class Scope:
    """One call of a function: what its names are bound to.

    `result_name` is the name that a returned expression gets.
    """

    code: Code
    environment: Environment
    local: frozenset[str]
    result_name: str = ""
    slots: dict[str, Slot] = field(default_factory=dict[str, Slot])
    flow: Flow | None = None
    """Where jumps go."""
    result: Slot | None = None
    """What is returned, and whether it was."""
    returned: Cell | None = None
    outside: frozenset[str] = frozenset()
    """The names that the loops around here bind and that are read after one of them."""
    base: Frame | None = None
    """The frame around the outermost loop."""
    home: Frame | None = None
    """The frame that the names live in: that of the call."""
    outer: Scope | None = None
    """The scope around a comprehension, which has names of its own."""

    @property
    def names(self) -> frozenset[str]:
        """The names that are bound here and around here."""
        return self.local | (self.outer.names if self.outer else self.environment.names)

    def inner(self, names: frozenset[str]) -> Scope:
        """The scope of a comprehension with these names of its own."""
        return Scope(self.code, self.environment, names, outer=self)

    def bind(self, storage: Storage, name: str, value: Value) -> None:
        """Assign a name of the function."""
        if name not in self.local:
            self._bind_outside(storage, name, value)
            return
        require_once(storage, self.code, name, value)
        slot = self.slots.get(name)
        if slot is None:
            self.home = self.home or storage.builder.frame
            slot = self.slots[name] = new_slot(storage, name, self.home)
        builder = storage.builder
        base = self.base if name in self.outside else None
        if base is not None and builder.peek(slot.main) is None:
            slot.bound = slot.bound or Cell(f"{name}_bound", self.home or base)
            base.values[slot.bound] = const(False)
        store(storage, slot, value, base)
        if slot.bound is not None:
            builder.assign(slot.bound, const(True))

    def _bind_outside(self, storage: Storage, name: str, value: Value) -> None:
        """Assign a name of the function around."""
        if self.outer is not None:
            self.outer.bind(storage, name, value)
        elif self.environment.bind is not None:
            self.environment.bind(name, value)
        else:
            raise TypeRefusal(
                f"`{name}` is assigned, though what is around this function is constant here",
                "return the value instead",
            )

    @contextmanager
    def looping(self, builder: Builder, names: frozenset[str]) -> Generator[None]:
        """A loop that binds names which are read after it, though it may have no trip."""
        outer = self.outside, self.base
        self.outside, self.base = self.outside | names, self.base or builder.frame
        try:
            yield
        finally:
            self.outside, self.base = outer

    def find(self, storage: Storage, name: str, *, free: bool = False) -> Value | None:
        """The value of a name that is read; None if there is no such name.

        `free`: it is read by a function inside.
        """
        if name not in self.local:
            outer = self.outer
            return outer.find(storage, name, free=free) if outer else self.environment.find(name)
        slot = self.slots.get(name)
        value = load(storage, slot) if slot is not None else None
        if slot is None or value is None:
            raise _unbound(storage.builder, name, slot)
        assert not slot.ended, f"{name} is read after its end"
        if isinstance(value, Const) and value.value is DELETED:
            raise TypeRefusal(f"`{name}` was deleted before", "delete it after its last use")
        if slot.bound is not None:
            require_bound(storage.builder, slot, free=free)
        return value

    def forget(self, builder: Builder, result: Value) -> None:
        """This path returns: what it did to the names, nobody will see."""
        if builder.frame is self.home or _knows_names(result):
            return
        frame = builder.frame
        for slot in self.slots.values():
            for cell in (*slot.cells(), *((slot.bound,) if slot.bound else ())):
                if cell in frame.params:
                    frame.values[cell] = frame.params[cell]
                elif cell in frame.values and builder.outer(cell) is not None:
                    del frame.values[cell]

    def expire(self, storage: Storage, node: ast.AST) -> None:
        """Forget the names that are mentioned before a statement or call for the last time."""
        for name in last_mentions(self.code).get(node, ()):
            slot = self.slots.get(name)
            if slot is not None:
                slot.ended = True
                storage.release(slot.cells())

    def leave(self, storage: Storage, result: Value) -> None:
        """The call is over: its names are gone, unless a function in the result knows them."""
        if not _knows_names(result):
            storage.release(cell for slot in self.slots.values() for cell in slot.cells())

    def cells(self, names: frozenset[str]) -> frozenset[Cell]:
        """The cells that some of the names have by now."""
        bound = [self.slots[name] for name in names if name in self.slots]
        return frozenset(cell for slot in bound for cell in slot.cells())


def _knows_names(result: Value) -> bool:
    """Whether a function in a result reads names of the call that it comes from."""
    return any(isinstance(leaf, UserFunction | Partial) for leaf in leaves_of(result))


def require_bound(builder: Builder, slot: Slot, *, free: bool) -> None:
    """Raise, when the program runs, what Python raises for a name without a value."""
    assert slot.bound is not None
    bound = builder.read(slot.bound)
    if not isinstance(bound, Var):
        return
    kind, what, where = ("UnboundLocalError", "local", "")
    if free:
        kind, what, where = ("NameError", "free", " in enclosing scope")
    text = f"cannot access {what} variable '{slot.name}' where it is not associated with a value"

    def fail() -> None:
        builder.effect(RAISE, static(kind), static((VALUE,)), static(text + where))
        builder.frame.dead = True

    builder.if_(bound, lambda: None, fail)
    builder.assign(slot.bound, const(True))


def _unbound(builder: Builder, name: str, slot: Slot | None) -> TypeRefusal:
    if slot is not None and slot.main in builder.maybe_unbound:
        return TypeRefusal(
            f"`{name}` is assigned on one path only, so it may have no value here",
            f"assign `{name}` before the branch or loop that assigns it",
        )
    return TypeRefusal(
        f"`{name}` has no value here", f"assign `{name}` before this line: it is a local name"
    )
