"""When each variable that has a name is alive, in the order in which the text runs.

One walk backwards. A variable is alive over segments of points `[start, end)`: from where it is
written to after its last reading, through a whole loop if it was made before the loop, and only
in those arms of a branch that need it. Where a statement prints as several lines, its points are
those of the lines: a loop first sets its carried names, then reads its bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from ad_compiler.backend.fold import Folds
from ad_compiler.backend.operands import operands_of
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    free_vars,
    in_order,
    leaves,
)

Segments = list[tuple[int, int]]


def live_ranges(function: Function, folds: Folds) -> dict[Var, Segments]:
    """The segments of every variable that is written, each list in ascending order."""
    walk = _Walk(folds)
    walk.use(function.results[k] for k in leaves(function.output) if isinstance(k, int))
    walk.block(function.block.body)
    walk.tick()
    for param in function.params:
        if param not in folds.inline:
            walk.define(param)
    for segments in walk.segments.values():
        segments.reverse()
    return walk.segments


def after_moves(body: Block, params: Sequence[Var]) -> Atom:
    """What holds the `stop` of a trip at its end, where results have become parameters."""
    assert body.stop is not None
    for param, result in zip(params, body.results, strict=True):
        if result is body.stop:
            return param
    return body.stop


@dataclass(slots=True)
class _Walk:
    folds: Folds
    now: int = 0
    live: dict[Var, int] = field(default_factory=dict[Var, int])
    """The end of the open segment of each variable alive now."""
    begun: list[list[Var]] = field(default_factory=list[list[Var]])
    """For each enclosing arm, the variables whose last reading is in it."""
    segments: dict[Var, Segments] = field(default_factory=dict[Var, Segments])
    changed: Var | None = None
    """An array that the statement at hand changes: other readings of it come before that."""

    def tick(self) -> None:
        self.now -= 1

    def use(self, atoms: Iterable[Atom]) -> None:
        """Read the variables that expressions for these atoms mention."""
        for atom in atoms:
            if not isinstance(atom, Var) or atom in self.folds.inline or atom is self.changed:
                continue
            if atom in self.folds.exits.silent:
                continue
            if atom in self.folds.folded:
                self._use_parts(self.folds.folded[atom])
            elif atom not in self.live:
                self.live[atom] = self.now + 1
                if self.begun:
                    self.begun[-1].append(atom)

    def _use_parts(self, stmt: Let | If) -> None:
        """Read what a folded statement reads."""
        if isinstance(stmt, Let):
            self.use(stmt.args)
        else:
            self.use((stmt.test, *stmt.then.results, *stmt.orelse.results))

    def define(self, var: Var) -> None:
        """Write a variable here; one that nobody reads still overwrites its name."""
        self._close(var, self.live.pop(var, self.now + 1))

    def _close(self, var: Var, end: int) -> None:
        self.segments.setdefault(var, []).append((self.now, end))

    def block(self, body: Sequence[Stmt]) -> None:
        for stmt in reversed(body):
            self.tick()
            self._statement(stmt)

    def _statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self._let(stmt)
            case Effect(args=args):
                self.use(args)
            case If():
                self._if(stmt)
            case For():
                self._for(stmt)
            case While():
                self._while(stmt)
            case _:
                assert_never(stmt)

    def _let(self, stmt: Let) -> None:
        if stmt.targets[0] in self.folds.folded:
            return
        changed = stmt.prim.in_place
        if changed is None:
            for target in stmt.targets:
                self.define(target)
            self.tick()
            self.use(stmt.args)
            return
        # Prints as `r = a` (if names differ) and then `r[i] = v`, where v may mention a.
        array = stmt.args[changed]
        others = [operand.atom for operand in operands_of(stmt.prim, stmt.args)]
        others.remove(array)
        self.changed = array if isinstance(array, Var) else None
        self.use(others)
        self.changed = None
        self.tick()
        self.define(stmt.targets[0])
        self.tick()
        self.use((array,))

    def _if(self, stmt: If) -> None:
        if stmt.targets and stmt.targets[0] in self.folds.conditionals:
            if stmt.targets[0] not in self.folds.folded:
                self.define(stmt.targets[0])
                self.tick()
                self._use_parts(stmt)
            return
        ends = {t: self.live.pop(t) for t in stmt.targets if t in self.live}
        self.tick()
        above = self._arm(stmt.orelse, stmt.targets, ends)
        ends = dict.fromkeys(ends, self.now)
        below = self._arm(stmt.then, stmt.targets, ends)
        self.tick()
        self.use((stmt.test, *above, *below))

    def _arm(self, arm: Block, targets: tuple[Var, ...], ends: dict[Var, int]) -> list[Var]:
        """Walk an arm; gives the variables it reads that are not alive after the branch."""
        self.tick()
        wanted: list[Atom] = []
        for target, result in zip(targets, arm.results, strict=True):
            if target in ends:
                self._close(target, ends[target])
                wanted.append(result)
        self.begun.append([])
        self.tick()
        self.use(wanted)
        self.block(arm.body)
        self.tick()
        begun = [var for var in self.begun.pop() if var in self.live]
        for var in begun:
            self._close(var, self.live.pop(var))
        return begun

    def _for(self, stmt: For) -> None:
        index, *params = stmt.body.params
        bounds = (stmt.start, stmt.stop, stmt.step)
        # Names that the head of the loop shows mean the same all through it.
        shown = {bound for bound in bounds if isinstance(bound, Var)}
        self._after_loop(stmt.targets, params, free_vars(stmt.body) | shown)
        self._back_edge(params, stmt.body)
        if self.folds.counts[index]:
            self.use((index,))
        self.block(stmt.body.body)
        self.tick()
        self.define(index)
        self.tick()
        self.use(bounds)
        self._enter_loop(params, stmt.inits)

    def _while(self, stmt: While) -> None:
        params = stmt.body.params
        exits = self._after_loop(stmt.targets, params, free_vars(stmt.body) | free_vars(stmt.cond))
        self._back_edge(params, stmt.body)
        self.block(stmt.body.body)
        self.tick()
        self.use(exits)
        self.use(stmt.cond.results)
        self.block(stmt.cond.body)
        self._enter_loop(params, stmt.inits)

    def _after_loop(
        self, targets: Sequence[Var], params: Sequence[Var], free: set[Var]
    ) -> list[Var]:
        """The end of a loop: gives the parameters that carry a value out of it."""
        exits: list[Var] = []
        for target, param in zip(targets, params, strict=True):
            if target in self.live:
                self.define(target)
                exits.append(param)
        self.tick()
        self.use(exits)
        self.tick()
        self.use(in_order(free))
        return exits

    def _back_edge(self, params: Sequence[Var], body: Block) -> None:
        """The end of a trip: results become parameters. Those nobody reads are not written."""
        self.tick()
        if body.stop is not None:
            self.use((after_moves(body, params),))
            self.tick()
        wanted: list[Atom] = []
        for param, result in zip(params, body.results, strict=True):
            if self.folds.counts[param] or param in self.live:
                self.define(param)
                wanted.append(result)
        self.tick()
        self.use(wanted)

    def _enter_loop(self, params: Sequence[Var], inits: Sequence[Atom]) -> None:
        self.tick()
        wanted: list[Atom] = []
        for param, init in zip(params, inits, strict=True):
            if self.folds.counts[param] or param in self.segments:
                self.define(param)
                wanted.append(init)
        self.tick()
        self.use(wanted)
