"""Backward loops run upwards where the order does not matter.

    for i in reversed(range(n)):            for i in range(n):
        x_bar[i] += w[i] * g        ⇒           x_bar[i] += w[i] * g

It reads better, and memory is read in its order.
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.analysis.commuting import commutes, rises
from ad_compiler.analysis.final import Index
from ad_compiler.analysis.linear import Forms
from ad_compiler.ir.nodes import Block, For, Function, Stmt, walk, with_blocks


def ascend(function: Function) -> Function:
    """Turn the backward loops whose trips commute."""
    if not any(isinstance(stmt, For) and stmt.descending for stmt in walk(function.block)):
        return function
    forms = Forms(Index(function.block).lets)
    return function.with_block(_inside(function.block, forms))


def _inside(block: Block, forms: Forms) -> Block:
    return replace(block, body=tuple([_turned(stmt, forms) for stmt in block.body]))


def _turned(stmt: Stmt, forms: Forms) -> Stmt:
    if isinstance(stmt, For):
        forms.enter(stmt, {}, stmt.body.params[0])
    inner = with_blocks(stmt, lambda block: _inside(block, forms))
    if isinstance(inner, For) and inner.descending and rises(inner) and commutes(inner, forms):
        return replace(inner, descending=False)
    return inner
