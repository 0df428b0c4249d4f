"""Makes values from inside branches and loops available to the backward sweep.

The backward sweep of a statement may read what the forward statement computed in its blocks. For
a branch such a value becomes another result. For a loop it goes on a tape, one element a trip,
unless it can be computed again from what is at hand: loop invariants, the loop index, loads from
arrays, values that are taped anyway. Works inside out, so nests need no special case.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ad_compiler.analysis.final import Final
from ad_compiler.ir.builder import Builder, Frame
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    const,
    defined_by,
    free_vars,
)
from ad_compiler.ir.types import PY_INT, Array, Tape, Type
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.transform.checkpoints import keeps_states, rerunning
from ad_compiler.transform.clone import Env, clone
from ad_compiler.transform.counted import Formulas, counted
from ad_compiler.transform.exits import Put, last_only, leaving, sunk, with_puts
from ad_compiler.transform.extras import Extra
from ad_compiler.transform.hoist import invariants
from ad_compiler.transform.reuse import reusing
from ad_compiler.transform.storing import RUNS_AGAIN, Region, plan
from ad_compiler.transform.tapes import counter, plural, recorded, with_prelude


@dataclass(slots=True)
class Exports:
    """What each forward statement must yield, by the identity of the statement."""

    builder: Builder
    final: Final
    memory: str = "auto"
    """`store`, `auto` or `recompute`: which values are computed again rather than stored."""
    extras: dict[int, Extra] = field(default_factory=dict[int, Extra])
    around: list[Block] = field(default_factory=list[Block])
    """The forward blocks that the backward sweep is in, from the body of the innermost loop on."""

    @contextmanager
    def within(self, block: Block, *, loop: bool) -> Generator[None]:
        """While the backward sweep of a block is built."""
        outer = self.around
        if loop or outer:
            self.around = [block] if loop else [*outer, block]
        yield
        self.around = outer

    def extra(self, stmt: Stmt) -> Extra:
        return self.extras.setdefault(id(stmt), Extra())

    # -- while the backward sweep is built ----------------------------------------------------

    def count_trips(self, stmt: For | While) -> Var:
        """A variable that will hold how often a loop ran, or where its index would go on."""
        extra = self.extra(stmt)
        simple = isinstance(stmt, While) or (stmt.start, stmt.step) == (const(0), const(1))
        extra.count = extra.count or Var("trips" if simple else "end", PY_INT)
        return extra.count

    def close_branch(self, stmt: If, frame: Frame) -> None:
        """Let the backward branch, just appended to `frame`, read what it needs."""
        back = frame.stmts[-1] if frame.stmts else None
        if not isinstance(back, If):
            return
        then = self.available_arm(stmt, stmt.then, back.then)
        orelse = self.available_arm(stmt, stmt.orelse, back.orelse)
        frame.stmts[-1] = replace(back, then=then, orelse=orelse)

    def available_arm(self, stmt: If, forward: Block, backward: Block) -> Block:
        backward = reusing(backward, forward)
        needed = self.needed(forward, backward)
        stored, again = needed, list[Let]()
        if self.around:
            stored, again = self.plan(forward, needed, set(), self.copied(Array, Tape))
        extra = self.extra(stmt)
        own = set(self.defined(forward))
        env: dict[Var, Atom] = {v: extra.shared(v, own) for v in stored}
        return with_prelude(backward, self.repeated(again, env), env)

    def close_loop(self, stmt: For | While, frame: Frame) -> None:
        """Let the backward loop, just appended to `frame`, read what it needs."""
        back = frame.stmts[-1]
        assert isinstance(back, For)
        back = replace(back, body=reusing(back.body, stmt.body))
        index = back.body.params[0]
        env: dict[Var, Atom] = {}
        if isinstance(stmt, For):
            env[stmt.body.params[0]] = index
        needed = [v for v in self.needed(stmt.body, back.body) if v not in env]
        known = recorded(stmt)
        extra = self.extra(stmt)
        last = self.settled_at_the_end(stmt, needed, {*env, *known}, index, env)
        needed = [v for v in needed if v not in env]
        formulas = counted(stmt) if isinstance(stmt, For) else {}
        dear = self.copied(Tape) if self.around else ()
        taped, again = self.plan(stmt.body, needed, {*env, *known}, dear, formulas)
        read = {*needed, *(arg for let in again for arg in let.args)}
        tapes = {v: tape for v, tape in known.items() if v in read}
        tapes |= {v: extra.target(v, plural(v.name), Tape(v.type)) for v in taped}
        prelude = last + self.reloaded(stmt, index, tapes, env) + self.repeated(again, env)
        body = with_prelude(back.body, prelude, env)
        if stmt.body.stop is not None:
            loads = {v: env[v] for v in taped}
            body = replace(body, body=self.loads_inside(body.body, loads, extra))
        frame.stmts[-1] = replace(back, body=body)

    def close_checkpointed(self, stmt: For, frame: Frame) -> None:
        """Let a backward loop run the whole trip again, from nothing but what the trip began with.

        The states go on tapes; `snapshots` then keeps only some of them.
        """
        back = frame.stmts[-1]
        assert isinstance(back, For)
        index, extra = back.body.params[0], self.extra(stmt)
        env: Env = {stmt.body.params[0]: index}
        rerun = rerunning(self.rewrite(stmt.body.body), self.builder.at)
        both = Block((), (*rerun, *back.body.body), back.body.results)
        read = free_vars(both)
        states = {v: extra.target(v, plural(v.name), Tape(v.type)) for v in stmt.body.params[1:]}
        states = {v: tape for v, tape in states.items() if v in read}
        loads: dict[Var, Atom] = {}
        prelude = self.reloaded(stmt, index, states, loads)
        env |= {v: load for v, load in loads.items() if isinstance(load, Var)}
        prelude += clone(rerun, env)
        frame.stmts[-1] = replace(back, body=with_prelude(back.body, prelude, dict(env)))

    def settled_at_the_end(
        self,
        stmt: For | While,
        needed: list[Var],
        at_hand: set[Var],
        index: Var,
        env: dict[Var, Atom],
    ) -> tuple[Stmt, ...]:
        """Read values of which the last trip tells all: tests of exits, and what exits compute.

        Gives the statements that the tests need; enters all of them in `env`.
        """
        ways = leaving(stmt.body)
        extra = self.extra(stmt)
        ends = last_only(stmt.body, ways, {key: e.targets for key, e in self.extras.items()})
        for value in needed:
            if value in ends:
                env[value] = extra.last(value, value.name)
        tests = [
            v
            for v in needed
            if v in ways.held | ways.failed and self.plan(stmt.body, [v], set(at_hand))[0]
        ]
        if not tests:
            return ()
        builder, count = self.builder, self.count_trips(stmt)
        step = stmt.step if isinstance(stmt, For) else const(1)
        builder.frames.append(Frame(is_loop=False))
        is_last = builder.emit(OPERATORS["=="], builder.emit(OPERATORS["+"], index, step), count)
        for test in tests:
            value = env[test] = Var("leaving", test.type, temp=True)
            arms = [Block((), (), (a,)) for a in (extra.last(test, "stopped"), ways.before(test))]
            builder.append(If((value,), is_last, arms[0], arms[1], stmt.at))
        return tuple(builder.frames.pop().stmts)

    def loads_inside(
        self, body: tuple[Stmt, ...], loads: dict[Var, Atom], extra: Extra
    ) -> tuple[Stmt, ...]:
        """Backward statements that load from tapes only on the paths that need it."""
        for value, load in loads.items():
            let = next(s for s in body if isinstance(s, Let) and load in s.targets)
            rest = tuple(s for s in body if s is not let)
            moved = sunk(let, rest)
            if moved is None:
                extra.padded.add(value)
            else:
                body = moved
        return body

    def needed(self, forward: Block, backward: Block) -> list[Var]:
        """The values of a forward block that a backward block reads, in order of definition."""
        read = free_vars(backward)
        return [v for v in self.defined(forward) if v in read]

    def defined(self, block: Block) -> Iterable[Var]:
        yield from block.params
        for stmt in block.body:
            yield from defined_by(stmt)
            extra = self.extras.get(id(stmt))
            if extra is not None:
                yield from extra.all_targets()

    def copied(self, *kinds: type[Type]) -> set[Var]:
        """Arrays and lists that a tape would hold a copy of for each trip; one element is less."""
        found: set[Var] = set()
        for block in self.around:
            whole = [v for v in self.defined(block) if isinstance(v.type, kinds)]
            found.update(self.plan(block, whole, set())[0] if whole else ())
        return found

    def plan(
        self,
        block: Block,
        needed: list[Var],
        at_hand: set[Var],
        dear: Collection[Var] = (),
        formulas: Formulas = MappingProxyType({}),
    ) -> tuple[list[Var], list[Let]]:
        """Which values of a block to store, and which statements to run again.

        Nothing is run again that reads what is `dear`. What no trip changes is run again, to be
        moved out of the loop. `formulas` compute parameters of the block.
        """
        lets = {s.targets[0]: s for s in block.body if isinstance(s, Let) and len(s.targets) == 1}
        fixed = invariants(block)
        runs_again = RUNS_AGAIN[self.memory]

        indices = {let.targets[0]: let for steps in formulas.values() for let in steps}

        def ways(value: Var) -> list[Let]:
            if value in indices:
                return [indices[value]]
            let, reload = lets.get(value), self.final.reload(value)
            found = [reload] if reload is not None else list[Let]()
            if let is not None and (value in fixed or runs_again(let)):
                found.insert(let.prim.name == "getitem", let)  # rather from what outlives the loop
            return [let for let in found if not any(arg in dear for arg in let.args)]

        values = list(dict.fromkeys((*self.defined(block), *indices)))
        return plan(Region(values, at_hand, _changing(block), ways), needed)

    def reloaded(
        self, stmt: For | While, index: Var, tapes: dict[Var, Var], env: dict[Var, Atom]
    ) -> tuple[Stmt, ...]:
        """Loads from tapes at the start of a backward trip."""
        if not tapes:
            return ()
        self.builder.frames.append(Frame(is_loop=False))
        k = counter(self.builder, stmt, index)
        for value, tape in tapes.items():
            name = "" if value.temp else value.name
            get = PRIMITIVES["tape_get"]
            env[value] = self.builder.emit(get, tape, k, name=name, hint=value.name)
        return tuple(self.builder.frames.pop().stmts)

    def repeated(self, again: list[Let], env: dict[Var, Atom]) -> tuple[Stmt, ...]:
        """Statements of the forward sweep, run again on values at hand."""
        self.builder.frames.append(Frame(is_loop=False))
        for let in again:
            args = [env.get(a, a) if isinstance(a, Var) else a for a in let.args]
            name = "" if let.targets[0].temp else let.targets[0].name
            at = let.at and self.builder.at
            if at and let.at:
                at = let.at._replace(sweep=at.sweep, again=True)
            env[let.targets[0]] = self.builder.emit(let.prim, *args, name=name, at=at)
        return tuple(self.builder.frames.pop().stmts)

    # -- the forward sweep --------------------------------------------------------------------

    def rewrite(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        """The forward statements, yielding what was asked of them."""
        out: list[Stmt] = []
        for stmt in body:
            match stmt:
                case Let() | Effect():
                    out.append(stmt)
                case If():
                    out.append(self.rewrite_branch(stmt))
                case For() | While():
                    out.extend(self.rewrite_loop(stmt))
        return tuple(out)

    def rewrite_branch(self, stmt: If) -> If:
        extra = self.extra(stmt)
        arms = [
            replace(
                arm,
                body=self.rewrite(arm.body),
                results=arm.results + self.yielded(arm, extra),
            )
            for arm in (stmt.then, stmt.orelse)
        ]
        return replace(
            stmt, targets=stmt.targets + extra.all_targets(), then=arms[0], orelse=arms[1]
        )

    def yielded(self, arm: Block, extra: Extra) -> tuple[Atom, ...]:
        """The values of this arm; those of the other arm are undefined here."""
        own = set(self.defined(arm))
        values = {target: value for value, target in extra.targets.items() if value in own}
        wanted = dict.fromkeys(extra.targets.values())
        return tuple(values.get(target, Undef(target.type)) for target in wanted)

    def rewrite_loop(self, stmt: For | While) -> list[Stmt]:
        extra = self.extra(stmt)
        before: list[Stmt] = []
        tapes: dict[Var, Var] = {}
        for value, target in extra.targets.items():
            tape = Var(target.name, target.type)
            new = PRIMITIVES["tape_new"]
            before.append(Let((tape,), new, (Const(None, value.type),), stmt.at))
            tapes[value] = tape
        return [*before, self.with_tapes(stmt, extra, tapes)]

    def with_tapes(self, stmt: For | While, extra: Extra, tapes: dict[Var, Var]) -> Stmt:
        """The loop with each value put on its tape where it is defined."""
        self.builder.frames.append(Frame(is_loop=False))
        ways = leaving(stmt.body)
        trips = Var(extra.count.name if extra.count else "trips", PY_INT)
        count: list[Atom] = []
        if extra.count is not None and stmt.body.stop is not None:
            count.append(self.next_count(stmt, trips))  # first, since the rest may be left out
        index = stmt.body.params[0] if isinstance(stmt, For) else trips
        k = counter(self.builder, stmt, index) if tapes else trips
        params = {v: Var(t.name, t.type) for v, t in tapes.items()}
        ends: dict[Var, Var] = {}

        def record(defined: Iterable[Var]) -> None:
            for value in defined:
                if value in params:
                    put = PRIMITIVES["tape_put"]
                    ends[value] = self.builder.emit(
                        put, params[value], k, value, name=params[value].name
                    )

        def record_inside(new: If) -> None:
            values = [v for v in new.targets if v in params]
            puts = [Put(new.targets.index(v), params[v], k, v in extra.padded) for v in values]
            new, found = with_puts(new, puts, ways)
            self.builder.append(new)
            ends.update(zip(values, found, strict=True))

        record(stmt.body.params)
        is_rerun = isinstance(stmt, For) and keeps_states(stmt)
        for inner in stmt.body.body:
            for new in (inner,) if is_rerun else self.rewrite((inner,)):
                if isinstance(new, If) and ways.exits(new):
                    record_inside(new)
                    continue
                self.builder.append(new)
                record(defined_by(new))
        if extra.count is not None and not count:
            count.append(self.next_count(stmt, trips))
        lasts = {v: Var(t.name, t.type) for v, t in extra.lasts.items()}
        added = (*params.values(), *lasts.values(), *((trips,) if count else ()))
        body = Block(
            stmt.body.params + added,
            tuple(self.builder.frames.pop().stmts),
            (*stmt.body.results, *(ends[v] for v in tapes), *lasts, *count),
            stmt.body.stop,
        )
        targets = stmt.targets + extra.all_targets()
        first = stmt.start if isinstance(stmt, For) else const(0)
        starts = (ways.before(v) for v in lasts)
        inits = (*stmt.inits, *tapes.values(), *starts, *((first,) if count else ()))
        if isinstance(stmt, For):
            return replace(stmt, targets=targets, inits=inits, body=body)
        unread = tuple(Var(p.name, p.type) for p in added)
        cond = replace(
            stmt.cond, params=stmt.cond.params + unread, body=self.rewrite(stmt.cond.body)
        )
        return replace(stmt, targets=targets, inits=inits, cond=cond, body=body)

    def next_count(self, stmt: For | While, trips: Var) -> Atom:
        """Behind the last trip so far: where the loop goes on, or would."""
        now, step = (stmt.body.params[0], stmt.step) if isinstance(stmt, For) else (trips, const(1))
        return self.builder.emit(OPERATORS["+"], now, step, name=trips.name)


def _changing(block: Block) -> set[Atom]:
    """The values of a block whose storage is written to: what is carried, or stored into."""
    written = {
        let.args[let.prim.in_place]
        for let in block.body
        if isinstance(let, Let) and let.prim.in_place is not None
    }
    return {*block.params, *written}
