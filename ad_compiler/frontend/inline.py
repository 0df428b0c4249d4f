"""Lowers a call of a Python function by lowering its body in place."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ad_compiler.frontend import recursion
from ad_compiler.frontend.context import Context
from ad_compiler.frontend.names import locals_of, yield_of
from ad_compiler.frontend.refusals import SYNTAX
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.source import Code
from ad_compiler.frontend.values import Structure, UserFunction, Value
from ad_compiler.ir.nodes import const
from ad_compiler.ir.primitive import TypeRefusal


def call(
    ctx: Context,
    function: UserFunction,
    args: Sequence[Value],
    keywords: dict[str, Value],
    name: str = "",
) -> Value:
    """The value of a call; a new result gets the name."""
    code = function.code
    bound = bind(function, args, keywords)
    entry = recursion.entered(ctx, code, bound)
    scope = Scope(code, function.environment, locals_of(code), name, home=ctx.builder.frame)
    for parameter, value in bound.items():
        scope.bind(ctx.storage, parameter, value)
    at = ctx.builder.at
    ctx.active.append(entry)
    try:
        with ctx.storage.call():
            value = body_of(ctx, scope)
    finally:
        ctx.active.pop()
    scope.leave(ctx.storage, value)
    ctx.builder.at = at
    return value


def body_of(ctx: Context, scope: Scope) -> Value:
    """Lower the body of a function whose parameters are bound; gives what it returns."""
    code = scope.code
    ctx.codes.setdefault(code)
    _refuse_generator(code)
    node = code.node
    body: list[ast.stmt] = [_returning(node.body)] if isinstance(node, ast.Lambda) else node.body
    value = ctx.run(ctx, scope, body)
    return const(None) if value is None else value


def _returning(body: ast.expr) -> ast.Return:
    return ast.copy_location(ast.Return(body), body)


def _refuse_generator(code: Code) -> None:
    node = yield_of(code)
    if node is not None:
        raise code.source.refuse(node, *SYNTAX[type(node)])


def bind(
    function: UserFunction, args: Sequence[Value], keywords: dict[str, Value]
) -> dict[str, Value]:
    """The parameters with their arguments, as Python binds them."""
    code = function.code
    spec = code.node.args
    plain = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    bound: dict[str, Value] = dict(zip(plain, args, strict=False))
    surplus = tuple(args[len(plain) :])
    if surplus and spec.vararg is None:
        raise TypeRefusal(
            f"`{code.name}` takes {len(plain)} positional argument(s), {len(args)} are given",
            f"its parameters are {', '.join(plain) or 'none'}",
        )
    extra: dict[str, Value] = {}
    named = {arg.arg for arg in (*spec.args, *spec.kwonlyargs)}
    for name, value in keywords.items():
        if name in bound:
            raise TypeRefusal(f"`{code.name}` gets `{name}` twice")
        if name in named:
            bound[name] = value
        elif spec.kwarg is not None:
            extra[name] = value
        else:
            raise TypeRefusal(f"`{code.name}` has no parameter `{name}`")
    for arg in code.arguments:
        if arg.arg not in bound:
            if arg.arg not in function.defaults:
                raise TypeRefusal(
                    f"`{code.name}` is called without `{arg.arg}`",
                    f"pass `{arg.arg}`, or give it a default",
                )
            bound[arg.arg] = function.defaults[arg.arg]
    if spec.vararg is not None:
        bound[spec.vararg.arg] = Structure("tuple", (), surplus)
    if spec.kwarg is not None:
        bound[spec.kwarg.arg] = Structure("dict", tuple(extra), tuple(extra.values()))
    return bound
