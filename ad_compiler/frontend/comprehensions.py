"""Comprehensions: item by item where these are known at compile time, else as loops."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ad_compiler.frontend import arrays, growing, inline, iterables
from ad_compiler.frontend.calls import dict_key
from ad_compiler.frontend.context import Context, Snapshot, truth_of
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.tables import is_table
from ad_compiler.frontend.unpacking import unpacked
from ad_compiler.frontend.values import Structure, UserFunction, Value
from ad_compiler.frontend.written_out import CONSUMERS, Comprehension, as_list
from ad_compiler.ir.nodes import Label, Var
from ad_compiler.ir.primitive import TypeRefusal

Lower = Callable[[Context, Scope, ast.expr], Value]
Define = Callable[[Context, Scope, ast.FunctionDef], UserFunction]


class NotKnown(Exception):
    """Only the program itself will know how long a comprehension is."""


def listed(
    ctx: Context,
    scope: Scope,
    node: Comprehension,
    lower: Lower,
    define: Define,
    name: str = "",
    *,
    rows: bool = False,
) -> Value:
    """`[element for target in iterable if test]`; `rows`: an array is made of it at once."""
    if rows and isinstance(node.elt, ast.ListComp | ast.List | ast.Tuple):
        lower = _of_rows(node.elt, lower, define)
    if len(node.generators) == 1 and not node.generators[0].ifs:
        iterable = lower(ctx, scope, node.generators[0].iter)
        uneven = iterables.most_trips(ctx, iterable) is not None
        if iterables.known_items(ctx, iterable) is None and not uneven:
            inner = _inner(scope, node.generators)
            return _at_run_time(ctx, inner, node, iterable, lower, name or "items")
    snapshot = Snapshot(ctx.builder)
    try:
        return Structure("list", (), tuple(_elements(ctx, scope, node, lower)))
    except NotKnown:
        snapshot.restore()
    return _written_out(ctx, scope, node, as_list, define, name)


def _of_rows(row: ast.expr, lower: Lower, define: Define) -> Lower:
    """Lowers what is in a comprehension, a row of numbers as an array."""

    def lowered(ctx: Context, scope: Scope, node: ast.expr) -> Value:
        if node is not row:
            return lower(ctx, scope, node)
        if isinstance(node, ast.ListComp):
            value = listed(ctx, scope, node, lower, define, rows=True)
        else:
            value = lower(ctx, scope, node)
        return arrays.array_of(ctx, value)

    return lowered


def consumed(
    ctx: Context,
    scope: Scope,
    consumer: object,
    node: Comprehension,
    lower: Lower,
    define: Define,
    name: str,
) -> Value | None:
    """`sum(...)`, `any(...)` or `all(...)` of a generator expression that needs a loop.

    None for other functions, and where the items are known.
    """
    write = next((write for known, write in CONSUMERS if known is consumer), None)
    if write is None:
        return None
    snapshot = Snapshot(ctx.builder)
    is_known = _is_known(ctx, scope, node, lower)
    snapshot.restore()
    return None if is_known else _written_out(ctx, scope, node, write, define, name)


def _is_known(ctx: Context, scope: Scope, node: Comprehension, lower: Lower) -> bool:
    """Whether it is known at compile time over what a comprehension runs."""
    try:
        for _ in _trips(ctx, _inner(scope, node.generators), node.generators, lower):
            pass
    except NotKnown:
        return False
    return True


def _elements(ctx: Context, scope: Scope, node: Comprehension, lower: Lower) -> list[Value]:
    inner = _inner(scope, node.generators)
    return [lower(ctx, inner, node.elt) for _ in _trips(ctx, inner, node.generators, lower)]


def _written_out(
    ctx: Context,
    scope: Scope,
    node: Comprehension,
    write: Callable[[Comprehension], ast.FunctionDef],
    define: Define,
    name: str,
) -> Value:
    """The value of the function that a comprehension stands for."""
    known = scope.code.source.written
    key = (node, write.__name__)
    if key not in known:
        known[key] = write(node)
    return inline.call(ctx, define(ctx, scope, known[key]), (), {}, name)


def _at_run_time(
    ctx: Context,
    scope: Scope,
    node: Comprehension,
    iterable: Value,
    lower: Lower,
    name: str,
) -> Value:
    """A list with one element a trip of a loop."""
    trips = iterables.trips_of(ctx, iterable)

    def item(index: Var) -> Value:
        _bind(ctx, scope, node.generators[0].target, iterables.item_at(ctx, iterable, index))
        return lower(ctx, scope, node.elt)

    return growing.collected(ctx, trips, item, name=name, table=is_table(scope.code, node))


def dictionary(ctx: Context, scope: Scope, node: ast.DictComp, lower: Lower) -> Structure:
    """`{key: value for target in iterable if test}`."""
    inner = _inner(scope, node.generators)
    items: dict[Label, Value] = {}
    try:
        for _ in _trips(ctx, inner, node.generators, lower):
            key = dict_key(ctx, lower(ctx, inner, node.key))
            items[key] = lower(ctx, inner, node.value)
    except NotKnown:
        raise TypeRefusal(
            "the items of a dict comprehension must be known at compile time",
            "loop over what is known, a tuple or a range of constants",
        ) from None
    return Structure("dict", tuple(items), tuple(items.values()))


def _inner(scope: Scope, generators: list[ast.comprehension]) -> Scope:
    """The scope of a comprehension: its targets are its own, all else is of the function."""
    own = frozenset(
        node.id
        for generator in generators
        for node in ast.walk(generator.target)
        if isinstance(node, ast.Name)
    )
    return scope.inner(own)


def _bind(ctx: Context, scope: Scope, target: ast.expr, value: Value) -> None:
    match target:
        case ast.Name(id=name):
            scope.bind(ctx.storage, name, value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part, item in unpacked(ctx, parts, value):
                _bind(ctx, scope, part, item)
        case _:
            raise TypeRefusal("this target of a comprehension is not supported", "use a name")


def _trips(
    ctx: Context, scope: Scope, generators: list[ast.comprehension], lower: Lower
) -> Iterator[None]:
    if not generators:
        yield
        return
    first, *rest = generators
    iterable = lower(ctx, scope, first.iter)
    items = iterables.known_items(ctx, iterable)
    if items is None:
        raise NotKnown
    for item in items:
        _bind(ctx, scope, first.target, item)
        tests = [truth_of(lower(ctx, scope, test)) for test in first.ifs]
        if None in tests:
            raise NotKnown
        if all(tests):
            yield from _trips(ctx, scope, rest, lower)
