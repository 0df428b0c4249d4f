"""Small expressions that are written out at each use, where a name would say no more.

    x_tail = x[1:]
    y = x_tail * x_tail        ⇒      y = x[1:] * x[1:]

Views of parameters that are never changed, and sums of two integers; not those that a loop
further in uses, which would be computed again in every trip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ad_compiler.backend.operands import operands_of
from ad_compiler.ir.index import is_slice
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    Let,
    Stmt,
    Var,
    While,
    atoms_of,
    blocks_of,
    walk,
)
from ad_compiler.ir.types import Int

VIEWS, WIDEST = 3, 12
"""How often a view is written out, and how wide it may be."""


def shared(function: Function, counts: Counter[Var]) -> frozenset[Var]:
    """The temporaries that are written out wherever they are used."""
    changed = {
        stmt.args[stmt.prim.in_place]
        for stmt in walk(function.block)
        if isinstance(stmt, Let) and stmt.prim.in_place is not None
    }
    steady = {p for p in function.params if p not in changed}
    return frozenset(_in_block(function.block, steady, counts))


def _in_block(block: Block, steady: set[Var], counts: Counter[Var]) -> Iterator[Var]:
    small = {
        stmt.targets[0]
        for stmt in block.body
        if isinstance(stmt, Let) and stmt.targets[0].temp and _is_small(stmt, steady, counts)
    }
    if small:
        here = Counter(a for stmt in block.body for a in _evaluated(stmt) if a in small)
        yield from (var for var, uses in here.items() if uses == counts[var])
    for stmt in block.body:
        for inner in blocks_of(stmt):
            yield from _in_block(inner, steady, counts)


def _is_small(let: Let, steady: set[Var], counts: Counter[Var]) -> bool:
    uses = counts[let.targets[0]]
    if uses < 2:
        return False
    match let.prim.name, let.args:
        case "T", (Var() as array,):
            return array in steady
        case "getitem", (Var() as array, Const() as pattern, *bounds):
            slices = all(map(is_slice, pattern.value)) and all(isinstance(b, Const) for b in bounds)
            return array in steady and slices and uses <= VIEWS and len(array.name) <= WIDEST
        case "add" | "sub", (one, other):
            return _is_integer(one) and _is_integer(other)
        case _:
            return False


def _is_integer(atom: Atom) -> bool:
    """Whether an operand is a Python integer that is written with a short name."""
    if not isinstance(atom.type, Int) or atom.type.kind != "py":
        return False
    return isinstance(atom, Const) or (isinstance(atom, Var) and len(atom.name) <= WIDEST // 2)


def _evaluated(stmt: Stmt) -> Iterator[Atom]:
    """The operands of a statement that are evaluated once, as part of an expression."""
    match stmt:
        case Let(prim=prim, args=args) | Effect(prim=prim, args=args):
            yield from (o.atom for o in operands_of(prim, args) if not o.named)
        case For(start=start, stop=stop, step=step):
            yield from (start, stop, step)
        case While():
            pass
        case _:
            yield from atoms_of(stmt)
