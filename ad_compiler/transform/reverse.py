"""Reverse mode: a forward sweep, then a backward sweep that mirrors its structure.

    y = sin(x)              y = sin(x)
    z = y * x        ⇒      z = y * x

                            y_bar = x * z_bar
                            x_bar = y * z_bar + cos(x) * y_bar

The backward sweep is built first and reads values of the forward sweep freely. What it reads from
inside a branch or a loop is then made available (`exports.py`): as another result of the branch,
on a tape of the loop, or by computing it again.
"""

from __future__ import annotations

from typing import assert_never

from ad_compiler.analysis.activity import active, operand_label
from ad_compiler.analysis.distinct import distinct
from ad_compiler.analysis.final import Final
from ad_compiler.analysis.powers import powers, squares
from ad_compiler.analysis.singular import exposed
from ad_compiler.ir.builder import Builder, Cell
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
    blocks_of,
    const,
    defined_by,
    free_vars,
    substitute,
)
from ad_compiler.ir.types import Array
from ad_compiler.rules.fits import equate
from ad_compiler.rules.registry import Linear
from ad_compiler.transform.adjoints import Adjoints, adjoint_name
from ad_compiler.transform.checkpoints import keeps_states
from ad_compiler.transform.defined import Presence, explicit
from ad_compiler.transform.exports import Exports
from ad_compiler.transform.operations import Operations
from ad_compiler.transform.shapes import Shapes, is_whole, widen, zero
from ad_compiler.transform.storage import is_part
from ad_compiler.transform.structural import backward_of, placing, pulled, pushed


class Reverse(Operations):
    """Builds the backward sweep of a program into a builder."""

    def __init__(
        self,
        builder: Builder,
        function: Function,
        wrt: tuple[Var, ...],
        results: tuple[int, ...],
        memory: str = "auto",
    ) -> None:
        self.builder = builder
        live = active(function, wrt, results)
        self.function, exists = explicit(function)
        self.shapes = Shapes.of(function.params)
        self.powers, self.squares = powers(self.function), squares(self.function)
        self.adjoints = Adjoints(
            builder,
            self.shapes,
            live,
            Presence(builder, exists),
            exposed=exposed(function),
            distinct=distinct(function),
        )
        self.exports = Exports(builder, Final(self.function), memory)

    def seed(self, seeds: dict[int, Atom], *, unit: bool = False) -> None:
        """Start the sweep: the cotangents of the results, by index; `unit`: unit vectors."""
        self.adjoints.enter(self.function.params)
        for stmt in self.function.block.body:
            self.adjoints.enter(defined_by(stmt))
        for index, value in seeds.items():
            self.adjoints.seed(self.function.results[index], value, unit=unit)

    def sweep(self) -> None:
        """Append the backward sweep of the whole function."""
        self.backward(self.function.block.body)

    def forward_sweep(self) -> tuple[Stmt, ...]:
        """The statements of the function, with what the backward sweep needs made available."""
        return self.exports.rewrite(self.function.block.body)

    # -- statements ---------------------------------------------------------------------------

    def backward(self, body: tuple[Stmt, ...]) -> None:
        lets = [stmt for stmt in body if isinstance(stmt, Let)]
        parts = {let.targets[0]: let for let in lets if is_part(let)}
        for let in lets:  # all of it has run
            equate(self.builder, let.prim, let.args)
        for stmt in reversed(body):
            self.adjoints.parts = parts
            with placing(self.builder, backward_of(stmt.at)):
                self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        if not isinstance(stmt, Let):
            self.settle(stmt)
        match stmt:
            case Let():
                self.let(stmt)
            case If():
                self.branch(stmt)
            case For():
                self.for_(stmt)
            case While():
                self.while_(stmt)
            case Effect():
                pass
            case _:
                assert_never(stmt)

    def settle(self, stmt: Stmt) -> None:
        """Give the cotangents that a construct may add to their full shape, on all its paths."""
        read: set[Var] = set()
        for inner in blocks_of(stmt):
            read |= free_vars(inner)
        for var in sorted(read & self.adjoints.cells.keys(), key=lambda v: v.serial):
            value = self.builder.read(self.adjoints.cells[var])
            if value is not None and isinstance(var.type, Array):
                whole = self.adjoints.widen(var, value)
                if whole is not value:
                    self.builder.assign(self.adjoints.cells[var], whole)

    def block(self, block: Block, seeds: list[tuple[Atom, Atom]], *, loop: bool) -> None:
        """The backward sweep of a block inside a statement."""
        self.adjoints.enter(block.params)
        for stmt in block.body:
            self.adjoints.enter(defined_by(stmt))
        for primal, value in seeds:
            self.adjoints.add(primal, value)
        with self.exports.within(block, loop=loop):
            self.backward(block.body)

    def branch(self, stmt: If) -> None:
        taken = [self.adjoints.take(t) for t in stmt.targets]
        seeds = [
            None if v is None else self.adjoints.widen(t, v)
            for t, v in zip(stmt.targets, taken, strict=True)
        ]
        if all(s is None for s in seeds):
            return

        def arm(block: Block, truth: bool) -> None:
            pairs = zip(block.results, seeds, strict=True)
            with self.adjoints.presence.assuming(stmt.test, truth):
                self.block(block, [(r, s) for r, s in pairs if s is not None], loop=False)

        self.builder.if_(
            stmt.test,
            lambda: arm(stmt.then, True),
            lambda: arm(stmt.orelse, False),
            self.builder.at,
        )
        self.exports.close_branch(stmt, self.builder.frame)

    def for_(self, stmt: For) -> None:
        cells = self.open_loop(stmt.targets, stmt.body.params[1:])
        if not any(cells):
            return
        self.builder.for_(
            stmt.start,
            stmt.stop if stmt.body.stop is None else self.exports.count_trips(stmt),
            stmt.step,
            lambda _: self.trip(stmt.body, stmt.body.params[1:], cells),
            name=stmt.body.params[0].name,
            descending=not stmt.descending,
            at=self.builder.at,
        )
        close = self.exports.close_checkpointed if keeps_states(stmt) else self.exports.close_loop
        close(stmt, self.builder.frame)
        self.leave_loop(stmt.inits, cells)

    def while_(self, stmt: While) -> None:
        cells = self.open_loop(stmt.targets, stmt.body.params)
        if not any(cells):
            return
        count = self.exports.count_trips(stmt)
        self.builder.for_(
            const(0),
            count,
            const(1),
            lambda _: self.trip(stmt.body, stmt.body.params, cells),
            name="k",
            descending=True,
            at=self.builder.at,
        )
        self.exports.close_loop(stmt, self.builder.frame)
        self.leave_loop(stmt.inits, cells)

    def open_loop(self, targets: tuple[Var, ...], params: tuple[Var, ...]) -> list[Cell | None]:
        """One cell a carried value: its cotangent between trips. All None: nothing flows back."""
        taken = [self.adjoints.take(t) for t in targets]
        if all(value is None for value in taken):
            return []
        cells: list[Cell | None] = []
        for target, param, value in zip(targets, params, taken, strict=True):
            if param not in self.adjoints.active:
                cells.append(None)
                continue
            start = self.adjoints.full(target, value)
            cells.append(self.builder.cell(adjoint_name(param), start))
        return cells

    def trip(self, body: Block, params: tuple[Var, ...], cells: list[Cell | None]) -> None:
        """The backward sweep of one trip: from the cotangents after it to those before it."""
        seeds: list[tuple[Atom, Atom]] = []
        after: dict[Cell, Atom] = {}
        for result, cell in zip(body.results, cells, strict=True):
            if cell is not None:
                value = self.builder.read(cell)
                assert value is not None
                after[cell] = value
                seeds.append((result, value))
        self.block(body, seeds, loop=True)
        for param, cell in zip(params, cells, strict=True):
            if cell is not None:
                value = self.adjoints.take(param)
                if value is None:
                    value = self.zero_like(after[cell], param)
                self.builder.assign(cell, self.adjoints.widen(param, value))

    def zero_like(self, bar: Atom, param: Var) -> Atom:
        """A zero in the shape of the cotangent after a trip, which is nearer than the primal.

        Of the primal, where its length may be another one before the trip.
        """
        if not is_whole(self.builder, bar, param):
            return self.adjoints.zero(param)
        return zero(self.builder, bar, self.shapes) if isinstance(bar, Var) else const(0.0)

    def leave_loop(self, inits: tuple[Atom, ...], cells: list[Cell | None]) -> None:
        for init, cell in zip(inits, cells, strict=True):
            if cell is not None:
                value = self.builder.read(cell)
                assert value is not None
                self.adjoints.add(init, value)

    def transposed(
        self, let: Let, rule: Linear, position: int, bars: list[Atom | None]
    ) -> Atom | None:
        """Reverse the rule's forward function, which is linear in the tangent."""
        operand = let.args[position]
        dot = Var(f"{let.prim.noun}_dot", operand.type)
        inner = Builder()
        results = pushed(inner, let, rule, position, dot)
        given = tuple(r for r in results if r is not None)
        seeds = [bar for r, bar in zip(results, bars, strict=True) if r is not None]
        block = Block((dot,), tuple(inner.frame.stmts), given)
        return transposed(self.builder, block, operand, seeds, self.shapes)


