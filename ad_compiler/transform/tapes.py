"""Which values go on tapes, what the tapes are called, and how trips are counted."""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Block, For, Let, Stmt, Var, While, const, substitute
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES


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
            assert isinstance(tape, Var)
            target = carried.get((tape, let.targets[0]))
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
        return scaled(builder, last, index, stmt.step)
    if stmt.start == const(0):
        return index if stmt.step == const(1) else scaled(builder, index, const(0), stmt.step)
    return scaled(builder, index, stmt.start, stmt.step)


def scaled(builder: Builder, one: Atom, other: Atom, step: Atom) -> Atom:
    """The difference of two indices, in steps."""
    if step == const(-1):
        return builder.emit(OPERATORS["-"], other, one)
    offset = one if other == const(0) else builder.emit(OPERATORS["-"], one, other)
    return offset if step == const(1) else builder.emit(OPERATORS["//"], offset, step)


def plural(name: str) -> str:
    """The name of a tape that holds values called `name`."""
    last = name.rpartition("_")[2]
    if len(last) <= 2 or (name.endswith("s") and not name.endswith("ss")):
        return f"{name}_tape"
    return name + ("es" if name.endswith(("s", "x", "z", "ch", "sh")) else "s")
