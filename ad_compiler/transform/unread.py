"""Backward sweeps reset no cotangent that nobody reads again.

g = getitem h_bar t + 1
h_bar2 = store h_bar 0.0 t + 1      ⇒       g = getitem h_bar t + 1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeGuard

from ad_compiler.analysis.final import Index
from ad_compiler.analysis.unread import is_unread
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Function,
    Let,
    Stmt,
    Var,
    defined_by,
    substitute,
    walk,
    with_blocks,
)


def drop_unread(function: Function) -> Function:
    """Leave out stores of zero, in backward sweeps, to elements that are never read again."""
    resets = [stmt for stmt in walk(function.block) if _is_reset(stmt)]
    if not resets:
        return function
    index = Index(function.block)
    env: dict[Var, Atom] = {}
    for stmt in resets:
        if is_unread(index, stmt):
            array = stmt.args[0]
            env[stmt.targets[0]] = env.get(array, array) if isinstance(array, Var) else array
    if not env:
        return function
    block = substitute(_without(function.block, env), env)
    results = tuple(env.get(r, r) if isinstance(r, Var) else r for r in function.results)
    return function.with_block(replace(block, results=results))


def _is_reset(stmt: Stmt) -> TypeGuard[Let]:
    """Whether a statement of a backward sweep sets elements to zero."""
    if not isinstance(stmt, Let) or stmt.prim.name != "store" or not stmt.at or not stmt.at.sweep:
        return False
    value = stmt.args[2]
    return isinstance(value, Const) and value.value == 0


def _without(block: Block, dropped: Mapping[Var, Atom]) -> Block:
    """The block without the statements that define some variables, at any depth."""
    kept = [stmt for stmt in block.body if dropped.keys().isdisjoint(defined_by(stmt))]
    inner = [with_blocks(stmt, lambda b: _without(b, dropped)) for stmt in kept]
    return replace(block, body=tuple(inner))
