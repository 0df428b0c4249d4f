"""The table of a lecture on derivatives: each statement with its value, and its adjoint.

    step           value    adjoint
    w              3.0      8.0
    u = w * x      6.0      4.0
    l = u ** 2     36.0     1.0

A program at a point is a list of the statements that ran. Each of their values is given a
perturbation, an input that is zero; the gradient with respect to these is the adjoints. So the
table shows what the compiler's own reverse mode computes, loops and branches included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import numpy as np

from ad_compiler.errors import UsageError
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Parameter,
    Stmt,
    Undef,
    Var,
    While,
    const,
)
from ad_compiler.ir.types import Array, Float, is_differentiable
from ad_compiler.rules.registry import OPERATORS
from ad_compiler.transform.derive import derive
from ad_compiler.transform.request import Request
from ad_compiler.viz.labels import Names, let_text

MAX_STEPS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One statement that ran: what it says, its value, its adjoint (None: it has none)."""

    step: str
    value: Any
    adjoint: Any


@dataclass(frozen=True, slots=True)
class Trace:
    """The rows in the order of the forward sweep; the adjoints were found from last to first."""

    name: str
    rows: tuple[Row, ...]

    def cells(self) -> list[tuple[str, str, str]]:
        """The table as text, one tuple a row, the heading first."""
        table = [("step", "value", "adjoint")]
        for row in self.rows:
            adjoint = "" if row.adjoint is None else _shown(row.adjoint)
            table.append((row.step, _shown(row.value), adjoint))
        return table

    @property
    def markdown(self) -> str:
        """A Markdown table."""
        heading, *rows = [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
            for row in self.cells()
        ]
        return "\n".join([heading, "| --- | --- | --- |", *rows, ""])

    def __str__(self) -> str:
        rows = self.cells()
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def _repr_markdown_(self) -> str:
        return self.markdown


def _shown(value: Any) -> str:
    """A value in a cell: short, and arrays on one line."""
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=6, threshold=8).replace("\n", "")
    if isinstance(value, float):
        return f"{float(value):.8g}"
    return str(value)


def trace_table(function: Function, args: Sequence[Any]) -> Trace:
    """What each statement computes at a point, and the derivative of the result in it.

    The function must give one number.
    """
    if not isinstance(function.output, int) or not isinstance(
        function.results[function.output].type, Float
    ):
        raise UsageError(f"a trace needs a single number, but `{function.name}` returns none")
    recorder = Recorder(dict(zip(function.params, args, strict=True)))
    (end,) = recorder.block(Block((), function.block.body, (function.results[function.output],)))
    adjoints = _adjoints(function.params, recorder, end, args)
    names = Names()
    rows = [
        Row(names.of(p), value, adjoints.get(p))
        for p, value in zip(function.params, args, strict=True)
    ]
    for let, value in recorder.ran:
        rows.append(Row(let_text(let, names), value, adjoints.get(let.targets[0])))
    return Trace(function.name, tuple(rows))


