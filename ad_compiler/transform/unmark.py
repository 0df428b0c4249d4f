"""Removes the marks that only a transformation looks at.

    c = stop_gradient x
    y = mul c x             ⇒       y = mul x x

They stay until the last derivative is taken, since each one must see them.
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import Block, Function, Let, Stmt, walk, with_blocks
from ad_compiler.rules.marks import STOP
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.rebuild import rebuild


def unmark(function: Function) -> Function:
    """Let marked values be what they are."""
    if not any(map(_is_mark, walk(function.block))):
        return function
    return rebuild(function.with_block(_block(function.block)))


def _is_mark(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and stmt.prim is STOP


def _block(block: Block) -> Block:
    return replace(block, body=tuple(map(_statement, block.body)))


def _statement(stmt: Stmt) -> Stmt:
    if isinstance(stmt, Let):
        return replace(stmt, prim=PRIMITIVES["identity"]) if _is_mark(stmt) else stmt
    return with_blocks(stmt, _block)
