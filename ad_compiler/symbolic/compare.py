"""Symbolic, automatic and numerical derivatives of one function, side by side.

Do they agree, how many operations does each need, how long does it take to derive, and how long
to evaluate? What SymPy cannot follow says so, and the others are compared all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from ad_compiler.errors import UsageError
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Block, Branch, Function, Parameter, Var, leaves
from ad_compiler.ir.types import Float, is_differentiable, is_number
from ad_compiler.symbolic.count import operations
from ad_compiler.symbolic.emit import from_sympy
from ad_compiler.symbolic.numerical import (
    along,
    central_difference,
    directions,
    gap,
    nearby,
)
from ad_compiler.symbolic.tables import Expr, sympy
from ad_compiler.symbolic.translate import CannotFollow, to_sympy
from ad_compiler.transform.derive import derive
from ad_compiler.transform.request import Request

TOLERANCES = {"symbolic": 1e-8, "forward": 1e-11, "reverse": 0.0, "numerical": 1e-5}
"""How far a derivative may be from the reverse one, relative to max(1, size)."""
PROOF_OPERATIONS = 150
"""Expressions up to this size are compared as formulas, too."""

Run = Callable[[Function], Callable[..., Any]]
"""Turns a program into a callable: emission and compilation."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way to the derivative. What could not be had is None, and `note` says why."""

    method: str
    values: tuple[float, ...] | None = None
    agrees: bool | None = None
    note: str = ""
    operations: int | None = None
    operations_cse: int | None = None
    derive_seconds: float | None = None
    call_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows, and whether the formulas were shown to be equal (None: not decided)."""

    name: str
    point: tuple[Any, ...]
    rows: tuple[Row, ...]
    proved: bool | None

    @property
    def agree(self) -> bool:
        """Whether every derivative that could be computed agrees with the others."""
        return all(row.agrees is not False for row in self.rows)

    def row(self, method: str) -> Row:
        """The row of `symbolic`, `forward`, `reverse` or `numerical`."""
        return next(row for row in self.rows if row.method == method)

    def cells(self) -> list[tuple[str, ...]]:
        """The table as text, the heading first."""
        return [HEADING, *(_cells(row) for row in self.rows)]

    def __str__(self) -> str:
        cells = self.cells()
        widths = [max(len(row[k]) for row in cells) for k in range(len(HEADING))]
        lines = [
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        point = ", ".join(map(_brief, self.point))
        notes = [f"{row.method}: {row.note}" for row in self.rows if row.note]
        if self.proved:
            notes.append("The symbolic and the reverse derivative are equal as formulas.")
        return "\n".join([f"Derivative of {self.name} at ({point})", "", *lines, "", *notes, ""])


HEADING = ("method", "verdict", "derivative", "operations", "after CSE", "to derive", "a call")


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "agrees", False: "DIFFERS", None: "-"}[row.agrees]
    values = "-" if row.values is None else ", ".join(f"{v:.10g}" for v in row.values[:4])
    if row.values is not None and len(row.values) > 4:
        values += ", …"
    counts = ("-" if n is None else str(n) for n in (row.operations, row.operations_cse))
    times = (_time(t) for t in (row.derive_seconds, row.call_seconds))
    return (row.method, verdict, values, *counts, *times)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def _brief(value: Any) -> str:
    return f"array{value.shape}" if hasattr(value, "shape") and value.shape else repr(value)


def compare(
    function: Function, args: Sequence[Any], run: Run, argnums: Sequence[int] | None = None
) -> Comparison:
    """Derive a function of one number in four ways, and compare the results at a point.

    `args` are the values of the leaves of its parameters, in order; `run` makes programs
    callable. Points around the given one are compared as well.
    """
    if not isinstance(function.output, int) or not isinstance(
        function.results[function.output].type, Float
    ):
        raise UsageError(
            f"compare needs a single number, but `{function.name}` returns something else"
        )
    return Study(function, tuple(args), run, argnums).comparison()


class Study:
    """What the four ways share: the point, the directions, the reference."""

    def __init__(
        self, function: Function, args: tuple[Any, ...], run: Run, argnums: Sequence[int] | None
    ) -> None:
        self.function = function
        self.args = args
        self.run = run
        self.argnums = tuple(argnums) if argnums is not None else _differentiable(function)
        visible = [p for p in function.parameters if not p.hidden]
        chosen = [leaf for k in self.argnums for leaf in leaves(visible[k].tree)]
        self.wrt = [function.params.index(v) for v in chosen if isinstance(v, Var)]
        if not self.wrt:
            raise UsageError(f"`{function.name}` has no input that is a real number")
        self.proved: bool | None = None

    def comparison(self) -> Comparison:
        """All four ways, judged against the reverse one."""
        ways = [self.reverse(), self.symbolic(), self.forward(), self.numerical()]
        reference, *others = ways
        rows = [self.judged(row, slopes, reference[1]) for row, slopes in others]
        reverse = self.judged(*reference, reference[1])
        order = [rows[0], rows[1], reverse, rows[2]]
        return Comparison(self.function.name, self.args, tuple(order), self.proved)

    # -- the four ways ------------------------------------------------------------------------

    def reverse(self) -> tuple[Row, Slopes]:
        """The compiler's reverse mode."""
        request = Request("grad", self.argnums, as_tuple=True)
        start = perf_counter()
        self.gradient = derive(self.function, request)
        seconds = perf_counter() - start
        call = self.run(flat(self.gradient))
        row = Row("reverse", derive_seconds=seconds, operations=operations(self.gradient.block))
        return row, lambda point: self.by_gradient(call, point)

    def forward(self) -> tuple[Row, Slopes]:
        """The compiler's forward mode, one pass a direction."""
        start = perf_counter()
        pushed = derive(self.function, Request("jvp", self.argnums, as_tuple=True))
        seconds = perf_counter() - start
        call = self.run(flat(pushed))
        layout = self.tangent_layout(pushed)

        def slopes(point: Sequence[Any]) -> list[float]:
            ways = directions(point, self.wrt)
            return [float(call(*self.laid(layout, point, d))[-1]) for d in ways]

        row = Row("forward", derive_seconds=seconds, operations=operations(pushed.block))
        return row, slopes

    def symbolic(self) -> tuple[Row, Slopes | None]:
        """SymPy's derivative of the whole formula, run as compiled code."""
        try:
            start = perf_counter()
            symbols, results = to_sympy(self.function, self.fixed())
            expr = results[self.output]
            slopes = [expr.diff(symbols[k]) for k in self.wrt]
            seconds = perf_counter() - start
            program = self.as_function(slopes, symbols)
        except (CannotFollow, RecursionError) as refusal:
            reason = str(refusal) or "the expression is nested too deeply"
            return Row("symbolic", note=f"not followed: {reason}"), None
        self.proved = self.equal_as_formulas(slopes)
        raw = sum(int(e.count_ops()) for e in slopes)
        parts, rest = sympy().cse(slopes, symbols=sympy().numbered_symbols("c"))
        shared = sum(int(e.count_ops()) for e in [*(e for _, e in parts), *rest])
        call = self.run(flat(program))
        row = Row("symbolic", operations=raw, operations_cse=shared, derive_seconds=seconds)
        return row, lambda point: self.by_gradient(call, point)

    def numerical(self) -> tuple[Row, Slopes]:
        """Differences of values."""
        call = self.run(flat(self.function))
        output = self.output

        def value(*values: Any) -> Any:
            return call(*values)[output]

        def slopes(point: Sequence[Any]) -> list[float]:
            return [central_difference(value, point, d) for d in directions(point, self.wrt)]

        return Row("numerical"), slopes

    # -- pieces -------------------------------------------------------------------------------

    @property
    def output(self) -> int:
        """Which result of the program is the value."""
        assert isinstance(self.function.output, int)
        return self.function.output

    def fixed(self) -> dict[int, Any]:
        """The inputs that SymPy takes as constants: trip counts and flags, not real numbers."""
        params = enumerate(self.function.params)
        return {
            k: self.args[k]
            for k, p in params
            if is_number(p.type) and not is_differentiable(p.type)
        }

    def by_gradient(self, call: Callable[..., Any], point: Sequence[Any]) -> list[float]:
        """The slopes along the directions, from a program that gives the gradient."""
        gradient: list[Any] = [0.0] * len(point)
        for k, slope in zip(self.wrt, call(*point), strict=True):
            gradient[k] = slope
        return [along(gradient, d) for d in directions(point, self.wrt)]

    def tangent_layout(self, pushed: Function) -> list[tuple[str, int]]:
        """For each input of the forward derivative: a primal (by position), or its tangent."""
        own = {p.name: [v for v in leaves(p.tree) if isinstance(v, Var)]
               for p in self.function.parameters}  # fmt: skip
        tangents = iter(self.wrt)
        layout: list[tuple[str, int]] = []
        for parameter in pushed.parameters:
            count = sum(isinstance(v, Var) for v in leaves(parameter.tree))
            if parameter.name in own:
                places = (self.function.params.index(v) for v in own[parameter.name])
                layout += [("primal", k) for k in places]
            else:
                layout += [("tangent", next(tangents)) for _ in range(count)]
        return layout

    def laid(self, layout: list[tuple[str, int]], point: Sequence[Any], d: Sequence[Any]) -> Any:
        """The arguments of the forward derivative."""
        return [point[k] if kind == "primal" else d[k] for kind, k in layout]

    def as_function(self, slopes: Sequence[Expr], symbols: Sequence[Expr]) -> Function:
        """The symbolic derivative as a program."""
        builder = Builder()
        known = dict(zip(symbols, self.function.params, strict=True))
        results = from_sympy(builder, slopes, known)
        block = Block(self.function.params, tuple(builder.frame.stmts), results)
        return replace(self.function, block=block, name=f"{self.function.name}_symbolic")

    def equal_as_formulas(self, slopes: Sequence[Expr]) -> bool | None:
        """Whether the reverse derivative is the same formula; None if that is left open."""
        sp = sympy()
        try:
            _, ours = to_sympy(self.gradient, self.fixed())
        except (CannotFollow, RecursionError):
            return None
        gaps = [a - b for a, b in zip(slopes, ours, strict=True)]
        if sum(int(e.count_ops()) for e in gaps) > PROOF_OPERATIONS:
            return None
        if any(e.has(sp.Piecewise) for e in gaps):
            return all(e == 0 for e in gaps) or None
        return all(sp.simplify(e) == 0 for e in gaps) or None

    def judged(self, row: Row, slopes: Slopes | None, reference: Slopes | None) -> Row:
        """A row with its values, its verdict and the time of a call."""
        if slopes is None or reference is None:
            return row
        try:
            values = slopes(self.args)
        except (ArithmeticError, ValueError) as error:
            return replace(row, agrees=False, note=f"raises {type(error).__name__}: {error}")
        worst = self.worst_gap(slopes, reference)
        agrees = worst <= TOLERANCES[row.method] and not any(map(math.isnan, values))
        note = "" if agrees else f"off by {worst:.3g} (relative to max(1, size))"
        seconds = timed(lambda: slopes(self.args))
        return replace(row, values=tuple(values), agrees=agrees, note=note, call_seconds=seconds)

    def worst_gap(self, slopes: Slopes, reference: Slopes) -> float:
        """The largest difference at the point and around it, where the function is defined."""
        worst = 0.0
        for k, point in enumerate(nearby(self.args, self.wrt)):
            try:
                pairs = list(zip(slopes(point), reference(point), strict=True))
            except (ArithmeticError, ValueError):
                if k == 0:
                    raise
                continue
            worst = max(worst, *(gap(a, b) for a, b in pairs))
        return worst


Slopes = Callable[[Sequence[Any]], list[float]]
"""The derivatives at a point, along each direction."""


def _differentiable(function: Function) -> tuple[int, ...]:
    """The visible parameters that are real numbers throughout."""
    visible = [p for p in function.parameters if not p.hidden]
    return tuple(
        k
        for k, p in enumerate(visible)
        if all(isinstance(v, Var) and is_differentiable(v.type) for v in leaves(p.tree))
    )


def flat(function: Function) -> Function:
    """The program with a plain parameter for each leaf, that returns its results as a tuple."""
    parameters = tuple(Parameter(f"p{k}", v) for k, v in enumerate(function.params))
    results = tuple(range(len(function.results)))
    return replace(function, parameters=parameters, output=Branch("tuple", (), results))


def timed(call: Callable[[], Any], enough: float = 2e-3) -> float:
    """Seconds a call, the best of some rounds."""
    best, count = math.inf, 1
    for _ in range(20):
        start = perf_counter()
        for _ in range(count):
            call()
        spent = perf_counter() - start
        best = min(best, spent / count)
        if spent < enough:
            count *= 2
    return best