@dataclass(slots=True)
class Recorder:
    """Runs a program and keeps each statement that ran, with new variables for its results."""

    values: dict[Var, Any]
    ran: list[tuple[Let, Any]] = field(default_factory=list[tuple[Let, Any]])
    now: dict[Var, Atom] = field(default_factory=dict[Var, Atom])
    """What holds the value of a variable of the program at the moment."""

    def atom(self, atom: Atom) -> Atom:
        """What stands for an atom now."""
        return self.now.get(atom, atom) if isinstance(atom, Var) else atom

    def value(self, atom: Atom) -> Any:
        """The number that an atom is now."""
        match self.atom(atom):
            case Var() as var:
                return self.values[var]
            case Const(value=value):
                return value
            case Undef():
                return None

    def block(self, block: Block) -> tuple[Atom, ...]:
        """Run a block; the atoms of its results."""
        for stmt in block.body:
            self.statement(stmt)
        return tuple(map(self.atom, block.results))

    def statement(self, stmt: Stmt) -> None:
        """Run one statement."""
        match stmt:
            case Let():
                self.let(stmt)
            case Effect():
                stmt.prim.evaluate(*map(self.value, stmt.args))
            case If():
                taken = stmt.then if self.value(stmt.test) else stmt.orelse
                self.bind(stmt.targets, self.block(taken))
            case For():
                self.loop(stmt)
            case While():
                self.repeat(stmt)
            case _:
                assert_never(stmt)

    def let(self, let: Let) -> None:
        """Run an operation and note it."""
        if len(self.ran) >= MAX_STEPS:
            raise UsageError(f"more than {MAX_STEPS} steps: too long for a table")
        args = tuple(map(self.atom, let.args))
        result = let.prim.evaluate(*map(self.value, let.args))
        targets = tuple(Var(t.name, t.type, t.temp) for t in let.targets)
        results = result if len(targets) > 1 else (result,)
        self.values.update(zip(targets, results, strict=True))
        self.now.update(zip(let.targets, targets, strict=True))
        self.ran.append((Let(targets, let.prim, args, let.at), result))

    def bind(self, targets: Sequence[Var], atoms: Sequence[Atom]) -> None:
        """Let variables of the program stand for atoms."""
        self.now.update(zip(targets, atoms, strict=True))

    def loop(self, stmt: For) -> None:
        """Run the trips of a `for`."""
        trips: Any = range(*map(self.value, (stmt.start, stmt.stop, stmt.step)))
        carried = tuple(map(self.atom, stmt.inits))
        for index in reversed(trips) if stmt.descending else trips:
            self.bind(stmt.body.params, (const(index), *carried))
            carried = self.block(stmt.body)
            if self.stops(stmt):
                break
        self.bind(stmt.targets, carried)

    def stops(self, stmt: For | While) -> bool:
        """Whether the trip that just ended was the last one."""
        stop = stmt.body.stop
        return stop is not None and bool(self.value(stop))

    def repeat(self, stmt: While) -> None:
        """Run the trips of a `while`."""
        carried = tuple(map(self.atom, stmt.inits))
        while True:
            self.bind(stmt.cond.params, carried)
            (test,) = self.block(stmt.cond)
            if not self.value(test):
                break
            self.bind(stmt.body.params, carried)
            carried = self.block(stmt.body)
            if self.stops(stmt):
                break
        self.bind(stmt.targets, carried)


def _adjoints(
    params: tuple[Var, ...], recorder: Recorder, end: Atom, args: Sequence[Any]
) -> dict[Var, Any]:
    """The derivative of the end in every value: the gradient in their perturbations."""
    stmts: list[Stmt] = []
    env: dict[Var, Var] = {}
    nudges: dict[Var, Var] = {}

    def nudged(var: Var) -> None:
        nudges[var] = Var(f"{var.name}_nudge", var.type)
        env[var] = Var(var.name, var.type)
        stmts.append(Let((env[var],), OPERATORS["+"], (var, nudges[var])))

    for param in params:
        if _perturbable(param):
            nudged(param)
    for let, _ in recorder.ran:
        arguments = tuple(env.get(a, a) if isinstance(a, Var) else a for a in let.args)
        stmts.append(Let(let.targets, let.prim, arguments, let.at))
        for target in let.targets:
            if _perturbable(target):
                nudged(target)
    result = env.get(end, end) if isinstance(end, Var) else end
    inputs = (*params, *nudges.values())
    parameters = tuple(Parameter(f"p{k}", v) for k, v in enumerate(inputs))
    program = Function("trace", parameters, Block(inputs, tuple(stmts), (result,)), 0)
    wrt = tuple(range(len(params), len(inputs)))
    gradient = derive(program, Request("grad", wrt, as_tuple=True))
    zeros = [np.zeros_like(recorder.values[v])[()] for v in nudges]
    zeros = [float(z) if v.type == Float() else z for z, v in zip(zeros, nudges, strict=True)]
    return dict(zip(nudges, evaluate(gradient, [*args, *zeros]), strict=True))


def _perturbable(var: Var) -> bool:
    return is_differentiable(var.type) and isinstance(var.type, Float | Array)
