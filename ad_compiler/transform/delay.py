"""Computes a carried number last, so that it can take over the name of the one before.

    y2 = add y 1                    z = mul y 2
    z = mul y 2             ⇒       y = add y 1
    y = y2

In a loop the next value of a name often stands before the last reading of the old one; both
would live at once, and need two names. For the same reason a sum of adjoints, which is formed in
the storage of its first operand, begins with the one that the loop carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ad_compiler.ir.nodes import Atom, Block, For, Function, If, Let, Stmt, Var, While, sweep_of
from ad_compiler.ir.types import is_number
from ad_compiler.rules.registry import OPERATORS


def delay(function: Function) -> Function:
    """Move the next values of carried numbers behind the last reading of the present ones."""
    return function.with_block(_inside(function.block))


def _inside(block: Block) -> Block:
    return replace(block, body=tuple(map(_statement, block.body)))


def _statement(stmt: Stmt) -> Stmt:
    match stmt:
        case If():
            return replace(stmt, then=_inside(stmt.then), orelse=_inside(stmt.orelse))
        case For():
            body = _inside(stmt.body)
            return replace(stmt, body=_delayed(body, body.params[1:]))
        case While():
            body = _inside(stmt.body)
            return replace(stmt, body=_delayed(body, body.params))
        case _:
            return stmt


def _delayed(block: Block, params: Sequence[Var]) -> Block:
    body = list(block.body)
    for param, result in zip(params, block.results, strict=True):
        if isinstance(result, Var) and is_number(result.type):
            _move(body, param, result)
        elif isinstance(result, Var):
            _begin_with(body, param, result)
    return replace(block, body=tuple(body))


def _begin_with(body: list[Stmt], param: Var, result: Var) -> None:
    """Let a sum begin with the operand that is in the storage of the parameter."""
    storage: dict[Atom, Atom] = {}
    for at, stmt in enumerate(body):
        match stmt:
            case Let(targets=(target,), prim=prim, args=args) if prim.in_place is not None:
                storage[target] = storage.get(args[prim.in_place], args[prim.in_place])
            case For(targets=targets, inits=inits):
                storage |= {t: storage.get(i, i) for t, i in zip(targets, inits, strict=True)}
            case Let(targets=(target,), prim=prim, args=(one, other)) if target is result:
                if prim is OPERATORS["+"] and sweep_of(stmt) and one.type == other.type:
                    here = [storage.get(a, a) is param for a in (one, other)]
                    if here == [False, True]:
                        body[at] = replace(stmt, args=(other, one))
            case _:
                pass


def _move(body: list[Stmt], param: Var, result: Atom) -> None:
    """Move the definition of a result behind the last operation that reads the parameter."""
    at = next((k for k, s in enumerate(body) if isinstance(s, Let) and s.targets == (result,)), -1)
    if at < 0:
        return
    last = at
    reading = {param} | {t for s in body[:at] for t in _carries(s, param)}
    for k in range(at + 1, len(body)):
        stmt = body[k]
        if not isinstance(stmt, Let) or result in stmt.args:
            break
        if not reading.isdisjoint(stmt.args):
            last = k
            reading.update(t for t in stmt.targets if t.temp)
    let = body[at]
    assert isinstance(let, Let)
    if last > at and not _may_raise(let):
        body.insert(last, body.pop(at))


def _carries(stmt: Stmt, param: Var) -> tuple[Var, ...]:
    """The temporaries that may be printed later than here, and read the parameter then."""
    if isinstance(stmt, Let) and stmt.targets[0].temp and param in stmt.args:
        return stmt.targets
    return ()


def _may_raise(let: Let) -> bool:
    """Whether a move could change which exception is raised; backward sweeps raise none."""
    return let.prim.raises(let.args) and (let.at is None or not let.at.sweep)
