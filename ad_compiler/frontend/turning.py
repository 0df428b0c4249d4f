"""Lists of known items become values of the program, where paths meet or an index asks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ad_compiler.frontend.context import Context
from ad_compiler.frontend.growing import (
    element_of,
    element_type,
    filled,
    read,
    require_own,
    set_item,
)
from ad_compiler.frontend.identity import Identity
from ad_compiler.frontend.roots import Root
from ad_compiler.frontend.slots import holders, load, part_of, put
from ad_compiler.frontend.values import Growing, Structure, Value
from ad_compiler.ir.nodes import Var
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Type


@dataclass(frozen=True, eq=False)
class Lists:
    """What is done with lists where paths meet (see `joining.Lists`)."""

    ctx: Context

    def type_of(self, identity: Identity) -> Type | None:
        """The type of the elements that a list has here; None if it has none."""
        found = _found(self.ctx, identity)
        if isinstance(found, Growing):
            return element_of(self.ctx, found)
        return None if found is None else element_type(found.items, self.ctx, identity)

    def name_of(self, identity: Identity) -> str:
        """A name that holds a list."""
        names = [slot.name for slot in identity.holders]
        return names[0] if names else "xs"

    def grow(self, identity: Identity, type_: Type) -> None:
        """Make a list a value of the program, here and in every name that holds it."""
        found = _found(self.ctx, identity)
        if isinstance(found, Structure):
            root = self.ctx.storage.unset_root(self.name_of(identity), [])
            self.move(identity, type_, root)

    def move(self, identity: Identity, type_: Type, root: Root) -> None:
        """Make a list the value of a root, here and in every name that holds it."""
        found = _found(self.ctx, identity)
        assert found is not None
        name = root.cell.name
        value = (
            read(self.ctx, found)
            if isinstance(found, Growing)
            else filled(self.ctx, found, type_, name)
        )
        self.ctx.builder.assign(root.cell, value)
        new = Growing(root, identity)
        for slot in holders(self.ctx.storage, identity):
            whole = load(self.ctx.storage, slot)
            put(self.ctx.storage, slot, substituted(whole, identity, new))


def grown(ctx: Context, xs: Structure, type_: Type) -> Growing:
    """A list made a value of the program, for elements of a type."""
    assert xs.identity is not None
    Lists(ctx).grow(xs.identity, type_)
    found = _found(ctx, xs.identity)
    assert isinstance(found, Growing)
    return found


def _found(ctx: Context, identity: Identity) -> Structure | Growing | None:
    """A list as it is now."""
    for slot in holders(ctx.storage, identity):
        part = part_of(load(ctx.storage, slot), identity)
        if part is not None:
            return part
    return None


def substituted(value: Value | None, identity: Identity, new: Value) -> Value:
    """A value with one list or dict in it replaced."""
    assert value is not None
    if isinstance(value, Growing):
        return new if value.identity is identity else value
    if not isinstance(value, Structure):
        return value
    if value.identity is identity:
        return new
    items = tuple(substituted(item, identity, new) for item in value.items)
    return replace(value, items=items)


def place(ctx: Context, xs: Structure, index: Var, value: Value) -> bool:
    """`xs[index] = value` of a list of known length, which becomes a value of the program."""
    assert xs.identity is not None
    require_own(xs.identity)
    row = xs.identity.row
    try:
        type_ = element_type([*xs.items, value], ctx, xs.identity)
    except TypeRefusal:
        xs.identity.row = row
        return False
    if type_ is not None:
        set_item(ctx, grown(ctx, xs, type_), index, value)
    return type_ is not None
