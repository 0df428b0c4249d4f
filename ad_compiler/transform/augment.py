"""Finds what people write as augmented assignments.

    t = getitem a i                             a2 = mul_part a i v      (prints as a[i] *= v)
    u = mul t v                     ⇒
    a2 = store a i u

Only how it is written changes; the new operations exist between here and the text alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ad_compiler.ir.index import WHOLE, located
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    readings,
)
from ad_compiler.ir.primitive import Operator, Primitive, Special
from ad_compiler.ir.types import Type
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

SYMBOLS = ("+", "-", "*", "/", "//", "%", "**", "@")


COMMUTATIVE = ("add", "mul")


def _type(args: Sequence[Atom]) -> Type:
    return args[0].type


def _may_raise(_args: Sequence[Atom]) -> bool:
    return True


def _augmented(symbol: str) -> Primitive:
    """`a[pattern] op= value` as an operation."""
    operator = OPERATORS[symbol]

    def evaluate(a: Any, pattern: Any, value: Any, *operands: Any) -> Any:
        out = a.copy(order="K")
        part, key = located(out, pattern, operands)
        part[key] = operator.evaluate(part[key], value)
        return out

    return Primitive(
        f"{operator.name}_part", evaluate, _type, Special(),
        ("a", "pattern", "value", "*operands"), raises=_may_raise, noun="stored", in_place=0,
    )  # fmt: skip


AUGMENTED = {OPERATORS[symbol]: _augmented(symbol) for symbol in SYMBOLS}
"""The augmented assignment of each operator."""


def augment(function: Function) -> Function:
    """Write stores of what was read from the same place as augmented assignments."""
    return function.with_block(_block(function.block, Counter(readings(function.block))))


def _block(block: Block, counts: Counter[Var]) -> Block:
    made: dict[Var, Let] = {}
    body: list[Stmt] = []
    for stmt in block.body:
        match stmt:
            case Let(targets=(target,)):
                made[target] = stmt
                new = _store(stmt, made, counts) if stmt.prim.name == "store" else None
                body.append(new or stmt)
            case If():
                then, orelse = _block(stmt.then, counts), _block(stmt.orelse, counts)
                body.append(replace(stmt, then=then, orelse=orelse))
            case For():
                body.append(replace(stmt, body=_block(stmt.body, counts)))
            case While():
                cond, inner = _block(stmt.cond, counts), _block(stmt.body, counts)
                body.append(replace(stmt, cond=cond, body=inner))
            case _:
                body.append(stmt)
    return replace(block, body=tuple(body))


def _store(stmt: Let, made: dict[Var, Let], counts: Counter[Var]) -> Let | None:
    """`a[i] op= v` for `a[i] = a[i] op v`; None if it is something else."""
    a, pattern, value, *operands = stmt.args
    if not isinstance(value, Var) or counts[value] != 1 or value not in made:
        return None
    operation = made[value]
    prim = AUGMENTED.get(operation.prim)
    if prim is None or not isinstance(operation.prim.spelling, Operator):
        return None
    old, other = operation.args
    if operation.prim.name in COMMUTATIVE and _is_part(other, a, pattern, operands, made):
        old, other = other, old  # the same number, whichever comes first
    if not _is_part(old, a, pattern, operands, made):
        return None
    return replace(stmt, prim=prim, args=(a, pattern, other, *operands))


def _is_part(
    part: Atom, a: Atom, pattern: Atom, operands: list[Atom], made: dict[Var, Let]
) -> bool:
    assert isinstance(pattern, Const)
    if pattern.value == WHOLE:
        return part is a
    let = made.get(part) if isinstance(part, Var) else None
    if let is None or let.prim is not PRIMITIVES["getitem"]:
        return False
    return let.args[0] is a and let.args[1] == pattern and list(let.args[2:]) == operands