def transposed(
    builder: Builder, linear: Block, model: Atom, seeds: list[Atom | None], shapes: Shapes
) -> Atom | None:
    """Append the transpose of a block that is linear in its parameter, applied to cotangents.

    `model` is a value of the shape of the parameter.
    """
    (dot,) = linear.params
    function = Function("linear", (), linear, 0)
    statements = builder.frame.stmts
    start = len(statements)
    statements.extend(linear.body)
    end = len(statements)
    reverse = Reverse(builder, function, (dot,), tuple(range(len(linear.results))))
    reverse.shapes = reverse.adjoints.shapes = shapes
    reverse.seed({k: bar for k, bar in enumerate(seeds) if bar is not None})
    reverse.sweep()
    statements[start:end] = reverse.forward_sweep()
    # Nothing depends on the parameter's value, only on its shape.
    settled = substitute(Block((), tuple(statements[start:]), ()), {dot: model})
    statements[start:] = settled.body
    return reverse.adjoints.read(dot)


def pushed_by_vjp(
    builder: Builder, let: Let, rule: Linear, position: int, dot: Atom, shapes: Shapes
) -> Atom | None:
    """The tangent of a result by the transpose of a rule that only has a vjp."""
    operand, z = let.args[position], let.targets[0]
    assert isinstance(operand, Var)
    bar = Var(f"{z.name}_bar", z.type)
    inner = Builder()
    name, which = operand_label(let, position)
    value = pulled(inner, let, rule, name, which, [bar])
    if value is None:
        return None
    whole = widen(inner, value, operand, shapes)
    block = Block((bar,), tuple(inner.frame.stmts), (whole,))
    return transposed(builder, block, z, [dot], shapes)
