"""Keeps what a program raises for shapes that do not fit, where its value is not computed.

    t = mul x y                 t = mul x y             (x and y may have different lengths)
    v = np.sum t        ⇒       check_fit x y
                                v = np.sum t

A gradient need not compute the value, but its shapes are those of a program that ran: types take
lengths that meet for equal. So the check stays, unless such an operation itself does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from ad_compiler.analysis.unchecked import Unchecked
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
from ad_compiler.ir.types import Dim, dims_of, never_one
from ad_compiler.rules.fits import CHECK_FIT, WRITES, Met, implied, is_elementwise, lengths_met
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.dead import dead_code, write_check


def check_shapes(function: Function) -> Function:
    """Put a check beside each operation whose operands' shapes may not fit."""
    arrays = {dims_of(p.type): p for p in reversed(function.params) if dims_of(p.type)}
    if not arrays:
        return function
    block = _block(function.block, frozenset(), arrays)
    old = set(map(id, function.block.body))
    new = [s for s in block.body if id(s) not in old]
    inputs = set(function.params)
    first: list[Stmt] = [s for s in new if isinstance(s, Let) and inputs.issuperset(_read(s))]
    at_hand = {*inputs, *(s.targets[0] for s in first if isinstance(s, Let))}
    first += [s for s in new if isinstance(s, Effect) and at_hand.issuperset(s.args)]
    moved = set(map(id, first))
    rest = (s for s in block.body if id(s) not in moved)
    return function.with_block(replace(block, body=(*first, *rest)))


def _read(let: Let) -> list[Var]:
    return [arg for arg in let.args if isinstance(arg, Var)]


def _block(block: Block, met: Met, arrays: dict[tuple[Dim, ...], Var]) -> Block:
    body: list[Stmt] = []
    for stmt in block.body:
        if not isinstance(stmt, Let):
            body.append(with_blocks(stmt, lambda inner, met=met: _block(inner, met, arrays)))
            continue
        clashes = lengths_met(stmt.prim, stmt.args) - met
        if clashes:
            met |= clashes
            body += _check(stmt, clashes, arrays)
        body.append(stmt)
    return replace(block, body=tuple(body))


def _check(let: Let, clashes: Met, arrays: dict[tuple[Dim, ...], Var]) -> list[Stmt]:
    """The check of an operation: on inputs of the same shapes or lengths, if there are any."""
    operands: list[Atom] = [a for a in let.args if dims_of(a.type)]
    inputs = [arrays.get(dims_of(a.type)) for a in operands]
    if is_elementwise(let.prim) and None not in inputs:
        return [Effect(CHECK_FIT, tuple(a for a in inputs if a is not None), let.at)]
    lengths = {d: (v, axis) for dims, v in arrays.items() for axis, d in enumerate(dims)}
    met = [dim for pair in clashes for dim in pair]
    exact = is_elementwise(let.prim) or all(map(never_one, met))
    if not exact or any(dim not in lengths for dim in met):
        if let.prim.name in WRITES:
            return list(write_check(let))
        if is_elementwise(let.prim):
            return [Effect(CHECK_FIT, tuple(operands), let.at)]
        return [Effect(let.prim, let.args, let.at)]
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
    return dead_code(function.with_block(_Kept(function, lean).block(function.block, ())))


def _is_check(stmt: Stmt) -> bool:
    return isinstance(stmt, Effect) and bool(lengths_met(stmt.prim, stmt.args))


def _is_write(stmt: Stmt) -> TypeGuard[Let]:
    return isinstance(stmt, Let) and stmt.prim.name in WRITES


def _unchecked(block: Block) -> Block:
    body = (with_blocks(stmt, _unchecked) for stmt in block.body if not _is_check(stmt))
    return replace(block, body=tuple(body))


class _Kept:
    """What is kept for other reasons than what it raises, and what that checks."""

    def __init__(self, function: Function, lean: Function) -> None:
        self.typed = Unchecked(function)
        self.kept = {var for stmt in walk(lean.block) for var in defined_by(stmt)}
        lets = [stmt for stmt in walk(function.block) if isinstance(stmt, Let)]
        self.apart = {t: let for let in lets for t in let.targets if t not in self.kept}
        writes = (stmt.args for stmt in walk(lean.block) if _is_write(stmt))
        self.written = {(a, pattern, *index) for a, pattern, _, *index in writes}

    def block(self, block: Block, around: Sequence[Met]) -> Block:
        """A block without the checks that what is kept implies."""
        known = [*around, *self._met(block.body)]
        body: list[Stmt] = []
        for stmt in block.body:
            if isinstance(stmt, Effect) and _is_check(stmt):
                wanted = self._wanted(stmt)
                if wanted is not None and implied(wanted, known):
                    continue
                known.append(self._lengths(stmt))
            body.append(with_blocks(stmt, lambda inner: self.block(inner, known)))
        return replace(block, body=tuple(body))

    def _lengths(self, stmt: Let | Effect) -> Met:
        return lengths_met(stmt.prim, self.typed(stmt.args))

    def _wanted(self, effect: Effect) -> Met | None:
        """What a check, and all that is computed for it alone, sees to; None if that is more."""
        met = self._lengths(effect)
        seen: set[Var] = set()
        front = list(effect.args)
        while front:
            let = self.apart.get(atom) if isinstance(atom := front.pop(), Var) else None
            if let is None or not seen.isdisjoint(let.targets):
                continue
            lengths = self._lengths(let)
            if not lengths and let.prim.raises(let.args) and let.args not in self.written:
                return None
            seen.update(let.targets)
            met |= lengths
            front += let.args
        return met

    def _met(self, stmts: Sequence[Stmt], *, looped: bool = False) -> Iterator[Met]:
        """The lengths that statements fail for if they differ; a loop, if it runs.

        What a loop writes often is what its trips are counted by.
        """
        for stmt in stmts:
            if isinstance(stmt, Let) and not self.kept.isdisjoint(stmt.targets):
                if not (looped and stmt.prim.name in WRITES):
                    yield self._lengths(stmt)
            elif isinstance(stmt, For):
                yield from self._met(stmt.body.body, looped=True)
