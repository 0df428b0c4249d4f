"""Says of each array that exists on some paths only, when it does.

    if t: y = sin(x)                    y exists if t does hold
    else: y = undef

The cotangent of `y` has the shape of `y`, so it can only be made where `y` is there. Where one test
does not tell, the program is given a truth value that does: another result of the branch, another
value that the loop carries. Tapes that a path lacks are empty there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ad_compiler.ir.builder import Builder, Cell
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    const,
    defined_by,
    walk,
)
from ad_compiler.ir.types import PY, Array, Bool, Tape, is_differentiable
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.transform.webs import Webs, webs_of


@dataclass(frozen=True, slots=True)
class Exists:
    """A value is there if a test comes out as `truth`."""

    test: Atom
    truth: bool = True


@dataclass(slots=True)
class Presence:
    """Where a transformation is, and what is there."""

    builder: Builder
    exists: Mapping[Var, Exists] = field(default_factory=dict[Var, Exists])
    assumed: dict[Atom, bool] = field(default_factory=dict[Atom, bool])
    """How the tests around the current statement came out."""

    @contextmanager
    def assuming(self, test: Atom, truth: bool) -> Generator[None]:
        """While an arm is built, where a test is known."""
        outer = self.assumed
        self.assumed = {**outer, test: truth}
        yield
        self.assumed = outer

    def do(self, primal: Var, what: Callable[[], None]) -> None:
        """Do something where a value is there."""
        exists = self.exists.get(primal)
        if exists is None or self.assumed.get(exists.test) is exists.truth:
            what()
        elif exists.test not in self.assumed:
            arms = (what, _nothing) if exists.truth else (_nothing, what)
            self.builder.if_(exists.test, *arms)

    def where(self, primal: Var, make: Callable[[], Atom]) -> Atom:
        """What is made of a value, or takes its shape; nothing, where the value is not there."""
        exists = self.exists.get(primal)
        if exists is None or self.assumed.get(exists.test) is exists.truth:
            return make()
        if exists.test in self.assumed:
            return Undef(primal.type)
        cell = Cell(primal.name, self.builder.frame)

        def arm(truth: bool) -> None:
            present = truth is exists.truth
            self.builder.assign(cell, make() if present else Undef(primal.type))

        self.builder.if_(exists.test, lambda: arm(True), lambda: arm(False))
        value = self.builder.read(cell)
        assert value is not None
        return value


ALWAYS, NEVER = Exists(const(True)), Exists(const(False))


def explicit(function: Function) -> tuple[Function, dict[Var, Exists]]:
    """A function that knows when its arrays exist, and what tells."""
    if not any(_is_partial(stmt) for stmt in walk(function.block)):
        return function, {}
    webs, holed = webs_of(function), set[Var]()
    while True:
        paths = Paths(webs, frozenset(holed))
        block = paths.block(function.block)
        if paths.holed <= holed:
            return function.with_block(block), paths.known
        holed |= paths.holed


def _nothing() -> None:
    pass


def _is_partial(stmt: Stmt) -> bool:
    """Whether a statement yields, carries or stores what is not there on all paths."""
    match stmt:
        case If(then=then, orelse=orelse):
            return any(map(_is_absent, then.results + orelse.results))
        case For(inits=inits) | While(inits=inits):
            return any(map(_is_absent, inits))
        case Let():
            return stmt.prim.name == "tape_put" and _is_absent(stmt.args[2])
        case Effect():
            return False


def _is_watched(var: Var) -> bool:
    """Whether a derivative would take its shape from a value."""
    return isinstance(var.type, Array) and is_differentiable(var.type)


def _is_absent(atom: Atom) -> bool:
    """Whether an atom stands for an array or a tape that is missing."""
    missing = isinstance(atom, Undef) or (isinstance(atom, Const) and atom.value is None)
    return missing and isinstance(atom.type, Array | Tape) and is_differentiable(atom.type)


@dataclass(slots=True)
class Paths:
    """One walk over a program, which adds the truth values that are needed."""

    webs: Webs
    gaps: frozenset[Var]
    """The classes of tapes some of whose elements may be missing, as far as is known."""
    holed: set[Var] = field(default_factory=set[Var])
    """Those that this walk found."""
    known: dict[Var, Exists] = field(default_factory=dict[Var, Exists])

    def of(self, atom: Atom) -> Exists:
        """When an atom is there."""
        if _is_absent(atom):
            return NEVER
        return self.known.get(atom, ALWAYS) if isinstance(atom, Var) else ALWAYS

    def block(self, block: Block) -> Block:
        """The same block. What a statement of it reads, is there in all of it."""
        own = set(block.params)
        body: list[Stmt] = []
        for stmt in block.body:
            match stmt:
                case If():
                    body.append(self.branch(stmt))
                case For() | While():
                    body.extend(self.loop(stmt))
                case Let() if stmt.prim.name == "tape_put" and _is_absent(stmt.args[2]):
                    value = _filled(stmt.args[2], body)
                    body.append(replace(stmt, args=(*stmt.args[:2], value)))
                    self.taken(stmt)
                case Let() | Effect():
                    body.append(stmt)
                    self.read(stmt, own)
                    body += self.taken(stmt)
            own.update(defined_by(stmt))
        return replace(block, body=tuple(body))

    def taken(self, stmt: Let | Effect) -> list[Stmt]:
        """Note where tapes have gaps; whether what is taken from such a tape is there."""
        match stmt:
            case Let((target,), prim, (Var() as tape, _)) if prim.name == "tape_get":
                if self.webs.find(tape) not in self.gaps or not _is_watched(target):
                    return []
                flag = _flag(target)
                self.known[target] = Exists(flag)
                return [Let((flag,), PRIMITIVES["present"], (target,))]
            case Let(prim=prim, args=(Var() as tape, _, value)) if prim.name == "tape_put":
                if self.of(value) != ALWAYS:
                    self.holed.add(self.webs.find(tape))
            case _:
                pass
        return []

    def read(self, stmt: Let | Effect, own: set[Var]) -> None:
        """Values of the block that a statement cannot do without."""
        if stmt.prim.name not in ("identity", "tape_put", "present"):
            for atom in stmt.args:
                if isinstance(atom, Var) and atom in own:
                    self.known.pop(atom, None)

    def branch(self, stmt: If) -> If:
        arms = [_with_tapes(self.block(arm)) for arm in (stmt.then, stmt.orelse)]
        bodies = [list(arm.body) for arm in arms]
        results = [list(arm.results) for arm in arms]
        targets = list(stmt.targets)
        flags: dict[tuple[Exists, Exists], Exists] = {
            (ALWAYS, NEVER): Exists(stmt.test),
            (NEVER, ALWAYS): Exists(stmt.test, truth=False),
        }
        for target, one, other in zip(stmt.targets, arms[0].results, arms[1].results, strict=True):
            ways = self.of(one), self.of(other)
            if not _is_watched(target) or ways in ((ALWAYS, ALWAYS), (NEVER, NEVER)):
                continue
            if ways not in flags:
                flag = _flag(target)
                targets.append(flag)
                for way, body, result in zip(ways, bodies, results, strict=True):
                    result.append(_said(way, body))
                flags[ways] = Exists(flag)
            self.known[target] = flags[ways]
        then, orelse = (
            replace(arm, body=tuple(body), results=tuple(result))
            for arm, body, result in zip(arms, bodies, results, strict=True)
        )
        return replace(stmt, targets=tuple(targets), then=then, orelse=orelse)

    def loop(self, stmt: For | While) -> list[Stmt]:
        before: list[Stmt] = []
        inits = tuple(_filled(a, before) for a in stmt.inits)
        params = stmt.body.params if isinstance(stmt, While) else stmt.body.params[1:]
        flags, body = self.carried(stmt.body, params, inits)
        stmts = list(body.body)
        ends = tuple(_said(self.of(body.results[k]), stmts) for k in flags)
        starts = tuple(_said(self.of(inits[k]), before) for k in flags)
        targets = tuple(_flag(stmt.targets[k]) for k in flags)
        for k, target in zip(flags, targets, strict=True):
            self.known[stmt.targets[k]] = Exists(target)
        body = replace(
            body,
            params=(*body.params, *flags.values()),
            body=tuple(stmts),
            results=body.results + ends,
        )
        new = replace(stmt, targets=stmt.targets + targets, inits=inits + starts, body=body)
        if isinstance(new, While):
            unread = tuple(_flag(param) for param in flags.values())
            new = replace(new, cond=replace(new.cond, params=new.cond.params + unread))
        return [*before, new]

    def carried(
        self, body: Block, params: tuple[Var, ...], inits: tuple[Atom, ...]
    ) -> tuple[dict[int, Var], Block]:
        """The flags of the carried values that need one, by position, and the body with them."""
        flags: dict[int, Var] = {}
        self.flagged(params, inits, flags)
        while True:
            built = _with_tapes(self.block(body))
            if not self.flagged(params, built.results, flags):
                return flags, built

    def flagged(
        self, params: tuple[Var, ...], values: tuple[Atom, ...], flags: dict[int, Var]
    ) -> bool:
        """Give parameters flags where what they stand for may be missing; whether any is new."""
        before = len(flags)
        for k, (param, value) in enumerate(zip(params, values, strict=True)):
            if _is_watched(param) and k not in flags and self.of(value) != ALWAYS:
                flags[k] = _flag(param)
                self.known[param] = Exists(flags[k])
        return len(flags) > before


def _flag(value: Var) -> Var:
    return Var(f"{value.name}_exists", Bool(PY))


def _said(way: Exists, body: list[Stmt]) -> Atom:
    """The truth value of whether something exists."""
    if way.truth:
        return way.test
    target = Var("other", Bool(PY), temp=True)
    body.append(Let((target,), OPERATORS["not"], (way.test,)))
    return target


def _with_tapes(block: Block) -> Block:
    """A block whose results are empty tapes where it has none."""
    body = list(block.body)
    results = tuple(_filled(result, body) for result in block.results)
    return replace(block, body=tuple(body), results=results)


def _filled(atom: Atom, body: list[Stmt]) -> Atom:
    """An empty tape for one that is not there."""
    if not (_is_absent(atom) and isinstance(atom.type, Tape)):
        return atom
    target = Var("tape", atom.type)
    body.append(Let((target,), PRIMITIVES["tape_new"], (Const(None, atom.type.element),)))
    return target
