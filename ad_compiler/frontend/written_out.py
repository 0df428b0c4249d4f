"""Comprehensions as the functions that they stand for.

    [f(x) for x in xs if c(x)]              sum(f(x) for x in xs)

    def comprehension():                    def comprehension():
        items = []                              total = 0
        for x in xs:                            for x in xs:
            if c(x):                                total = total + f(x)
                items.append(f(x))              return total
        return items

So Python runs them too, but for the sum, which needs no list.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

Comprehension = ast.ListComp | ast.GeneratorExp


def as_list(node: Comprehension) -> ast.FunctionDef:
    """A function that gives the list of a comprehension."""
    items = _free_name(node, "items")
    append = ast.Call(ast.Attribute(_load(items), "append"), [node.elt], [])
    return _function(node, items, ast.List([], ast.Load()), ast.Expr(append), _load(items))


def as_sum(node: Comprehension) -> ast.FunctionDef:
    """A function that gives the sum of a comprehension, beginning with 0 as Python does."""
    total = _free_name(node, "total")
    plus = ast.BinOp(_load(total), ast.Add(), node.elt)
    step = ast.Assign([ast.Name(total, ast.Store())], plus)
    return _function(node, total, ast.Constant(0), step, _load(total))


def as_any(node: Comprehension) -> ast.FunctionDef:
    """A function that says whether any element is true."""
    found = ast.If(node.elt, [ast.Return(ast.Constant(True))], [])
    return _function(node, None, None, found, ast.Constant(False))


def as_all(node: Comprehension) -> ast.FunctionDef:
    """A function that says whether all elements are true."""
    test = ast.UnaryOp(ast.Not(), node.elt)
    found = ast.If(test, [ast.Return(ast.Constant(False))], [])
    return _function(node, None, None, found, ast.Constant(True))


CONSUMERS: tuple[tuple[object, Callable[[Comprehension], ast.FunctionDef]], ...] = (
    (sum, as_sum),
    (any, as_any),
    (all, as_all),
)
"""The functions that take the elements of a generator expression as they come."""


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _free_name(node: Comprehension, name: str) -> str:
    """A name that the comprehension itself does not mention."""
    taken = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    while name in taken:
        name += "_"
    return name


def _function(
    node: Comprehension,
    name: str | None,
    start: ast.expr | None,
    step: ast.stmt,
    result: ast.expr,
) -> ast.FunctionDef:
    """A function that sets a name, runs a step in the loops of a comprehension, and returns."""
    body = step
    for generator in reversed(node.generators):
        for test in reversed(generator.ifs):
            body = ast.If(test, [body], [])
        body = ast.For(generator.target, generator.iter, [body], [])
    first = [ast.Assign([ast.Name(name, ast.Store())], start)] if name and start else []
    parameters = ast.arguments([], [], None, [], [], None, [])
    written = ast.FunctionDef("comprehension", parameters, [*first, body, ast.Return(result)], [])
    for part in ast.walk(written):
        if not hasattr(part, "lineno"):
            ast.copy_location(part, node)
    return written
