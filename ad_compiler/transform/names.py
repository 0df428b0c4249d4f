"""Lets an input's cotangent keep the input's name, and a function's value have one.

v_bar = identity(t)                 b_bar = identity(t)
b_bar = identity(v_bar)     ⇒       …
return b_bar                        return b_bar
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import Function, Let, Stmt, Var, substitute
from ad_compiler.rules.describe import ADJOINTS, is_telling


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
    return renamed(function, chosen)


def name_value(function: Function) -> Function:
    """Call the one result of a function its value, if it has no name."""
    result = function.results[0] if len(function.results) == 1 else None
    if not isinstance(result, Var) or not result.temp:
        return function
    return renamed(function, {result: Var("value", result.type, temp=True)})


def unnamed_results(function: Function) -> Function:
    """Let the results be folded where they are used, whatever their names."""
    named = [r for r in function.results if isinstance(r, Var) and r not in function.params]
    return renamed(function, {r: Var(r.name, r.type, temp=True) for r in named})


def renamed(function: Function, names: dict[Var, Var]) -> Function:
    """The function with other variables for some that its outermost block defines."""

    def stmt(old: Stmt) -> Stmt:
        if not isinstance(old, Let):
            return old
        return replace(old, targets=tuple(names.get(t, t) for t in old.targets))

    defined = {t for s in function.block.body if isinstance(s, Let) for t in s.targets}
    names = {old: new for old, new in names.items() if old in defined}
    block = substitute(function.block, dict(names))
    return function.with_block(replace(block, body=tuple(map(stmt, block.body))))


def given_names(body: tuple[Stmt, ...]) -> dict[Var, Var]:
    """Temporaries that later statements of the same block name, with the variables they become.

    The first name wins; a name for a variable that stays temporary is only a hint.
    """
    names: dict[Var, Var] = {}
    roots: dict[Var, Var] = {}
    for stmt in body:
        if isinstance(stmt, Let) and stmt.prim.name == "identity":
            value, target = stmt.args[0], stmt.targets[0]
            if not isinstance(value, Var):
                continue
            root = roots[target] = roots.get(value, value)
            if names.get(root, root).temp and takes_name(root, target, root in names):
                names[root] = Var(target.name, root.type, target.temp)
    return names


def takes_name(value: Var, name: Var, hinted: bool) -> bool:
    """Whether a temporary is better called by another name that it has.

    What the program itself computes is not called after an adjoint that happens to equal it.
    """
    own = is_telling(value) and not value.name.endswith(ADJOINTS)
    if name.temp:
        return not hinted and not is_telling(value)
    return not (own and name.name.endswith(ADJOINTS))
