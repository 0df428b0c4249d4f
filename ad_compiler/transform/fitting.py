"""Keeps what a program raises for shapes that do not fit, where its value is not computed.

    t = mul x y                 t = mul x y             (x and y may have different lengths)
    v = np.sum t        ⇒       check_fit x y
                                v = np.sum t

A gradient need not compute the value, but its shapes are those of a program that ran: types take
lengths that meet for equal. So the check stays, unless such an operation itself does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    Function,
    Let,
    Stmt,
    Var,
    const,
    defined_by,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import Dim, dims_of
from ad_compiler.rules.fits import CHECK_FIT, PRODUCTS, Met, implied, lengths_met
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.dead import dead_code


def check_shapes(function: Function) -> Function:
    """Put a check beside each operation whose operands' shapes may not fit."""
    arrays = {dims_of(p.type): p for p in reversed(function.params) if dims_of(p.type)}
    if not arrays:
        return function
    block = _block(function.block, frozenset(), arrays)
    old = set(map(id, function.block.body))
    new = [s for s in block.body if id(s) not in old]
    first: list[Stmt] = [s for s in new if isinstance(s, Let)]
    at_hand = {*function.params, *(s.targets[0] for s in first if isinstance(s, Let))}
    first += [s for s in new if isinstance(s, Effect) and at_hand.issuperset(s.args)]
    moved = set(map(id, first))
    rest = (s for s in block.body if id(s) not in moved)
    return function.with_block(replace(block, body=(*first, *rest)))


def _block(block: Block, met: Met, arrays: dict[tuple[Dim, ...], Var]) -> Block:
    body: list[Stmt] = []
    for stmt in block.body:
        if not isinstance(stmt, Let):
            body.append(with_blocks(stmt, lambda inner, met=met: _block(inner, met, arrays)))
            continue
        body.append(stmt)
        clashes = lengths_met(stmt.prim, stmt.args) - met
        if clashes:
            met |= clashes
            body += _check(stmt, clashes, arrays)
    return replace(block, body=tuple(body))


def _check(let: Let, clashes: Met, arrays: dict[tuple[Dim, ...], Var]) -> list[Stmt]:
    """The check of an operation: on inputs of the same shapes or lengths, if there are any."""
    operands: list[Atom] = [a for a in let.args if dims_of(a.type)]
    inputs = [arrays.get(dims_of(a.type)) for a in operands]
    if let.prim.name not in PRODUCTS and None not in inputs:
        return [Effect(CHECK_FIT, tuple(a for a in inputs if a is not None), let.at)]
    lengths = {d: (v, axis) for dims, v in arrays.items() for axis, d in enumerate(dims)}
    if any(dim not in lengths for pair in clashes for dim in pair):
        wanted = let.args if let.prim.name in PRODUCTS else tuple(operands)
        return [Effect(let.prim if let.prim.name in PRODUCTS else CHECK_FIT, wanted, let.at)]
    made: list[Stmt] = []
    for pair in sorted(clashes, key=lambda pair: sorted(map(str, pair))):
        ends = tuple(_length(*lengths[dim]) for dim in sorted(pair, key=str))
        made += [*ends, Effect(CHECK_FIT, tuple(end.targets[0] for end in ends), let.at)]
    return made


def _length(array: Var, axis: int) -> Let:
    dim = PRIMITIVES["dim"]
    args = (array, const(axis))
    type_ = dim.infer(args)
    assert not isinstance(type_, tuple)
    return Let((Var("n", type_, temp=True),), dim, args)


def drop_checks(function: Function) -> Function:
    """Remove the checks of what the remaining operations check themselves."""
    if not any(map(_is_check, walk(function.block))):
        return function
    lean = dead_code(function.with_block(_unchecked(function.block)))
    kept = {var for stmt in walk(lean.block) for var in defined_by(stmt)}
    return dead_code(function.with_block(_needed(function.block, [], kept)))


def _is_check(stmt: Stmt) -> bool:
    return isinstance(stmt, Effect) and bool(lengths_met(stmt.prim, stmt.args))


def _unchecked(block: Block) -> Block:
    body = (with_blocks(stmt, _unchecked) for stmt in block.body if not _is_check(stmt))
    return replace(block, body=tuple(body))


def _needed(block: Block, around: Sequence[Met], kept: Set[Var]) -> Block:
    """A block without checks that what is kept for other reasons implies."""
    known = [*around, *_met(block.body, kept)]
    body: list[Stmt] = []
    for stmt in block.body:
        lengths = lengths_met(stmt.prim, stmt.args) if isinstance(stmt, Effect) else frozenset()
        if lengths and implied(lengths, known):
            continue
        known.append(lengths)
        body.append(with_blocks(stmt, lambda inner: _needed(inner, known, kept)))
    return replace(block, body=tuple(body))


def _met(stmts: Sequence[Stmt], kept: Set[Var]) -> Iterator[Met]:
    """The lengths that statements fail for if they differ; a loop, if it runs."""
    for stmt in stmts:
        if isinstance(stmt, Let) and not kept.isdisjoint(stmt.targets):
            yield lengths_met(stmt.prim, stmt.args)
        elif isinstance(stmt, For):
            yield from _met(stmt.body.body, kept)
