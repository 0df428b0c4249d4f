"""Moves what no trip changes out of loops.

    for k in range(n):              t = sin x
        t = sin x           ⇒       for k in range(n):
        y = mul t k                     y = mul t k

Only operations that cannot raise move, since the loop may not run; allocations and stores stay,
since each trip needs its own. Emitted code appends to its tapes, so the place of an element need
not be computed when it is written.
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import Block, For, Function, If, Let, Stmt, Var, While, const, defined_by


def hoist(function: Function, *, lists: bool = True) -> Function:
    """Move loop-invariant operations outward, innermost loops first.

    `lists`: tapes are lists, which are appended to.
    """
    return function.with_block(_inside(function.block, lists))


def _inside(block: Block, lists: bool) -> Block:
    out: list[Stmt] = []
    for stmt in block.body:
        match stmt:
            case If():
                then, orelse = (_inside(arm, lists) for arm in (stmt.then, stmt.orelse))
                out.append(replace(stmt, then=then, orelse=orelse))
            case For():
                moved, body = _split(_inside(stmt.body, lists))
                out += [*moved, replace(stmt, body=body)]
            case While():
                moved, body = _split(_inside(stmt.body, lists))
                out += [*moved, replace(stmt, body=body)]
            case Let(prim=prim, args=(tape, _, value)) if lists and prim.name == "tape_put":
                out.append(replace(stmt, args=(tape, const(0), value)))
            case _:
                out.append(stmt)
    return replace(block, body=tuple(out))


def _split(body: Block) -> tuple[list[Stmt], Block]:
    """The operations of a loop body that depend on nothing in it, and the rest."""
    fixed = invariants(body)
    moved = [s for s in body.body if not fixed.isdisjoint(defined_by(s))]
    kept = [s for s in body.body if fixed.isdisjoint(defined_by(s))]
    return moved, replace(body, body=tuple(kept))


def invariants(body: Block) -> set[Var]:
    """The values of a loop body that depend on nothing in it, and that may be had before it."""
    varying: set[Var] = set(body.params)
    fixed: set[Var] = set()
    for stmt in body.body:
        same = isinstance(stmt, Let) and _movable(stmt) and varying.isdisjoint(_read(stmt))
        (fixed if same else varying).update(defined_by(stmt))
    return fixed


def _read(let: Let) -> list[Var]:
    return [a for a in let.args if isinstance(a, Var)]


def _movable(let: Let) -> bool:
    prim = let.prim
    return not (prim.allocates or prim.in_place is not None or prim.raises(let.args))
