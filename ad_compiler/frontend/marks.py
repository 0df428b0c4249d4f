"""Calls of the marks that users write into their programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ad_compiler.frontend.context import Context, apply, atom_of
from ad_compiler.frontend.values import Value, mapped
from ad_compiler.ir.marks import stop_gradient
from ad_compiler.rules.marks import STOP


def _stopped(ctx: Context, args: Sequence[Value], _keywords: Any, name: str, _call: Any) -> Value:
    """`stop_gradient` of a number, an array, or each leaf of a container."""
    (value,) = args
    return mapped(value, lambda leaf: apply(ctx, STOP, (atom_of(ctx, leaf),), name))


FUNCTIONS: dict[Any, Any] = {stop_gradient: _stopped}
"""Marks by identity, as `builtin.TABLE` has its functions."""
