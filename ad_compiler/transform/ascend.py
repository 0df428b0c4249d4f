"""Backward loops run upwards where the order does not matter.

    for i in reversed(range(n)):            for i in range(n):
        x_bar[i] += w[i] * g        ⇒           x_bar[i] += w[i] * g

It reads better, and memory is read in its order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ad_compiler.analysis.commuting import commutes, rises
from ad_compiler.analysis.final import Index
from ad_compiler.analysis.scratch import is_cleared
from ad_compiler.ir.linear import Forms
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    For,
    Function,
    Stmt,
    Var,
    readings,
    walk,
    with_blocks,
)


def ascend(function: Function) -> Function:
    """Turn the backward loops whose trips commute."""
    if not any(isinstance(stmt, For) and stmt.descending for stmt in walk(function.block)):
        return function
    turner = _Turner(Forms(Index(function.block).lets), set(readings(function.block)))
    return function.with_block(turner.inside(function.block))


@dataclass(frozen=True, slots=True)
class _Turner:
    """What is known of the program."""

    forms: Forms
    read: set[Var]
    zero: set[Atom] = field(default_factory=set[Atom])
    """Parameters of loops that are zero at the start of each trip."""

    def inside(self, block: Block) -> Block:
        return replace(block, body=tuple(map(self.turned, block.body)))

    def turned(self, stmt: Stmt) -> Stmt:
        if not isinstance(stmt, For):
            return with_blocks(stmt, self.inside)
        self.forms.enter(stmt, {}, stmt.body.params[0])
        carried = range(len(stmt.inits))
        cleared = [at for at in carried if is_cleared(stmt, at, self.forms.lets, self.zero)]
        self.zero.update(stmt.body.params[1 + at] for at in cleared)
        inner = replace(stmt, body=self.inside(stmt.body))
        if not (inner.descending and rises(inner)):
            return inner
        turns = commutes(inner, self.forms, self.read, cleared)
        return replace(inner, descending=False) if turns else inner
