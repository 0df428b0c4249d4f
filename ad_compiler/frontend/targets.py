"""Binds the targets of assignments: names, and tuples of them."""

from __future__ import annotations

import ast

from ad_compiler.frontend import parts
from ad_compiler.frontend.context import Context
from ad_compiler.frontend.refusals import syntax
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.unpacking import unpacked
from ad_compiler.frontend.values import Value


def bind_target(ctx: Context, scope: Scope, target: ast.expr, value: Value) -> None:
    """Assign a value to a target."""
    match target:
        case ast.Name(id=name):
            scope.bind(ctx.storage, name, value)
        case ast.Subscript() | ast.Attribute():
            parts.assign(ctx, parts.located(ctx, scope, target), value)
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            pairs = unpacked(ctx, elts, value)
            with ctx.storage.pin(item for _, item in pairs):
                for one, item in pairs:
                    bind_target(ctx, scope, one, item)
        case _:
            raise syntax(scope, target)
