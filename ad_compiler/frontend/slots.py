"""What a name is bound to: the cell of what it is, and the cells of the leaves that it ever had.

A name bound to a container has one cell that says what container it is (its skeleton), and one
for each leaf, so that branches and loops join the leaves like any other names.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ad_compiler.frontend.holding import within
from ad_compiler.frontend.identity import Identity
from ad_compiler.frontend.iterators import require_no_iterator
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.needs import differing
from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.values import (
    Growing,
    Loose,
    Place,
    Skeleton,
    Structure,
    Value,
    is_atom,
    labels,
    leaves_of,
    static,
)
from ad_compiler.ir.builder import Builder, Cell, Frame
from ad_compiler.ir.nodes import Const, Label, Undef, Var, const
from ad_compiler.ir.types import Static
from ad_compiler.rules.effects import RAISE, VALUE

Path = tuple[Label, ...]
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
    has: Cell | None = None
    """Whether it is not None, where that is only known at run time (see `optional.py`)."""
    otherwise: str = ""
    """Why it has none, if not because it was never assigned."""
    leaves: dict[Path, Cell] = field(default_factory=dict[Path, Cell])
    ended: bool = False
    """Whether the text does not mention the name any more."""

    def cells(self) -> list[Cell]:
        """All cells that the name has so far."""
        return [self.main, *self.leaves.values()] + ([self.has] if self.has else [])

    def leaf(self, path: Path) -> Cell:
        """The cell of a leaf."""
        cell = self.leaves.get(path)
        if cell is None:
            label = "_".join((self.name, *map(str, path)))
            name = label if label.isidentifier() else self.name
            cell = self.leaves[path] = Cell(name, self.main.home)
        return cell


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
        if isinstance(value, Growing):
            value.identity.holders[slot] = None
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
    storage.let_go(cell)
    value = storage.hold(cell, value)
    if isinstance(value, Place | Growing):
        storage.builder.assign(cell, static(value))
    else:
        for part in within(value):
            match part:
                case Place(root):
                    root.captured = True
                case Loose(_, roots, why):
                    storage.freeze(roots, why)
                case Growing(identity=identity):
                    identity.lent = True
                case _:
                    pass
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
        _fill(storage, slot.leaf(at), item, base)
        if isinstance(item, Growing):
            item.identity.holders[slot] = None
        children.append(None)
    if value.identity is not None:
        value.identity.holders[slot] = None
    return Skeleton(value.kind, value.keys, tuple(children), value.identity, value.record)


def lack(storage: Storage, slot: Slot, like: Value, frame: Frame) -> None:
    """Let a name without a value be one that lacks it in a frame: one such as `like`."""

    def lacking(part: Value, path: Path) -> Skeleton | None:
        if isinstance(part, Structure):
            keys = labels(part.kind, part.keys, len(part.items))
            at = [(*path, key) for key in keys]
            inner = [lacking(item, p) for item, p in zip(part.items, at, strict=True)]
            return Skeleton(part.kind, part.keys, tuple(inner), None, part.record)
        own = slot.leaf(path) if path else slot.main
        assert is_atom(part)
        value = storage.absent(own, part, frame)
        frame.values[own] = value if isinstance(value.type, Static) else Undef(value.type)
        return None

    skeleton = lacking(like, ())
    if skeleton is not None:
        frame.values[slot.main] = static(skeleton)


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
        raise differing(conflict)
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
    text += where
    if slot.otherwise:
        kind, text = "ValueError", slot.otherwise

    def fail() -> None:
        builder.effect(RAISE, static(kind), static((VALUE,)), static(text))
        builder.frame.dead = True

    builder.if_(bound, lambda: None, fail)
    builder.assign(slot.bound, const(True))
