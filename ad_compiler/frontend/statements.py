"""Lowers statements: one function a kind of syntax, found in a table."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ad_compiler.frontend import iterables, operators, parts, refusals, writing
from ad_compiler.frontend.context import (
    Context,
    Snapshot,
    array_of,
    place,
    test_of,
    truth_of,
    with_place,
)
from ad_compiler.frontend.expressions import expression, function_value
from ad_compiler.frontend.names import returns
from ad_compiler.frontend.scope import Scope, new_slot, store, take
from ad_compiler.frontend.targets import bind_target
from ad_compiler.frontend.values import NeedsStatic, Value
from ad_compiler.ir.index import WHOLE
from ad_compiler.ir.nodes import Atom, Var, const
from ad_compiler.ir.primitive import TypeRefusal

MOST_COPIES = 64
"""How often the rest of a function is written out, one time a path, before it is refused."""


def run(ctx: Context, scope: Scope, body: list[ast.stmt]) -> Value | None:
    """Lower the body of a function; gives what it returns, None if its end is reached."""
    for position, node in enumerate(body):
        place(ctx, scope, node)
        match node:
            case ast.Return(value=None):
                return const(None)
            case ast.Return(value=ast.expr() as expr):
                return _returned(ctx, scope, expr)
            case ast.If() if returns([node]):
                return _returning_if(ctx, scope, node, body[position + 1 :])
            case _:
                statement(ctx, scope, node)
    return None


def _returned(ctx: Context, scope: Scope, node: ast.expr) -> Value:
    return expression(ctx, scope, node, scope.result_name)


def _returning_if(ctx: Context, scope: Scope, node: ast.If, rest: list[ast.stmt]) -> Value | None:
    """An `if` with a `return`: what follows it belongs to the paths that do not return."""
    test = expression(ctx, scope, node.test)
    truth = truth_of(test)
    if truth is not None:
        return run(ctx, scope, [*(node.body if truth else node.orelse), *rest])
    scope.copies += 1
    if scope.copies > MOST_COPIES:
        raise scope.code.source.refuse(
            node, "too many paths with a `return` of their own", "return once, at the end"
        )
    slot = new_slot(ctx.storage, scope.result_name or "value")

    def arm(body: list[ast.stmt]) -> None:
        value = run(ctx, scope, [*body, *rest])
        store(ctx.storage, slot, const(None) if value is None else value)

    at = scope.code.source.span(node)
    with _placed(scope, node):
        atom = test_of(ctx, test)
        ctx.builder.if_(atom, lambda: arm(node.body), lambda: arm(node.orelse), at)
        return take(ctx.storage, slot)


class _placed:  # noqa: N801
    """Gives refusals inside a `with` the place of a node."""

    def __init__(self, scope: Scope, node: ast.AST) -> None:
        self.scope, self.node = scope, node

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, TypeRefusal):
            raise with_place(self.scope, self.node, error) from None


def statement(ctx: Context, scope: Scope, node: ast.stmt) -> None:
    """Lower one statement."""
    lower = TABLE.get(type(node))
    if lower is None:
        raise refusals.syntax(scope, node)
    place(ctx, scope, node)
    with _placed(scope, node):
        lower(ctx, scope, node)


def block(ctx: Context, scope: Scope, body: list[ast.stmt]) -> None:
    """Lower the statements inside a construct."""
    for node in body:
        statement(ctx, scope, node)


def _assign(ctx: Context, scope: Scope, node: ast.Assign) -> None:
    first = node.targets[0]
    name = first.id if isinstance(first, ast.Name) else ""
    value = expression(ctx, scope, node.value, name)
    if len(node.targets) > 1:
        value = ctx.storage.rooted(value, name)
    for target in node.targets:
        bind_target(ctx, scope, target, value)


def _annotated(ctx: Context, scope: Scope, node: ast.AnnAssign) -> None:
    if node.value is not None:
        name = node.target.id if isinstance(node.target, ast.Name) else ""
        bind_target(ctx, scope, node.target, expression(ctx, scope, node.value, name))


def _augmented(ctx: Context, scope: Scope, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Subscript):
        part = parts.located(ctx, scope, node.target)
        old = parts.read(ctx, part)
        parts.update(ctx, part, node.op, old, expression(ctx, scope, node.value))
        return
    if not isinstance(node.target, ast.Name):
        raise refusals.syntax(scope, node.target)
    name = node.target.id
    old = expression(ctx, scope, ast.copy_location(ast.Name(name, ast.Load()), node.target))
    value = expression(ctx, scope, node.value)
    if array_of(ctx, old) is not None:
        writing.update(ctx, old, WHOLE, (), node.op, old, value)
        return
    scope.bind(ctx.storage, name, operators.binary(ctx, node.op, old, value, name))


def _expression(ctx: Context, scope: Scope, node: ast.Expr) -> None:
    """An expression whose value is not used: a docstring, or a call that may raise."""
    if not isinstance(node.value, ast.Constant):
        expression(ctx, scope, node.value)


def _pass(_ctx: Context, _scope: Scope, _node: ast.Pass) -> None: ...


def _function(ctx: Context, scope: Scope, node: ast.FunctionDef) -> None:
    if node.decorator_list:
        raise scope.code.source.refuse(
            node.decorator_list[0], "decorators of inner functions are not supported", "remove it"
        )
    if any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node)):
        raise scope.code.source.refuse(node, *refusals.SYNTAX[ast.Yield])
    scope.bind(ctx.storage, node.name, function_value(ctx, scope, node))


def _import(ctx: Context, scope: Scope, node: ast.Import) -> None:
    for alias in node.names:
        value = ctx.captures.module(alias.name if alias.asname else alias.name.partition(".")[0])
        ctx.captures.module(alias.name)
        scope.bind(ctx.storage, alias.asname or alias.name.partition(".")[0], value)


def _import_from(ctx: Context, scope: Scope, node: ast.ImportFrom) -> None:
    module = ctx.captures.module(node.module or "")
    for alias in node.names:
        value = ctx.captures.attribute(module.value, alias.name)
        scope.bind(ctx.storage, alias.asname or alias.name, value)


def _if(ctx: Context, scope: Scope, node: ast.If) -> None:
    test = expression(ctx, scope, node.test)
    truth = truth_of(test)
    if truth is not None:
        block(ctx, scope, node.body if truth else node.orelse)
        return
    ctx.builder.if_(
        test_of(ctx, test),
        lambda: block(ctx, scope, node.body),
        lambda: block(ctx, scope, node.orelse),
        scope.code.source.span(node),
    )


def _no_else(scope: Scope, node: ast.For | ast.While) -> None:
    if node.orelse:
        raise scope.code.source.refuse(
            node.orelse[0], "`else` of a loop is not supported yet", "put it after the loop"
        )


def _returns_inside(scope: Scope, node: ast.For | ast.While) -> None:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Return) and returns([node]):
            raise scope.code.source.refuse(
                inner, "`return` inside a loop is not supported yet", "return after the loop"
            )


def _for(ctx: Context, scope: Scope, node: ast.For) -> None:
    _no_else(scope, node)
    _returns_inside(scope, node)
    iterable = expression(ctx, scope, node.iter)
    items = iterables.known_items(ctx, iterable)
    if items is not None and not isinstance(iterable, iterables.Range):
        _unrolled(ctx, scope, node, items)
        return
    snapshot = Snapshot(ctx.builder) if items is not None else None
    index: list[Var] = []
    try:
        _loop(ctx, scope, node, iterable, index)
    except NeedsStatic as needs:
        if snapshot is None or items is None or not needs.needed & set(index):
            raise
        snapshot.restore()
        _unrolled(ctx, scope, node, items)


def _unrolled(ctx: Context, scope: Scope, node: ast.For, items: list[Value]) -> None:
    for item in items:
        bind_target(ctx, scope, node.target, item)
        block(ctx, scope, node.body)


def _loop(ctx: Context, scope: Scope, node: ast.For, iterable: Value, indices: list[Var]) -> None:
    trips = iterables.trips_of(ctx, iterable)
    simple = isinstance(iterable, iterables.Range) and isinstance(node.target, ast.Name)

    def body(index: Var) -> None:
        indices.append(index)
        ctx.origins.add(index)
        bind_target(ctx, scope, node.target, iterables.item_at(ctx, iterable, index))
        block(ctx, scope, node.body)

    ctx.builder.for_(
        trips.start,
        trips.stop,
        trips.step,
        body,
        name=_index_name(node.target) if simple else "k",
        at=scope.code.source.span(node),
        key=(node, len(ctx.active)),
    )


def _index_name(target: ast.expr) -> str:
    """What the index of a loop is called; `_` may be read by what the compiler adds."""
    name = target.id if isinstance(target, ast.Name) else ""
    return name if name.strip("_") else "k"


def _while(ctx: Context, scope: Scope, node: ast.While) -> None:
    _no_else(scope, node)
    _returns_inside(scope, node)

    def cond() -> Atom:
        test = expression(ctx, scope, node.test)
        truth = truth_of(test)
        if truth is False:
            return const(False)
        if truth is True:
            raise scope.code.source.refuse(
                node.test, "this loop has no end", "loop while a condition holds"
            )
        return test_of(ctx, test)

    at = scope.code.source.span(node)
    ctx.builder.while_(cond, lambda: block(ctx, scope, node.body), at)


Lower = Callable[[Context, Scope, ast.stmt], None]

TABLE: dict[type[ast.stmt], Lower] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.Pass: _pass,
    ast.FunctionDef: _function,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.If: _if,
    ast.For: _for,
    ast.While: _while,
}  # type: ignore[assignment]
