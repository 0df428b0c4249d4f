"""Backward sweeps read what forward sweeps have computed already.

    s = sin x    (forward)                s = sin x
    c = sin x    (backward)       ⇒
    w = mul c g                           w = mul s g

Straight-line programs need no such pass, since both sweeps stand in one block, where equal
operations are merged. In loops and branches they stand apart.
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import Atom, Block, Let, Stmt, Var, substitute, with_blocks
from ad_compiler.transform.carried import Key, atom_key
from ad_compiler.transform.storing import is_cheap


def reusing(backward: Block, forward: Block) -> Block:
    """The backward block, without what the forward block computes and has at hand."""
    known = {
        _key(stmt): stmt.targets[0]
        for stmt in reversed(forward.body)
        if isinstance(stmt, Let) and _is_reusable(stmt)
    }
    if not known:
        return backward
    env: dict[Var, Atom] = {}

    def go(block: Block) -> Block:
        return replace(block, body=tuple([new for stmt in block.body if (new := one(stmt))]))

    def one(stmt: Stmt) -> Stmt | None:
        if not isinstance(stmt, Let):
            return with_blocks(stmt, go)
        found = known.get(_key(stmt)) if _is_reusable(stmt) else None
        if found is None:
            return stmt
        env[stmt.targets[0]] = found
        return None

    return substitute(go(backward), env)


def _key(let: Let) -> Key:
    return (let.prim, *map(atom_key, let.args))


def _is_reusable(let: Let) -> bool:
    """Whether the value would be stored: what is cheap is computed again in any case."""
    prim = let.prim
    made = prim.allocates or prim.in_place is not None
    return len(let.targets) == 1 and not (made or is_cheap(let) or prim.name == "identity")
