"""Lowers statements: one function a kind of syntax, found in a table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator
from contextlib import contextmanager

from ad_compiler.frontend import (
    containers,
    effects,
    errstate,
    loops,
    operators,
    optional,
    parts,
    refusals,
    writing,
)
from ad_compiler.frontend.branching import branch
from ad_compiler.frontend.context import Context, array_of, place, placed, test_of, truth_of
from ad_compiler.frontend.expressions import expression, function_value, possibly, several
from ad_compiler.frontend.flow import FALSE, TRUE, Flow, entered, flag
from ad_compiler.frontend.iterables import raises
from ad_compiler.frontend.iterators import is_iterator
from ad_compiler.frontend.names import breaks, ends, falls_through, jumps, returns
from ad_compiler.frontend.needs import Ends, NeedsStatic
from ad_compiler.frontend.refilling import refills
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.slots import DELETED, new_slot, store
from ad_compiler.frontend.tables import tables
from ad_compiler.frontend.targets import bind_target
from ad_compiler.frontend.values import Structure, Value, static
from ad_compiler.ir.index import WHOLE
from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.primitive import TypeRefusal


def run(ctx: Context, scope: Scope, body: list[ast.stmt]) -> Value | None:
    """Lower the body of a function; gives what it returns, None if it does not say so."""
    if not returns(body):
        block(ctx, scope, body)
        return None
    builder = ctx.builder
    called = scope.code.name if len(ctx.active) > 1 and scope.code.name.isidentifier() else "value"
    scope.result = new_slot(ctx.storage, scope.result_name or called, scope.home)
    scope.returned = builder.cell("returned", FALSE)
    if falls_through(body):
        body = [*body, ast.copy_location(ast.Return(None), body[-1])]
    with entered(scope, Flow(scope.returned)):
        block(ctx, scope, body)
    with _placed(scope, scope.code.node):
        return (
            None if builder.frame.dead else optional.result(ctx.storage, scope.code, scope.result)
        )


@contextmanager
def _ending(ctx: Context, scope: Scope, node: ast.AST) -> Generator[None]:
    """A path ends where an expression of a statement certainly raises."""
    frame = ctx.builder.frame
    try:
        yield
    except Ends as end:
        if end.frame is not frame or ctx.builder.frame is not frame:  # on some paths only
            refusal = TypeRefusal(end.message, "test for it in a statement of its own")
            raise placed(scope.code, node, refusal) from None
        raises(ctx, end.kind, end.message)


class _placed:  # noqa: N801
    """Gives refusals inside a `with` the place of a node."""

    def __init__(self, scope: Scope, node: ast.AST) -> None:
        self.scope, self.node = scope, node

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, TypeRefusal | NeedsStatic):
            raise placed(self.scope.code, self.node, error) from None


def statement(ctx: Context, scope: Scope, node: ast.stmt) -> None:
    """Lower one statement."""
    lower = TABLE.get(type(node))
    if lower is None:
        raise refusals.syntax(scope, node)
    place(ctx, scope, node)
    scope.expire(ctx.storage, node)
    ctx.storage.land()
    with _placed(scope, node), _ending(ctx, scope, node):
        lower(ctx, scope, node)


def block(ctx: Context, scope: Scope, body: list[ast.stmt]) -> None:
    """Lower statements in turn; those after a jump run on the paths that did not take it."""
    rest = body
    while rest and not ctx.builder.frame.dead:
        node, *rest = rest
        if isinstance(node, ast.With):
            place(ctx, scope, node)
            rest = [*errstate.enter(ctx, scope, node), *rest]
            continue
        if isinstance(node, ast.If) and jumps(node):
            rest = _jumping_if(ctx, scope, node, rest)
        else:
            statement(ctx, scope, node)
        if isinstance(node, ast.For | ast.While) and not breaks(node.body):
            rest = [*node.orelse, *rest] if ends(node) else []  # nothing jumps over its `else`
        elif not falls_through([node]):
            return
        if jumps(node):
            assert scope.flow is not None
            left = flag(ctx.builder, scope.flow.left)
            if left != FALSE:
                _guarded(ctx, scope, left, rest)
                return


def _guarded(ctx: Context, scope: Scope, left: Atom, rest: list[ast.stmt]) -> None:
    """Statements that only run where nothing was left."""
    if rest and left != TRUE:
        ctx.builder.if_(left, lambda: None, lambda: block(ctx, scope, rest))


def _jumping_if(ctx: Context, scope: Scope, node: ast.If, rest: list[ast.stmt]) -> list[ast.stmt]:
    """An `if` with a jump: what follows it belongs to the arm that does not jump.

    Gives the statements that still have to be lowered: all, if either arm may be left alive.
    """
    place(ctx, scope, node)
    with _placed(scope, node):
        found: list[Value] = []
        with _ending(ctx, scope, node):
            found = [expression(ctx, scope, node.test)]
        if not found:
            return []
        (test,) = found
        truth = truth_of(test)
        if truth is not None:
            block(ctx, scope, [*(node.body if truth else node.orelse), *rest])
            return []
        then, orelse = node.body, node.orelse
        if not falls_through(then):
            orelse, rest = [*orelse, *rest], []
        elif not falls_through(orelse):
            then, rest = [*then, *rest], []

        def first() -> None:
            optional.assume(ctx.builder, scope.slots, node.test, truth=True)
            with scope.before(orelse):
                block(ctx, scope, then)

        def second() -> None:
            optional.assume(ctx.builder, scope.slots, node.test, truth=False)
            block(ctx, scope, orelse)

        branch(ctx, test_of(ctx, test), first, second, scope.code.source.span(node))
    return rest


def _assign(ctx: Context, scope: Scope, node: ast.Assign) -> None:
    first = node.targets[0]
    name = first.id if isinstance(first, ast.Name) else ""
    if isinstance(first, ast.Tuple | ast.List) and len(node.targets) == 1:
        value = several(ctx, scope, node.value)
    elif name and len(node.targets) == 1 and _lengthens(ctx, scope, name, node.value):
        return
    elif name and len(node.targets) == 1 and (arms := optional.arms(node)):
        _if(ctx, scope, arms)
        return
    else:
        value = (possibly if name else expression)(ctx, scope, node.value, name)
        if name in tables(scope.code) and isinstance(value, Structure) and value.identity:
            value.identity.table = True
        if name and len(node.targets) == 1 and refills(ctx, scope, name, value):
            return
    if len(node.targets) > 1:
        value = ctx.storage.rooted(value, name)
    for target in node.targets:
        bind_target(ctx, scope, target, value)
    if name and is_iterator(ctx.storage, value):
        scope.watches[name] = scope.watch(ctx.storage, node.value, value)


def _lengthens(ctx: Context, scope: Scope, name: str, node: ast.expr) -> bool:
    """Carry out `xs = xs + [y]` and `xs = [*xs, y]` as `xs += [y]`, if nobody else holds the list.

    And `xs = [y] + xs` as `xs.insert(0, y)`.

    So a loop adds to one list, rather than end with another one than it began with.
    """
    first = False
    match node:
        case ast.BinOp(ast.Name(id=left) as before, ast.Add(), ast.List() | ast.ListComp() as more):
            pass
        case ast.BinOp(ast.List() as more, ast.Add(), ast.Name(id=left) as before):
            first = True
        case ast.List([ast.Starred(ast.Name(id=left) as before), *rest]):
            more = ast.copy_location(ast.List(rest, ast.Load()), node)
        case ast.List([*rest, ast.Starred(ast.Name(id=left) as before)]):
            more, first = ast.copy_location(ast.List(rest, ast.Load()), node), True
        case _:
            return False
    slot = scope.slots.get(name)
    if left != name or slot is None or ctx.builder.frame is scope.home:
        return False
    old = expression(ctx, scope, before)
    if not containers.is_held_by(ctx, old, slot):
        return False
    items = expression(ctx, scope, more)
    if first:
        return containers.put_first(ctx, old, items)
    return containers.extend(ctx, ast.Add(), old, items)


def _annotated(ctx: Context, scope: Scope, node: ast.AnnAssign) -> None:
    if node.value is not None:
        name = node.target.id if isinstance(node.target, ast.Name) else ""
        bind_target(ctx, scope, node.target, expression(ctx, scope, node.value, name))


def _augmented(ctx: Context, scope: Scope, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Subscript | ast.Attribute):
        part = parts.located(ctx, scope, node.target)
        old = parts.read(ctx, part)
        parts.update(ctx, part, node.op, old, expression(ctx, scope, node.value))
        return
    name = node.target.id
    for inner in ast.walk(node.value):
        if isinstance(inner, ast.NamedExpr) and inner.target.id == name:
            raise scope.code.source.refuse(
                inner,
                f"`{name}` is assigned while it is being changed",
                "assign it in a statement of its own",
            )
    old = expression(ctx, scope, ast.copy_location(ast.Name(name, ast.Load()), node.target))
    value = expression(ctx, scope, node.value)
    if array_of(ctx, old) is not None:
        writing.update(ctx, old, WHOLE, (), node.op, old, value)
        return
    if not containers.extend(ctx, node.op, old, value):
        scope.bind(ctx.storage, name, operators.binary(ctx, node.op, old, value, name))


def _expression(ctx: Context, scope: Scope, node: ast.Expr) -> None:
    """An expression whose value is not used: a docstring, or a call that may raise."""
    if not isinstance(node.value, ast.Constant):
        expression(ctx, scope, node.value)


def _nonlocal(_ctx: Context, scope: Scope, node: ast.Nonlocal) -> None:
    """The names are known to be of the function around; that has them only if it is followed."""
    if not scope.environment.names.issuperset(node.names):
        raise TypeRefusal(
            "assigning names around the function that is differentiated is not supported: a "
            "derivative has no effect on its surroundings",
            "return the value instead",
        )


def _delete(ctx: Context, scope: Scope, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope.find(ctx.storage, target.id)
            scope.bind(ctx.storage, target.id, static(DELETED))
        else:
            assert isinstance(target, ast.Subscript | ast.Attribute | ast.Tuple | ast.List)
            parts.delete(ctx, scope, target)


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

    def arm(*, truth: bool) -> None:
        optional.assume(ctx.builder, scope.slots, node.test, truth=truth)
        block(ctx, scope, node.body if truth else node.orelse)

    branch(
        ctx,
        test_of(ctx, test),
        lambda: arm(truth=True),
        lambda: arm(truth=False),
        scope.code.source.span(node),
    )


def _for(ctx: Context, scope: Scope, node: ast.For) -> None:
    loops.for_(ctx, scope, node, block)


def _while(ctx: Context, scope: Scope, node: ast.While) -> None:
    loops.while_(ctx, scope, node, block)


# -- jumps ----------------------------------------------------------------------------------------


def _return(ctx: Context, scope: Scope, node: ast.Return) -> None:
    assert scope.flow is not None
    assert scope.returned is not None
    assert scope.result is not None
    value: Value = const(None)
    outermost = len(ctx.active) == 1  # None has no derivative
    if node.value is not None:
        value = (expression if outermost else possibly)(ctx, scope, node.value, scope.result_name)
    scope.forget(ctx.builder, value)
    if outermost:
        store(ctx.storage, scope.result, value, scope.home)
    else:
        optional.keep_result(ctx.storage, scope.code, scope.result, value, scope.home)
    ctx.builder.assign(scope.returned, TRUE)
    scope.flow.leave(ctx.builder, trips=True)


def _break(ctx: Context, scope: Scope, _node: ast.Break) -> None:
    assert scope.flow is not None
    scope.flow.leave(ctx.builder, trips=True)


def _continue(ctx: Context, scope: Scope, _node: ast.Continue) -> None:
    assert scope.flow is not None
    scope.flow.leave(ctx.builder, trips=False)


def _raise(ctx: Context, scope: Scope, node: ast.Raise) -> None:
    effects.raise_(ctx, scope, node, expression)


def _assert(ctx: Context, scope: Scope, node: ast.Assert) -> None:
    truth = truth_of(test := expression(ctx, scope, node.test))
    if truth is True:
        return
    if truth is False:
        effects.fail(ctx, scope, node, expression)
        return
    ctx.builder.if_(
        test_of(ctx, test),
        lambda: None,
        lambda: effects.fail(ctx, scope, node, expression),
        scope.code.source.span(node),
    )
    optional.assume(ctx.builder, scope.slots, node.test, truth=True)


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
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Nonlocal: _nonlocal,
    ast.Delete: _delete,
}  # type: ignore[assignment]
