"""Rows of lists of lists: `m[i]` in `m[i][j]` and `m[i].append(v)` is looked at where it is."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ad_compiler.frontend import grids, growing, indexing, turning
from ad_compiler.frontend.context import Context, placed
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.tables import COPYING, WHOLE, tables
from ad_compiler.frontend.values import Const, Growing, Structure, Value
from ad_compiler.ir.nodes import Var
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Int, Tape, is_number

Lower = Callable[[Context, Scope, ast.expr], Value]
Items = Callable[[Context, Scope, ast.Subscript], tuple[list[indexing.Item], bool]]


def holder(ctx: Context, scope: Scope, node: ast.expr, lower: Lower, items_of: Items) -> Value:
    """The value of an expression of which an item, a method or a part is wanted."""
    if not isinstance(node, ast.Subscript):
        return lower(ctx, scope, node)
    try:
        return _row(ctx, scope, node, lower, items_of)
    except (TypeRefusal, NeedsStatic) as problem:
        raise placed(scope.code, node, problem) from None


def _row(ctx: Context, scope: Scope, node: ast.Subscript, lower: Lower, items_of: Items) -> Value:
    value = lower(ctx, scope, node.value)
    items, is_tuple = items_of(ctx, scope, node)
    index = items[0] if items else None  # x[()]
    if not is_tuple and index is not None and not isinstance(index, indexing.Slice):
        own = is_table(ctx, scope, node.value, lower)
        if own and isinstance(value, Structure):
            value = _grown(ctx, value, index)
        if isinstance(value, Growing):
            found = growing.row_of(ctx, value, index, own=own)
            if found is not None:
                return found
    made = grids.made(ctx, value, items)
    return indexing.subscript(ctx, value, items, is_tuple, "") if made is None else made


def is_table(ctx: Context, scope: Scope, node: ast.expr, lower: Lower) -> bool:
    """Whether a name is that of a table, whose rows nobody else can hold."""
    table = tables(scope.code).get(node.id) if isinstance(node, ast.Name) else None
    if table is None:
        return False
    given = ((table.rows, COPYING), (table.wholes, WHOLE))
    return all(_is_among(lower(ctx, scope, f), known) for nodes, known in given for f in nodes)


def _is_among(function: Value, known: frozenset[object]) -> bool:
    try:
        return isinstance(function, Const) and function.value in known
    except TypeError:  # it cannot be hashed
        return False


def _grown(ctx: Context, table: Structure, index: Value) -> Structure | Growing:
    """A table of known rows, one of which only the program knows: it becomes a value there."""
    at_run_time = isinstance(index, Var) and isinstance(index.type, Int)
    lists = all(isinstance(one, Structure) and one.kind == "list" for one in table.items)
    own = table.identity
    if not at_run_time or not lists or not table.items or table.kind != "list" or own is None:
        return table
    own.table = True
    try:
        element = growing.element_type(table.items, ctx, own)
    except TypeRefusal:  # items of different kinds
        return table
    if not isinstance(element, Tape) or not is_number(element.element):
        return table
    return turning.grown(ctx, table, element)
