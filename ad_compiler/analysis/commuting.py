"""Loops whose trips may run in any order.

    for i in reversed(range(n)):        each carried value is only added to, or is an array of
        g = 2 * (x[i] - m)              which a trip touches nothing but the elements at its own
        x_bar[i] += g                   index, or one that no trip learns from (`scratch`)
        m_bar -= g

(Kennedy and Allen 2001, chapter 5: a loop without carried dependences; sums are none, up to the
rounding of their order.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from ad_compiler.analysis.scratch import is_refilled
from ad_compiler.ir.index import is_slice, split_operands
from ad_compiler.ir.linear import Forms
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
    read_by,
    readings,
    walk,
)
from ad_compiler.rules.registry import SHAPE_ONLY

PLACED = ("getitem", "store", "add_at")


def commutes(loop: For, forms: Forms, read: Collection[Var], cleared: Collection[int]) -> bool:
    """Whether the trips of a loop may run in any order, up to rounding.

    `read` are all variables that the program reads, `cleared` the carried arrays that are zero
    between trips.
    """
    body = loop.body
    if body.stop is not None or any(isinstance(stmt, Effect | While) for stmt in walk(body)):
        return False
    uses = Counter(readings(body))
    index, *params = body.params
    from_zero = rises(loop) and forms.at_least(forms.form(loop.start, {}), 0)
    return all(
        Sum(uses).reaches(param, body.body, result)
        or (from_zero and _keeps_to(index, param, at, body))
        or at in cleared
        or (loop.targets[at] not in read and is_refilled(loop, at))
        for at, (param, result) in enumerate(zip(params, body.results, strict=True))
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
        return self.last(start, body) is end

    def last(self, now: Var, body: tuple[Stmt, ...]) -> Var | None:
        """What additions alone make of a value that nobody else looks at, but who is told last."""
        for stmt in body:
            taken = self.step(now, stmt)
            if taken is None:
                continue
            found, readings = taken
            if self.uses[now] != readings:
                return None
            now = found
        return now if self.uses[now] == 1 else None

    def step(self, now: Var, stmt: Stmt) -> tuple[Var, int] | None:
        """The sum after a statement that adds to it, and how often that reads it."""
        match stmt:
            case Let(targets=(target,), prim=prim, args=args) if args.count(now) == 1:
                adds = prim.name == "add" or (prim.name in ("sub", "add_at") and args[0] is now)
                return (target, 1) if adds else None
            case If(targets=targets, then=then, orelse=orelse):
                arms = (then, orelse)
                ends = [Sum(Counter(readings(arm))).last(now, arm.body) for arm in arms]
                for at, target in enumerate(targets):
                    if ends == [arm.results[at] for arm in arms]:
                        return target, 2
                return None
            case For(targets=targets, inits=inits, body=body) if inits.count(now) == 1:
                at = inits.index(now)
                leads = self.reaches(body.params[at + 1], body.body, body.results[at])
                return (targets[at], 1) if leads else None
            case _:
                return None


def _keeps_to(index: Var, param: Var, at: int, body: Block) -> bool:
    """Whether a trip reads and writes an array only at its own index, on one axis."""
    own = Own(index, {param})
    return own.end(body, param, at) is body.results[at] and own.axes != set()


class Own:
    """Follows an array of which only elements at one index are read and written."""

    def __init__(self, index: Var, versions: set[Var]) -> None:
        self.index = index
        self.versions = versions
        self.axes: set[int] | None = None
        """The axes on which all places so far are at the index; None before the first place."""

    def end(self, block: Block, now: Var, at: int | None) -> Var | None:
        """What the array is at the end of a block that yields it at one place, or nowhere.

        None if it is used in another way.
        """
        last = self.last(block, now)
        return last if self.yields_only(block, at) else None

    def last(self, block: Block, now: Var) -> Var | None:
        """What the array is behind the statements of a block."""
        for stmt in block.body:
            found = self.behind(stmt, now)
            if found is None:
                return None
            now = found
        return now

    def yields_only(self, block: Block, at: int | None) -> bool:
        """Whether a block hands the array on at one place at most."""
        others = {r for k, r in enumerate(block.yielded) if k != at}
        return self.versions.isdisjoint(others)

    def behind(self, stmt: Stmt, now: Var) -> Var | None:
        """What the array is behind a statement."""
        match stmt:
            case Let():
                return self.let(stmt, now)
            case If():
                return self.branch(stmt, now)
            case For():
                return self.loop(stmt, now)
            case _:
                return None if read_by(stmt) & self.versions else now

    def called(self, name: Var) -> Var:
        """The array under another name."""
        self.versions.add(name)
        return name

    def let(self, stmt: Let, now: Var) -> Var | None:
        read = self.versions.intersection(_vars(stmt.args))
        if not read or stmt.prim.name in SHAPE_ONLY:
            return now
        if stmt.prim.name not in PLACED:
            return None
        array, pattern, *rest = stmt.args
        if array not in read or not read.isdisjoint(rest):
            return None
        operands = rest if stmt.prim.name == "getitem" else rest[1:]
        own = set(_axes_at(self.index, pattern, operands))
        self.axes = own if self.axes is None else self.axes & own
        if stmt.prim.in_place is None:
            return now
        return self.called(stmt.targets[0]) if array is now else None

    def branch(self, stmt: If, now: Var) -> Var | None:
        arms = (stmt.then, stmt.orelse)
        ends = [self.last(arm, now) for arm in arms]
        if ends == [now, now] and all(self.yields_only(arm, None) for arm in arms):
            return now
        for at, target in enumerate(stmt.targets):
            handed = [arm.results[at] for arm in arms]
            if ends == handed and all(self.yields_only(arm, at) for arm in arms):
                return self.called(target)
        return None

    def loop(self, stmt: For, now: Var) -> Var | None:
        carried = [k for k, init in enumerate(stmt.inits) if init in self.versions]
        if not carried:
            return now if self.end(stmt.body, now, None) is now else None
        (at, *more), body = carried, stmt.body
        if more or stmt.inits[at] is not now:
            return None
        end = self.end(body, self.called(body.params[1 + at]), at)
        return self.called(stmt.targets[at]) if end is body.results[at] else None


def _axes_at(index: Var, pattern: Atom, operands: list[Atom]) -> Iterator[int]:
    """The axes on which an index expression takes just the loop's index."""
    assert isinstance(pattern, Const)
    for axis, (item, own) in enumerate(split_operands(pattern.value, operands)):
        if item == "int" and own[0] is index:
            yield axis
        elif item != "int" and not is_slice(item):
            return
