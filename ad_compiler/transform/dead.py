"""Removes what nobody reads.

    a = mul x y             b = sin x
    b = sin x        ⇒      return b
    return b

What a program would raise is part of its meaning. `anchor` first turns the operations that may
raise and that no result depends on into effects, which stay; after that a value that nobody reads
may go (a gradient that does not return the value need not compute it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import TypeVar, assert_never

from ad_compiler.analysis.within import Within
from ad_compiler.ir.index import WHOLE
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    atoms_of,
    const,
    free_vars,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import Array
from ad_compiler.rules.registry import PRIMITIVES

LASTING = ("raise", "fail", "print")
"""Effects that are what they are for. All others are operations that may raise."""

Lasting = Set[Var] | None
"""What results and lasting effects depend on; None where the question is not asked."""


def dead_code(function: Function, *, settled: bool = False) -> Function:
    """Keep what results and effects depend on.

    An operation that is kept since it may raise goes where its value is needed anyhow. For good,
    that is: not where an effect asks for it that may go itself, unless all is `settled`.
    """
    body, lasting = function.block.body, None
    if not settled and any(map(_may_go, walk(function.block))):
        found: set[Var] = set()
        _collect(_prune(_without(body), _vars(function.results), None), found)
        lasting = found
    body = _prune(body, _vars(function.results), lasting)
    return function.with_block(replace(function.block, body=body))


def _may_go(stmt: Stmt) -> bool:
    return isinstance(stmt, Effect) and stmt.prim.name not in LASTING


def _without(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """Statements without the effects that may go."""

    def inside(block: Block) -> Block:
        return replace(block, body=_without(block.body))

    return tuple(with_blocks(stmt, inside) for stmt in body if not _may_go(stmt))


def _vars(atoms: tuple[Atom, ...]) -> set[Var]:
    return {a for a in atoms if isinstance(a, Var)}


def _prune(body: tuple[Stmt, ...], live: set[Var], lasting: Lasting) -> tuple[Stmt, ...]:
    """The statements that are needed; `live` grows by what they read."""
    kept: list[Stmt] = []
    for position in reversed(range(len(body))):
        stmt = body[position]
        if isinstance(stmt, Effect) and _is_computed(
            stmt, body[:position], kept, live if lasting is None else lasting
        ):
            continue
        new = _statement(stmt, live, lasting)
        if new is not None:
            kept.append(new)
            live.update([a for a in atoms_of(new) if isinstance(a, Var)])
    kept.reverse()
    return tuple(kept)


def _is_computed(
    effect: Effect, before: Sequence[Stmt], after: Sequence[Stmt], live: Set[Var]
) -> bool:
    """Whether what an operation is kept for, that it may raise, happens anyhow.

    Its value may be needed after all; or the element that it reads is written in place.
    """
    same = any(
        isinstance(s, Let) and s.prim is effect.prim and s.args == effect.args
        and not live.isdisjoint(s.targets)
        for s in before
    )  # fmt: skip
    if same:
        return True
    if effect.prim.name in ("add", "sub"):
        made = {s.targets[0]: s for s in (*before, *after) if isinstance(s, Let)}
        return any(_adds(s, effect.args, made) for s in after)
    return effect.prim.name == "getitem" and any(_reaches(s, effect.args) for s in after)


def _adds(stmt: Stmt, operands: tuple[Atom, ...], made: Mapping[Var, Let]) -> bool:
    """Whether a statement adds in place what `x + e` or `x - e` adds, given `(x, e)`."""
    if not isinstance(stmt, Let) or stmt.prim.name != "add_at":
        return False
    (x, e), (a, pattern, value, *place) = operands, stmt.args
    taken = made.get(x) if isinstance(x, Var) else None
    opposite = made.get(value) if isinstance(value, Var) else None
    if taken is not None and taken.prim.name == "getitem":
        found = taken.args == (a, pattern, *place)
    else:
        found = x is a and pattern == const(WHOLE)
    negated = opposite is not None and opposite.prim.name == "neg" and opposite.args == (e,)
    return found and (value == e or negated)


def _reaches(stmt: Stmt, place: tuple[Atom, ...]) -> bool:
    """Whether a statement adds to or reaches into `a[i]`, given `(a, pattern, *operands)`."""
    if not isinstance(stmt, Let) or stmt.prim.name not in ("getitem", "store", "add_at"):
        return False
    a, pattern, *operands = stmt.args
    if stmt.prim.name != "getitem":
        del operands[0]
    whole, start, *index = place
    assert isinstance(pattern, Const)
    assert isinstance(start, Const)
    if a != whole or operands[: len(index)] != index:
        return False
    if set(start.value) == {"int"}:
        return pattern.value[: len(start.value)] == start.value
    return stmt.prim.name == "add_at" and pattern == start and len(operands) == len(index)


def _statement(stmt: Stmt, live: set[Var], lasting: Lasting) -> Stmt | None:
    match stmt:
        case Let():
            return stmt if not live.isdisjoint(stmt.targets) else None
        case Effect():
            return stmt
        case If():
            return _branch(stmt, live, lasting)
        case For():
            return _for(stmt, live, lasting)
        case While():
            return _while(stmt, live, lasting)
        case _:
            assert_never(stmt)


T = TypeVar("T")


def _pick(items: tuple[T, ...], wanted: list[int]) -> tuple[T, ...]:
    return tuple(items[k] for k in wanted)


def _branch(stmt: If, live: set[Var], lasting: Lasting) -> If | None:
    wanted = [k for k, t in enumerate(stmt.targets) if t in live]
    arms: list[Block] = []
    for arm in (stmt.then, stmt.orelse):
        results = _pick(arm.results, wanted)
        inner = _vars(results)
        body = _prune(arm.body, inner, lasting)
        arms.append(Block((), body, results))
        live |= inner
    if not wanted and not any(arm.body for arm in arms):
        return None
    return replace(stmt, targets=_pick(stmt.targets, wanted), then=arms[0], orelse=arms[1])


def _carried(
    stmt: For | While, params: tuple[Var, ...], live: set[Var], lasting: Lasting
) -> tuple[list[int], tuple[Stmt, ...], set[Var]]:
    """The carried values that are needed, by whomever; the body; what it reads."""
    needed = {k for k, t in enumerate(stmt.targets) if t in live}
    if isinstance(stmt, While):
        read = free_vars(Block((), stmt.cond.body, stmt.cond.results))
        needed |= {k for k, p in enumerate(stmt.cond.params) if p in read}
    stop = () if stmt.body.stop is None else (stmt.body.stop,)
    while True:
        wanted = sorted(needed)
        inner = _vars((*_pick(stmt.body.results, wanted), *stop))
        body = _prune(stmt.body.body, inner, lasting)
        more = {k for k, p in enumerate(params) if p in inner} | needed
        if more == needed:
            return wanted, body, inner
        needed = more


def _for(stmt: For, live: set[Var], lasting: Lasting) -> For | None:
    index, *params = stmt.body.params
    wanted, body, read = _carried(stmt, tuple(params), live, lasting)
    if not wanted and not any(map(has_effect, body)):
        return None
    live |= read - {index, *params}
    block = replace(
        stmt.body,
        params=(index, *_pick(tuple(params), wanted)),
        body=body,
        results=_pick(stmt.body.results, wanted),
    )
    targets, inits = _pick(stmt.targets, wanted), _pick(stmt.inits, wanted)
    return replace(stmt, targets=targets, inits=inits, body=block)


def narrowed_loop(stmt: For, wanted: set[Var]) -> For | None:
    """A loop without what some of its results do not need; None if nothing is left."""
    return _for(stmt, set(wanted), None)


def _while(stmt: While, live: set[Var], lasting: Lasting) -> While | None:
    params = stmt.body.params
    wanted, body, read = _carried(stmt, params, live, lasting)
    live_targets = any(t in live for t in stmt.targets)
    if not live_targets and not any(has_effect(s) for s in (*body, *stmt.cond.body)):
        return None
    cond = replace(stmt.cond, params=_pick(stmt.cond.params, wanted))
    live |= (read - set(params)) | free_vars(cond)
    results = _pick(stmt.body.results, wanted)
    block = replace(stmt.body, params=_pick(params, wanted), body=body, results=results)
    targets, inits = _pick(stmt.targets, wanted), _pick(stmt.inits, wanted)
    return replace(stmt, targets=targets, inits=inits, cond=cond, body=block)


def has_effect(stmt: Stmt) -> bool:
    """Whether a statement does anything but compute."""
    match stmt:
        case Effect():
            return True
        case If():
            return any(has_effect(s) for s in (*stmt.then.body, *stmt.orelse.body))
        case For():
            return any(map(has_effect, stmt.body.body))
        case While():
            return any(map(has_effect, (*stmt.cond.body, *stmt.body.body)))
        case Let():
            return False
        case _:
            assert_never(stmt)


def anchor(function: Function) -> Function:
    """Turn operations that may raise, and that no result depends on, into effects."""
    kept = dead_code(function)
    needed: set[Var] = set()
    _collect(kept.block.body, needed)
    body = _anchored(function.block.body, needed, Within())
    return dead_code(function.with_block(replace(function.block, body=body)))


def _collect(body: tuple[Stmt, ...], into: set[Var]) -> None:
    for stmt in body:
        match stmt:
            case Let():
                into.update(stmt.targets)
            case If():
                _collect(stmt.then.body, into)
                _collect(stmt.orelse.body, into)
            case For():
                _collect(stmt.body.body, into)
            case While():
                _collect(stmt.cond.body, into)
                _collect(stmt.body.body, into)
            case Effect():
                pass
            case _:
                assert_never(stmt)


def _anchored(body: tuple[Stmt, ...], needed: set[Var], within: Within) -> tuple[Stmt, ...]:
    within = within.after(body)
    return tuple(out for stmt in body for out in _anchor(stmt, needed, within))


def write_check(stmt: Let) -> tuple[Stmt, ...]:
    """What a write would raise: its place may not be there, its value not fit."""
    a, pattern, value, *operands = stmt.args
    getitem = PRIMITIVES["getitem"]
    place = (a, pattern, *operands)
    part = getitem.infer(place)
    assert not isinstance(part, tuple)
    if not isinstance(value.type, Array):
        return (Effect(getitem, place, stmt.at),)
    taken = Var("part", part, temp=True)
    fits = Effect(PRIMITIVES["check_write"], (value, taken), stmt.at)
    return Let((taken,), getitem, place, stmt.at), fits


def _anchor(stmt: Stmt, needed: set[Var], within: Within) -> tuple[Stmt, ...]:
    match stmt:
        case Let():
            unneeded = needed.isdisjoint(stmt.targets)
            if not (unneeded and stmt.prim.raises(stmt.args)) or within.finds(stmt):
                return (stmt,)
            if stmt.prim.name in ("store", "add_at"):
                return stmt, *write_check(stmt)
            if stmt.prim.in_place is not None:  # of a list: it is changed, and looked at
                return stmt, Effect(PRIMITIVES["list_len"], stmt.targets, stmt.at)
            return stmt, Effect(stmt.prim, stmt.args, stmt.at)
        case Effect():
            return (stmt,)
        case If():
            then, orelse = (
                replace(arm, body=_anchored(arm.body, needed, within))
                for arm in (stmt.then, stmt.orelse)
            )
            return (replace(stmt, then=then, orelse=orelse),)
        case For():
            inner = _anchored(stmt.body.body, needed, within.inside(stmt))
            return (replace(stmt, body=replace(stmt.body, body=inner)),)
        case While():
            cond, inner = (
                replace(part, body=_anchored(part.body, needed, within))
                for part in (stmt.cond, stmt.body)
            )
            return (replace(stmt, cond=cond, body=inner),)
        case _:
            assert_never(stmt)
