"""`with np.errstate(divide="ignore"):` around statements: kept around the whole emitted function.

Ignoring changes no value, only which warnings there are; a derivative computes what belongs to the
statements inside in both of its sweeps, and must not warn of it.
"""

from __future__ import annotations

import ast

import numpy as np

from ad_compiler.frontend.context import Context, with_place
from ad_compiler.frontend.expressions import expression
from ad_compiler.frontend.refusals import syntax
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.values import constant_of
from ad_compiler.ir.nodes import Const
from ad_compiler.ir.primitive import TypeRefusal

KINDS = ("divide", "over", "under", "invalid")


def enter(ctx: Context, scope: Scope, node: ast.With) -> list[ast.stmt]:
    """Note what a `with` ignores; gives the statements in it. Refuses all other `with`."""
    for item in node.items:
        call = item.context_expr
        thing = expression(ctx, scope, call.func) if isinstance(call, ast.Call) else None
        if not isinstance(call, ast.Call) or not isinstance(thing, Const):
            raise syntax(scope, node)
        if thing.value is not np.errstate or item.optional_vars is not None:
            raise syntax(scope, node)
        _note(ctx, scope, call)
    return node.body


def _note(ctx: Context, scope: Scope, call: ast.Call) -> None:
    for keyword in call.keywords:
        constant = constant_of(expression(ctx, scope, keyword.value))
        if call.args or keyword.arg not in ("all", *KINDS) or constant is None:
            refusal = TypeRefusal(
                "np.errstate with these arguments is not supported", 'write divide="ignore"'
            )
            raise with_place(scope, call, refusal)
        if constant.value != "ignore":
            refusal = TypeRefusal(
                f'np.errstate({keyword.arg}={constant.value!r}): only "ignore" leaves values alone',
                "ignore, and test the result with np.isfinite, or set the state in the caller",
            )
            raise with_place(scope, call, refusal)
        ctx.quiet.update(dict.fromkeys(KINDS if keyword.arg == "all" else (keyword.arg,)))
