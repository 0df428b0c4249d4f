"""Branches whose arms may leave a name as two different kinds of things."""

from __future__ import annotations

from collections.abc import Callable

from ad_compiler.errors import Span
from ad_compiler.frontend.context import Context, needed_for
from ad_compiler.ir.nodes import Atom


def branch(
    ctx: Context,
    test: Atom,
    then: Callable[[], None],
    orelse: Callable[[], None],
    at: Span | None = None,
) -> None:
    """A branch at run time. Whoever reads a name that it leaves unclear may ask for the test.

    `if keepdims: s = s[None]` makes two kinds of arrays; but if `keepdims` is an argument, the
    program can be made for its value.
    """
    ctx.builder.if_(test, then, orelse, at)
    conflicts = map(ctx.builder.conflict, ctx.builder.frame.values.values())
    unclear = [conflict for conflict in conflicts if conflict is not None and not conflict.asked]
    if not unclear:
        return
    needed = frozenset(needed_for(ctx, [test]))
    for conflict in unclear:
        conflict.needed, conflict.asked = needed, True
