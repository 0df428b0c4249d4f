"""Activity: which values carry a derivative.

A value is *varied* if it depends differentiably on an input of interest, *useful* if a result of
interest depends differentiably on it, and *active* if it is both. Comparisons, `floor`, shapes
and indices cut the flow. Loops are solved by iterating to the (monotone) fixpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from ad_compiler.ir.nodes import Atom, Block, Effect, For, Function, If, Let, Stmt, Var, While
from ad_compiler.ir.types import is_differentiable
from ad_compiler.rules.registry import RULES, Flat, Linear, Partials


def differentiable_operands(let: Let) -> tuple[int, ...]:
    """Positions of the operands in which a statement has a derivative."""
    rule = RULES[let.prim]
    match rule:
        case Flat():
            return ()
        case Partials():
            wanted = [
                k
                for k, text in enumerate(rule.texts(let.args))
                if text is not None or rule.params[k] in rule.refuses
            ]
        case Linear():
            wanted = _named(let, rule)
        case _:
            assert_never(rule)
    count = len(let.args)
    return tuple([k for k in wanted if k < count and is_differentiable(let.args[k].type)])


def operand_label(let: Let, position: int) -> tuple[str, int]:
    """The rule's name for an operand, and which one it is where the name stands for many."""
    params = let.prim.params
    many = next((k for k, name in enumerate(params) if name.startswith("*")), len(params))
    extra = len(let.args) - len(params)
    if position < many:
        return params[position], 0
    if position <= many + extra:
        return params[many].lstrip("*"), position - many
    return params[position - extra], 0


def _named(let: Let, rule: Linear) -> list[int]:
    """Positions of the operands that a structural rule names; `*name` stands for many."""
    params = let.prim.params
    many = next((k for k, name in enumerate(params) if name.startswith("*")), len(params))
    extra = len(let.args) - len(params)
    positions: list[int] = []
    for k, name in enumerate(params):
        if name.lstrip("*") not in {*rule.jvps, *rule.vjps, *rule.refuses}:
            continue
        if k == many:
            positions.extend(range(k, k + extra + 1))
        else:
            positions.append(k if k < many else k + extra)
    return positions


def active(function: Function, wrt: Iterable[Var], results: Iterable[int]) -> set[Var]:
    """The values on a differentiable path from inputs `wrt` to results (given by index)."""
    forward = varied(function, wrt)
    wanted = [function.results[k] for k in results]
    return forward & useful(function, wanted)


def varied(function: Function, wrt: Iterable[Var]) -> set[Var]:
    """The values that depend differentiably on the inputs `wrt`."""
    facts = {var for var in wrt if is_differentiable(var.type)}
    _varied(function.block.body, facts)
    return facts


def _varied(body: tuple[Stmt, ...], facts: set[Var]) -> None:
    for stmt in body:
        match stmt:
            case Let():
                if not facts.isdisjoint([stmt.args[k] for k in differentiable_operands(stmt)]):
                    facts.update([t for t in stmt.targets if is_differentiable(t.type)])
            case If():
                for arm in (stmt.then, stmt.orelse):
                    _varied(arm.body, facts)
                    _flow(arm.results, stmt.targets, facts)
            case For():
                _varied_loop(stmt.inits, stmt.body, stmt.body.params[1:], stmt.targets, facts)
            case While():
                _varied_loop(stmt.inits, stmt.body, stmt.body.params, stmt.targets, facts)
            case Effect():
                pass
            case _:
                assert_never(stmt)


def _varied_loop(
    inits: tuple[Atom, ...],
    body: Block,
    params: tuple[Var, ...],
    targets: tuple[Var, ...],
    facts: set[Var],
) -> None:
    _flow(inits, params, facts)
    while True:
        _varied(body.body, facts)
        if not _flow(body.results, params, facts):
            break
    _flow(params, targets, facts)


def _flow(sources: Iterable[Atom], sinks: Iterable[Var], facts: set[Var]) -> bool:
    """Pass facts along edges; whether anything is new."""
    new = [
        sink
        for source, sink in zip(sources, sinks, strict=True)
        if source in facts and sink not in facts and is_differentiable(sink.type)
    ]
    facts.update(new)
    return bool(new)


def useful(function: Function, wanted: Iterable[Atom]) -> set[Var]:
    """The values that the atoms `wanted` depend on differentiably."""
    facts = {atom for atom in wanted if isinstance(atom, Var)}
    _useful(function.block.body, facts)
    return facts


def _useful(body: tuple[Stmt, ...], facts: set[Var]) -> None:
    for stmt in reversed(body):
        match stmt:
            case Let():
                if not facts.isdisjoint(stmt.targets):
                    operands = [stmt.args[k] for k in differentiable_operands(stmt)]
                    facts.update([a for a in operands if isinstance(a, Var)])
            case If():
                for arm in (stmt.then, stmt.orelse):
                    _flow_back(stmt.targets, arm.results, facts)
                    _useful(arm.body, facts)
            case For():
                _useful_loop(stmt.inits, stmt.body, stmt.body.params[1:], stmt.targets, facts)
            case While():
                _useful_loop(stmt.inits, stmt.body, stmt.body.params, stmt.targets, facts)
            case Effect():
                pass
            case _:
                assert_never(stmt)


def _useful_loop(
    inits: tuple[Atom, ...],
    body: Block,
    params: tuple[Var, ...],
    targets: tuple[Var, ...],
    facts: set[Var],
) -> None:
    _flow_back(targets, params, facts)
    while True:
        _flow_back(params, body.results, facts)
        _useful(body.body, facts)
        reached = {t for t, p in zip(targets, params, strict=True) if p in facts}
        if reached <= facts:
            break
        facts.update(reached)
    _flow_back(params, inits, facts)


def _flow_back(sinks: Iterable[Var], sources: Iterable[Atom], facts: set[Var]) -> None:
    pairs = zip(sinks, sources, strict=True)
    facts.update(s for sink, s in pairs if sink in facts and isinstance(s, Var))
