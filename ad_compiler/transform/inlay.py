"""Rows of a tape are written where they belong, rather than copied there.

    row = np.empty(m)                       row = rows[i]
    for j in range(m):                      for j in range(m):
        row[j] = y              ⇒               row[j] = y
    rows[i] = row

Only after `bufferise`, which knows nothing of writing through a view.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    defined_by,
    readings,
    substitute,
)
from ad_compiler.rules.registry import PRIMITIVES

ROW = ("int",)


def inlay(function: Function) -> Function:
    """Let inner tapes be rows of outer ones."""
    return function.with_block(_block(function.block, Counter(readings(function.block))))


def _block(block: Block, uses: Counter[Var]) -> Block:
    made: Block | None = replace(block, body=tuple(_inside(stmt, uses) for stmt in block.body))
    while made is not None:
        block = made
        made = next((new for stmt in block.body if (new := _row(stmt, block, uses))), None)
    return block


def _inside(stmt: Stmt, uses: Counter[Var]) -> Stmt:
    match stmt:
        case If():
            return replace(stmt, then=_block(stmt.then, uses), orelse=_block(stmt.orelse, uses))
        case For():
            return replace(stmt, body=_block(stmt.body, uses))
        case While():
            return replace(stmt, body=_block(stmt.body, uses))
        case _:
            return stmt


def _row(stmt: Stmt, block: Block, uses: Counter[Var]) -> Block | None:
    """The block with a row in place of an array that a statement copies into one; else None."""
    if not (isinstance(stmt, Let) and stmt.prim is PRIMITIVES["store"] and len(stmt.args) == 4):
        return None
    outer, pattern, row, k = stmt.args
    if not (isinstance(pattern, Const) and pattern.value == ROW and isinstance(row, Var)):
        return None
    if not isinstance(outer, Var) or outer not in block.params[1:]:
        return None
    loop = next((s for s in block.body if isinstance(s, For) and row in s.targets), None)
    if loop is None or uses[row] != 1 or uses[outer] != 1:
        return None
    position = loop.targets.index(row)
    fresh, param = loop.inits[position], loop.body.params[1 + position]
    made = next((s for s in block.body if isinstance(s, Let) and fresh in s.targets), None)
    if made is None or made.prim is not PRIMITIVES["np.empty"] or uses[made.targets[0]] != 1:
        return None
    if not _is_written(loop.body, param, loop.body.results[position]):
        return None
    view = replace(made, prim=PRIMITIVES["getitem"], args=(outer, pattern, k))
    before = block.body.index(loop)
    if any(k in defined_by(s) for s in block.body[before:]):
        return None
    rest = (*block.body[:before], view, *block.body[before:])
    body = tuple(s for s in rest if s is not stmt and s is not made)
    return substitute(replace(block, body=body), {stmt.targets[0]: outer})


def _is_written(block: Block, param: Var, result: Atom) -> bool:
    """Whether a block yields the very storage of a parameter."""
    while result is not param:
        made = next((s for s in block.body if result in getattr(s, "targets", ())), None)
        match made:
            case Let(prim=prim, args=args) if prim.in_place is not None:
                result = args[prim.in_place]
            case For(targets=targets, inits=inits, body=body):
                position = targets.index(result)
                if not _is_written(body, body.params[1 + position], body.results[position]):
                    return False
                result = inits[position]
            case _:
                return False
    return True
