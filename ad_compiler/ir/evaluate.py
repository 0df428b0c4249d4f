"""The reference evaluator: what a program means, and the oracle for every later stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Undef,
    Var,
    While,
)

Env = dict[Var, Any]


def evaluate(function: Function, args: Sequence[Any]) -> tuple[Any, ...]:
    """Run a program on concrete values, one a parameter; gives one value a result."""
    return _block(function.block, args, {})


def _block(block: Block, args: Sequence[Any], env: Env) -> tuple[Any, ...]:
    env.update(zip(block.params, args, strict=True))
    for stmt in block.body:
        match stmt:
            case Let():
                value = stmt.prim.evaluate(*_get(stmt.args, env))
                values = value if len(stmt.targets) > 1 else (value,)
                env.update(zip(stmt.targets, values, strict=True))
            case Effect():
                stmt.prim.evaluate(*_get(stmt.args, env))
            case If():
                taken = stmt.then if _get1(stmt.test, env) else stmt.orelse
                env.update(zip(stmt.targets, _block(taken, (), env), strict=True))
            case For():
                _for(stmt, env)
            case While():
                carried = _get(stmt.inits, env)
                while _block(stmt.cond, carried, env)[0]:
                    carried = _block(stmt.body, carried, env)
                    if _stops(stmt.body, env):
                        break
                env.update(zip(stmt.targets, carried, strict=True))
            case _:
                assert_never(stmt)
    return _get(block.results, env)


def _for(stmt: For, env: Env) -> None:
    trips: Any = range(*_get((stmt.start, stmt.stop, stmt.step), env))
    carried = _get(stmt.inits, env)
    for index in reversed(trips) if stmt.descending else trips:
        carried = _block(stmt.body, (index, *carried), env)
        if _stops(stmt.body, env):
            break
    env.update(zip(stmt.targets, carried, strict=True))


def _stops(body: Block, env: Env) -> bool:
    """Whether the trip that just ended was the last one."""
    return body.stop is not None and bool(_get1(body.stop, env))


def _get(atoms: Sequence[Atom], env: Env) -> tuple[Any, ...]:
    return tuple(_get1(atom, env) for atom in atoms)


def _get1(atom: Atom, env: Env) -> Any:
    match atom:
        case Var():
            return env[atom]
        case Const():
            return atom.value
        case Undef():
            return None
        case _:
            assert_never(atom)
