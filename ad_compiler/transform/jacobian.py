"""Jacobians as programs: a loop over the elements of the output, or over those of the input.

    for k in range(y.size):                     for k in range(x.size):
        y_bar = e_k                                 x_dot = e_k
        jacobian[k] = x_bar                         jacobian[:, k] = y_dot

The shape is that of the output followed by that of the input. What does not depend on the loop is
moved out of it by the passes that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ad_compiler.ir.builder import Builder, Cell
from ad_compiler.ir.nodes import Atom, Function, Var, const
from ad_compiler.ir.types import Array, Type, dims_of, dtype_of, rank
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.clone import clone_of_another_trip, computing, renamed
from ad_compiler.transform.forward import Forward
from ad_compiler.transform.names import unnamed_results
from ad_compiler.transform.reverse import Reverse
from ad_compiler.transform.shapes import Shapes, cast, exact, widen, zeros

Entry = tuple[int, Var]
"""A block of a Jacobian: a result (by index) and an input."""


def choose_mode(function: Function, wrt: Sequence[Var], outputs: Sequence[int]) -> str:
    """Forward if there are certainly no more inputs than outputs, judged by rank."""
    widest_in = max(rank(v.type) for v in wrt)
    widest_out = max(rank(function.results[k].type) for k in outputs)
    return "fwd" if widest_in <= widest_out and widest_out > 0 else "rev"


def by_reverse(
    function: Function, wrt: Sequence[Var], outputs: Sequence[int], name: str, memory: str
) -> tuple[Builder, Reverse, dict[Entry, Atom]]:
    """One backward sweep for each element of the outputs."""
    builder = Builder()
    reverse = Reverse(builder, function, tuple(wrt), tuple(outputs), memory)
    entries: dict[Entry, Atom] = {}
    for index in outputs:
        result = function.results[index]
        if not isinstance(result, Var):
            entries.update({(index, v): zero_block(builder, reverse.shapes, v) for v in wrt})
            continue
        cells = [block_cell(builder, reverse.shapes, result, v, name) for v in wrt]

        def sweep(places: list[Atom], index: int = index, result: Var = result) -> list[Atom]:
            reverse.seed({index: unit(builder, reverse.shapes, result, places, "bar")}, unit=True)
            reverse.sweep()
            adjoints = reverse.adjoints
            bars = [adjoints.full(v, adjoints.read(v)) for v in wrt]
            return [exact(builder, bar, v.type) for bar, v in zip(bars, wrt, strict=True)]

        def fill(
            places: list[Atom], cells: list[Cell] = cells, width: int = rank(result.type)
        ) -> None:
            for cell, bar in zip(cells, sweep(places), strict=True):
                write(builder, cell, ("int",) * width, bar, places)

        over_axes(builder, reverse.shapes, result, fill)
        for v, cell in zip(wrt, cells, strict=True):
            entries[index, v] = known(builder, cell)
    return builder, reverse, entries


def by_forward(
    function: Function, wrt: Sequence[Var], outputs: Sequence[int], name: str
) -> tuple[Builder, dict[Entry, Atom]]:
    """One forward sweep for each element of the inputs."""
    builder = Builder()
    function = unnamed_results(function)
    shapes = Shapes.of(function.params)
    for stmt in function.block.body:
        builder.append(stmt)
    entries: dict[Entry, Atom] = {}
    for v in wrt:
        made = {k: function.results[k] for k in outputs}
        results = {k: r for k, r in made.items() if isinstance(r, Var)}
        cells = {k: block_cell(builder, shapes, r, v, name) for k, r in results.items()}

        def fill(places: list[Atom], v: Var = v, cells: dict[int, Cell] = cells) -> None:
            env: dict[Var, Var] = {}
            copy = clone_of_another_trip(computing(function.block.body), env)
            copied = function.with_block(replace(function.block, body=copy))
            seed = unit(builder, shapes, v, places, "dot")
            forward = Forward(builder, copied, {v: seed})
            forward.choices.unit(v, seed)
            forward.sweep()
            for k, cell in cells.items():
                (result,) = renamed((function.results[k],), env)
                tangent = column(builder, shapes, forward.full(result), result, v)
                slices = (":",) * rank(result.type)
                write(builder, cell, slices + ("int",) * len(places), tangent, places)

        over_axes(builder, shapes, v, fill)
        entries.update({(k, v): known(builder, cell) for k, cell in cells.items()})
        for k in outputs:
            if (k, v) not in entries:
                entries[k, v] = zero_block(builder, shapes, v)
    return builder, entries


def column(builder: Builder, shapes: Shapes, tangent: Atom, result: Atom, v: Var) -> Atom:
    """A column of a Jacobian; a single number is of the kind of its input."""
    if dims_of(result.type) + dims_of(v.type):
        return cast(builder, tangent, result.type)
    return widen(builder, exact(builder, tangent, v.type), v, shapes)


def over_axes(
    builder: Builder, shapes: Shapes, value: Var, body: Callable[[list[Atom]], None]
) -> None:
    """Nested loops over the elements of a value; no loop for a number."""

    def level(axis: int, places: list[Atom]) -> None:
        if axis == rank(value.type):
            body(places)
            return
        length = shapes.length(builder, value, axis)
        name = "ijklmn"[axis] if axis < 6 else f"i{axis}"
        builder.for_(const(0), length, const(1), lambda k: level(axis + 1, [*places, k]), name=name)

    level(0, [])


def unit(builder: Builder, shapes: Shapes, value: Var, places: list[Atom], suffix: str) -> Atom:
    """The (co)tangent that is 1 at one place and 0 elsewhere; 1.0 for a number."""
    if not isinstance(value.type, Array):
        return const(1.0)
    zeros = builder.emit(PRIMITIVES["zeros_like"], shapes.like(value))
    pattern = const(("int",) * len(places) if places else ("...",))
    name = f"{value.name}_{suffix}"
    return builder.emit(PRIMITIVES["store"], zeros, pattern, const(1.0), *places, hint=name)


def block_cell(builder: Builder, shapes: Shapes, result: Var, v: Var, name: str) -> Cell:
    """The block of a Jacobian that belongs to a result and an input, to be filled."""
    if not dims_of(result.type) + dims_of(v.type):
        return builder.cell(name, const(0.0))
    lengths = [shapes.length(builder, result, k) for k in range(rank(result.type))]
    lengths += [shapes.length(builder, v, k) for k in range(rank(v.type))]
    return builder.cell(name, zeros(builder, lengths, block_dtype(result.type, v.type)))


def block_dtype(result: Type, v: Type) -> str:
    """float32 only where both sides are."""
    return "f32" if {dtype_of(result), dtype_of(v)} == {"f32"} else "f64"


def zero_block(builder: Builder, shapes: Shapes, v: Var) -> Atom:
    """The derivative of a constant result."""
    if not isinstance(v.type, Array):
        return exact(builder, const(0.0), v.type)
    return builder.emit(PRIMITIVES["zeros_like"], shapes.like(v))


def write(
    builder: Builder, cell: Cell, pattern: tuple[str, ...], value: Atom, places: list[Atom]
) -> None:
    """Fill in a row or column; a block without loops is the value itself."""
    if not places:
        builder.assign(cell, value)
        return
    before = known(builder, cell)
    prim = PRIMITIVES["store"]
    builder.assign(cell, builder.emit(prim, before, const(pattern), value, *places))


def known(builder: Builder, cell: Cell) -> Atom:
    """The value of a cell that has one."""
    value = builder.read(cell)
    assert value is not None
    return value
