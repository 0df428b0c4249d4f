"""Values as they are now, whatever becomes of their names and arrays.

v, pull = vjp(lambda w: np.sum(w * s), x)       `pull` is the transpose at this x and this s,
s = 2.0 * s                                     also if it is called later.
x[0] = 0.0
pull(1.0)
"""

from __future__ import annotations

import ast
from dataclasses import replace

from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.values import (
    Derived,
    Environment,
    Growing,
    Loose,
    Partial,
    Place,
    Structure,
    UserFunction,
    Value,
)
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.registry import PRIMITIVES

Known = dict[ast.AST, UserFunction]


def snapshot(ctx: Context, value: Value, known: Known | None = None) -> Value:
    """The value as it is now. What is written into its arrays is not seen elsewhere."""
    made: Known = {} if known is None else known

    def now(part: Value) -> Value:
        return snapshot(ctx, part, made)

    match value:
        case Place() | Loose():
            return ctx.builder.emit(PRIMITIVES["identity"], atom_of(ctx, value))
        case Structure(items=items):
            return replace(value, items=tuple(map(now, items)), identity=None)
        case Partial(inner, first, named):
            named = {key: now(part) for key, part in named.items()}
            return Partial(now(inner), tuple(map(now, first)), named)
        case Derived(inner, given=given):
            return replace(value, function=now(inner), given=tuple(map(now, given)))
        case UserFunction():
            return _function(ctx, value, made)
        case Growing():
            raise TypeRefusal(
                f"{describe(value)} in what vjp is called with", "make an array of it: np.array(xs)"
            )
        case _:
            return value


def _function(ctx: Context, function: UserFunction, known: Known) -> UserFunction:
    """A function that sees its surroundings as they are now."""
    node, outside = function.code.node, function.environment
    if node in known:
        return known[node]
    seen: dict[str, Value] = {}

    def find(name: str) -> Value | None:
        return seen[name] if name in seen else outside.find(name)

    environment = Environment(find, outside.names)
    fixed = known[node] = UserFunction(function.code, environment, {})
    read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & outside.names
    for name in sorted(read):
        try:
            value = outside.find(name)
        except (TypeRefusal, NeedsStatic):  # it has no value yet
            continue
        if value is not None:
            seen[name] = snapshot(ctx, value, known)
    for name, default in function.defaults.items():
        fixed.defaults[name] = snapshot(ctx, default, known)
    return fixed
