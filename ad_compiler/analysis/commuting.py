"""Loops whose trips may run in any order.

    for i in reversed(range(n)):        each carried value is only added to, or is an array of
        g = 2 * (x[i] - m)              which a trip touches nothing but the elements at its own
        x_bar[i] += g                   index
        m_bar -= g

(Kennedy and Allen 2001, chapter 5: a loop without carried dependences; sums are none, up to the
rounding of their order.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ad_compiler.analysis.linear import Forms
from ad_compiler.ir.index import is_slice, split_operands
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    If,
    Let,
    Stmt,
    Var,
    While,
    atoms_of,
    blocks_of,
    readings,
    walk,
)
from ad_compiler.rules.registry import SHAPE_ONLY

PLACED = ("getitem", "store", "add_at")


def commutes(loop: For, forms: Forms) -> bool:
    """Whether the trips of a loop may run in any order, up to rounding."""
    body = loop.body
    if body.stop is not None or any(isinstance(stmt, Effect | While) for stmt in walk(body)):
        return False
    uses = Counter(readings(body))
    index, *params = body.params
    from_zero = rises(loop) and forms.at_least(forms.form(loop.start, {}), 0)
    return all(
        Sum(uses).reaches(param, body.body, result)
        or (from_zero and _keeps_to(index, param, result, body))
        for param, result in zip(params, body.results, strict=True)
    )


def rises(loop: For) -> bool:
    """Whether the range of a loop is written upwards."""
    return isinstance(loop.step, Const) and loop.step.value > 0


def _vars(atoms: Iterable[Atom]) -> Iterator[Var]:
    return (atom for atom in atoms if isinstance(atom, Var))


class Sum:
    """Follows a value that is only added to. `uses` counts all readings in the loop."""

    def __init__(self, uses: Counter[Var]) -> None:
        self.uses = uses

    def reaches(self, start: Var, body: tuple[Stmt, ...], end: Atom) -> bool:
        """Whether additions alone lead from one value to the other, and nobody else looks."""
        now = start
        for stmt in body:
            taken = self.step(now, stmt)
            if taken is None:
                continue
            found, readings = taken
            if self.uses[now] != readings:
                return False
            now = found
        return now is end and self.uses[now] == 1

    def step(self, now: Var, stmt: Stmt) -> tuple[Var, int] | None:
        """The sum after a statement that adds to it, and how often that reads it."""
        match stmt:
            case Let(targets=(target,), prim=prim, args=args) if args.count(now) == 1:
                adds = prim.name == "add" or (prim.name in ("sub", "add_at") and args[0] is now)
                return (target, 1) if adds else None
            case If(targets=targets, then=then, orelse=orelse):
                arms = [(Sum(Counter(readings(arm))), arm) for arm in (then, orelse)]
                for at, target in enumerate(targets):
                    if all(own.reaches(now, arm.body, arm.results[at]) for own, arm in arms):
                        return target, 2
                return None
            case For(targets=targets, inits=inits, body=body) if inits.count(now) == 1:
                at = inits.index(now)
                leads = self.reaches(body.params[at + 1], body.body, body.results[at])
                return (targets[at], 1) if leads else None
            case _:
                return None


def _keeps_to(index: Var, param: Var, result: Atom, body: Block) -> bool:
    """Whether a trip reads and writes an array only at its own index, on one axis."""
    versions = {param}
    axes: set[int] | None = None
    for stmt in walk(body):
        read = [a for a in atoms_of(stmt) if isinstance(a, Var) and a in versions]
        if not read:
            continue
        match stmt:
            case Let(prim=prim) if prim.name in SHAPE_ONLY:
                continue
            case Let(targets=(target,), prim=prim, args=(array, pattern, *rest)) if (
                len(read) == 1 and array is read[0] and prim.name in PLACED
            ):
                operands = rest if prim.name == "getitem" else rest[1:]
                own = set(_axes_at(index, pattern, operands))
                axes = own if axes is None else axes & own
                if prim.in_place is not None:
                    versions.add(target)
            case _:
                return False
    yielded_inside = any(
        a in versions
        for stmt in walk(body)
        for inner in blocks_of(stmt)
        for a in _vars(inner.yielded)
    )
    return not yielded_inside and result in versions and axes != set()


def _axes_at(index: Var, pattern: Atom, operands: list[Atom]) -> Iterator[int]:
    """The axes on which an index expression takes just the loop's index."""
    assert isinstance(pattern, Const)
    for axis, (item, own) in enumerate(split_operands(pattern.value, operands)):
        if item == "int" and own[0] is index:
            yield axis
        elif item != "int" and not is_slice(item):
            return
