"""Lowers loops: at run time where they can be, written out where their items must be known."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NoReturn

from ad_compiler.frontend import guarding, iterables, optional, peeling
from ad_compiler.frontend.confined import confined_names
from ad_compiler.frontend.context import (
    Context,
    Snapshot,
    needed_for,
    test_of,
    truth_of,
)
from ad_compiler.frontend.expressions import expression
from ad_compiler.frontend.flow import FALSE, TRUE, Flow, entered, flag
from ad_compiler.frontend.growing import Trips
from ad_compiler.frontend.holding import run_over, within
from ad_compiler.frontend.names import breaks, escaping, leaves_loop, returns
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.source import Code
from ad_compiler.frontend.targets import bind_target
from ad_compiler.frontend.values import Grid, Value
from ad_compiler.frontend.watching import Watch, is_computed, is_view, only_takes_apart
from ad_compiler.ir.builder import Builder, Cell, Frame
from ad_compiler.ir.nodes import Atom, Var, const

Lower = Callable[[Context, Scope, list[ast.stmt]], None]
"""Lowers the statements of a block."""


def for_(ctx: Context, scope: Scope, node: ast.For, block: Lower) -> None:
    """`for target in iterable`, with all that may stand in it and after it."""
    with scope.confining(node, confined_names(scope.code).get(node, ())):
        _for(ctx, scope, node, block)


def _for(ctx: Context, scope: Scope, node: ast.For, block: Lower) -> None:
    iterable = expression(ctx, scope, node.iter)
    if is_computed(ctx.storage, iterable):
        block = _watching(scope.watch(ctx.storage, node.iter, iterable), node, block)
    iterable = iterables.now(ctx, iterable)
    items = iterables.known_items(ctx, iterable)
    early = _early(ctx.builder, node)
    kept = ctx.storage.kept(within(iterable))
    with kept, run_over(iterable), scope.looping(ctx.builder, _escaping(scope.code, node)):
        if items is not None and not isinstance(iterable, iterables.Range | Grid):
            again = None
            if is_view(node.iter):
                again = partial(_read_again, ctx, scope, node)
            elif iterables.may_change(iterable):
                again = partial(iterables.now, ctx, iterable)
            _unrolled(ctx, scope, node, items, early, block, again)
        elif (most := iterables.most_trips(ctx, iterable)) is not None:
            guarding.lowered(ctx, scope, node, iterable, most, early, block)
        else:
            _chosen(ctx, scope, node, iterable, items, early, block)
    _after(ctx, scope, node, early, block)


def _escaping(code: Code, loop: ast.For | ast.While) -> frozenset[str]:
    """The names of a loop that something outside of it reads."""
    return escaping(code, loop).difference(*confined_names(code).values())


def _chosen(
    ctx: Context,
    scope: Scope,
    node: ast.For,
    iterable: Value,
    items: list[Value] | None,
    early: Cell | None,
    block: Lower,
) -> None:
    """A loop at run time; written out instead where its index must be known."""
    snapshot = Snapshot(ctx.builder)
    loop = _ForLoop(ctx, scope, node, early, block, iterable)
    frames: list[Frame] = []
    try:
        peeling.lowered(ctx, scope, node, early, loop, frames)
    except NeedsStatic as needs:
        carried = (p for frame in frames for p in frame.params.values())
        if needs.needed.isdisjoint([*loop.indices, *carried]):
            raise
        if items is None:  # with bounds that are known, it is written out
            needs.needed = frozenset(_bounds(ctx, iterable)) or needs.needed
            raise
        snapshot.restore()
        _unrolled(ctx, scope, node, items, early, block)


def _bounds(ctx: Context, iterable: Value) -> set[Var]:
    """The integers that the bounds of a loop over a range are computed from."""
    if not isinstance(iterable, iterables.Range):
        return set()
    return needed_for(ctx, (iterable.start, iterable.stop, iterable.step))


def _unrolled(
    ctx: Context,
    scope: Scope,
    node: ast.For,
    items: list[Value],
    early: Cell | None,
    block: Lower,
    again: Callable[[], Value | None] | None = None,
) -> None:
    """The loop, trip by trip; `again`: the iterable, whose items a trip may have changed."""
    builder = ctx.builder
    flow = Flow(builder.cell("left"), builder.cell("stop", FALSE), early)

    def trip(item: Value) -> None:
        builder.assign(flow.left, FALSE)
        bind_target(ctx, scope, node.target, item)
        block(ctx, scope, node.body)

    with entered(scope, flow):
        position, changes = 0, ctx.changes
        while position < len(items):
            stopped = flag(builder, flow.stop)
            if stopped == TRUE or builder.frame.dead:
                return
            item = items[position]
            if stopped == FALSE:
                trip(item)
            else:
                builder.if_(stopped, _nothing, lambda item=item: trip(item))
            position += 1
            if again and ctx.changes != changes:
                changes, value = ctx.changes, again()
                now = None if value is None else iterables.known_items(ctx, value)
                if now is None or len(now) != len(items):
                    refuse_change(scope, node)
                items = now


def _watching(watch: Watch, node: ast.For, block: Lower) -> Lower:
    """Lowers the body of a loop that must not change what the items were computed from."""

    def lower(ctx: Context, scope: Scope, body: list[ast.stmt]) -> None:
        block(ctx, scope, body)
        if watch.has_changed(ctx.storage):
            refuse_change(scope, node)

    return lower


def _read_again(ctx: Context, scope: Scope, node: ast.For) -> Value | None:
    """What a loop over a view of a dict runs over now; None if that is more than a reading."""
    return expression(ctx, scope, node.iter) if only_takes_apart(node.iter) else None


def refuse_change(scope: Scope, node: ast.For) -> NoReturn:
    """Refuse a loop that changes the length of what it runs over."""
    raise scope.code.source.refuse(
        node.iter, "what this loop runs over changes in it", "loop over a copy: list(...)"
    )


@dataclass(eq=False)
class _ForLoop:
    """A `for` loop at run time, or what is left of it after some trips; see `peeling.Loop`."""

    ctx: Context
    scope: Scope
    node: ast.For
    early: Cell | None
    block: Lower
    iterable: Value
    trips: Trips | None = None
    gone: int = 0
    """How many trips are apart."""
    indices: list[Var] = field(default_factory=list[Var])

    def run(self, frames: list[Frame]) -> None:
        """Lower the trips."""
        ctx, scope, node, iterable = self.ctx, self.scope, self.node, self.iterable
        trips = iterables.trips_of(ctx, iterable) if self.trips is None else self.trips
        simple = isinstance(iterable, iterables.Range) and isinstance(node.target, ast.Name)
        slots = iterable.slots if isinstance(iterable, iterables.Range) else 0
        if slots and (breaks(node.body) or returns(node.body)):
            raise scope.code.source.refuse(
                node.iter, "a checkpointed loop cannot be left early", "loop over the range itself"
            )

        def body(index: Var) -> Atom | None:
            self.indices.append(index)
            frames.append(ctx.builder.frame)
            ctx.origins.add(index)
            ctx.forms.enter(trips, {}, index)
            flow = _trip(ctx.builder, self.early)
            bind_target(ctx, scope, node.target, iterables.item_at(ctx, iterable, index))
            with entered(scope, flow):
                self.block(ctx, scope, node.body)
            return _stop(ctx.builder, flow)

        ctx.builder.for_(
            trips.start,
            trips.stop,
            trips.step,
            body,
            name=_index_name(node.target) if simple else "k",
            at=scope.code.source.span(node),
            key=(node, len(ctx.active), trips.start, *ctx.apart)
            if self.trips
            else (node, len(ctx.active), *ctx.apart),
            slots=slots,
        )

    def test(self) -> Atom | None:
        """Whether there is a trip; None if it is not known which way the loop runs."""
        self.trips = self.trips or iterables.trips_of(self.ctx, self.iterable)
        return peeling.has_trip(self.ctx, self.trips)

    def trip(self) -> None:
        """Lower the first trip."""
        assert self.trips is not None
        item = iterables.item_at(self.ctx, self.iterable, self.trips.start)
        bind_target(self.ctx, self.scope, self.node.target, item)
        self.block(self.ctx, self.scope, self.node.body)

    def rest(self) -> _ForLoop:
        """The loop over the others."""
        assert self.trips is not None
        trips = peeling.after_first(self.ctx, self.trips)
        return replace(self, trips=trips, gone=self.gone + 1)


def _index_name(target: ast.expr) -> str:
    """What the index of a loop is called; `_` may be read by what the compiler adds."""
    name = target.id if isinstance(target, ast.Name) else ""
    return name if name.strip("_") else "k"


def while_(ctx: Context, scope: Scope, node: ast.While, block: Lower) -> None:
    """`while`; without a condition it must be left by a jump."""
    early = _early(ctx.builder, node)
    loop = _WhileLoop(ctx, scope, node, early, block)
    with scope.looping(ctx.builder, _escaping(scope.code, node)):
        peeling.lowered(ctx, scope, node, early, loop, [])
    if loop.truths[-1:] == [True] and not leaves_loop(node):  # what the body changes is known now
        raise scope.code.source.refuse(
            node.test, "this loop has no end", "leave it with `break` or `return`"
        )
    _after(ctx, scope, node, early, block)


@dataclass(eq=False)
class _WhileLoop:
    """A `while` loop; see `peeling.Loop`."""

    ctx: Context
    scope: Scope
    node: ast.While
    early: Cell | None
    block: Lower
    truths: list[bool | None] = field(default_factory=list["bool | None"])
    """What is known of the condition, each time that it is lowered."""

    def run(self, frames: list[Frame]) -> None:
        """Lower the trips."""
        ctx, scope = self.ctx, self.scope
        builder, at = ctx.builder, scope.code.source.span(self.node)

        def test() -> Atom:
            frames.append(builder.frame)
            return self._cond()

        def body() -> Atom | None:
            flow = _trip(builder, self.early)
            with entered(scope, flow):
                self.trip()
            return _stop(builder, flow)

        def body_after_test() -> Atom | None:
            frames.append(builder.frame)
            flow = _trip(builder, self.early)
            with entered(scope, flow):
                builder.if_(self._cond(), self.trip, lambda: flow.end(builder))
            return _stop(builder, flow)

        if self._binds():
            builder.while_(lambda: TRUE, body_after_test, at)
        else:
            builder.while_(test, body, at, whole=body_after_test)

    def _binds(self) -> bool:
        """Whether the last test binds names, which are read after the loop."""
        return any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(self.node.test))

    def _cond(self) -> Atom:
        test = expression(self.ctx, self.scope, self.node.test)
        self.truths.append(truth_of(test))
        return test_of(self.ctx, test) if self.truths[-1] is None else const(self.truths[-1])

    def test(self) -> Atom | None:
        """The condition of the first trip."""
        return None if self._binds() else self._cond()

    def trip(self) -> None:
        """Lower one trip."""
        optional.assume(self.ctx.builder, self.scope.slots, self.node.test, truth=True)
        self.block(self.ctx, self.scope, self.node.body)

    def rest(self) -> _WhileLoop:
        """The loop after a trip, which is the same."""
        return self


# -- jumps ----------------------------------------------------------------------------------------


def _early(builder: Builder, node: ast.For | ast.While) -> Cell | None:
    """The flag that a loop with an `else` needs if a `break` jumps over it."""
    return builder.cell("early", FALSE) if node.orelse and breaks(node.body) else None


def _trip(builder: Builder, early: Cell | None) -> Flow:
    """The flags of a trip that begins."""
    return Flow(builder.cell("left", FALSE), builder.cell("stop", FALSE), early)


def _stop(builder: Builder, flow: Flow) -> Atom | None:
    """Whether the trip that ends here is the last one; None if it surely is not."""
    stop = flag(builder, flow.stop)
    return None if stop == FALSE else stop


def _after(
    ctx: Context, scope: Scope, node: ast.For | ast.While, early: Cell | None, block: Lower
) -> None:
    """Pass a `return` on to the loop around this one, then run an `else` that `break` skips."""
    builder = ctx.builder
    if scope.returned is not None and scope.flow is not None and returns(node.body):
        returned = flag(builder, scope.returned)
        if returned != FALSE:
            scope.flow.leave(builder, returned, trips=True)
    if early is None:
        return
    skipped = flag(builder, early)
    if skipped == FALSE:
        block(ctx, scope, node.orelse)
    elif skipped != TRUE:
        builder.if_(skipped, _nothing, lambda: block(ctx, scope, node.orelse))


def _nothing() -> None: ...
