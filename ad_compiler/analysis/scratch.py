"""Arrays that a loop carries from trip to trip, though no trip learns from another.

    for i in range(n):                      for i in reversed(range(n)):
        for j in range(m):                      y_bar[:] += …       # zero before each trip,
            y[j] = f(x[i, j])                   for j in range(m):  # and after it
        total += g(y)                               x_bar[i, j] += y_bar[j] * …
                                                    y_bar[j] = 0.0

A trip fills `y` before it reads any of it; it finds `y_bar` filled with zeros, and leaves it so.
(Tu and Padua 1993, "Automatic array privatization".)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ad_compiler.ir.index import is_whole
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    If,
    Let,
    Stmt,
    Var,
    While,
    blocks_of,
    const,
    free_vars,
    read_by,
)
from ad_compiler.ir.types import Array, Dim, dims_of
from ad_compiler.rules.counts import counted
from ad_compiler.rules.registry import SHAPE_ONLY

ZEROS = ("zeros_like", "np.zeros")


@dataclass(frozen=True, slots=True)
class State:
    """What an array is called at some point, and whether it is settled: filled anew, or zero."""

    now: Var
    settled: bool


def is_refilled(loop: For, at: int) -> bool:
    """Whether each trip fills a carried array before it reads any of it."""
    end = _refilled(loop.body, State(loop.body.params[1 + at], settled=False), at)
    return end is not None


def is_cleared(loop: For, at: int, lets: Mapping[Var, Let], zero: Collection[Atom]) -> bool:
    """Whether a carried array is all zeros at the start and at the end of each trip.

    `zero` are parameters that are known to be so.
    """
    init = loop.inits[at]
    made = lets.get(init) if isinstance(init, Var) else None
    if init not in zero and (made is None or made.prim.name not in ZEROS):
        return False
    end = _cleared(loop.body, State(loop.body.params[1 + at], settled=True))
    return end is not None and end.settled and loop.body.results[at] is end.now


@dataclass(frozen=True, slots=True)
class Walk:
    """What becomes of an array in a block, and all that it was called before."""

    block: Block
    before: Var
    end: State
    past: set[Var]

    def yields(self, at: int | None) -> bool:
        """Whether the block hands the array on at this position only, or not at all."""
        results = self.block.results
        others = {r for k, r in enumerate(results) if k != at}
        if not others.isdisjoint((*self.past, self.end.now)):
            return False
        return (self.before if at is None else results[at]) is self.end.now


def _refilled(block: Block, state: State, at: int) -> State | None:
    """What becomes of an array that the block yields at a position; see `_walked`."""
    walk = _walked(block, state)
    return walk.end if walk is not None and walk.yields(at) else None


def _walked(block: Block, state: State) -> Walk | None:
    """What becomes of an array in a block; None if more of it is read than what is settled."""
    written: set[tuple[Atom, ...]] = set()
    past: set[Var] = set()
    before = state.now
    for stmt in block.body:
        read = read_by(stmt)
        if not past.isdisjoint(read):
            return None  # what the array was before
        if state.now not in read:
            continue
        found = _refilled_by(stmt, state, written)
        if found is None:
            return None
        if found.now is not state.now:
            past.add(state.now)
        state = found
    return Walk(block, before, state, past)


def _refilled_by(stmt: Stmt, state: State, written: set[tuple[Atom, ...]]) -> State | None:
    now, settled = state.now, state.settled
    match stmt:
        case Let(prim=prim) if prim.name in SHAPE_ONLY:
            return state
        case Let(targets=(target,), prim=prim, args=(array, pattern, value, *place)) if (
            prim.name == "store" and array is now and value is not now
        ):
            assert isinstance(pattern, Const)
            written.add((pattern, *place))
            return State(target, settled or is_whole(pattern.value))
        case Let(targets=(target,), prim=prim, args=args):
            place = args[3:] if prim.name == "add_at" else args[2:]
            known = args[0] is now and args.count(now) == 1 and (*args[1:2], *place) in written
            if not settled and not (prim.name in ("getitem", "add_at") and known):
                return None
            return State(target, settled) if _changes(stmt, now) else state
        case For(targets=targets, inits=inits, body=body) if inits.count(now) == 1:
            at = inits.index(now)
            end = _refilled(body, State(body.params[1 + at], settled), at)
            if end is None or now in free_vars(body):
                return None
            return State(targets[at], settled or fills(stmt, at))
        case If():
            return _refilled_branch(stmt, state)
        case _:
            return state if settled and not _carries(stmt, now) else None


def _refilled_branch(stmt: If, state: State) -> State | None:
    """The array behind a branch: one target stands for it, or none where no arm changes it."""
    then, orelse = (_walked(arm, state) for arm in (stmt.then, stmt.orelse))
    if then is None or orelse is None:
        return None
    settled = then.end.settled and orelse.end.settled
    for at in (None, *range(len(stmt.targets))):
        if then.yields(at) and orelse.yields(at):
            return State(state.now if at is None else stmt.targets[at], settled)
    return None


def _cleared(block: Block, state: State) -> State | None:
    """What becomes of an array, and whether it is zero in the end."""
    for stmt in block.body:
        if state.now not in read_by(stmt):
            continue
        found = _cleared_by(stmt, state)
        if found is None:
            return None
        state = found
    return state


def _cleared_by(stmt: Stmt, state: State) -> State | None:
    now = state.now
    match stmt:
        case Let(targets=(target,)) if _changes(stmt, now):
            whole = isinstance(stmt.args[1], Const) and is_whole(stmt.args[1].value)
            zero = _is_zero(stmt) and (state.settled or whole)
            return State(target, zero)
        case Let():
            return state
        case For(targets=targets, inits=inits, body=body) if inits.count(now) == 1:
            at = inits.index(now)
            end = _cleared(body, State(body.params[1 + at], settled=True))
            if end is None or body.results[at] is not end.now:
                return None
            kept = state.settled and end.settled
            return State(targets[at], kept or (_only_zeros(body, at) and fills(stmt, at)))
        case If():
            return _joined(stmt, [_cleared(arm, state) for arm in (stmt.then, stmt.orelse)], now)
        case _:
            return None if _carries(stmt, now) else state


def _only_zeros(body: Block, at: int) -> bool:
    """Whether a loop body stores nothing but zeros in a carried array."""
    end = _zeroed(body, body.params[1 + at])
    return end is not None and body.results[at] is end


def _zeroed(block: Block, now: Var) -> Var | None:
    for stmt in block.body:
        match stmt:
            case Let(targets=(target,)) if _changes(stmt, now):
                if not _is_zero(stmt):
                    return None
                now = target
            case For(targets=targets, inits=inits, body=body) if now in inits:
                at = inits.index(now)
                if _zeroed(body, body.params[1 + at]) is not body.results[at]:
                    return None
                now = targets[at]
            case If() | While() if _carries(stmt, now):
                return None
            case _:
                pass
    return now


def _is_zero(stmt: Let) -> bool:
    return stmt.prim.name == "store" and stmt.args[2] == const(0.0)


def _changes(stmt: Stmt, now: Var) -> bool:
    """Whether a statement gives the array a new value."""
    if not isinstance(stmt, Let):
        return False
    place = stmt.prim.in_place
    return place is not None and stmt.args[place] is now


def _joined(stmt: If, ends: list[State | None], now: Var) -> State | None:
    """The array behind a branch."""
    then, orelse = ends
    if then is None or orelse is None:
        return None
    settled = then.settled and orelse.settled
    if then.now is now and orelse.now is now:
        return None if _carries(stmt, now) else State(now, settled)
    pairs = zip(stmt.targets, stmt.then.results, stmt.orelse.results, strict=True)
    found = [t for t, a, b in pairs if a is then.now and b is orelse.now]
    return State(found[0], settled) if len(found) == 1 else None


def _carries(stmt: Stmt, now: Var) -> bool:
    """Whether an array gets another name in a statement with blocks."""
    inner = [a for block in blocks_of(stmt) for a in block.results]
    return now in inner or (isinstance(stmt, For | While) and now in stmt.inits)


def fills(loop: For, at: int) -> bool:
    """Whether a loop, or a nest of them, stores something in each element of a carried array."""
    type_ = loop.body.params[1 + at].type
    return isinstance(type_, Array) and _fills(loop, at, dims_of(type_), {})


def _fills(loop: For, at: int, dims: tuple[Dim, ...], outer: Mapping[Var, Dim]) -> bool:
    length = _length(loop)
    if length is None:
        return False
    indices = {**outer, loop.body.params[0]: length}
    now = loop.body.params[1 + at]
    for stmt in loop.body.body:
        match stmt:
            case Let(targets=(target,)) if _changes(stmt, now):
                if stmt.prim.name == "store" and _in_all(stmt, dims, indices):
                    return True
                now = target
            case For(targets=targets, inits=inits) if now in inits:
                if _fills(stmt, inits.index(now), dims, indices):
                    return True
                now = targets[inits.index(now)]
            case _ if _carries(stmt, now):
                return False
            case _:
                pass
    return False


def _in_all(stmt: Let, dims: tuple[Dim, ...], indices: Mapping[Var, Dim]) -> bool:
    """Whether the place of a store takes each index once, and goes through all of its axis."""
    _, pattern, _, *place = stmt.args
    assert isinstance(pattern, Const)
    if pattern.value != ("int",) * len(dims) or {len(set(place)), len(indices)} != {len(dims)}:
        return False
    return all(
        isinstance(i, Var) and i in indices and indices[i] == d
        for i, d in zip(place, dims, strict=True)
    )


def _length(loop: For) -> Dim | None:
    """The length that a loop counts through, each index once; None if it is another range."""
    if loop.start != const(0) or loop.step != const(1) or loop.body.stop is not None:
        return None
    return counted(loop.stop.type)


__all__ = ["fills", "is_cleared", "is_refilled"]
