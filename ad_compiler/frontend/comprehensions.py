"""Comprehensions over what is known at compile time: they are written out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ad_compiler.frontend import growing, iterables
from ad_compiler.frontend.calls import dict_key
from ad_compiler.frontend.context import Context, truth_of
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.unpacking import unpacked
from ad_compiler.frontend.values import Structure, Value
from ad_compiler.ir.nodes import Var, const
from ad_compiler.ir.primitive import TypeRefusal

Lower = Callable[[Context, Scope, ast.expr], Value]


def listed(
    ctx: Context, scope: Scope, node: ast.ListComp | ast.GeneratorExp, lower: Lower
) -> Value:
    """`[element for target in iterable if test]`."""
    inner = _inner(scope, node.generators)
    if len(node.generators) == 1 and not node.generators[0].ifs:
        iterable = lower(ctx, scope, node.generators[0].iter)
        if iterables.known_items(ctx, iterable) is None:
            return _at_run_time(ctx, inner, node, iterable, lower)
    items = [lower(ctx, inner, node.elt) for _ in _trips(ctx, inner, node.generators, lower)]
    return Structure("list", (), tuple(items))


def _at_run_time(
    ctx: Context,
    scope: Scope,
    node: ast.ListComp | ast.GeneratorExp,
    iterable: Value,
    lower: Lower,
) -> Value:
    """A list with one element a trip of a loop."""
    trips = iterables.trips_of(ctx, iterable)
    if trips.start != const(0) or trips.step != const(1):
        raise TypeRefusal("a comprehension over this range", "start it at 0, with step 1")

    def item(index: Var) -> Value:
        _bind(ctx, scope, node.generators[0].target, iterables.item_at(ctx, iterable, index))
        return lower(ctx, scope, node.elt)

    return growing.collected(ctx, trips.stop, item)


def dictionary(ctx: Context, scope: Scope, node: ast.DictComp, lower: Lower) -> Structure:
    """`{key: value for target in iterable if test}`."""
    inner = _inner(scope, node.generators)
    items: dict[str | int, Value] = {}
    for _ in _trips(ctx, inner, node.generators, lower):
        key = dict_key(lower(ctx, inner, node.key))
        items[key] = lower(ctx, inner, node.value)
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
        raise TypeRefusal(
            "the length of a comprehension must be known at compile time",
            "write a NumPy expression, or a loop that adds up",
        )
    for item in items:
        _bind(ctx, scope, first.target, item)
        tests = [truth_of(lower(ctx, scope, test)) for test in first.ifs]
        if None in tests:
            raise TypeRefusal(
                "the `if` of a comprehension must be known at compile time",
                "use np.where, or a loop",
            )
        if all(tests):
            yield from _trips(ctx, scope, rest, lower)
