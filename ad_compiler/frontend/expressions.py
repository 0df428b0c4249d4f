"""Lowers expressions: one function a kind of syntax, found in a table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

import numpy as np

from ad_compiler.frontend import (
    arrays,
    attributes,
    calls,
    comprehensions,
    grids,
    indexing,
    operators,
    optional,
    refusals,
    spreading,
    tabling,
    texts,
)
from ad_compiler.frontend.choosing import choice, shortcut
from ad_compiler.frontend.context import Context, atom_of, placed, test_of, truth_of
from ad_compiler.frontend.gathering import columns
from ad_compiler.frontend.iterators import marked
from ad_compiler.frontend.lengthening import as_list, displayed
from ad_compiler.frontend.names import around
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.testing import is_tested
from ad_compiler.frontend.values import (
    Environment,
    Growing,
    Maybe,
    Structure,
    UserFunction,
    Value,
    value_of,
)
from ad_compiler.frontend.watching import REMEDY, is_computed, is_written
from ad_compiler.ir.nodes import Const, Label, const
from ad_compiler.ir.primitive import TypeRefusal

Lower = Callable[[Context, Scope, ast.expr, str], Value]


def expression(ctx: Context, scope: Scope, node: ast.expr, name: str = "") -> Value:
    """The value of an expression; `name` is what the result is called if it is a new value."""
    lower = TABLE.get(type(node))
    if lower is None:
        raise refusals.syntax(scope, node)
    try:
        value = lower(ctx, scope, node, name)
        if isinstance(value, Maybe):
            outermost = len(ctx.active) == 1
            return optional.given(ctx.builder, scope.code, node, value, outermost=outermost)
        return value
    except (TypeRefusal, NeedsStatic) as problem:
        raise placed(scope.code, node, problem) from None


def possibly(ctx: Context, scope: Scope, node: ast.expr, name: str = "") -> Value:
    """The value of an expression that may be None on some paths, and then is a `Maybe`."""
    if not isinstance(node, ast.Name | ast.Call):
        return expression(ctx, scope, node, name)
    try:
        return TABLE[type(node)](ctx, scope, node, name)
    except (TypeRefusal, NeedsStatic) as problem:
        raise placed(scope.code, node, problem) from None


def _constant(_ctx: Context, _scope: Scope, node: ast.Constant, _name: str) -> Value:
    return const(node.value)


def _name(ctx: Context, scope: Scope, node: ast.Name, _name: str) -> Value:
    value = scope.find(ctx.storage, node.id)
    if value is None:
        raise TypeRefusal(f"there is no name `{node.id}` here", "define or import it first")
    return value


def _binary(ctx: Context, scope: Scope, node: ast.BinOp, name: str) -> Value:
    """A chain `a + b - c + …` is taken from the left, however long it is."""
    chain = [node]
    while isinstance(chain[-1].left, ast.BinOp):
        chain.append(chain[-1].left)
    value = expression(ctx, scope, chain[-1].left)
    for inner in reversed(chain):
        value = _operation(ctx, scope, inner, value, name if inner is node else "")
    return value


def _operation(ctx: Context, scope: Scope, node: ast.BinOp, left: Value, name: str) -> Value:
    """One operation of a chain, what is left of it done."""
    right = expression(ctx, scope, node.right)
    try:
        return operators.binary(ctx, node.op, left, right, name)
    except (TypeRefusal, NeedsStatic) as problem:
        raise placed(scope.code, node, problem) from None


def _unary(ctx: Context, scope: Scope, node: ast.UnaryOp, name: str) -> Value:
    operand = expression(ctx, scope, node.operand)
    if isinstance(node.op, ast.Not):
        return _negation(ctx, operand, name)
    return operators.unary(ctx, node.op, operand, name)


def _negation(ctx: Context, operand: Value, name: str) -> Value:
    truth = truth_of(operand)
    if truth is not None:
        return const(not truth)
    return operators.negation(ctx, test_of(ctx, operand), name)


def _compare(ctx: Context, scope: Scope, node: ast.Compare, name: str) -> Value:
    """A chain `a < b < c` evaluates b once, and c only if the first test holds."""
    if optional.asks(node):
        left = possibly(ctx, scope, node.left)
        if isinstance(left, Maybe):
            there = isinstance(node.ops[0], ast.IsNot)
            return left.has if there else operators.negation(ctx, left.has, name)
    else:
        left = expression(ctx, scope, node.left)

    def link(position: int, left: Value) -> Value:
        right = expression(ctx, scope, node.comparators[position])
        last = position == len(node.ops) - 1
        test = operators.compare(ctx, node.ops[position], left, right, name if last else "")
        if last:
            return test
        return shortcut(ctx, test, lambda: link(position + 1, right), stop_if=False)

    return link(0, left)


def _boolean(ctx: Context, scope: Scope, node: ast.BoolOp, _name: str) -> Value:
    stop_if = isinstance(node.op, ast.Or)

    def rest(position: int) -> Value:
        for before in node.values[:position]:
            optional.assume(ctx.builder, scope.slots, before, truth=not stop_if)
        value = expression(ctx, scope, node.values[position])
        if isinstance(value, Growing) and is_tested(scope.code, node):
            value = test_of(ctx, value)
        if position == len(node.values) - 1:
            return value
        return shortcut(ctx, value, lambda: rest(position + 1), stop_if=stop_if)

    # What the first operand binds is bound; the others may be left out.
    named = [
        n for value in node.values[1:] for n in ast.walk(value) if isinstance(n, ast.NamedExpr)
    ]
    with scope.looping(ctx.builder, frozenset(n.target.id for n in named)):
        return rest(0)


def _conditional(ctx: Context, scope: Scope, node: ast.IfExp, name: str) -> Value:
    test = expression(ctx, scope, node.test)

    def arm(*, truth: bool) -> Value:
        optional.assume(ctx.builder, scope.slots, node.test, truth=truth)
        return expression(ctx, scope, node.body if truth else node.orelse)

    return choice(ctx, test, lambda: arm(truth=True), lambda: arm(truth=False), name)


def _attribute(ctx: Context, scope: Scope, node: ast.Attribute, name: str) -> Value:
    value = tabling.holder(ctx, scope, node.value, expression, subscript_items)
    if node.attr == "flat" and arrays.is_array(value):
        return attributes.flat(ctx, value, around(scope.code).get(node), name)
    return attributes.attribute(ctx, value, node.attr, name)


def _subscript(ctx: Context, scope: Scope, node: ast.Subscript, name: str) -> Value:
    value = tabling.holder(ctx, scope, node.value, expression, subscript_items)
    items, is_tuple = subscript_items(ctx, scope, node)
    made = grids.made(ctx, value, items)
    found = indexing.subscript(ctx, value, items, is_tuple, name) if made is None else made
    is_flat = isinstance(node.value, ast.Attribute) and node.value.attr == "flat"
    return atom_of(ctx, found) if is_flat and arrays.is_array(found) else found  # a copy


def subscript_items(
    ctx: Context, scope: Scope, node: ast.Subscript
) -> tuple[list[indexing.Item], bool]:
    """What stands in the brackets, and whether it was written with a comma."""
    is_tuple = isinstance(node.slice, ast.Tuple)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [item for part in parts for item in _index_items(ctx, scope, part)], is_tuple


def _index_items(ctx: Context, scope: Scope, node: ast.expr) -> Sequence[indexing.Item]:
    if not isinstance(node, ast.Slice):
        return elements(ctx, scope, [node])
    bounds = [
        None if bound is None else expression(ctx, scope, bound)
        for bound in (node.lower, node.upper, node.step)
    ]
    return [indexing.Slice(*bounds)]


def elements(ctx: Context, scope: Scope, nodes: Sequence[ast.expr]) -> list[Value]:
    """The values of a display or of positional arguments; `*parts` are taken apart."""
    values: list[Value] = []
    for node in nodes:
        part = _taken_apart(ctx, scope, node)
        if not isinstance(part, list):
            raise TypeRefusal("`*` needs a tuple or a list", "write the elements out")
        values.extend(part)
    return values


def _part(ctx: Context, scope: Scope, node: ast.expr) -> list[Value] | Value:
    """The values that a part of a display stands for; what only the program can take apart."""
    if not isinstance(node, ast.Starred):
        return [expression(ctx, scope, node)]
    inner = indexing.resolved(ctx, consumed(ctx, scope, node.value))
    if isinstance(inner, Growing) or arrays.is_array(inner):
        return inner
    if not isinstance(inner, Structure) or inner.kind == "dataclass":
        raise TypeRefusal("`*` needs a tuple or a list", "write the elements out")
    return [*(map(value_of, inner.keys) if inner.kind == "dict" else inner.items)]


def _taken_apart(ctx: Context, scope: Scope, node: ast.expr) -> list[Value] | Growing:
    part = _part(ctx, scope, node)
    return part if isinstance(part, list | Growing) else as_list(ctx, part)


def consumed(ctx: Context, scope: Scope, node: ast.expr) -> Value:
    """An expression whose items are all taken at once: so a generator is as good as a list."""
    if isinstance(node, ast.GeneratorExp):
        return comprehensions.listed(ctx, scope, node, expression, function_value)
    return expression(ctx, scope, node)


def several(ctx: Context, scope: Scope, node: ast.expr) -> Value:
    """What several targets are assigned at once; the parts of a tuple may be None."""
    if isinstance(node, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in node.elts):
        items = tuple(possibly(ctx, scope, part) for part in node.elts)
        return ctx.storage.rooted(Structure("tuple", (), items))
    return consumed(ctx, scope, node)


def _tuple(ctx: Context, scope: Scope, node: ast.Tuple, _name: str) -> Value:
    return ctx.storage.rooted(Structure("tuple", (), tuple(elements(ctx, scope, node.elts))))


def _list(ctx: Context, scope: Scope, node: ast.List, _name: str) -> Value:
    parts = [_taken_apart(ctx, scope, part) for part in node.elts]
    if all(isinstance(part, list) for part in parts):
        items = [item for part in parts if isinstance(part, list) for item in part]
        return ctx.storage.rooted(Structure("list", (), tuple(items)))
    return displayed(
        ctx, [Structure("tuple", (), tuple(p)) if isinstance(p, list) else p for p in parts]
    )


def _dict(ctx: Context, scope: Scope, node: ast.Dict, _name: str) -> Value:
    items: dict[Label, Value] = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = expression(ctx, scope, value_node)
        if key_node is None:
            if not (isinstance(value, Structure) and value.kind == "dict"):
                raise TypeRefusal("`**` needs a dict", "write the items out")
            items.update(zip(value.keys, value.items, strict=True))
            continue
        items[calls.dict_key(ctx, expression(ctx, scope, key_node))] = value
    return ctx.storage.rooted(Structure("dict", tuple(items), tuple(items.values())))


def _lambda(ctx: Context, scope: Scope, node: ast.Lambda, _name: str) -> Value:
    return function_value(ctx, scope, node)


def function_value(ctx: Context, scope: Scope, node: ast.FunctionDef | ast.Lambda) -> UserFunction:
    """A function defined inside another: it sees the names of its surroundings."""
    args = node.args
    plain = [*args.posonlyargs, *args.args]
    given = plain[len(plain) - len(args.defaults) :]
    defaults = {
        arg.arg: expression(ctx, scope, default)
        for arg, default in zip(given, args.defaults, strict=True)
    }
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if default is not None:
            defaults[arg.arg] = expression(ctx, scope, default)
    around = Environment(
        lambda name: scope.find(ctx.storage, name, free=True),
        scope.names,
        lambda name, value: scope.bind(ctx.storage, name, value),
    )
    return UserFunction(scope.code.source.code(node), around, defaults)


def _named(ctx: Context, scope: Scope, node: ast.NamedExpr, _name: str) -> Value:
    value = ctx.storage.rooted(expression(ctx, scope, node.value, node.target.id))
    scope.bind(ctx.storage, node.target.id, value)
    return value


def _call(ctx: Context, scope: Scope, node: ast.Call, name: str) -> Value:
    function = expression(ctx, scope, node.func)
    items = node.args[0] if len(node.args) == 1 else None
    consumer = function.value if isinstance(function, Const) and not node.keywords else None
    if isinstance(items, ast.GeneratorExp) or (isinstance(items, ast.ListComp) and consumer is sum):
        value = comprehensions.consumed(
            ctx, scope, consumer, items, expression, function_value, name
        )
        if value is not None:
            return value
    if isinstance(items, ast.Starred) and consumer in (zip, max, min):
        whole = expression(ctx, scope, items.value)
        if isinstance(whole, Growing) and consumer is zip:
            return columns(ctx, whole)
        if consumer is not zip and (isinstance(whole, Growing) or arrays.is_array(whole)):
            return calls.call(ctx, function, [whole], {}, name)
    args: list[Value]
    passed = possibly if isinstance(function, UserFunction) else expression  # which tests for None
    if any(isinstance(arg, ast.GeneratorExp) for arg in node.args):
        args = [value for arg in node.args for value in _with_items(ctx, scope, arg)]
    elif node.args and isinstance(node.args[0], ast.ListComp) and _makes_array(function):
        first = comprehensions.listed(
            ctx, scope, node.args[0], expression, function_value, rows=True
        )
        args = [first, *elements(ctx, scope, node.args[1:])]
    elif any(isinstance(arg, ast.Starred) for arg in node.args):
        parts = [_part(ctx, scope, arg) for arg in node.args]
        named = [keyword.arg for keyword in node.keywords if keyword.arg is not None]
        args = spreading.arguments(ctx, function, parts, named)
    else:
        args = [passed(ctx, scope, arg) for arg in node.args]
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        value = passed(ctx, scope, keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, Structure) and value.kind == "dict":
            keywords.update({str(k): v for k, v in zip(value.keys, value.items, strict=True)})
        else:
            raise TypeRefusal("`**` needs a dict", "write the arguments out")
    scope.expire(ctx.storage, node)
    given = (*args, *keywords.values()) if is_written(function) else ()
    iterator = next((arg for arg in given if is_computed(ctx.storage, arg)), None)
    watch = None if iterator is None else scope.watch(ctx.storage, node, iterator)
    value = calls.call(ctx, function, args, keywords, name)
    if watch is not None and watch.has_changed(ctx.storage):
        raise TypeRefusal("a call changes what an iterator that it is given goes through", REMEDY)
    return value


def _with_items(ctx: Context, scope: Scope, node: ast.expr) -> list[Value]:
    """Positional arguments; the items of a generator expression are computed before the call."""
    if isinstance(node, ast.GeneratorExp):
        return [marked(ctx.storage, consumed(ctx, scope, node))]
    return elements(ctx, scope, [node])


def _makes_array(function: Value) -> bool:
    """Whether a function makes an array of a list, however deep."""
    known = (np.array, np.asarray, np.stack, np.vstack)
    return isinstance(function, Const) and any(function.value is one for one in known)


def _list_comprehension(ctx: Context, scope: Scope, node: ast.ListComp, name: str) -> Value:
    return comprehensions.listed(ctx, scope, node, expression, function_value, name)


def _dict_comprehension(ctx: Context, scope: Scope, node: ast.DictComp, _name: str) -> Value:
    return comprehensions.dictionary(ctx, scope, node, expression)


def _formatted(ctx: Context, scope: Scope, node: ast.JoinedStr, _name: str) -> Value:
    return texts.formatted(ctx, scope, node, expression)


TABLE: dict[type[ast.expr], Lower] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Call: _call,
    ast.ListComp: _list_comprehension,
    ast.DictComp: _dict_comprehension,
    ast.JoinedStr: _formatted,
}  # type: ignore[assignment]
