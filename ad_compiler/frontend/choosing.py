"""One of two values, only one of which is computed: `a if c else b`, `a and b`, `a or b`."""

from __future__ import annotations

from collections.abc import Callable

from ad_compiler.frontend.branching import branch
from ad_compiler.frontend.context import Context, test_of, truth_of
from ad_compiler.frontend.slots import new_slot, store, take
from ad_compiler.frontend.values import Value
from ad_compiler.ir.nodes import const
from ad_compiler.ir.types import Bool


def shortcut(ctx: Context, value: Value, rest: Callable[[], Value], *, stop_if: bool) -> Value:
    """`value and rest` (stop_if False) or `value or rest` (stop_if True)."""
    truth = truth_of(value)
    if truth is not None:
        return value if truth is stop_if else rest()
    test = test_of(ctx, value)
    # For a truth value, what it is on the side that stops is known.
    known = const(stop_if) if getattr(value, "type", None) == Bool() else value
    if stop_if:
        return choice(ctx, test, lambda: known, rest)
    return choice(ctx, test, rest, lambda: known)


def choice(
    ctx: Context,
    test: Value,
    one: Callable[[], Value],
    other: Callable[[], Value],
    name: str = "",
) -> Value:
    """`one() if test else other()`."""
    truth = truth_of(test)
    if truth is not None:
        return one() if truth else other()
    slot = new_slot(ctx.storage, name or "chosen")
    branch(
        ctx,
        test_of(ctx, test),
        lambda: store(ctx.storage, slot, one()),
        lambda: store(ctx.storage, slot, other()),
    )
    return take(ctx.storage, slot)
