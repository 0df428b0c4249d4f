"""Lists that a loop or a branch makes anew: `xs = [f(x) for x in xs]`.

After it a name would hold one list or another, as only the program knows. If nobody else holds the
list of before, it may as well be the same one, with other items.
"""

from __future__ import annotations

from ad_compiler.frontend import containers, growing, turning
from ad_compiler.frontend.arrays import is_array
from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.slots import holders, load, put
from ad_compiler.frontend.values import Growing, Structure, Value, is_atom
from ad_compiler.ir.types import Float, Tape, Type, join


def refills(ctx: Context, scope: Scope, name: str, value: Value) -> bool:
    """Carry out `name = value` as `name[:] = value`, where that is needed, and is the same."""
    slot = scope.slots.get(name)
    if slot is None or not isinstance(value, Growing) or ctx.builder.frame is scope.home:
        return False
    if ctx.builder.peek(slot.main) is None:
        return False
    old = load(ctx.storage, slot)
    if old is None or not containers.is_held_by(ctx, old, slot):
        return False
    assert isinstance(old, Growing | Structure)
    return _refill(ctx, old, value)


def _refill(ctx: Context, old: Growing | Structure, new: Growing) -> bool:
    """`old[:] = new`, and the names of `new` become names of `old`; False if they are unlike."""
    own, other = old.identity, new.identity
    if own is None or own.loops or own is other or other.frozen or other.lent:
        return False
    named = holders(ctx.storage, other)
    if any(load(ctx.storage, slot) is not new for slot in named):
        return False
    if isinstance(old, Structure):
        element = growing.element_of(ctx, new)
        if other.row is not None or not all(_is(ctx, item, element) for item in old.items):
            return False
        for item in old.items:
            element = join(element, atom_of(ctx, item).type) or element
        old = turning.grown(ctx, old, element)
    if own.row != other.row or not _alike(
        growing.element_of(ctx, old), growing.element_of(ctx, new)
    ):
        return False
    growing.replaced(ctx, old, new)
    for slot in named:
        put(ctx.storage, slot, old)
    return True


def _alike(one: Type, other: Type) -> bool:
    """Whether a list of the one may become a list of the other: floats of whatever kind may."""
    if isinstance(one, Tape) and isinstance(other, Tape):
        return _alike(one.element, other.element)
    return one == other or (isinstance(one, Float) and isinstance(other, Float))


def _is(ctx: Context, item: Value, element: Type) -> bool:
    return (is_atom(item) or is_array(item)) and _alike(atom_of(ctx, item).type, element)
