"""Tapes that would hold nothing new are not written.

    for k in range(n):                          for k in range(n):
        xs.append(x)                                xs.append(x)
        a = math.exp(-decay)                        a = math.exp(-decay)
        a_tape.append(a)                ⇒           x = math.sin(a * x)
        x = math.sin(a * x)                     for k in range(n - 1, -1, -1):
        xs2.append(x)                               x2 = x
    for k in range(n - 1, -1, -1):                  x = xs[k]
        x, a, x2 = xs[k], a_tape[k], xs2[k]         … reads a …
        …

What no trip changes, but may raise (so that it does not move out of the loop), is had from the
last trip. What a trip begins with is what the trip before it ended with: where the former has a
tape, the backward sweep keeps it from one trip to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    For,
    Function,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    const,
    readings,
    substitute,
    with_blocks,
)
from ad_compiler.ir.types import Array, Type, rank
from ad_compiler.rules.registry import OPERATORS
from ad_compiler.transform.hoist import unchanging

T = TypeVar("T")


def untape(function: Function) -> Function:
    """Let backward loops read last values and carried ones instead of tapes."""
    reads = Counter(readings(function.block))
    return function.with_block(_inside(function.block, reads))


def _inside(block: Block, reads: Counter[Var]) -> Block:
    body = [with_blocks(stmt, lambda inner: _inside(inner, reads)) for stmt in block.body]
    for at, stmt in enumerate(body):
        if isinstance(stmt, (For, While)):
            tapes = list(_tapes(stmt, reads))
            body[at:] = _last_values(stmt, tapes, body[at + 1 :], reads)
            body[at + 1 :] = _carried_back(stmt, tapes, body[at + 1 :])
    return replace(block, body=tuple(body))


@dataclass(frozen=True, slots=True)
class _Taped:
    """The value that a loop puts on a tape in each trip, and where the tape is carried."""

    position: int
    put: Let
    target: Var

    @property
    def value(self) -> Var:
        value = self.put.args[2]
        assert isinstance(value, Var)
        return value


def _params(loop: For | While) -> tuple[Var, ...]:
    return loop.body.params if isinstance(loop, While) else loop.body.params[1:]


def _tapes(loop: For | While, reads: Counter[Var]) -> Iterator[_Taped]:
    """The tapes of a loop that it does nothing with but put a value on in each trip."""
    puts = {s.targets[0]: s for s in loop.body.body if isinstance(s, Let)}
    edges = zip(_params(loop), loop.body.results, loop.targets, strict=True)
    for position, (param, result, target) in enumerate(edges):
        put = puts.get(result) if isinstance(result, Var) else None
        if put is None or put.prim.name != "tape_put" or put.args[0] is not param:
            continue
        alone = reads[param] == 1 == reads[put.targets[0]]
        if alone and isinstance(put.args[2], Var):
            yield _Taped(position, put, target)


# -- what is the same in each trip --------------------------------------------------------------


def _last_values(
    loop: For | While, tapes: list[_Taped], rest: list[Stmt], reads: Counter[Var]
) -> list[Stmt]:
    """The loop and what follows, without the tapes of what no trip changes."""
    fixed = unchanging(loop.body)
    after = Block((), tuple(rest), ())
    for taped in tapes:
        loads = _loads(after, taped.target)
        if taped.value not in fixed or reads[taped.target] != len(loads):
            continue
        last = Var(taped.value.name, taped.value.type, taped.value.temp)
        loop = _ending_with(loop, taped, last)
        after = substitute(after, {load.targets[0]: last for load in loads})
        after = _without(after, {load.targets[0] for load in loads})
    return [loop, *after.body]


def _loads(block: Block, tape: Var) -> list[Let]:
    """The readings of items of a tape."""
    found: list[Let] = []
    for stmt in block.body:
        match stmt:
            case Let(prim=prim, args=(first, _)) if prim.name == "tape_get" and first is tape:
                found.append(stmt)
            case _:
                with_blocks(stmt, lambda inner: found.extend(_loads(inner, tape)) or inner)
    return found


def _without(block: Block, dropped: set[Var]) -> Block:
    kept = [s for s in block.body if not (isinstance(s, Let) and s.targets[0] in dropped)]
    body = tuple(with_blocks(stmt, lambda inner: _without(inner, dropped)) for stmt in kept)
    return replace(block, body=body)


def _ending_with(loop: For | While, taped: _Taped, last: Var) -> For | While:
    """The loop that yields the value of its last trip where it yielded a tape."""
    at, put, type_ = taped.position, taped.put, last.type
    param = Var(last.name, type_, last.temp)
    shift = 0 if isinstance(loop, While) else 1
    body = replace(
        loop.body,
        params=_exchanged(loop.body.params, at + shift, param),
        body=tuple(s for s in loop.body.body if s is not put),
        results=_exchanged(loop.body.results, at, taped.value),
    )
    changed = replace(
        loop,
        targets=_exchanged(loop.targets, at, last),
        inits=_exchanged(loop.inits, at, Undef(type_)),
        body=body,
    )
    if isinstance(changed, While):
        unread = _exchanged(changed.cond.params, at, Var(last.name, type_, last.temp))
        return replace(changed, cond=replace(changed.cond, params=unread))
    return changed


def _exchanged(items: tuple[T, ...], at: int, item: T) -> tuple[T, ...]:
    return (*items[:at], item, *items[at + 1 :])


# -- what the next trip begins with -------------------------------------------------------------


def _carried_back(loop: Stmt, tapes: list[_Taped], rest: list[Stmt]) -> list[Stmt]:
    """What follows a loop, where loops that run it backwards keep what its trips began with."""
    assert isinstance(loop, For | While)
    begun = {t.value: t for t in tapes}
    edges = zip(_params(loop), loop.body.results, loop.targets, strict=True)
    for param, result, target in edges:
        before = begun.get(param)
        after = begun.get(result) if isinstance(result, Var) else None
        if before is None or after is None or not _alike(after.value.type, target.type):
            continue
        if all(_trip_number(loop, taped.put.args[1]) for taped in (before, after)):
            rest = [_kept(loop, stmt, before, after, target) for stmt in rest]
    return rest


def _alike(one: Type, other: Type) -> bool:
    """Whether two types differ in the names of lengths at most."""
    if isinstance(one, Array) and isinstance(other, Array):
        return (one.dtype, rank(one)) == (other.dtype, rank(other))
    return one == other


def _trip_number(loop: For | While, atom: Atom) -> bool:
    """Whether a value is the number of the trip, from 0."""
    if isinstance(loop, For):
        upward = not loop.descending and (loop.start, loop.step) == (const(0), const(1))
        return upward and atom is loop.body.params[0]
    return atom in _counters(loop)


def _counters(loop: For | While) -> dict[Atom, Var]:
    """The parameters of a loop that count its trips, each with the number of all of them."""
    sums = {s.targets[0]: s for s in loop.body.body if isinstance(s, Let)}
    index = loop.body.params[0] if isinstance(loop, For) else None
    found: dict[Atom, Var] = {}
    edges = zip(_params(loop), loop.inits, loop.body.results, loop.targets, strict=True)
    for param, init, result, target in edges:
        let = sums.get(result) if isinstance(result, Var) else None
        if init != const(0) or let is None or let.prim is not OPERATORS["+"]:
            continue
        if let.args[0] in (param, index) and let.args[1] == const(1):
            found[param] = target
    return found


def _kept(loop: For | While, stmt: Stmt, before: _Taped, after: _Taped, target: Var) -> Stmt:
    """The backward loop of a loop, with what a trip began with kept for the trip before it."""
    if not (isinstance(stmt, For) and stmt.descending and stmt.body.stop is None):
        return stmt
    counts: set[Atom] = set(_counters(loop).values())
    if isinstance(loop, For) and loop.body.stop is None:
        counts.add(loop.stop)
    if (stmt.start, stmt.step) != (const(0), const(1)) or stmt.stop not in counts:
        return stmt
    index = stmt.body.params[0]
    reads = {s.args: s for s in stmt.body.body if isinstance(s, Let) and s.prim.name == "tape_get"}
    begun, ended = (reads.get((taped.target, index)) for taped in (before, after))
    if begun is None or ended is None:
        return stmt
    (load,), kept = begun.targets, Var(target.name, target.type)
    start = Var(f"{load.name}_before", load.type)
    changed = [replace(s, targets=(start,)) if s is begun else s for s in stmt.body.body]
    body = replace(
        stmt.body,
        params=(*stmt.body.params, kept),
        body=tuple(s for s in changed if s is not ended),
        results=(*stmt.body.results, start),
    )
    body = substitute(body, {load: start, ended.targets[0]: kept})
    end = Var(target.name, target.type)
    return replace(stmt, targets=(*stmt.targets, end), inits=(*stmt.inits, target), body=body)
