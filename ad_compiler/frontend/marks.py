"""Calls of the marks that users write into their programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.values import Range, Value, mapped
from ad_compiler.ir.atoms import Const
from ad_compiler.ir.marks import SLOTS, checkpoint, stop_gradient
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.marks import STOP


def _stopped(ctx: Context, args: Sequence[Value], _keywords: Any, name: str, _call: Any) -> Value:
    """`stop_gradient` of a number, an array, or each leaf of a container."""
    (value,) = args
    return mapped(value, lambda leaf: apply(ctx, STOP, (atom_of(ctx, leaf),), name))


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


FUNCTIONS: dict[Any, Any] = {stop_gradient: _stopped, checkpoint: _checkpointed}
"""Marks by identity, as `builtin.TABLE` has its functions."""
