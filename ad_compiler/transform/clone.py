"""A second copy of statements, with variables of its own.

A length like that of `x[k:]` is another one in each trip. Where a copy runs in another trip than
the statements themselves, such lengths have names of their own in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count
from typing import assert_never

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    If,
    Let,
    Stmt,
    Var,
    While,
    blocks_of,
    defined_by,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import Array, Dim, Int, Sym, Tape, Trim, Type
from ad_compiler.rules.effects import ENDS

Env = dict[Var, Var]

VARIABLE = re.compile(r"\w+\.\d+")
"""A variable in the name of a length."""
_copies = count()


def clone(body: tuple[Stmt, ...], env: Env) -> tuple[Stmt, ...]:
    """Copy statements; `env` maps variables to their copies and is extended on the way."""
    return _Copier(env, lambda type_: type_).statements(body)


def clone_of_another_trip(
    body: tuple[Stmt, ...], env: Env, params: Iterable[Var] = ()
) -> tuple[Stmt, ...]:
    """The same, for a run in which lengths that depend on what they compute are others.

    `params` are the variables outside of the statements that have other values, too.
    """
    return _Copier(env, _Apart(body, params).type_of).statements(body)


def computing(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """What statements compute, without what they did when they ran before: checks and prints."""
    out: list[Stmt] = []
    for stmt in body:
        if isinstance(stmt, Effect):
            if stmt.prim in ENDS:
                out.append(stmt)
        elif isinstance(stmt, Let) or stmt.targets:
            out.append(with_blocks(stmt, _computing))
    return tuple(out)


def _computing(block: Block) -> Block:
    return replace(block, body=computing(block.body))


def renamed(atoms: tuple[Atom, ...], env: Env) -> tuple[Atom, ...]:
    """Operands in terms of the copies."""
    return tuple(env.get(a, a) if isinstance(a, Var) else a for a in atoms)


class _Apart:
    """New names for the lengths that depend on certain variables."""

    def __init__(self, body: tuple[Stmt, ...], params: Iterable[Var]) -> None:
        stmts = list(walk(Block((), body, ())))
        carried = [p for stmt in stmts for inner in blocks_of(stmt) for p in inner.params]
        varying = [*params, *carried, *(v for stmt in stmts for v in defined_by(stmt))]
        self.varying = frozenset(map(repr, varying))
        self.mark = f"'{next(_copies)}"

    def type_of(self, type_: Type) -> Type:
        match type_:
            case Array(dtype, dims):
                return Array(dtype, tuple(map(self.dim, dims)))
            case Tape(element):
                return Tape(self.type_of(element))
            case Int(kind, length, several, exact):
                length = None if length is None else self.dim(length)
                return Int(kind, length, None if several is None else self.dim(several), exact)
            case _:
                return type_

    def dim(self, dim: Dim) -> Dim:
        match dim:
            case Sym(name, never):
                made_in_a_loop = "#" in name
                parts = () if made_in_a_loop else VARIABLE.findall(name)
                other = made_in_a_loop or not self.varying.isdisjoint(parts)
                return Sym(f"{name}{self.mark}", never) if other else dim
            case Trim(base, by):
                base = self.dim(base)
                assert isinstance(base, Sym)
                return Trim(base, by)
            case int():
                return dim


@dataclass(frozen=True, slots=True)
class _Copier:
    env: Env
    type_of: Callable[[Type], Type]

    def statements(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        return tuple(map(self._stmt, body))

    def _atoms(self, *atoms: Atom) -> tuple[Atom, ...]:
        return renamed(atoms, self.env)

    def _define(self, variables: tuple[Var, ...]) -> tuple[Var, ...]:
        made = tuple(Var(v.name, self.type_of(v.type), v.temp) for v in variables)
        self.env.update(zip(variables, made, strict=True))
        return made

    def _block(self, block: Block) -> Block:
        params = self._define(block.params)
        body = self.statements(block.body)
        stop = None if block.stop is None else self._atoms(block.stop)[0]
        return Block(params, body, self._atoms(*block.results), stop)

    def _stmt(self, stmt: Stmt) -> Stmt:
        match stmt:
            case Let():
                args = self._atoms(*stmt.args)
                return replace(stmt, targets=self._define(stmt.targets), args=args)
            case Effect():
                return replace(stmt, args=self._atoms(*stmt.args))
            case If():
                (test,) = self._atoms(stmt.test)
                then, orelse = self._block(stmt.then), self._block(stmt.orelse)
                targets = self._define(stmt.targets)
                return replace(stmt, targets=targets, test=test, then=then, orelse=orelse)
            case For():
                start, stop, step = self._atoms(stmt.start, stmt.stop, stmt.step)
                inits = self._atoms(*stmt.inits)
                body = self._block(stmt.body)
                targets = self._define(stmt.targets)
                return replace(
                    stmt, targets=targets, start=start, stop=stop, step=step, inits=inits, body=body
                )
            case While():
                inits = self._atoms(*stmt.inits)
                cond, body = self._block(stmt.cond), self._block(stmt.body)
                return While(self._define(stmt.targets), inits, cond, body, stmt.at)
            case _:
                assert_never(stmt)
