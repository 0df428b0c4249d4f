"""Backward sweeps divide by a number once where they need two quotients by it.

    q = truediv g y                         q = truediv g y
    t = mul z g                     ⇒       u = mul z q
    u = truediv t y

What the program itself computes stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Function,
    Let,
    Stmt,
    Var,
    sweep_of,
    walk,
    with_blocks,
)
from ad_compiler.rules.registry import OPERATORS
from ad_compiler.transform.carried import Key, atom_key

DIVISIONS = ("truediv", "ratio")


def share_quotients(function: Function) -> Function:
    """Multiply quotients that are known rather than divide products."""
    divides = (isinstance(s, Let) and s.prim.name in DIVISIONS for s in walk(function.block))
    if not any(divides):
        return function
    lets = {t: s for s in walk(function.block) if isinstance(s, Let) for t in s.targets}
    return function.with_block(_Sharer(lets).block(function.block))


@dataclass(slots=True)
class _Sharer:
    lets: dict[Var, Let]
    known: dict[Key, Var] = field(default_factory=dict[Key, Var])
    """The quotients of the blocks that are open, by operation and operands."""

    def block(self, block: Block) -> Block:
        outer = dict(self.known)
        body = tuple(map(self.statement, block.body))
        self.known = outer
        return replace(block, body=body)

    def statement(self, stmt: Stmt) -> Stmt:
        if not isinstance(stmt, Let):
            return with_blocks(stmt, self.block)
        if stmt.prim.name not in DIVISIONS:
            return stmt
        top, bottom = stmt.args
        shared = self.shared(stmt, top, bottom) if sweep_of(stmt) else None
        if shared is None:
            self.known[stmt.prim, atom_key(top), atom_key(bottom)] = stmt.targets[0]
        return shared or stmt

    def shared(self, stmt: Let, top: Atom, bottom: Atom) -> Let | None:
        """The quotient of a product as a multiple of a quotient; None if that is not known."""
        product = self.lets.get(top) if isinstance(top, Var) else None
        if product is None or product.prim.name != "mul":
            return None
        for factor, other in (product.args, product.args[::-1]):
            quotient = self.known.get((stmt.prim, atom_key(other), atom_key(bottom)))
            if quotient is None:
                continue
            times, args = OPERATORS["*"], (factor, quotient)
            if times.infer(args) == stmt.targets[0].type:
                return replace(stmt, prim=times, args=args)
        return None
