"""A second copy of statements, with variables of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from ad_compiler.ir.nodes import Atom, Block, Effect, For, If, Let, Stmt, Var, While

Env = dict[Var, Var]


def clone(body: tuple[Stmt, ...], env: Env) -> tuple[Stmt, ...]:
    """Copy statements; `env` maps variables to their copies and is extended on the way."""
    return tuple(_stmt(stmt, env) for stmt in body)


def renamed(atoms: tuple[Atom, ...], env: Env) -> tuple[Atom, ...]:
    """Operands in terms of the copies."""
    return tuple(env.get(a, a) if isinstance(a, Var) else a for a in atoms)


def _define(variables: tuple[Var, ...], env: Env) -> tuple[Var, ...]:
    made = tuple(Var(v.name, v.type, v.temp) for v in variables)
    env.update(zip(variables, made, strict=True))
    return made


def _block(block: Block, env: Env) -> Block:
    params = _define(block.params, env)
    body = clone(block.body, env)
    stop = None if block.stop is None else renamed((block.stop,), env)[0]
    return Block(params, body, renamed(block.results, env), stop)


def _stmt(stmt: Stmt, env: Env) -> Stmt:
    match stmt:
        case Let():
            args = renamed(stmt.args, env)
            return replace(stmt, targets=_define(stmt.targets, env), args=args)
        case Effect():
            return replace(stmt, args=renamed(stmt.args, env))
        case If():
            (test,) = renamed((stmt.test,), env)
            then, orelse = _block(stmt.then, env), _block(stmt.orelse, env)
            targets = _define(stmt.targets, env)
            return replace(stmt, targets=targets, test=test, then=then, orelse=orelse)
        case For():
            start, stop, step = renamed((stmt.start, stmt.stop, stmt.step), env)
            inits = renamed(stmt.inits, env)
            body = _block(stmt.body, env)
            targets = _define(stmt.targets, env)
            return replace(
                stmt, targets=targets, start=start, stop=stop, step=step, inits=inits, body=body
            )
        case While():
            inits = renamed(stmt.inits, env)
            cond, body = _block(stmt.cond, env), _block(stmt.body, env)
            return While(_define(stmt.targets, env), inits, cond, body, stmt.at)
        case _:
            assert_never(stmt)
