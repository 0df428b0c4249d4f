"""Products of a Jacobian with several seeds at once, from which a sparse one is recovered.

    for k in range(len(seeds)):                 for k in range(len(seeds)):
        x_dot = seeds[k]                            y_bar = seeds[k]
        compressed[k] = y_dot                       compressed[k] = x_bar

Columns that meet in no row may share a tangent; rows that meet in no column, a cotangent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Block, Function, Stmt, Var, const
from ad_compiler.ir.types import Array, Sym, Type, rank
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.clone import clone_of_another_trip, computing, renamed
from ad_compiler.transform.forward import Forward
from ad_compiler.transform.jacobian import block_dtype, known, write
from ad_compiler.transform.names import unnamed_results
from ad_compiler.transform.reverse import Reverse
from ad_compiler.transform.shapes import Shapes, exact, zeros

Made = tuple[Var, Block]
"""The parameter for the seeds, and the block of the function that takes it."""


def along_seeds(function: Function, wrt: Var, index: int, mode: str, memory: str) -> Made:
    """The Jacobian of a result in an input, along each of some seeds."""
    if mode == "rev":
        return _by_reverse(function, wrt, index, memory)
    function = unnamed_results(function)
    builder = Builder()
    for stmt in function.block.body:
        builder.append(stmt)
    result = function.results[index]
    seeds = _seeds(wrt.type)

    def pushed(seed: Atom) -> Atom:
        env: dict[Var, Var] = {}
        body = clone_of_another_trip(computing(function.block.body), env)
        copied = function.with_block(replace(function.block, body=body))
        forward = Forward(builder, copied, {wrt: seed})
        forward.sweep()
        (own,) = renamed((result,), env)
        return exact(builder, forward.full(own), result.type)

    shapes = Shapes.of(function.params)
    compressed = _rows(builder, shapes, seeds, (result, wrt), pushed, f"{wrt.name}_dot")
    return seeds, _block(function, seeds, tuple(builder.frame.stmts), compressed)


def _by_reverse(function: Function, wrt: Var, index: int, memory: str) -> Made:
    builder = Builder()
    reverse = Reverse(builder, function, (wrt,), (index,), memory)
    result = function.results[index]
    seeds = _seeds(result.type)

    def pulled(seed: Atom) -> Atom:
        reverse.seed({index: seed})
        reverse.sweep()
        bar = reverse.adjoints.full(wrt, reverse.adjoints.read(wrt))
        return exact(builder, bar, wrt.type)

    name = f"{result.name if isinstance(result, Var) else 'value'}_bar"
    compressed = _rows(builder, reverse.shapes, seeds, (wrt, result), pulled, name)
    statements = reverse.forward_sweep() + tuple(builder.frame.stmts)
    return seeds, _block(function, seeds, statements, compressed)


def _seeds(type_: Type) -> Var:
    """The parameter that holds one (co)tangent a row."""
    assert isinstance(type_, Array)
    return Var("seeds", Array(type_.dtype, (Sym("seeds"), *type_.dims)))


def _rows(
    builder: Builder,
    shapes: Shapes,
    seeds: Var,
    sides: tuple[Atom, Atom],
    product: Callable[[Atom], Atom],
    name: str,
) -> Atom:
    """An array with one row a seed: its product with the Jacobian, in the shape of the first of
    the two sides of that.
    """
    out, into = sides
    count = builder.emit(PRIMITIVES["dim"], seeds, const(0), name="count")
    assert isinstance(out, Var)
    lengths = [count, *(shapes.length(builder, out, k) for k in range(rank(out.type)))]
    dtype = block_dtype(out.type, into.type)
    cell = builder.cell("compressed", zeros(builder, lengths, dtype))

    def trip(k: Atom) -> None:
        seed = builder.emit(PRIMITIVES["getitem"], seeds, const(("int",)), k, name=name)
        write(builder, cell, ("int",), product(seed), [k])

    builder.for_(const(0), count, const(1), trip, name="k")
    return known(builder, cell)


def _block(function: Function, seeds: Var, statements: tuple[Stmt, ...], compressed: Atom) -> Block:
    return Block((*function.params, seeds), statements, (compressed,))
