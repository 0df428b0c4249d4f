"""Checkpointed loops keep a few states, and run again from these.

    for k in range(n):                  for k in range(n):
        states.append(x)                    x = f(x)
        x = f(x)                        snapshots, starts = [x0], [0]
    for k in reversed(range(n)):    ⇒   for k in reversed(range(n)):
        x = states[k]                       x, start = snapshots[-1], starts[-1]
        x_bar = …                           if start == k: snapshots.pop(), starts.pop()
                                            while start < k:  # run on, keep states on the way
                                                …
                                            x_bar = …

The schedule is binomial checkpointing (Griewank and Walther, 2000, Algorithm 799). To every other
pass a checkpointed loop has tapes of its states like any loop: so it has derivatives of any order.
Tapes that are read in any other way than this, as in reverse over reverse, stay tapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ad_compiler.errors import Span
from ad_compiler.ir.builder import Builder, Cell
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    Let,
    Stmt,
    Var,
    const,
    free_vars,
    read_by,
    substitute,
    with_blocks,
)
from ad_compiler.ir.types import PY_INT, Tape
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.rules.schedule import NEXT
from ad_compiler.transform.clone import Env, clone_of_another_trip, renamed
from ad_compiler.transform.dead import dead_code, narrowed_loop


def keeps_states(stmt: For) -> bool:
    """Whether a gradient stores the states of a loop, and runs its trips again."""
    return bool(stmt.slots) and not any(isinstance(p.type, Tape) for p in stmt.body.params)


def rerunning(body: Sequence[Stmt], at: Span | None) -> tuple[Stmt, ...]:
    """Statements as a backward sweep runs them again: they did not raise the first time."""
    sweep = 0 if at is None else at.sweep

    def inside(block: Block) -> Block:
        return replace(block, body=rerunning(block.body, at))

    kept = (with_blocks(stmt, inside) for stmt in body if not isinstance(stmt, Effect))
    return tuple(replace(s, at=s.at and s.at._replace(sweep=sweep, again=True)) for s in kept)


def with_snapshots(function: Function) -> Function:
    """Keep some states where tapes hold all of them."""
    block = _inside(function.block, set(function.results))
    return function if block is function.block else dead_code(function.with_block(block))


def _inside(block: Block, read_after: set[Atom]) -> Block:
    body = [
        with_blocks(stmt, lambda inner: _inside(inner, set(inner.yielded))) for stmt in block.body
    ]
    results: dict[Var, Atom] = {}
    for loop in [s for s in body if isinstance(s, For) and s.slots]:
        pair = _pair(loop, body, read_after)
        if pair is not None:
            builder = Builder()
            results |= pair.build(builder)
            at = next(k for k, stmt in enumerate(body) if stmt is pair.backward)
            body[at : at + 1] = builder.frame.stmts
    if not results and all(a is b for a, b in zip(body, block.body, strict=False)):
        return block
    return substitute(replace(block, body=tuple(body)), results)


def _pair(loop: For, body: Sequence[Stmt], read_after: set[Atom]) -> Pair | None:
    """A loop and the backward loop that reads its states; None if anything else reads them."""
    states = _states(loop)
    readers = [s for s in body if s is not loop and not states.keys().isdisjoint(read_by(s))]
    if not states or len(readers) != 1 or not read_after.isdisjoint(states):
        return None
    (backward,) = readers
    if not isinstance(backward, For) or not backward.descending or loop.descending:
        return None
    loads = [s for s in backward.body.body if isinstance(s, Let) and _is_load(s, states)]
    others = replace(backward.body, body=_without(backward.body.body, loads))
    inits = {a for a in backward.inits if isinstance(a, Var)}
    if not states.keys().isdisjoint(free_vars(others) | inits):
        return None
    at = {let.args[1] for let in loads}
    bounds = (loop.start, loop.stop, loop.step) == (backward.start, backward.stop, backward.step)
    if len(at) != 1 or not bounds:
        return None
    read = {let.targets[0]: states[let.args[0]] for let in loads if isinstance(let.args[0], Var)}
    return Pair(loop, backward, at.pop(), read)


def _states(loop: For) -> dict[Var, Var]:
    """The tapes of a loop by what they hold: its carried values at the beginning of each trip."""
    puts = {s.targets[0]: s.args[2] for s in loop.body.body
            if isinstance(s, Let) and s.prim.name == "tape_put"}  # fmt: skip
    found: dict[Var, Var] = {}
    for target, result in zip(loop.targets, loop.body.results, strict=True):
        value = puts.get(result) if isinstance(result, Var) else None
        if isinstance(value, Var) and value in loop.body.params[1:]:
            found[target] = value
    return found


def _without(body: Sequence[Stmt], loads: Sequence[Stmt]) -> tuple[Stmt, ...]:
    return tuple(s for s in body if not any(s is load for load in loads))


def _is_load(let: Let, states: dict[Var, Var]) -> bool:
    return let.prim.name == "tape_get" and let.args[0] in states


@dataclass(frozen=True, slots=True)
class Pair:
    """A checkpointed loop, and the backward loop that reads its states."""

    forward: For
    backward: For
    trip: Atom
    """The number of the trip whose state is read."""
    read: dict[Var, Var]
    """What the backward loop loads, and the carried value that it is."""

    def step(self) -> For:
        """The loop without its tapes, and with nothing that the states do not depend on."""
        loop = self.forward
        wanted = {
            target
            for target, param in zip(loop.targets, loop.body.params[1:], strict=True)
            if param in self.read.values()
        }
        body = replace(loop.body, body=rerunning(loop.body.body, self.backward.at))
        found = narrowed_loop(replace(loop, body=body), wanted)
        assert found is not None
        return found

    def build(self, builder: Builder) -> dict[Var, Atom]:
        """Append the backward loop with the schedule; what its results are called now."""
        step, back = self.step(), self.backward
        index, *params = back.body.params
        inits = dict(zip(self.forward.body.params[1:], self.forward.inits, strict=True))
        builder.at = back.at
        states = tuple(step.body.params[1:])
        kept = [_listed(builder, f"{p.name}_snapshots", p, inits[p]) for p in states]
        starts = _listed(builder, "starts", Var("start", PY_INT), const(0))
        schedule = Schedule(builder, step, self.forward.slots, starts, kept)
        cells = [builder.cell(p.name, i) for p, i in zip(params, back.inits, strict=True)]
        loads = [s for s in back.body.body if isinstance(s, Let) and s.targets[0] in self.read]
        first = next(k for k, s in enumerate(back.body.body) if s is loads[0])

        def trip(now: Var) -> None:
            env: dict[Var, Atom] = dict(zip(params, map(builder.value, cells), strict=True))
            env[index] = now
            (number,) = _spliced(builder, back.body.body[:first], (self.trip,), env)
            found = schedule.state(number)
            env |= {load: found[param] for load, param in self.read.items()}
            rest = _without(back.body.body[first:], loads)
            results = _spliced(builder, rest, back.body.results, env)
            for cell, result in zip(cells, results, strict=True):
                builder.assign(cell, result)

        builder.for_(back.start, back.stop, back.step, trip, index.name, True, back.at)
        return dict(zip(back.targets, map(builder.value, cells), strict=True))


@dataclass(frozen=True, slots=True)
class Schedule:
    """Appends what finds the state at the beginning of a trip."""

    builder: Builder
    step: For
    slots: int
    starts: Cell
    """The numbers of the trips at whose beginning a state was kept."""
    kept: list[Cell]
    """For each carried value, what it was there."""

    def state(self, trip: Atom) -> dict[Var, Atom]:
        """The carried values at the beginning of a trip."""
        builder = self.builder
        start = builder.cell("start", self.last(self.starts))
        params = self.step.body.params[1:]
        now = [
            builder.cell(p.name, self.last(cell)) for p, cell in zip(params, self.kept, strict=True)
        ]
        is_here = builder.emit(OPERATORS["=="], builder.value(start), trip)
        builder.if_(is_here, self.drop, _nothing)
        builder.while_(
            lambda: builder.emit(OPERATORS["<"], builder.value(start), trip),
            lambda: self.advance(start, now, trip),
        )
        return dict(zip(params, map(builder.value, now), strict=True))

    def last(self, cell: Cell) -> Atom:
        return self.builder.emit(PRIMITIVES["list_get"], self.builder.value(cell), const(-1))

    def drop(self) -> None:
        """Append what forgets the last state."""
        for cell in (self.starts, *self.kept):
            shorter = self.builder.emit(PRIMITIVES["list_pop"], self.builder.value(cell))
            self.builder.assign(cell, shorter)

    def advance(self, start: Cell, now: list[Cell], trip: Atom) -> None:
        """Append what runs on to where the next state is kept, or to the trip."""
        builder = self.builder
        used = builder.emit(PRIMITIVES["list_len"], builder.value(self.starts))
        free = builder.emit(OPERATORS["-"], const(self.slots), used)
        first = builder.value(start)
        end = builder.emit(NEXT, first, trip, free, name="end")
        self.run(first, end, now)
        builder.assign(start, end)

        def keep() -> None:
            for cell, value in zip((self.starts, *self.kept), (start, *now), strict=True):
                _append(builder, cell, builder.value(value))

        builder.if_(builder.emit(OPERATORS["<"], end, trip), keep, _nothing)

    def run(self, first: Atom, end: Atom, now: list[Cell]) -> None:
        """Append a loop over some of the trips."""
        builder, body = self.builder, self.step.body
        index, *params = body.params

        def trip(number: Var) -> None:
            copies: Env = {}
            statements = clone_of_another_trip(body.body, copies, body.params)
            env: dict[Var, Atom] = dict(zip(params, map(builder.value, now), strict=True))
            env[index] = number
            results = renamed(body.results, copies)
            for cell, result in zip(now, _spliced(builder, statements, results, env), strict=True):
                builder.assign(cell, result)

        builder.for_(self.index(first), self.index(end), self.step.step, trip, index.name)

    def index(self, trip: Atom) -> Atom:
        """The index of a trip."""
        start, step = self.step.start, self.step.step
        scaled = trip if step == const(1) else self.builder.emit(OPERATORS["*"], trip, step)
        return scaled if start == const(0) else self.builder.emit(OPERATORS["+"], start, scaled)


def _spliced(
    builder: Builder, body: Sequence[Stmt], results: tuple[Atom, ...], env: dict[Var, Atom]
) -> tuple[Atom, ...]:
    """Append statements, with values for some variables; their results."""
    block = substitute(Block((), tuple(body), results), env)
    for stmt in block.body:
        builder.append(stmt)
    return block.results


def _listed(builder: Builder, name: str, model: Var, first: Atom) -> Cell:
    """A list that begins with one value."""
    new = builder.emit(PRIMITIVES["tape_new"], Const(None, model.type), name=name)
    cell = builder.cell(name, new)
    _append(builder, cell, first)
    return cell


def _append(builder: Builder, cell: Cell, value: Atom) -> None:
    longer = builder.emit(PRIMITIVES["list_append"], builder.value(cell), value)
    builder.assign(cell, longer)


def _nothing() -> None: ...
