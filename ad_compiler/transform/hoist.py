"""Moves what no trip changes out of loops.

    for k in range(n):              t = sin x
        t = sin x           ⇒       for k in range(n):
        y = mul t k                     y = mul t k

Only operations that cannot raise move, since the loop may not run; allocations and stores stay,
since each trip needs its own. Emitted code appends to its tapes, so the place of an element need
not be computed when it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import replace

from ad_compiler.ir.nodes import (
    Block,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    atoms_of,
    const,
    defined_by,
    walk,
)


def hoist(function: Function, *, lists: bool = True) -> Function:
    """Move loop-invariant operations outward, innermost loops first.

    `lists`: tapes are lists, which are appended to.
    """
    unsure = {var for stmt in walk(function.block) for var in _left_undefined(stmt)}
    return function.with_block(_inside(function.block, lists, unsure))


def _left_undefined(stmt: Stmt) -> Iterator[Var]:
    """The values that a loop without a trip does not define."""
    if isinstance(stmt, (For, While)):
        ends = zip(stmt.targets, stmt.inits, strict=True)
        yield from (target for target, init in ends if isinstance(init, Undef))


def _inside(block: Block, lists: bool, unsure: Set[Var]) -> Block:
    out: list[Stmt] = []
    for stmt in block.body:
        match stmt:
            case If():
                then, orelse = (_inside(arm, lists, unsure) for arm in (stmt.then, stmt.orelse))
                out.append(replace(stmt, then=then, orelse=orelse))
            case For() | While():
                moved, body = _split(_inside(stmt.body, lists, unsure), unsure)
                out += [*moved, replace(stmt, body=body)]
            case Let(prim=prim, args=(tape, _, value)) if lists and prim.name == "tape_put":
                out.append(replace(stmt, args=(tape, const(0), value)))
            case _:
                out.append(stmt)
    return replace(block, body=tuple(out))


def _split(body: Block, unsure: Set[Var]) -> tuple[list[Stmt], Block]:
    """The operations of a loop body that depend on nothing in it, and the rest."""
    fixed = invariants(body, unsure)
    moved = [s for s in body.body if not fixed.isdisjoint(defined_by(s))]
    kept = [s for s in body.body if fixed.isdisjoint(defined_by(s))]
    return moved, replace(body, body=tuple(kept))


def invariants(body: Block, unsure: Set[Var] = frozenset()) -> set[Var]:
    """The values of a loop body that depend on nothing in it, and that may be had before it.

    `unsure` are those from outside that are only defined if the loop has a trip.
    """
    return _same(body, unsure, lambda let: not let.prim.raises(let.args))


def unchanging(body: Block) -> set[Var]:
    """The values of a loop body that depend on nothing in it: the same in each trip."""
    return _same(body, frozenset(), lambda _: True)


def _same(body: Block, unsure: Set[Var], movable: Callable[[Let], bool]) -> set[Var]:
    varying: set[Var] = {*body.params, *unsure}
    fixed: set[Var] = set()
    for stmt in body.body:
        same = isinstance(stmt, Let) and _is_pure(stmt) and movable(stmt)
        same = same and varying.isdisjoint(_read(stmt))
        (fixed if same else varying).update(defined_by(stmt))
    return fixed


def _read(stmt: Stmt) -> list[Var]:
    return [a for a in atoms_of(stmt) if isinstance(a, Var)]


def _is_pure(let: Let) -> bool:
    return not (let.prim.allocates or let.prim.in_place is not None)
