"""What the reverse sweep of a loop with ways out need not remember trip by trip.

The test of a `break` holds in the last trip or never, so one truth value tells it for all trips;
what is computed on the way out exists once. What is computed on the paths that stay is put on its
tape there, and taken from it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    const,
    defined_by,
    free_vars,
    read_by,
    walk,
)
from ad_compiler.rules.registry import PRIMITIVES

TRUE = const(True)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Truth values of a loop body that can only hold, or only fail, in its last trip."""

    held: set[Var] = field(default_factory=set[Var])
    failed: set[Var] = field(default_factory=set[Var])

    def leaves(self, stmt: If, arm: Block) -> bool:
        """Whether the loop is left where this arm is taken."""
        pairs = zip(stmt.targets, arm.results, strict=True)
        return any(target in self.held and result == TRUE for target, result in pairs)

    def before(self, value: Var) -> Atom:
        """What a value is taken to be before the first trip."""
        if value in self.held or value in self.failed:
            return const(value in self.failed)
        return Undef(value.type)

    def exits(self, stmt: Stmt) -> bool:
        """Whether a statement is a branch that may leave the loop."""
        return isinstance(stmt, If) and any(target in self.held for target in stmt.targets)


def leaving(body: Block) -> Leaving:
    """The truth values that decide whether a trip is the last one."""
    branches = {t: s for s in walk(body) if isinstance(s, If) for t in s.targets}
    found = Leaving()

    def hold(atom: Atom | None) -> None:
        if not isinstance(atom, Var) or atom in found.held:
            return
        found.held.add(atom)
        stmt = branches.get(atom)
        if stmt is None:
            return
        position = stmt.targets.index(atom)
        for arm, truth in ((stmt.then, True), (stmt.orelse, False)):
            if arm.results[position] != TRUE:
                hold(arm.results[position])
            elif truth:
                hold(stmt.test)
            elif isinstance(stmt.test, Var):
                found.failed.add(stmt.test)

    hold(body.stop)
    return found


def last_only(block: Block, ways: Leaving, extras: Mapping[int, Mapping[Var, Var]]) -> set[Var]:
    """Which of the additional targets of branches hold values of paths that leave the loop.

    `extras` are those targets by value, under the identity of the branch.
    """
    found: set[Var] = set()
    for stmt in block.body:
        if isinstance(stmt, If):
            inner: set[Var] = set()
            for arm in (stmt.then, stmt.orelse):
                if ways.leaves(stmt, arm):
                    inner |= set(_defined(arm, extras))
                else:
                    inner |= last_only(arm, ways, extras)
            own = extras.get(id(stmt), {})
            found |= set(own.values()) - {own[value] for value in own if value not in inner}
    return found


def _defined(block: Block, extras: Mapping[int, Mapping[Var, Var]]) -> Iterator[Var]:
    for stmt in block.body:
        yield from defined_by(stmt)
        yield from extras.get(id(stmt), {}).values()


# -- the backward sweep ---------------------------------------------------------------------------


def sunk(let: Let, body: Sequence[Stmt]) -> tuple[Stmt, ...] | None:
    """The statements with an operation moved into the one arm that reads it; None without one."""
    (target,) = let.targets
    readers = [k for k, stmt in enumerate(body) if target in read_by(stmt)]
    if len(readers) != 1:
        return None
    stmt = body[readers[0]]
    if not isinstance(stmt, If) or stmt.test is target:
        return None
    arms = [stmt.then, stmt.orelse]
    inside = [k for k, arm in enumerate(arms) if target in free_vars(arm)]
    if len(inside) != 1:
        return None
    arm = arms[inside[0]]
    deeper = None if target in arm.yielded else sunk(let, arm.body)
    arms[inside[0]] = replace(arm, body=deeper or (let, *arm.body))
    new = replace(stmt, then=arms[0], orelse=arms[1])
    return (*body[: readers[0]], new, *body[readers[0] + 1 :])


# -- the forward sweep ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Put:
    """A value of a branch, by the position of its target, that goes on a tape."""

    position: int
    tape: Var
    counter: Atom
    everywhere: bool
    """Also where the value does not exist, because it is taken from the tape on all paths."""


def with_puts(stmt: If, puts: Sequence[Put], ways: Leaving) -> tuple[If, tuple[Var, ...]]:
    """A branch that may leave the loop, with tapes written in its arms; and the tapes after it."""
    arms = [_arm(stmt, arm, puts, ways) for arm in (stmt.then, stmt.orelse)]
    ends = tuple(Var(put.tape.name, put.tape.type) for put in puts)
    return replace(stmt, targets=stmt.targets + ends, then=arms[0], orelse=arms[1]), ends


def _arm(stmt: If, arm: Block, puts: Sequence[Put], ways: Leaving) -> Block:
    leaves = ways.leaves(stmt, arm)
    body = list(arm.body)
    ends: dict[int, Atom] = {}
    last = body[-1] if body else None
    if isinstance(last, If) and ways.exits(last):
        nested = [p for p in puts if arm.results[p.position] in last.targets]
        moved = [replace(p, position=last.targets.index(arm.results[p.position])) for p in nested]
        body[-1], found = with_puts(last, moved, ways)
        ends = {p.position: end for p, end in zip(nested, found, strict=True)}
    for put in puts:
        if put.position in ends:
            continue
        value = arm.results[put.position]
        if isinstance(value, Undef):
            if leaves and not put.everywhere:
                ends[put.position] = put.tape
                continue
            value = Const(None, value.type)
        end = Var(put.tape.name, put.tape.type)
        body.append(Let((end,), PRIMITIVES["tape_put"], (put.tape, put.counter, value), stmt.at))
        ends[put.position] = end
    results = tuple(ends[put.position] for put in puts)
    return replace(arm, body=tuple(body), results=arm.results + results)
