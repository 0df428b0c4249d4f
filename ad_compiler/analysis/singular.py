"""Arrays whose cotangents meet infinite slopes, and may be zero there because nobody looked.

`r = np.sqrt(x); return r[1]` has derivative 0 in x[0], also where x[0] is 0: nobody took that
element. Its cotangent is a zero of selection, which an infinite slope must not turn into NaN. The
same holds of `(2 * np.sqrt(x)).T[1]`: what lies between acts on elements one by one, or moves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite

from ad_compiler.analysis.positive import is_positive
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Function,
    If,
    Let,
    Var,
    atoms_of,
    blocks_of,
    walk,
)
from ad_compiler.ir.types import Array, Float, Type
from ad_compiler.rules.registry import RULES, SHAPE_ONLY, Partials

MOVING = frozenset({
    "T", "np.reshape", "np.transpose", "np.swapaxes", "np.moveaxis", "np.squeeze",
    "np.expand_dims", "np.flip", "np.roll", "np.stack", "np.concatenate", "np.sort", "copy",
    "np.copy", "array_of_arrays", "np.take",
})  # fmt: skip
"""Operations that put elements elsewhere, each with its cotangent."""


CHOOSING = frozenset({"np.tril", "np.triu"})
"""Operations that keep some elements where they are, and give zero for all others."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """Values whose cotangents go on, element by element, to an infinite slope."""

    values: set[Var] = field(default_factory=set[Var])
    watched: set[Var] = field(default_factory=set[Var])
    """Those that are read by indexing alone, so that it is known which elements were taken."""


def exposed(function: Function) -> Exposed:
    """What an infinite slope would meet zeros of."""
    found = Exposed()
    otherwise: set[Var] = set()
    indexed: set[Var] = set()
    _collect(function.block, found.values, indexed, otherwise, lets_of(function))
    if found.values:
        otherwise.update(a for a in function.results if isinstance(a, Var))
        found.watched.update((found.values & indexed) - otherwise)
    return found


def lets_of(function: Function) -> Mapping[Var, Let]:
    """What makes each value of a program that one operation makes."""
    lets = (stmt for stmt in walk(function.block) if isinstance(stmt, Let))
    return {target: let for let in lets for target in let.targets}


def _collect(
    block: Block,
    made: set[Var],
    indexed: set[Var],
    otherwise: set[Var],
    lets: Mapping[Var, Let],
) -> None:
    for stmt in block.body:
        read = [a for a in atoms_of(stmt) if isinstance(a, Var)]
        if isinstance(stmt, Let) and _passes_on(stmt, made, lets):
            made.update(stmt.targets)
        if isinstance(stmt, Let) and stmt.prim.name == "getitem" and not _is_whole(stmt):
            indexed.update(read[:1])
            read = read[1:]
        elif isinstance(stmt, Let) and stmt.prim.name in SHAPE_ONLY:
            continue
        otherwise.update(read)
        for inner in blocks_of(stmt):
            _collect(inner, made, indexed, otherwise, lets)
    otherwise.update(a for a in block.results if isinstance(a, Var))


def _is_whole(let: Let) -> bool:
    """Whether an index takes everything, as `x[:, np.newaxis]` does."""
    pattern = let.args[1]
    return isinstance(pattern, Const) and {"new", ":", "..."}.issuperset(pattern.value)


def _passes_on(let: Let, made: set[Var], lets: Mapping[Var, Let]) -> bool:
    """Whether the cotangent of a result meets an infinite slope, here or further on."""
    if not isinstance(let.targets[0].type, Array):
        return False
    if is_infinite(let, lets):
        return True
    passing = let.prim.name in (*MOVING, *CHOOSING, "getitem")
    if not (passing or isinstance(RULES[let.prim], Partials)):
        return False
    return any(isinstance(a, Var) and a in made for a in let.args)


def leading(function: Function) -> set[Var]:
    """Values whose tangents go on, element by element, to an infinite slope."""
    found: set[Var] = set()
    _lead(function.block, found, lets_of(function))
    return found


def _lead(block: Block, found: set[Var], lets: Mapping[Var, Let]) -> None:
    for stmt in reversed(block.body):
        for inner in blocks_of(stmt):
            if isinstance(stmt, If):
                found.update(_arriving(stmt, inner, found))
            _lead(inner, found, lets)
        if not isinstance(stmt, Let):
            continue
        passing = stmt.prim.name in (*MOVING, "getitem", "store") or isinstance(
            RULES[stmt.prim], Partials
        )
        if is_infinite(stmt, lets) or (passing and not found.isdisjoint(stmt.targets)):
            found.update(a for a in stmt.args if isinstance(a, Var) and is_real(a.type))


def _arriving(stmt: If, arm: Block, found: set[Var]) -> Iterator[Var]:
    """What an arm yields for the values of a branch that are among those found."""
    for target, result in zip(stmt.targets, arm.results, strict=True):
        if target in found and isinstance(result, Var):
            yield result


def is_real(type_: Type) -> bool:
    """Whether something is an array, or a number that may have a tangent."""
    return isinstance(type_, Array | Float)


POSITIVE = frozenset(["np.log", "np.sqrt", "np.log2", "np.log10"])
"""Operations whose slope is infinite only at 0."""


def is_infinite(let: Let, lets: Mapping[Var, Let] | None = None) -> bool:
    """Whether a partial of an elementwise operation is infinite at regular points.

    `lets` may say that its operand is none of them: `np.log(1 + np.exp(x))`.
    """
    rule = RULES[let.prim]
    if not isinstance(rule, Partials):
        return False
    if lets is not None and let.prim.name in POSITIVE and is_positive(let.args[0], lets):
        return False
    if let.prim.name == "mul" and any(_is_wild(arg) for arg in let.args):
        return True
    texts = [text for text in rule.texts(let.args) if text is not None]
    return let.prim.name == "np.log" or any("quiet_div" in text for text in texts)


def _is_wild(atom: Atom) -> bool:
    """Whether a factor is infinite or no number: a first derivative is where it is undefined."""
    return isinstance(atom, Const) and isinstance(atom.value, float) and not isfinite(atom.value)
