"""Joins branches on one test, so that a person asks once.

    if t: a = f(x)                  …
    …                       ⇒       if t:
    if t: b = g(a)                      a = f(x)
                                        b = g(a)

The first branch moves down to the second if nothing between them reads what it yields, and if
nothing that may raise changes its turn. What the backward branch needs of the forward one is then
at hand, and need not be passed out of one and into the other.
"""

from __future__ import annotations

from dataclasses import replace
from operator import is_

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    blocks_of,
    read_by,
    substitute,
    walk,
    with_blocks,
)
from ad_compiler.transform.dead import dead_code

ENDING = ("raise", "fail")
"""Effects behind which nothing runs."""


def join_branches(function: Function) -> Function:
    """Join the branches of a block that ask the same, in every block."""
    block = _inside(function.block)
    return function if block is function.block else dead_code(function.with_block(block))


def _inside(block: Block) -> Block:
    body: list[Stmt] = []
    for stmt in block.body:
        inner = with_blocks(stmt, _inside)
        body.append(_joined(body, inner) if isinstance(inner, If) else inner)
    same = len(body) == len(block.body) and all(map(is_, body, block.body))
    return block if same else replace(block, body=tuple(body))


def _joined(before: list[Stmt], second: If) -> If:
    """The branch with an earlier one on the same test taken into it, and out of the list."""
    for at in range(len(before) - 1, -1, -1):
        first = before[at]
        if not isinstance(first, If) or first.test is not second.test:
            continue
        if _may_wait(first, before[at:]) and not _reads_nothing(first, second):
            del before[at]
            return _one(first, second)
    return second


def _may_wait(first: If, rest: list[Stmt]) -> bool:
    """Whether a branch may as well run after the statements that follow it.

    What raises where a value is missing, stays before those that read the value.
    """
    if any(isinstance(s, Effect) and s.prim.name in ENDING for s in _inner(first)):
        return False
    yielded = set(first.targets)
    risky = any(map(_has_turn, _inner(first)))
    for stmt in rest[1:]:
        if not yielded.isdisjoint(read_by(stmt)):
            return False
        if risky and any(map(_has_turn, (stmt, *_inner(stmt)))):
            return False
    return True


def _inner(stmt: Stmt) -> list[Stmt]:
    return [s for block in blocks_of(stmt) for s in walk(block)]


def _has_turn(stmt: Stmt) -> bool:
    """Whether it matters when a statement runs: it may raise, or does something."""
    if isinstance(stmt, Let):
        return stmt.prim.raises(stmt.args) and not (stmt.at and stmt.at.sweep)
    return isinstance(stmt, Effect)


def _reads_nothing(first: If, second: If) -> bool:
    """Whether an arm computes with what has no value there: it is never run, whatever it says."""
    for one, other in _arms(first, second):
        lacking = {t for t, r in zip(first.targets, one.results, strict=True) if _lacks(r)}
        if any(not lacking.isdisjoint(read_by(stmt)) for stmt in other.body):
            return True
    return False


def _lacks(result: Atom) -> bool:
    return isinstance(result, Undef)


def _arms(first: If, second: If) -> tuple[tuple[Block, Block], tuple[Block, Block]]:
    return (first.then, second.then), (first.orelse, second.orelse)


def _one(first: If, second: If) -> If:
    arms: list[Block] = []
    for one, other in _arms(first, second):
        rest = substitute(other, dict(zip(first.targets, one.results, strict=True)))
        arms.append(Block((), one.body + rest.body, one.results + rest.results))
    return If(first.targets + second.targets, first.test, arms[0], arms[1], first.at)
