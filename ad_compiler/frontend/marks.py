"""Calls of the marks that users write into their programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.values import Loose, Place, Range, Value, mapped
from ad_compiler.ir.atoms import Const
from ad_compiler.ir.marks import SLOTS, checkpoint, stop_gradient
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.marks import STOP


def _stopped(ctx: Context, args: Sequence[Value], _keywords: Any, name: str, _call: Any) -> Value:
    """`stop_gradient` of a number, an array, or each leaf of a container.

    In Python it is the array itself. Here it is another value, so neither may change meanwhile.
    """

    def leaf(one: Value) -> Value:
        made = apply(ctx, STOP, (atom_of(ctx, one),), name)
        match one:
            case Place(root):
                return ctx.storage.loose(atom_of(ctx, made), (root,), STOPPED)
            case Loose(_, roots, why):
                return ctx.storage.loose(atom_of(ctx, made), roots, why)
            case _:
                return made

    (value,) = args
    return mapped(value, leaf)


def _checkpointed(
    _ctx: Context, args: Sequence[Value], keywords: Mapping[str, Value], _name: str, _call: Any
) -> Value:
    """`checkpoint(range(…), slots)`: the range, with the number of slots."""
    match [*args, *keywords.values()]:
        case [Range() as trips]:
            return replace(trips, slots=SLOTS)
        case [Range() as trips, Const(value=int() as slots)] if slots > 0:
            return replace(trips, slots=slots)
        case [Range() as trips, Const(value=None)]:
            return replace(trips, slots=SLOTS)
        case [Range(), _]:
            raise TypeRefusal(
                "the slots of checkpoint() must be a positive integer that is known",
                "write a number, such as checkpoint(range(n), 20)",
            )
        case _:
            raise TypeRefusal(
                "checkpoint() takes a range, and a number of slots", "checkpoint(range(n), 20)"
            )


STOPPED = "it shares memory with the result of `stop_gradient`"
FUNCTIONS: dict[Any, Any] = {stop_gradient: _stopped, checkpoint: _checkpointed}
"""Marks by identity, as `builtin.TABLE` has its functions."""
