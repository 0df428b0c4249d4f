"""Integers that a loop counts up, as formulas of its index: they need no tape.

    place = d                           place is d + j * (j - 1) // 2
    for j in range(n):
        …
        place = place + j

(Wolfe 1992, "Beyond induction variables": those of first and second order.)
"""

from __future__ import annotations

from collections.abc import Mapping

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.frames import Frame
from ad_compiler.ir.linear import Forms, Linear
from ad_compiler.ir.nodes import Atom, For, Let, Var, const, defined_by, walk
from ad_compiler.ir.types import Int
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES


def counted(loop: For) -> dict[Var, tuple[Let, ...]]:
    """For carried integers, the statements that compute them from the index; the last one does."""
    if loop.descending or loop.step != const(1):
        return {}
    body = loop.body
    lets = {t: s for s in body.body if isinstance(s, Let) for t in s.targets}
    forms = Forms(lets)
    inside = {*body.params, *(t for stmt in walk(body) for t in defined_by(stmt))}
    found: dict[Var, tuple[Let, ...]] = {}
    for param, init, result in zip(body.params[1:], loop.inits, body.results, strict=True):
        if not (_is_count(param) and _is_count(init)) or result is param:
            continue
        growth = _growth(forms.form(result, {}), param, body.params[0], inside)
        if growth is not None:
            found[param] = _formula(loop, param, init, *growth)
    return found


def _is_count(atom: Atom) -> bool:
    return isinstance(atom.type, Int) and atom.type.kind == "py"


def _growth(
    result: Linear | None, param: Var, index: Var, inside: set[Var]
) -> tuple[int, Linear] | None:
    """What a trip adds: a multiple of the index, and what no trip changes."""
    terms = dict(result.terms) if result is not None else {}
    if result is None or terms.pop(param, 0) != 1:
        return None
    factor = terms.pop(index, 0)
    if not inside.isdisjoint(terms):
        return None
    return factor, Linear(tuple(terms.items()), result.constant)


def _formula(loop: For, param: Var, init: Atom, factor: int, rest: Linear) -> tuple[Let, ...]:
    """`init + t * (rest + factor * start) + factor * (t * (t - 1) // 2)`, in the trip `t`."""
    builder = Builder()
    builder.frames.append(Frame(is_loop=False))
    builder.at = loop.at

    def of(symbol: str, one: Atom, other: Atom) -> Atom:
        if symbol == "*" and const(1) in (one, other):
            return other if one == const(1) else one
        if symbol != "*" and other == const(0):
            return one
        if symbol == "+" and one == const(0):
            return other
        return builder.emit(OPERATORS[symbol], one, other)

    trip = of("-", loop.body.params[0], loop.start)
    first: Atom = const(rest.constant)
    for var, coefficient in rest.terms:
        first = of("+", first, of("*", const(coefficient), var))
    if factor:
        first = (
            of("+", first, of("*", const(factor), loop.start)) if loop.start != const(0) else first
        )
    value = init if first == const(0) else of("+", init, of("*", trip, first))
    if factor:
        before = of("*", trip, of("-", trip, const(1)))
        value = of("+", value, of("*", const(factor), of("//", before, const(2))))
    lets = [s for s in builder.frames.pop().stmts if isinstance(s, Let)]
    if not lets:  # it is the index itself
        return (Let((param,), PRIMITIVES["identity"], (value,), loop.at),)
    *before, last = lets
    return *before, Let((param,), last.prim, last.args, last.at)


Formulas = Mapping[Var, tuple[Let, ...]]
