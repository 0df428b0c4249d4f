"""Makes values from inside branches and loops available to the backward sweep.

The backward sweep of a statement may read what the forward statement computed in its blocks. For
a branch such a value becomes another result. For a loop it goes on a tape, one element a trip,
unless it can be computed again from what is at hand: loop invariants, the loop index, loads from
arrays, values that are taped anyway. Works inside out, so nests need no special case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

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
    substitute,
)
from ad_compiler.ir.types import PY, Int, Tape, Type
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

CHEAP = frozenset({"add", "sub", "mul", "truediv", "neg", "lt", "le", "gt", "ge", "eq", "ne"})
"""Operators that are computed again rather than stored."""


@dataclass(slots=True)
class Extra:
    """What a statement additionally yields: for each value, the target it arrives in."""

    targets: dict[Var, Var] = field(default_factory=dict[Var, Var])
    count: Var | None = None
    """The trip count of a `While`."""

    def target(self, value: Var, name: str, type_: Type) -> Var:
        """The target of a value; the same one for every sweep that asks."""
        return self.targets.setdefault(value, Var(name, type_))

    def all_targets(self) -> tuple[Var, ...]:
        return (*self.targets.values(), *((self.count,) if self.count else ()))


@dataclass(slots=True)
class Exports:
    """What each forward statement must yield, by the identity of the statement."""

    builder: Builder
    extras: dict[int, Extra] = field(default_factory=dict[int, Extra])

    def extra(self, stmt: Stmt) -> Extra:
        return self.extras.setdefault(id(stmt), Extra())

    # -- while the backward sweep is built ----------------------------------------------------

    def count_trips(self, stmt: While) -> Var:
        """A variable that will hold how often a loop ran."""
        extra = self.extra(stmt)
        extra.count = extra.count or Var("trips", Int(PY))
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
        needed = self.needed(forward, backward)
        in_loop = any(f.is_loop for f in self.builder.frames)
        stored, again = self.plan(forward, needed, set()) if in_loop else (needed, [])
        extra = self.extra(stmt)
        env: dict[Var, Atom] = {v: extra.target(v, v.name, v.type) for v in stored}
        return with_prelude(backward, self.repeated(again, env), env)

    def close_loop(self, stmt: For | While, frame: Frame) -> None:
        """Let the backward loop, just appended to `frame`, read what it needs."""
        back = frame.stmts[-1]
        assert isinstance(back, For)
        index = back.body.params[0]
        env: dict[Var, Atom] = {}
        if isinstance(stmt, For):
            env[stmt.body.params[0]] = index
        needed = [v for v in self.needed(stmt.body, back.body) if v not in env]
        known = recorded(stmt)
        taped, again = self.plan(stmt.body, needed, {*env, *known})
        extra = self.extra(stmt)
        tapes = {v: known[v] for v in needed if v in known}
        tapes |= {v: extra.target(v, plural(v.name), Tape(v.type)) for v in taped}
        prelude = self.reloaded(stmt, index, tapes, env) + self.repeated(again, env)
        frame.stmts[-1] = replace(back, body=with_prelude(back.body, prelude, env))

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

    def plan(
        self, block: Block, needed: list[Var], at_hand: set[Var]
    ) -> tuple[list[Var], list[Let]]:
        """Which values of a block to store, and which statements to run again."""
        lets = {t: let for let in block.body if isinstance(let, Let) for t in let.targets}
        inside = set(self.defined(block))
        stored: list[Var] = []
        again: dict[Var, Let] = {}

        def steps(atom: Atom) -> list[Let] | None:
            """The statements that compute an atom again, None if that is impossible."""
            if not isinstance(atom, Var) or atom not in inside or atom in at_hand:
                return []
            let = lets.get(atom)
            if let is None or not is_cheap(let):
                return None
            parts = [steps(arg) for arg in let.args]
            if any(part is None for part in parts):
                return None
            return [*(s for part in parts if part for s in part), let]

        for value in needed:
            if value in at_hand:
                continue
            path = steps(value)
            if path is None:
                stored.append(value)
            for let in path or ():
                again[let.targets[0]] = let
            at_hand |= {value, *(let.targets[0] for let in path or ())}
        return stored, list(again.values())

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
            env[let.targets[0]] = self.builder.emit(let.prim, *args, name=name, at=let.at)
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
        return tuple(v if v in own else Undef(v.type) for v in extra.targets)

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
        trips = Var("trips", Int(PY))
        if tapes:
            index = stmt.body.params[0] if isinstance(stmt, For) else trips
            k = counter(self.builder, stmt, index)
        else:
            k = trips
        params = {v: Var(t.name, t.type) for v, t in tapes.items()}
        ends: dict[Var, Var] = {}

        def record(defined: Iterable[Var]) -> None:
            for value in defined:
                if value in params:
                    put = PRIMITIVES["tape_put"]
                    ends[value] = self.builder.emit(
                        put, params[value], k, value, name=params[value].name
                    )

        record(stmt.body.params)
        for inner in stmt.body.body:
            for new in self.rewrite((inner,)):
                self.builder.append(new)
                record(defined_by(new))
        results = tuple(ends[v] for v in tapes)
        counts: tuple[Var, ...] = ()
        if extra.count is not None:
            counts = (trips,)
            results += (self.builder.emit(OPERATORS["+"], trips, const(1), name="trips"),)
        body = Block(
            stmt.body.params + tuple(params.values()) + counts,
            tuple(self.builder.frames.pop().stmts),
            stmt.body.results + results,
        )
        targets = stmt.targets + extra.all_targets()
        inits = stmt.inits + tuple(tapes.values()) + ((const(0),) if extra.count else ())
        if isinstance(stmt, For):
            return replace(stmt, targets=targets, inits=inits, body=body)
        unread = tuple(Var(p.name, p.type) for p in (*params.values(), *counts))
        cond = replace(
            stmt.cond, params=stmt.cond.params + unread, body=self.rewrite(stmt.cond.body)
        )
        return replace(stmt, targets=targets, inits=inits, cond=cond, body=body)


def with_prelude(block: Block, prelude: tuple[Stmt, ...], env: dict[Var, Atom]) -> Block:
    """A block behind some statements, reading their values for those of the forward sweep."""
    inner = substitute(block, env)
    return replace(inner, body=prelude + inner.body)


def recorded(stmt: For | While) -> dict[Var, Var]:
    """The values of a loop body that it puts on tapes of its own accord, with their tapes."""
    params = stmt.body.params if isinstance(stmt, While) else stmt.body.params[1:]
    carried = dict(zip(zip(params, stmt.body.results, strict=True), stmt.targets, strict=True))
    found: dict[Var, Var] = {}
    for let in stmt.body.body:
        if isinstance(let, Let) and let.prim.name == "tape_put":
            tape, _, value = let.args
            target = carried.get((tape, let.targets[0]))  # type: ignore[arg-type]
            if target is not None and isinstance(value, Var):
                found.setdefault(value, target)
    return found


def counter(builder: Builder, stmt: For | While, index: Var) -> Atom:
    """The number of the trip, from 0, in terms of the loop index."""
    if isinstance(stmt, While):
        return index
    if stmt.descending:
        if stmt.step == const(1):
            last = builder.emit(OPERATORS["-"], stmt.stop, const(1))
        else:
            last = builder.emit(PRIMITIVES["last_index"], stmt.start, stmt.stop, stmt.step)
        return scaled(builder, builder.emit(OPERATORS["-"], last, index), stmt.step)
    if stmt.start == const(0):
        return scaled(builder, index, stmt.step)
    return scaled(builder, builder.emit(OPERATORS["-"], index, stmt.start), stmt.step)


def scaled(builder: Builder, offset: Atom, step: Atom) -> Atom:
    """An offset in steps."""
    return offset if step == const(1) else builder.emit(OPERATORS["//"], offset, step)


def is_cheap(let: Let) -> bool:
    """Whether a statement is run again rather than its value stored.

    What may raise may run again: with the same operands it did not raise the first time.
    """
    return let.prim.name in CHEAP or let.prim.name in ("getitem", "tape_get", "dim", "size")


def plural(name: str) -> str:
    """The name of a tape that holds values called `name`."""
    if len(name) <= 2:
        return f"{name}_tape"
    return name + ("es" if name.endswith(("s", "x", "z", "ch", "sh")) else "s")
