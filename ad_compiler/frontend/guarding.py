"""Loops over items that exist at compile time only, beside an array that may be shorter.

for f, v in zip([sin, cos], x):     ⇒     if len(x) > 0: …
    total += f(v)                         if len(x) > 1: …
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from ad_compiler.frontend import iterables, peeling
from ad_compiler.frontend.branching import branch
from ad_compiler.frontend.context import Context, Snapshot, apply, atom_of
from ad_compiler.frontend.flow import FALSE, TRUE, Flow, entered, flag
from ad_compiler.frontend.names import escaping
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.targets import bind_target
from ad_compiler.frontend.values import Value
from ad_compiler.ir.builder import Builder, Cell
from ad_compiler.ir.nodes import Const, const
from ad_compiler.rules.registry import OPERATORS

Lower = Callable[[Context, Scope, list[ast.stmt]], None]


def lowered(
    ctx: Context,
    scope: Scope,
    node: ast.For,
    iterable: Value,
    most: int,
    early: Cell | None,
    block: Lower,
) -> None:
    """The loop, trip by trip, each of them if the iterable is that long: at `most` so many."""
    builder = ctx.builder
    length = iterables.trips_of(ctx, iterable).stop
    flow = Flow(builder.cell("left"), builder.cell("stop", FALSE), early)

    def trip(index: Const) -> None:
        builder.assign(flow.left, FALSE)
        bind_target(ctx, scope, node.target, iterables.item_at(ctx, iterable, index))
        block(ctx, scope, node.body)

    def trip_if_long_enough(index: Const) -> None:
        there = atom_of(ctx, apply(ctx, OPERATORS["<"], (index, length)))
        if there == TRUE:
            trip(index)
        elif there != FALSE:
            branch(ctx, there, lambda: trip(index), lambda: None, scope.code.source.span(node))

    def trips(first: int) -> None:
        with entered(scope, flow):
            for k in range(first, most):
                stopped = flag(builder, flow.stop)
                if stopped == TRUE or builder.frame.dead:
                    return
                if stopped == FALSE:
                    trip_if_long_enough(const(k))
                else:
                    builder.if_(stopped, lambda: None, partial(trip_if_long_enough, const(k)))

    snapshot = Snapshot(builder)
    try:
        trips(0)
        unclear = any(_is_unclear(builder, cell) for cell in _names(scope, node))
    except NeedsStatic as needs:
        if needs.needed:
            raise
        unclear = True
    if unclear:  # what a name is depends on whether there is a trip
        snapshot.restore()
        test = atom_of(ctx, apply(ctx, OPERATORS["<"], (const(0), length)))
        first = partial(trip, const(0))
        peeling.first_apart(ctx, scope, node, test, early, first, partial(trips, 1))


def _names(scope: Scope, node: ast.For) -> frozenset[Cell]:
    """The cells of the names that a loop binds, and that are read after it."""
    return scope.cells(escaping(scope.code, node))


def _is_unclear(builder: Builder, cell: Cell) -> bool:
    """Whether a name is two kinds of things, depending on the path taken."""
    value = builder.peek(cell)
    return value is not None and builder.conflict(value) is not None
