"""Which arrays surely lie in memory row by row, so that a plain `copy()` keeps their layout.

What is made in that order, elementwise results and slices of such arrays, what is changed in place,
and what branches and loops hand on of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ad_compiler.ir.nodes import Atom, Block, Const, For, If, Let, Undef, Var, While
from ad_compiler.ir.types import rank
from ad_compiler.rules.fits import is_elementwise
from ad_compiler.rules.likeness import BY_ROWS

LIKE_ITS_OPERAND = frozenset(["zeros_like", "ones_like", "full_like", "empty_like", "duplicate"])


def by_rows(block: Block) -> set[Var]:
    """The arrays of a program that are certainly stored row by row."""
    found: set[Var] = set()
    _Walk(found).block(block)
    return found


class _Walk:
    def __init__(self, found: set[Var]) -> None:
        self.found = found

    def is_plain(self, atom: Atom) -> bool:
        return rank(atom.type) < 2 or atom in self.found or isinstance(atom, Undef)

    def block(self, block: Block) -> None:
        for stmt in block.body:
            match stmt:
                case Let(targets=targets):
                    if self.is_made_so(stmt):
                        self.found.update(targets)
                case If(targets=targets, then=then, orelse=orelse):
                    self.block(then)
                    self.block(orelse)
                    pairs = zip(targets, then.results, orelse.results, strict=True)
                    self.found.update(t for t, *ends in pairs if all(map(self.is_plain, ends)))
                case For(targets=targets, inits=inits, body=body):
                    self.loop(targets, inits, (body.params[1:],), body)
                case While(targets=targets, inits=inits, cond=cond, body=body):
                    self.loop(targets, inits, (body.params, cond.params), body)
                case _:
                    pass

    def is_made_so(self, let: Let) -> bool:
        prim = let.prim
        if prim.in_place is not None:
            return self.is_plain(let.args[prim.in_place])
        if prim.name in BY_ROWS:
            return True
        if prim.name in LIKE_ITS_OPERAND:
            return self.is_plain(let.args[0])
        if prim.name == "getitem":
            pattern = let.args[1]
            parts = pattern.value if isinstance(pattern, Const) else ("array",)
            return "array" not in parts and self.is_plain(let.args[0])
        return is_elementwise(prim) and all(map(self.is_plain, let.args))

    def loop(
        self,
        targets: Sequence[Var],
        inits: Sequence[Atom],
        params: Sequence[Sequence[Var]],
        body: Block,
    ) -> None:
        """What begins so, and is so after each trip: assumed, and given up where it fails."""
        held = {k for k, init in enumerate(inits) if self.is_plain(init)}
        while True:
            before = set(self.found)
            self.found.update(group[k] for group in params for k in held)
            self.block(body)
            kept = {k for k in held if self.is_plain(body.results[k])}
            if kept == held:
                break
            held = kept
            self.found.clear()
            self.found.update(before)
        self.found.update(targets[k] for k in held)
