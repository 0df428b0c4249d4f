"""Of additions to elements of one array, those that run ahead come first.

    x_bar[i] += a                           x_bar[i + 1] += b
    x_bar[i + 1] += b           ⇒           x_bar[i] += a

They are different elements, unless indices count from the end, so the sums are the same up to
rounding. What a trip reads last is then what the one before wrote first, which a compiler of
numbers makes twice as fast.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from ad_compiler.analysis.final import Index
from ad_compiler.ir.linear import Forms, Linear
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    Function,
    Let,
    Stmt,
    Var,
    readings,
    with_blocks,
)


def order(function: Function) -> Function:
    """Sort additions to different elements of an array that follow each other."""
    uses = Counter(readings(function.block))
    sorter = _Sorter(Forms(Index(function.block).lets), uses)
    return function.with_block(sorter.inside(function.block))


@dataclass(frozen=True, slots=True)
class _Sorter:
    forms: Forms
    uses: Counter[Var]

    def inside(self, block: Block) -> Block:
        return replace(block, body=tuple(map(self.statement, block.body)))

    def statement(self, stmt: Stmt) -> Stmt:
        new = with_blocks(stmt, self.inside)
        if not isinstance(new, For) or not isinstance(new.step, Const):
            return new
        upwards = (new.step.value > 0) != new.descending
        return replace(new, body=self.sorted(new.body, upwards=upwards))

    def sorted(self, block: Block, *, upwards: bool) -> Block:
        """Exchange neighbours until those that run ahead are first."""
        body = list(block.body)
        at = 0
        while at + 1 < len(body):
            first, second = body[at], body[at + 1]
            if isinstance(first, Let) and isinstance(second, Let):
                swapped = self.swapped(first, second, upwards=upwards)
                if swapped is not None:
                    body[at : at + 2] = swapped
                    at = max(at - 1, 0)
                    continue
            at += 1
        return replace(block, body=tuple(body))

    def swapped(self, first: Let, second: Let, *, upwards: bool) -> tuple[Let, Let] | None:
        """The two additions in the other order; None if they shall stay, or must."""
        between = first.targets[0]
        if first.prim.name != "add_at" or second.prim is not first.prim:
            return None
        if second.args[0] is not between or self.uses[between] != 1:
            return None
        ahead = self.ahead(first.args, second.args)
        if ahead is None or (ahead > 0) != upwards:
            return None
        made = replace(second, targets=(between,), args=(first.args[0], *second.args[1:]))
        return made, replace(first, targets=second.targets, args=(between, *first.args[1:]))

    def ahead(self, one: tuple[Atom, ...], other: tuple[Atom, ...]) -> int | None:
        """How far the second place is ahead of the first, on the first axis where they differ."""
        if one[1] != other[1] or not isinstance(one[1], Const) or set(one[1].value) != {"int"}:
            return None
        for a, b in zip(one[3:], other[3:], strict=True):
            if a is b or a == b:
                continue
            first, second = self.forms.form(a, {}), self.forms.form(b, {})
            if first is None or second is None:
                return None
            apart: Linear = second.plus(first, -1)
            if apart.terms:
                return None
            if apart.constant:
                return apart.constant
        return None
