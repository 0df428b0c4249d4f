"""A carried array that every trip begins anew with zeros is set to zero where it is.

    y_bar2 = add_at y_bar …                 y_bar2 = add_at y_bar …
    y_bar3 = zeros_like y_bar       ⇒       y_bar3 = store y_bar2 0.0

No trip needs an array of its own then, nor a copy of the one before.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ad_compiler.analysis.edges import last_name
from ad_compiler.ir.index import WHOLE
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    const,
    readings,
    walk,
    with_blocks,
)
from ad_compiler.rules.registry import PRIMITIVES


def reset_in_place(function: Function) -> Function:
    """Store zeros in carried arrays rather than make new ones."""
    if not any(isinstance(s, Let) and s.prim.name == "zeros_like" for s in walk(function.block)):
        return function
    uses = Counter[Atom](readings(function.block))
    return function.with_block(_inside(function.block, uses))


def _inside(block: Block, uses: Counter[Atom]) -> Block:
    return replace(block, body=tuple(_statement(stmt, uses) for stmt in block.body))


def _statement(stmt: Stmt, uses: Counter[Atom]) -> Stmt:
    new = with_blocks(stmt, lambda block: _inside(block, uses))
    if not isinstance(new, For):
        return new
    body = new.body
    for param, result in zip(body.params[1:], body.results, strict=True):
        body = _reset(body, param, result, uses)
    return replace(new, body=body)


def _reset(body: Block, param: Var, result: Atom, uses: Counter[Atom]) -> Block:
    made = next((s for s in body.body if isinstance(s, Let) and result in s.targets), None)
    if made is None or made.prim.name != "zeros_like" or uses[result] != 1:
        return body
    if any(t.type == param.type for s in body.body if isinstance(s, If) for t in s.targets):
        return body  # a branch may have made it
    last = last_name(body.body, param)
    if last is param or last.type != made.targets[0].type:
        return body
    store = replace(made, prim=PRIMITIVES["store"], args=(last, const(WHOLE), const(0.0)))
    return replace(body, body=(*(s for s in body.body if s is not made), store))
