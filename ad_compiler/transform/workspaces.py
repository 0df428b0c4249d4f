"""Scratch arrays of a loop are allocated once.

    for i in range(n):                      y = np.empty(m)
        y = np.empty(m)         ⇒           for i in range(n):
        for j in range(m): …                    for j in range(m): …

Where no trip leaves the array, or a view of it, to what comes after. Only after `bufferise`, for
which each trip's array is another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from ad_compiler.analysis.edges import has_storage, last_name
from ad_compiler.ir.nodes import (
    Block,
    For,
    Function,
    Let,
    Stmt,
    Var,
    blocks_of,
    defined_by,
    with_blocks,
)
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.bufferise import Memory, memory_of


def share_workspaces(function: Function) -> Function:
    """Move the allocations of scratch arrays out of loops."""
    memory = memory_of(function)
    together: dict[Var, set[Var]] = {}
    for var in (*function.params, *_defined(function.block)):
        if has_storage(var):
            together.setdefault(memory.find(var), set()).add(var)
    return function.with_block(_inside(function.block, memory, together))


def _defined(block: Block) -> Iterator[Var]:
    """All that is defined in a block, but for its parameters."""
    for stmt in block.body:
        yield from defined_by(stmt)
        for inner in blocks_of(stmt):
            yield from inner.params
            yield from _defined(inner)


def _inside(block: Block, memory: Memory, together: dict[Var, set[Var]]) -> Block:
    body: list[Stmt] = []
    for stmt in block.body:
        new = with_blocks(stmt, lambda inner: _inside(inner, memory, together))
        if isinstance(new, For):
            own = set(_defined(new.body))
            for scratch in [s for s in new.body.body if _is_scratch(s, own, memory, together)]:
                allocated, new = _carried(new, scratch)
                body.append(allocated)
        body.append(new)
    return replace(block, body=tuple(body))


def _is_scratch(
    stmt: Stmt, own: set[Var], memory: Memory, together: dict[Var, set[Var]]
) -> TypeGuard[Let]:
    """Whether a statement allocates what only a trip sees, in a shape that all trips share."""
    if not isinstance(stmt, Let) or stmt.prim is not PRIMITIVES["np.empty"]:
        return False
    (target,) = stmt.targets
    known_before = own.isdisjoint(a for a in stmt.args if isinstance(a, Var))
    return known_before and together[memory.find(target)] <= own


def _carried(loop: For, scratch: Let) -> tuple[Let, For]:
    """The allocation, and the loop with the array from trip to trip: in one name, therefore."""
    (param,) = scratch.targets
    first, last = (Var(param.name, param.type, param.temp) for _ in range(2))
    rest = tuple(s for s in loop.body.body if s is not scratch)
    body = replace(
        loop.body,
        params=(*loop.body.params, param),
        body=rest,
        results=(*loop.body.results, last_name(rest, param)),
    )
    carried = replace(loop, targets=(*loop.targets, last), inits=(*loop.inits, first), body=body)
    return replace(scratch, targets=(first,)), carried
