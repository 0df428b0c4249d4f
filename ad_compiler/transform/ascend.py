"""Backward loops run upwards where the order does not matter.

    for i in reversed(range(n)):            for i in range(n):
        x_bar[i] += w[i] * g        ⇒           x_bar[i] += w[i] * g

It reads better, and memory is read in its order.
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.analysis.commuting import commutes, rises
from ad_compiler.ir.nodes import Block, For, Function, Stmt, with_blocks


def ascend(function: Function) -> Function:
    """Turn the backward loops whose trips commute."""
    return function.with_block(_inside(function.block))


def _inside(block: Block) -> Block:
    return replace(block, body=tuple([_turned(stmt) for stmt in block.body]))


def _turned(stmt: Stmt) -> Stmt:
    inner = with_blocks(stmt, _inside)
    if isinstance(inner, For) and inner.descending and rises(inner) and commutes(inner):
        return replace(inner, descending=False)
    return inner
