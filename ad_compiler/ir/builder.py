"""Builds programs: statements in frames, and cells that turn assignments into SSA.

A cell is a mutable name over immutable values. Reading an outer cell inside a loop makes a loop
parameter on demand; closing the loop replaces the parameter by the outer value if the cell was
not assigned, and carries it if it was. Both sides of an `If` are joined the same way. The same
mechanism threads the user's names, adjoints and tapes through any nest.

Constructs take functions that build their bodies, because a body may have to be built again:
`s = 0` before a loop with `s += x[i]` makes the parameter an Int first and a Float then.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ad_compiler.errors import Span
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    substitute,
)
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import PY, Array, Int, Sym, Tape, Type, join


@dataclass(eq=False, slots=True)
class Cell:
    """A mutable name. `zero` makes the value that stands for "nothing assigned yet".

    A cell without `zero` is a user's name: where it may be unbound it must not be read.
    """

    name: str
    home: Frame
    zero: Callable[[Builder], Atom] | None = None


@dataclass(eq=False, slots=True)
class Frame:
    """A block under construction."""

    is_loop: bool
    stmts: list[Stmt] = field(default_factory=list[Stmt])
    values: dict[Cell, Atom] = field(default_factory=dict[Cell, Atom])
    params: dict[Cell, Var] = field(default_factory=dict[Cell, Var])
    widened: dict[Cell, Type] = field(default_factory=dict[Cell, Type])
    dead: bool = False
    """The end of this frame is never reached (it raised); it has no results."""


class JoinRefusal(TypeRefusal):
    """A name whose values on two paths have no common type."""

    def __init__(self, name: str, one: Type, other: Type) -> None:
        super().__init__(f"`{name}` is {one} on one path and {other} on another")
        self.name = name


class Builder:
    """Appends statements to the innermost open frame.

    `at` is the source place given to statements that do not name their own.
    """

    def __init__(self) -> None:
        self.frames: list[Frame] = [Frame(is_loop=False)]
        self.at: Span | None = None
        self.maybe_unbound: set[Cell] = set()
        self._fresh = itertools.count()

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    # -- statements ---------------------------------------------------------------------------

    def emit(self, prim: Primitive, *args: Atom, name: str = "", at: Span | None = None) -> Var:
        """Append `target = prim(*args)` with the type that the primitive infers.

        Raises `TypeRefusal` where the primitive does not take such operands.
        """
        type_ = prim.infer(args)
        assert not isinstance(type_, tuple), f"{prim} has several results"
        target = Var(name or prim.noun, type_, temp=not name)
        self.frame.stmts.append(Let((target,), prim, args, at or self.at))
        return target

    def emit_many(
        self, prim: Primitive, *args: Atom, names: tuple[str, ...] = (), at: Span | None = None
    ) -> tuple[Var, ...]:
        """Append a statement with several results."""
        types = prim.infer(args)
        assert isinstance(types, tuple), f"{prim} has one result"
        labels = names or (prim.noun,) * len(types)
        targets = tuple(Var(n, t) for n, t in zip(labels, types, strict=True))
        self.frame.stmts.append(Let(targets, prim, args, at or self.at))
        return targets

    def effect(self, prim: Primitive, *args: Atom, at: Span | None = None) -> None:
        """Append an operation that is run for what it does."""
        self.frame.stmts.append(Effect(prim, args, at or self.at))

    def append(self, stmt: Stmt) -> None:
        """Append a finished statement as it is."""
        self.frame.stmts.append(stmt)

    # -- cells --------------------------------------------------------------------------------

    def cell(
        self, name: str, value: Atom | None = None, zero: Callable[[Builder], Atom] | None = None
    ) -> Cell:
        """A new mutable name that lives in the current frame."""
        cell = Cell(name, self.frame, zero)
        if value is not None:
            self.assign(cell, value)
        return cell

    def assign(self, cell: Cell, value: Atom) -> None:
        self.frame.values[cell] = value
        self.maybe_unbound.discard(cell)

    def read(self, cell: Cell) -> Atom | None:
        """The current value of a cell, None if nothing was assigned on this path."""
        return self._read(cell, len(self.frames) - 1)

    def _read(self, cell: Cell, depth: int) -> Atom | None:
        frame = self.frames[depth]
        if cell in frame.values:
            return frame.values[cell]
        if depth == 0:
            return None
        outer = self._read(cell, depth - 1)
        if outer is None or not frame.is_loop:
            return outer
        # Every outer value becomes a parameter: only at the end is it known what is carried.
        param = Var(cell.name, frame.widened.get(cell, outer.type))
        frame.params[cell] = param
        frame.values[cell] = param
        return param

    def read_or_zero(self, cell: Cell) -> Atom | None:
        """The value of a cell that is about to be added to; None if nothing is there yet.

        Where a loop was entered since the cell's home, trips accumulate: the cell is made zero
        just outside the outermost such loop.
        """
        value = self.read(cell)
        if value is not None:
            return value
        start = self.frames.index(cell.home) + 1
        for depth in range(start, len(self.frames)):
            if self.frames[depth].is_loop:
                self._zero_in_frame(depth - 1, cell)
                return self.read(cell)
        return None

    def _zero_in_frame(self, depth: int, cell: Cell) -> None:
        """Assign a cell its zero in an outer frame."""
        assert cell.zero is not None
        inner = self.frames[depth + 1 :]
        del self.frames[depth + 1 :]
        self.assign(cell, cell.zero(self))
        self.frames.extend(inner)

    # -- constructs ---------------------------------------------------------------------------

    def block(self, build: Callable[[], tuple[Atom, ...]]) -> Block:
        """Build statements in a frame of their own that assigns no outer cell."""
        self.frames.append(Frame(is_loop=False))
        results = build()
        frame = self.frames.pop()
        return Block((), tuple(frame.stmts), results)

    def if_(
        self,
        test: Atom,
        then: Callable[[], None],
        orelse: Callable[[], None],
        at: Span | None = None,
    ) -> None:
        """Append an `If`; cells assigned in an arm are joined after it."""
        arms = [self._arm(then), self._arm(orelse)]
        if all(arm.dead for arm in arms):
            self.frame.dead = True
        alive = [arm for arm in arms if not arm.dead]
        cells = list(dict.fromkeys(cell for arm in alive for cell in arm.values))
        targets: list[Var] = []
        results: tuple[list[Atom], list[Atom]] = ([], [])
        for cell in cells:
            joined = self._join_arms(cell, arms)
            if joined is None:
                continue
            target, values = joined
            targets.append(target)
            for result, value in zip(results, values, strict=True):
                result.append(value)
        blocks = [
            Block((), tuple(arm.stmts), tuple(result))
            for arm, result in zip(arms, results, strict=True)
        ]
        if targets or any(block.body for block in blocks):
            self.append(If(tuple(targets), test, blocks[0], blocks[1], at or self.at))

    def _arm(self, build: Callable[[], None]) -> Frame:
        self.frames.append(Frame(is_loop=False))
        build()
        return self.frames.pop()

    def _join_arms(self, cell: Cell, arms: list[Frame]) -> tuple[Var, list[Atom]] | None:
        """The target and the two results of a cell that an arm assigned; None if not needed."""
        values: list[Atom | None] = []
        for arm in arms:
            value = arm.values.get(cell)
            values.append(self.read(cell) if value is None and not arm.dead else value)
        if not any(arm.dead for arm in arms) and None in values:
            if cell.zero is None:
                self.maybe_unbound.add(cell)
                return None
            for k, value in enumerate(values):
                if value is None:
                    self.frames.append(arms[k])
                    values[k] = cell.zero(self)
                    self.frames.pop()
        known = [v for v, arm in zip(values, arms, strict=True) if v is not None and not arm.dead]
        if not any(arm.dead for arm in arms) and all(v is known[0] or v == known[0] for v in known):
            self.assign(cell, known[0])  # the same outer value, or the same constant, on both paths
            return None
        type_ = known[0].type
        for value in known[1:]:
            joined = join(type_, value.type, self._sym(cell.name))
            if joined is None:
                raise JoinRefusal(cell.name, type_, value.type)
            type_ = joined
        target = Var(cell.name, type_)
        self.assign(cell, target)
        return target, [v if v is not None else Undef(type_) for v in values]

    def for_(
        self,
        start: Atom,
        stop: Atom,
        step: Atom,
        body: Callable[[Var], None],
        name: str = "i",
        descending: bool = False,
        at: Span | None = None,
    ) -> None:
        """Append a `For`; `body` gets the index and may assign outer cells."""
        index = Var(name, Int(PY))
        frame = self._loop(lambda: body(index))
        carried, inits, results, targets, env = self._close(frame)
        block = Block((index, *carried), tuple(frame.stmts), tuple(results))
        block = substitute(block, env)
        stmt = For(
            tuple(targets), start, stop, step, tuple(inits), block, descending, at or self.at
        )
        self.append(stmt)

    def while_(
        self, cond: Callable[[], Atom], body: Callable[[], None], at: Span | None = None
    ) -> None:
        """Append a `While`; `cond` gives the truth value, `body` may assign outer cells."""
        tests: list[tuple[int, Atom]] = []

        def both() -> None:
            test = cond()
            tests.append((len(self.frame.stmts), test))
            body()

        frame = self._loop(both)
        length, test = tests[-1]
        carried, inits, results, targets, env = self._close(frame)
        copies = tuple(Var(p.name, p.type) for p in carried)
        condition = Block(tuple(carried), tuple(frame.stmts[:length]), (test,))
        inner = Block(tuple(carried), tuple(frame.stmts[length:]), tuple(results))
        condition = _refresh(substitute(condition, env), copies)
        stmt = While(tuple(targets), tuple(inits), condition, substitute(inner, env), at or self.at)
        self.append(stmt)

    def _loop(self, build: Callable[[], None]) -> Frame:
        """Build a loop body until the types of its parameters hold."""
        widened: dict[Cell, Type] = {}
        fresh: set[Sym] = set()
        while True:
            self.frames.append(Frame(is_loop=True, widened=widened))
            build()
            frame = self.frames.pop()
            if not self._widen(frame, widened, fresh):
                return frame

    def _widen(self, frame: Frame, widened: dict[Cell, Type], fresh: set[Sym]) -> bool:
        """Join what each carried cell is at the end of the body into its parameter's type."""
        changed = False
        for cell, value in frame.values.items():
            outer = self.read(cell)
            if outer is None:
                continue
            before = widened.get(cell, outer.type)
            if _covers(before, value.type, fresh):
                continue
            sym = self._sym(cell.name)
            joined = join(before, value.type, sym)
            if joined is None:
                raise JoinRefusal(cell.name, before, value.type)
            if isinstance(joined, Array):
                fresh.update(d for d in joined.dims if isinstance(d, Sym) and _is_part(d, sym))
            widened[cell] = joined
            changed = True
        return changed

    def _close(
        self, frame: Frame
    ) -> tuple[list[Var], list[Atom], list[Atom], list[Var], dict[Var, Atom]]:
        """Sort the cells of a finished loop body into carried ones and mere reads."""
        carried: list[Var] = []
        inits: list[Atom] = []
        results: list[Atom] = []
        targets: list[Var] = []
        env: dict[Var, Atom] = {}
        for cell, value in frame.values.items():
            init = self.read(cell)
            if init is None:
                self.maybe_unbound.add(cell)
                continue
            param = frame.params.get(cell)
            if param is not None and value is param and param.type == init.type:
                env[param] = init
                continue
            if value is init:
                continue
            if param is None:
                param = Var(cell.name, frame.widened.get(cell, init.type))
            carried.append(param)
            inits.append(init)
            results.append(value)
            targets.append(Var(cell.name, param.type))
            self.assign(cell, targets[-1])
        return (
            carried,
            inits,
            [env.get(r, r) if isinstance(r, Var) else r for r in results],
            targets,
            env,
        )

    def _sym(self, name: str) -> Sym:
        return Sym(f"{name}#{next(self._fresh)}")


def _is_part(dim: Sym, sym: Sym) -> bool:
    return dim.name.startswith(f"{sym.name}.")


def _covers(param: Type, value: Type, fresh: set[Sym]) -> bool:
    """Whether every value of one type may stand in a parameter of the other."""
    if param == value:
        return True
    match param, value:
        case (Array(p, m), Array(q, n)) if p == q and len(m) == len(n):
            return all(s == t or s in fresh for s, t in zip(m, n, strict=True))
        case (Tape(p), Tape(q)):
            return _covers(p, q, fresh)
        case _:
            return join(param, value) == param


def _refresh(block: Block, params: tuple[Var, ...]) -> Block:
    """The same block with parameters of its own."""
    env: dict[Var, Atom] = dict(zip(block.params, params, strict=True))
    return replace(substitute(block, env), params=params)
