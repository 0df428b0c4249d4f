"""The first trip of a loop apart from the others, where a name is something else before it.

    prev = None                            prev is None in the first trip,
    for v in x:                            and a number in all others; so is the `acc` of
        if prev is not None:               `acc = 0` and `acc = acc + array`
            s += (v - prev) ** 2
        prev = v

Without such trips the name would still be what it was after the loop. Where that is only known
when the program runs, and the name is read, the program checks it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator
from typing import Protocol

from ad_compiler.frontend.branching import branch
from ad_compiler.frontend.context import Context, Snapshot, apply, atom_of, needed_for
from ad_compiler.frontend.flow import FALSE, TRUE, Flow, entered, flag
from ad_compiler.frontend.growing import Trips
from ad_compiler.frontend.names import bound_in, escaping
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.scope import Scope, Unbound
from ad_compiler.frontend.slots import Slot
from ad_compiler.frontend.values import place_in
from ad_compiler.ir.builder import Cell, Frame, JoinRefusal
from ad_compiler.ir.nodes import Atom, Const, Undef, const
from ad_compiler.ir.types import is_number
from ad_compiler.rules.registry import OPERATORS

MOST = 2
"""How many trips are written out before a loop."""
LONGEST = 200
"""How many are whose condition is known: `while len(points) > 1`."""


class Loop(Protocol):
    """A loop that is being lowered."""

    def run(self, frames: list[Frame]) -> None:
        """Lower it at run time; `frames` gets those of its body, which may be built repeatedly."""
        ...

    def test(self) -> Atom | None:
        """Whether there is a first trip; None if that cannot be told before the loop."""
        ...

    def trip(self) -> None:
        """Lower the first trip."""
        ...

    def rest(self) -> Loop:
        """The loop over the others."""
        ...


def lowered(
    ctx: Context,
    scope: Scope,
    node: ast.For | ast.While,
    early: Cell | None,
    loop: Loop,
    frames: list[Frame],
    left: int = MOST,
    known: int = LONGEST,
) -> None:
    """Lower a loop, with as many first trips apart as it takes."""
    snapshot = Snapshot(ctx.builder)
    own: list[Frame] = []
    try:
        return loop.run(own)
    except NeedsStatic as needs:
        frames += own
        if not (left and known) or not _is_carried(scope, node, needs, own):
            raise
        first = needs
    snapshot.restore()
    test = loop.test()
    if test is None:
        raise first
    if _says_something(node) and test == const(True):
        known -= 1  # so what is known ends the loop, too
    else:
        left -= 1
    try:
        return first_apart(
            ctx, scope, node, test, early, loop.trip,
            lambda: lowered(ctx, scope, node, early, loop.rest(), frames, left, known),
        )  # fmt: skip
    except NeedsStatic as needs:
        if needs.needed or _name(needs) != _name(first):
            raise
        raise first from None  # as the loop that was written has it


def _says_something(node: ast.For | ast.While) -> bool:
    """Whether a loop has a condition, unlike `while True`."""
    return isinstance(node, ast.While) and not isinstance(node.test, ast.Constant)


def _name(needs: NeedsStatic) -> str:
    """The name that is not what it should be."""
    refusal = needs.refusal
    return refusal.name if isinstance(refusal, JoinRefusal | Unbound) else ""


def _is_carried(
    scope: Scope, node: ast.For | ast.While, needs: NeedsStatic, frames: list[Frame]
) -> bool:
    """Whether a name was read that is of one kind before a loop, and of another after a trip."""
    if needs.needed:
        return False
    if isinstance(needs.refusal, Unbound):
        return needs.refusal.name in bound_in(scope.code.source, node)
    conflicts = [c for frame in frames for c in frame.widening.conflicts.values()]
    return any(conflict is needs.refusal for conflict in conflicts)


def first_apart(
    ctx: Context,
    scope: Scope,
    node: ast.For | ast.While,
    test: Atom,
    early: Cell | None,
    trip: Callable[[], None],
    rest: Callable[[], None],
) -> None:
    """A loop as its first trip, if the test holds, and the loop over the others."""
    builder = ctx.builder
    flow = Flow(builder.cell("left", FALSE), builder.cell("stop", FALSE), early)
    base = builder.frame

    def both() -> None:
        ctx.apart.append(node)
        with entered(scope, flow):
            trip()
        ctx.apart.pop()
        stopped = flag(builder, flow.stop)
        if stopped == FALSE and not builder.frame.dead:
            rest()
        elif stopped not in (TRUE, FALSE):
            builder.if_(stopped, lambda: None, rest)
        if builder.frame is not base and not needed_for(ctx, [test]):
            certain.extend(_lack(ctx, scope, node, base))

    certain: list[Cell] = []
    if test == const(True):
        both()
    elif test != const(False):
        branch(ctx, test, both, lambda: None, scope.code.source.span(node))
    for bound in certain:
        builder.assign(bound, test)


def has_trip(ctx: Context, trips: Trips) -> Atom | None:
    """Whether a loop has a trip; None if it is not known which way it runs."""
    if not isinstance(trips.step, Const):
        return None
    up = trips.step.value > 0
    return atom_of(ctx, apply(ctx, OPERATORS["<" if up else ">"], (trips.start, trips.stop)))


def after_first(ctx: Context, trips: Trips) -> Trips:
    """The trips but the first."""
    start = atom_of(ctx, apply(ctx, OPERATORS["+"], (trips.start, trips.step)))
    return Trips(start, trips.stop, trips.step)


def _lack(ctx: Context, scope: Scope, node: ast.For | ast.While, base: Frame) -> Generator[Cell]:
    """At the end of all trips: without one, the names that changed their kind have no value.

    Gives what says so of the names that surely have a value here.
    """
    for name in escaping(scope.code, node):
        slot = scope.slots.get(name)
        if slot is None or not _lacks(ctx, slot, base):
            continue
        builder = ctx.builder
        if slot.bound is None:
            slot.bound = Cell(f"{name}_bound", scope.home or base)
        base.values[slot.bound] = const(False)
        if slot.bound not in builder.frame.values:  # it may still lack one after the first trip
            builder.assign(slot.bound, const(True))
        where = f"the loop at line {node.lineno}"
        if builder.peek(slot.bound) == const(True):
            yield slot.bound
        slot.otherwise = f"`{name}` is what it was before {where}, which has too few trips"


def _lacks(ctx: Context, slot: Slot, base: Frame) -> bool:
    """Make a name lack a value outside, if what it was there is a number or None."""
    before, after = ctx.builder.outer(slot.main), ctx.builder.peek(slot.main)
    if before is None or after is None or ctx.builder.conflict(after) is not None:
        return False
    is_none = before == const(None)
    place = place_in(after)
    if place is not None and (is_none or is_number(before.type)):
        base.values.pop(slot.main, None)
        ctx.storage.lack(slot.main, place, base)
        return True
    if is_none and is_number(after.type):
        base.values[slot.main] = Undef(after.type)
        return True
    return False
