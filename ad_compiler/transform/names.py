"""Lets an input's cotangent keep the input's name, and a function's value have one.

v_bar = identity(t)                 b_bar = identity(t)
b_bar = identity(v_bar)     ⇒       …
return b_bar                        return b_bar
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import Function, Let, Stmt, Var, substitute


def prefer_names(function: Function) -> Function:
    """Give the names of the results to the values that they are mere copies of."""
    copies = {
        stmt.targets[0]: stmt.args[0]
        for stmt in function.block.body
        if isinstance(stmt, Let) and stmt.prim.name == "identity"
    }
    chosen: dict[Var, Var] = {}
    for result in function.results:
        if not isinstance(result, Var) or result not in copies:
            continue
        atom = copies[result]
        while isinstance(atom, Var) and atom in copies:
            chosen.setdefault(atom, Var(result.name, atom.type))
            atom = copies[atom]
    if not chosen:
        return function
    block = substitute(function.block, dict(chosen))

    def renamed(stmt: Stmt) -> Stmt:
        if not isinstance(stmt, Let):
            return stmt
        return replace(stmt, targets=tuple(chosen.get(t, t) for t in stmt.targets))

    return function.with_block(replace(block, body=tuple(map(renamed, block.body))))


def name_value(function: Function) -> Function:
    """Call the one result of a function its value, if it has no name."""
    result = function.results[0] if len(function.results) == 1 else None
    if not isinstance(result, Var) or not result.temp:
        return function
    value = Var("value", result.type, temp=True)

    def renamed(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let) and result in stmt.targets:
            return replace(stmt, targets=tuple(value if t is result else t for t in stmt.targets))
        return stmt

    block = substitute(function.block, {result: value})
    return function.with_block(replace(block, body=tuple(map(renamed, block.body))))
