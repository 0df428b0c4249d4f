"""Builds programs: statements in frames, and cells that turn assignments into SSA.

A cell is a mutable name over immutable values. Reading an outer cell inside a loop makes a loop
parameter on demand; closing the loop replaces the parameter by the outer value if the cell was
not assigned, and carries it if it was. Both sides of an `If` are joined the same way. The same
mechanism threads the user's names, adjoints and tapes through any nest.

Constructs take functions that build their bodies, because a body may have to be built again:
`s = 0` before a loop with `s += x[i]` makes the parameter an Int first and a Float then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ad_compiler.errors import Span
from ad_compiler.ir.cells import Cells
from ad_compiler.ir.frames import (
    Cell,
    Frame,
    JoinRefusal,
    Junctions,
    Widening,
    covers,
    is_part,
    merge,
    of_all_trips,
)
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
    substitute,
)
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import PY_INT, Array, Dim, Static, Sym, Tape, Trim, Type, dims_of

__all__ = ["Builder", "Cell", "Frame", "JoinRefusal", "Junctions", "Widening"]


class Builder(Cells):
    """Appends statements to the innermost open frame.

    `at` is the source place given to statements that do not name their own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.at: Span | None = None
        self.junctions: Junctions | None = None
        self.made: dict[Var, Let] = {}
        """The statement that made each value that `emit` appended."""
        self._widenings: dict[object, Widening] = {}

    # -- statements ---------------------------------------------------------------------------

    def emit(
        self, prim: Primitive, *args: Atom, name: str = "", hint: str = "", at: Span | None = None
    ) -> Var:
        """Append `target = prim(*args)` with the type that the primitive infers.

        A target without a `name` is a temporary; `hint` says what to call it where it needs one.
        Raises `TypeRefusal` where the primitive does not take such operands.
        """
        type_ = prim.type_of(args)
        assert not isinstance(type_, tuple), f"{prim} has several results"
        target = Var(name or hint or prim.noun, type_, temp=not name)
        let = self.made[target] = Let((target,), prim, args, at or self.at)
        self.frame.stmts.append(let)
        return target

    def emit_many(self, prim: Primitive, *args: Atom, at: Span | None = None) -> tuple[Var, ...]:
        """Append a statement with several results, all of them temporaries."""
        types = prim.type_of(args)
        assert isinstance(types, tuple), f"{prim} has one result"
        labels = prim.results or (prim.noun,) * len(types)
        targets = tuple(Var(n, t, temp=True) for n, t in zip(labels, types, strict=True))
        self.frame.stmts.append(Let(targets, prim, args, at or self.at))
        return targets

    def effect(self, prim: Primitive, *args: Atom, at: Span | None = None) -> None:
        """Append an operation that is run for what it does."""
        self.frame.stmts.append(Effect(prim, args, at or self.at))

    def append(self, stmt: Stmt) -> None:
        """Append a finished statement as it is."""
        self.frame.stmts.append(stmt)

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
        if self.junctions is not None:
            self.junctions.arms(arms)
        alive = [arm for arm in arms if not arm.dead]
        if len(alive) < 2:
            self._guard(test, arms, at)
            return
        cells = [
            c for c in dict.fromkeys(c for arm in alive for c in arm.values) if c.home not in arms
        ]
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

    def _guard(self, test: Atom, arms: list[Frame], at: Span | None) -> None:
        """A branch with an arm that raises: what the other one does, comes after it."""
        blocks = [Block((), tuple(arm.stmts) if arm.dead else (), ()) for arm in arms]
        self.append(If((), test, blocks[0], blocks[1], at or self.at))
        if all(arm.dead for arm in arms):
            self.frame.dead = True
        for arm in arms:
            if not arm.dead:
                self.frame.stmts += arm.stmts
                self.frame.lengths |= arm.lengths
                for cell, value in arm.values.items():
                    self.assign(cell, value)

    def _arm(self, build: Callable[[], None]) -> Frame:
        self.frames.append(Frame(is_loop=False))
        build()
        return self.frames.pop()

    def _join_arms(self, cell: Cell, arms: list[Frame]) -> tuple[Var, list[Atom]] | None:
        """The target and the two results of a cell that an arm assigned; None if not needed."""
        values: list[Atom] = []
        for arm in arms:
            value = arm.values.get(cell) or self.read(cell)
            if value is None and cell.zero is not None:
                self.frames.append(arm)
                value = cell.zero(self)
                self.frames.pop()
            if value is None:
                self.maybe_unbound.add(cell)
                return None
            values.append(value)
        known = [v for v in values if not self.is_absent(v)] or values
        if all(v is known[0] or v == known[0] for v in known) and (
            len(known) == 2 or isinstance(known[0], Const)
        ):
            self.assign(cell, known[0])  # the same outer value, or the same constant, on both paths
            return None
        type_ = known[0].type
        for value in known:
            joined = type_ if value is known[0] else merge(type_, value.type, self._sym(cell.name))
            refusal = self.conflict(value)
            if joined is None or refusal is not None:
                refusal = refusal or JoinRefusal(cell.name, known[0], value)
                return self._refuse_join(cell, refusal)
            type_ = joined
        target = Var(cell.name, type_, cell.temp)
        self.assign(cell, target)
        return target, [Undef(type_) if self.is_absent(v) else v for v in values]

    def _refuse_join(self, cell: Cell, refusal: JoinRefusal) -> None:
        """Forbid to read a user's name from here on; what a transform makes must always join."""
        if cell.zero is not None:
            raise refusal
        self.assign(cell, self._mark(refusal))

    def for_(
        self,
        start: Atom,
        stop: Atom,
        step: Atom,
        body: Callable[[Var], Atom | None],
        name: str = "i",
        descending: bool = False,
        at: Span | None = None,
        assigned: frozenset[Cell] | None = None,
        key: object = None,
        slots: int = 0,
    ) -> None:
        """Append a `For`; `body` gets the index and may assign outer cells.

        What `body` gives says whether this trip is the last; None: it is not.
        `assigned` are the only outer cells that it may assign, if that is known. A `key` says that
        this is the same loop again, in a body that is being rebuilt.
        """
        index = Var(name, PY_INT)
        stops: list[Atom | None] = []
        frame = self._loop(lambda: stops.append(body(index)), assigned, key)
        carried, inits, results, targets, env = self._close(frame)
        block = Block((index, *carried), tuple(frame.stmts), tuple(results), stops[-1])
        block = substitute(block, env)
        at = at or self.at
        self.append(
            For(tuple(targets), start, stop, step, tuple(inits), block, descending, at, slots)
        )

    def while_(
        self,
        cond: Callable[[], Atom],
        body: Callable[[], Atom | None],
        at: Span | None = None,
        assigned: frozenset[Cell] | None = None,
        key: object = None,
        whole: Callable[[], Atom | None] | None = None,
    ) -> None:
        """Append a `While`; `cond` gives the truth value, `body` may assign outer cells.

        What `body` gives says whether this trip is the last; None: it is not. `whole` is a body
        that tests the condition itself: it is taken if `cond` assigns outer cells.
        """
        tests: list[tuple[int, Atom, Atom | None]] = []
        within = False

        def both() -> bool:
            nonlocal within
            test = const(True) if within else cond()
            length = len(self.frame.stmts)
            if not within and whole is not None and self.assigns():
                within = True
                return True
            tests.append((length, test, whole() if within and whole is not None else body()))
            return False

        frame = self._loop(both, assigned, key)
        length, test, stop = tests[-1]
        carried, inits, results, targets, env = self._close(frame)
        copies = tuple(Var(p.name, p.type) for p in carried)
        condition = Block(tuple(carried), tuple(frame.stmts[:length]), (test,))
        inner = Block(tuple(carried), tuple(frame.stmts[length:]), tuple(results), stop)
        condition = _refresh(substitute(condition, env), copies)
        stmt = While(tuple(targets), tuple(inits), condition, substitute(inner, env), at or self.at)
        self.append(stmt)

    def assigns(self) -> bool:
        """Whether the innermost open frame has given outer cells values that are computed."""
        values, params = self.frame.values, self.frame.params
        return any(isinstance(v, Var) and v is not params.get(cell) for cell, v in values.items())

    def _loop(
        self, build: Callable[[], bool | None], assigned: frozenset[Cell] | None, key: object
    ) -> Frame:
        """Build a loop body until the types of its parameters hold, and it asks for no more."""
        widening = Widening() if key is None else self._widenings.setdefault(key, Widening())
        carried: dict[Cell, Any] = {}
        while True:
            if self.junctions is not None:
                self.junctions.enter(widening, carried)
            frame = Frame(is_loop=True, widening=widening, assigned=assigned)
            self.frames.append(frame)
            again = bool(build())
            again |= self.junctions is not None and self.junctions.leave(frame, widening, carried)
            self.frames.pop()
            if not (again or self._widen(frame, widening)):
                return frame

    def _widen(self, frame: Frame, widening: Widening) -> bool:
        """Join what each carried cell is at the end of the body into its parameter's type."""
        changed = False
        for cell, value in frame.values.items():
            outer = self.read(cell)
            if outer is None or outer is value or outer == value or cell in widening.conflicts:
                continue
            before = widening.types.get(cell, outer.type)
            static = isinstance(before, Static) or isinstance(value.type, Static)
            after = of_all_trips(value.type, self.frames)
            if not static and self._covers(before, after, frame):
                continue
            refusal = JoinRefusal(cell.name, outer, value)
            changed |= self._widen_cell(cell, before, after, value, widening, refusal)
        return changed

    def _covers(self, param: Type, value: Type, frame: Frame) -> bool:
        """Whether a parameter can be what it is at the end of a loop body."""
        fresh = frame.widening.fresh
        one, other = (self.lengths_named(type_, frame) for type_ in (param, value))
        return covers(param, value, fresh) or covers(one, other, fresh)

    def _widen_cell(
        self,
        cell: Cell,
        before: Type,
        after: Type,
        value: Atom,
        widening: Widening,
        refusal: JoinRefusal,
    ) -> bool:
        """Give a parameter a wider type, or none; whether the body must be built again."""
        sym = self._sym(cell.name)
        joined = merge(before, after, sym)
        if joined is None:
            if cell.zero is not None:
                raise refusal
            widening.conflicts[cell] = self.conflict(value) or refusal
            return True
        dims = dims_of(joined.element if isinstance(joined, Tape) else joined)
        widening.fresh.update(d for d in dims if isinstance(d, Sym) and is_part(d, sym))
        widening.types[cell] = joined
        return True

    def _at_the_end(self, type_: Type, widening: Widening) -> Type:
        """The type of what a loop carries, after it: lengths that changed are others there."""
        if isinstance(type_, Tape):
            return Tape(self._at_the_end(type_.element, widening))
        if not (isinstance(type_, Array) and widening.fresh):
            return type_
        new = self._sym("end")
        return Array(type_.dtype, tuple(_renamed(d, widening.fresh, new) for d in type_.dims))

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
            if value is init or (isinstance(init.type, Static) and value == init):
                continue
            if cell in frame.widening.conflicts:
                self.assign(cell, self._mark(frame.widening.conflicts[cell]))
                continue
            if param is None:
                param = Var(cell.name, frame.widening.types.get(cell, init.type))
            carried.append(param)
            inits.append(init)
            results.append(value)
            targets.append(Var(cell.name, self._at_the_end(param.type, frame.widening)))
            self.assign(cell, targets[-1])
        return (
            carried,
            inits,
            [env.get(r, r) if isinstance(r, Var) else r for r in results],
            targets,
            env,
        )


def _renamed(dim: Dim, old: set[Sym], new: Sym) -> Dim:
    match dim:
        case Sym(name, never) if dim in old:
            return Sym(f"{new.name}.{name}", never)
        case Trim(base, by) if base in old:
            return Trim(Sym(f"{new.name}.{base.name}", base.never), by)
        case _:
            return dim


def _refresh(block: Block, params: tuple[Var, ...]) -> Block:
    """The same block with parameters of its own."""
    env: dict[Var, Atom] = dict(zip(block.params, params, strict=True))
    return replace(substitute(block, env), params=params)
