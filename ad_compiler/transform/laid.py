"""Arrays that are written through `a.reshape(-1)[k]` lie in memory row by row.

    a_bar = zeros_like x                            a_bar = np.zeros n m
    a_bar2 = store a_bar (reshape…) 0.0 …    ⇒      a_bar2 = store a_bar (reshape…) 0.0 …

`np.zeros_like(x)` lies as x does. Where that is column by column, a reshape is a copy, and what is
written to it is lost. The arrays of the program itself are known to lie so; their cotangents and
tangents are made to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ad_compiler.analysis.edges import Edges, edges_of, leaving, reaching
from ad_compiler.analysis.layout import by_rows
from ad_compiler.ir.nodes import (
    Block,
    Const,
    Function,
    Let,
    Stmt,
    Var,
    const,
    substitute,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import NUMPY_NAMES, Array, Int, Static, rank
from ad_compiler.rules.registry import PRIMITIVES

MADE = {
    "zeros_like": "np.zeros", "ones_like": "np.ones", "empty_like": "np.empty",
    "full_like": "np.full",
}  # fmt: skip
"""What makes an array row by row, instead of as another lies."""


def lay_by_rows(function: Function) -> Function:
    """Make what is written through a reshape so that it can be."""
    bases = {base for stmt in walk(function.block) for base in _flat(stmt)}
    if not bases:
        return function
    wanted = bases - by_rows(function.block)
    if not wanted:
        return function
    chain = reaching(wanted, _passed(function.block))
    block = _block(function.block, chain)
    copies = {p: Var(p.name, p.type) for p in function.params if p in chain}
    made = tuple(Let((own,), PRIMITIVES["copy"], (given,)) for given, own in copies.items())
    block = substitute(block, copies)
    return function.with_block(replace(block, body=(*made, *block.body)))


def _flat(stmt: Stmt) -> Iterator[Var]:
    """The array of several axes that a statement changes in place through a reshape of it."""
    match stmt:
        case Let(prim=prim, args=(Var() as base, Const(value=tuple() as pattern), *_)):
            written = prim.in_place == 0 and rank(base.type) > 1
            if written and any(str(item).startswith("reshape") for item in pattern):
                yield base
        case _:
            pass


def _passed(block: Block) -> Edges:
    """Along which edges one array goes under several names."""
    passed: Edges = []
    for stmt in walk(block):
        for group in (*edges_of(stmt), leaving(stmt)):
            passed += group
        if isinstance(stmt, Let) and stmt.prim.in_place is not None:
            passed.append((stmt.args[stmt.prim.in_place], stmt.targets[0]))
    return passed


def _block(block: Block, chain: set[Var]) -> Block:
    return replace(block, body=tuple(new for stmt in block.body for new in _made(stmt, chain)))


def _made(stmt: Stmt, chain: set[Var]) -> Iterator[Stmt]:
    """A statement; an array of a chain that comes into being lies row by row."""
    match stmt:
        case Let(targets=targets, prim=prim) if prim.in_place is None and not chain.isdisjoint(
            targets
        ):
            yield from _plain(stmt) if prim.name in MADE else _copied(stmt, chain)
        case _:
            yield with_blocks(stmt, lambda block: _block(block, chain))


def _plain(let: Let) -> Iterator[Let]:
    """`np.zeros((n, m))` for `np.zeros_like(x)`."""
    (target,), (like, *value) = let.targets, let.args
    assert isinstance(target.type, Array)
    lengths = [Var("n", Int(), temp=True) for _ in target.type.dims]
    for axis, length in enumerate(lengths):
        yield Let((length,), PRIMITIVES["dim"], (like, const(axis)), let.at)
    dtype = Const(NUMPY_NAMES[target.type.dtype], Static())
    yield Let((target,), PRIMITIVES[MADE[let.prim.name]], (*lengths, *value, dtype), let.at)


def _copied(let: Let, chain: set[Var]) -> Iterator[Let]:
    """What is computed, and then copied: a copy lies row by row."""
    made = {t: Var(t.name, t.type, temp=True) for t in let.targets if t in chain}
    yield replace(let, targets=tuple(made.get(t, t) for t in let.targets))
    for own, before in made.items():
        yield Let((own,), PRIMITIVES["copy"], (before,), let.at)
