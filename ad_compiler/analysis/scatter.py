"""Loops that add to the neighbours of the element they are at.

for i in range(1, n - 1):
    for j in range(1, m - 1):
        u_bar[i - 1, j] += a                a is added at the offsets (-1, 0) and (0, 1)
        u_bar[i, j + 1] += a
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from ad_compiler.ir.linear import Forms, Linear
from ad_compiler.ir.nodes import Atom, Block, Const, For, Let, Var, const, readings
from ad_compiler.ir.types import Array, Int, dims_of, dtype_of, is_number

Offset = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Addition:
    """`array[place + offset] += value`, or `-=`."""

    let: Let
    value: Var
    negative: bool
    offset: Offset


@dataclass(frozen=True, slots=True)
class Scatter:
    """A nest of loops whose innermost one adds to several places of an array."""

    nest: tuple[For, ...]
    slots: tuple[int, ...]
    """Where each loop carries the array."""
    axes: tuple[int, ...]
    """The loop whose index each axis goes by."""
    additions: tuple[Addition, ...]

    @property
    def array(self) -> Var:
        return self.nest[0].targets[self.slots[0]]

    @property
    def moved(self) -> list[Addition]:
        """The additions to other elements than the one at hand."""
        return [a for a in self.additions if any(a.offset)]

    def reach(self, axis: int) -> tuple[int, int]:
        """The least and the greatest offset on an axis."""
        own = [a.offset[axis] for a in self.moved]
        return min(own), max(own)


def scatters(loop: For, forms: Forms) -> list[Scatter]:
    """The arrays to whose elements a nest of loops adds, each at more than two places."""
    nest = _nest(loop)
    if nest is None:
        return []
    found = (_scatter(nest, at, forms) for at in range(len(loop.inits)))
    return [scatter for scatter in found if scatter is not None]


def _nest(loop: For) -> tuple[For, ...] | None:
    """The loop and those in it, if the bounds of none depend on another."""
    nest: list[For] = []
    inside: set[Var] = set()
    now: For | None = loop
    while now is not None:
        rises = now.step == const(1) and not now.descending and now.body.stop is None
        if not rises or not inside.isdisjoint((now.start, now.stop)):
            return None
        nest.append(now)
        inside.update(now.body.params)
        inner = [s for s in now.body.body if not isinstance(s, Let)]
        if not inner:
            return tuple(nest)
        inside.update(t for s in now.body.body if isinstance(s, Let) for t in s.targets)
        now = inner[0] if len(inner) == 1 and isinstance(inner[0], For) else None
    return None


def _scatter(nest: tuple[For, ...], at: int, forms: Forms) -> Scatter | None:
    type_ = nest[0].body.params[1 + at].type
    width = len(nest)
    if not isinstance(type_, Array) or len(type_.dims) != width:
        return None
    slots = _slots(nest, at)
    if slots is None:
        return None
    innermost = nest[-1].body
    additions = _additions(innermost, slots[-1], Counter[Atom](readings(nest[0].body)))
    read = [_offset(let, nest, forms) for let in additions]
    axes = {own[0] for own in read if own is not None}
    if None in read or len(axes) != 1:
        return None
    lets = {t: s for s in innermost.body if isinstance(s, Let) for t in s.targets}
    made = [_addition(let, own[1], lets) for let, own in zip(additions, read, strict=True) if own]
    kept = tuple(a for a in made if a is not None)
    found = Scatter(nest, slots, axes.pop(), kept)
    wide = len({a.offset for a in kept}) > 2
    fits = (
        len(kept) == len(made)
        and wide
        and all(_stays_within(found, k, forms) for k in range(width))
    )
    return found if fits else None


def _slots(nest: tuple[For, ...], at: int) -> tuple[int, ...] | None:
    """Where each loop of a nest carries an array that only the innermost one touches."""
    slots = [at]
    for outer, inner in pairwise(nest):
        param, result = outer.body.params[1 + slots[-1]], outer.body.results[slots[-1]]
        if inner.inits.count(param) != 1:
            return None
        slots.append(inner.inits.index(param))
        if inner.targets[slots[-1]] is not result:
            return None
    return tuple(slots)


def _additions(block: Block, at: int, uses: Counter[Atom]) -> list[Let]:
    """The additions that lead from a carried array to its next value; none if others look."""
    now, found = block.params[1 + at], list[Let]()
    for stmt in block.body:
        if isinstance(stmt, Let) and stmt.prim.name == "add_at" and stmt.args[0] is now:
            if uses[now] != 1:
                return []
            found.append(stmt)
            now = stmt.targets[0]
    return found if block.results[at] is now and uses[now] == 1 else []


def _offset(let: Let, nest: tuple[For, ...], forms: Forms) -> tuple[tuple[int, ...], Offset] | None:
    """The loops whose indices the axes go by, and how far from them the place is."""
    _, pattern, _, *place = let.args
    assert isinstance(pattern, Const)
    if pattern.value != ("int",) * len(nest):
        return None
    indices = [loop.body.params[0] for loop in nest]
    axes: list[int] = []
    offset: list[int] = []
    for operand in place:
        match forms.form(operand, {}):
            case Linear(terms=((var, 1),), constant=constant) if var in indices:
                axes.append(indices.index(var))
                offset.append(constant)
            case _:
                return None
    return (tuple(axes), tuple(offset)) if len(set(axes)) == len(nest) else None


def _addition(let: Let, offset: Offset, lets: dict[Var, Let]) -> Addition | None:
    value = let.args[2]
    if not isinstance(value, Var) or not is_number(value.type):
        return None
    if dtype_of(value.type) not in (None, dtype_of(let.targets[0].type)):
        return None
    made = lets.get(value)
    if made is not None and made.prim.name == "neg" and isinstance(made.args[0], Var):
        return Addition(let, made.args[0], negative=True, offset=offset)
    return Addition(let, value, negative=False, offset=offset)


def _stays_within(scatter: Scatter, axis: int, forms: Forms) -> bool:
    """Whether the neighbours of all places are elements, also where a loop does not run."""
    loop = scatter.nest[scatter.axes[axis]]
    least, greatest = scatter.reach(axis)
    length = dims_of(scatter.array.type)[axis]
    start, stop = forms.form(loop.start, {}), forms.form(loop.stop, {})
    if not isinstance(loop.start, Const) or start is None or stop is None:
        return False
    if start.constant + least < 0:
        return False
    if isinstance(length, int):
        return not stop.terms and stop.constant + greatest <= length
    match stop:
        case Linear(terms=((Var(type=Int(length=known)), 1),), constant=constant):
            return known == length and constant + greatest <= 0
        case _:
            return False
