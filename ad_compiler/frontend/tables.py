"""Tables: lists of lists whose rows have no other names, so that `m[i][j] = v` changes one only.

Which names are tables is seen from the text alone: each is only ever assigned a new list of new
lists, and wherever it is mentioned, no row gets a name by which it could be met again later.

    m = [[0.0] * n for _ in range(n)]       m[i][j] = m[i - 1][j] + 1
    for row in m: total += sum(row)         rows = [m[0]]       here a row would be in two lists
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ad_compiler.frontend.source import Code

COPYING = frozenset(
    {len, sum, max, min, any, all, list, tuple, sorted, np.array, np.asarray, np.sum, copy.deepcopy}
)
"""Functions that keep no list which they are given; of a table, those that copy its rows too."""
NEW = ("list", "sorted")
WHOLE = frozenset({len, np.array, np.asarray, np.sum, copy.deepcopy})


@dataclass
class Table:
    """A name that may be a table, and what must hold for it besides."""

    values: list[ast.expr] = field(default_factory=list[ast.expr])
    """What it is assigned."""
    rows: list[ast.expr] = field(default_factory=list[ast.expr])
    """The functions that rows are given to."""
    wholes: list[ast.expr] = field(default_factory=list[ast.expr])
    """The functions that the table is given to."""
    partners: set[str] = field(default_factory=set[str])
    """Names that must be tables too: what it is exchanged with, or taken over from."""


def tables(code: Code) -> Mapping[str, Table]:
    """The tables of a function by their names."""
    known = code.source.tables
    if code.node not in known:
        node, found = code.node, {}
        if isinstance(node, ast.FunctionDef) and "[" in code.text:  # a cheap look first
            found = _Text(node).tables()
        known[node] = found
    return known[code.node]


def is_table(code: Code, node: ast.expr) -> bool:
    """Whether an expression makes what a table is assigned."""
    return any(node in table.values for table in tables(code).values())


@dataclass
class _Text:
    """The text of a function: where each name is mentioned, and inside what."""

    function: ast.FunctionDef
    around: dict[ast.AST, ast.AST] = field(default_factory=dict[ast.AST, ast.AST])
    names: dict[str, list[ast.Name]] = field(default_factory=dict[str, list[ast.Name]])
    bound: set[str] = field(default_factory=set[str])
    """Names that are bound in other ways than by a plain mention."""

    def __post_init__(self) -> None:
        for node in ast.walk(self.function):
            for part in ast.iter_child_nodes(node):
                self.around[part] = node
            if isinstance(node, ast.Name):
                self.names.setdefault(node.id, []).append(node)
            self.bound.update(_otherwise_bound(node))

    def tables(self) -> Mapping[str, Table]:
        """The names whose every mention is that of a table."""
        found: dict[str, Table] = {}
        for name, mentions in self.names.items():
            table = Table()
            fits = self.is_own(name) and all(self.fits(node, table) for node in mentions)
            if fits and (table.values or table.partners):
                found[name] = table
        while lonely := [name for name, t in found.items() if not t.partners <= found.keys()]:
            for name in lonely:
                del found[name]
        return found

    def is_own(self, name: str) -> bool:
        """Whether a name is of this function alone, and of plain assignments."""
        if name in self.bound:
            return False
        nodes = (self.around[node] for node in self.names[name])
        while nodes := [node for node in nodes if node is not self.function]:
            if any(isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef) for node in nodes):
                return False
            nodes = [self.around[node] for node in nodes]
        return True

    def fits(self, node: ast.Name, table: Table) -> bool:
        """Whether a mention gives no row another name."""
        outer = self.around[node]
        match outer:
            case ast.Assign(targets=[ast.Name(id=other)], value=value) if value is node:
                table.partners.add(other)
                return self.is_handed_over(outer, node.id)
            case ast.Assign(targets=[target], value=ast.Name(id=other)) if target is node:
                table.partners.add(other)
                return True
            case ast.Tuple():
                return self.is_exchanged(outer, table)
            case ast.Assign(targets=[ast.Name() as target], value=value) if target is node:
                table.values.append(value)
                calls = (part.func for part in ast.walk(value) if isinstance(part, ast.Call))
                table.rows += (f for f in calls if isinstance(f, ast.Name) and f.id in NEW)
                return _is_new_table(value)
            case ast.Subscript(value=value) if value is node and _is_index(outer):
                return self.row_fits(outer, table, node.id)
            case ast.Call(func=function, args=[argument]) if argument is node:
                table.wholes.append(function)
                return not outer.keywords and self.is_foreign(function)
            case ast.Attribute(attr="append"):
                match self.around[outer]:
                    case ast.Call(args=[row], keywords=[]):
                        return _is_new_row(row)
                    case _:
                        return False
            case ast.For(iter=iterable, target=ast.Tuple()) if iterable is node:
                return not self.changes(outer, node.id)
            case ast.comprehension(iter=iterable, target=ast.Tuple()) if iterable is node:
                return True
            case ast.For(iter=iterable, target=ast.Name() as row) if iterable is node:
                return self.loop_fits(outer, row, table, node.id)
            case ast.comprehension(iter=iterable, target=ast.Name() as row) if iterable is node:
                return self.loop_fits(self.around[outer], row, table, node.id)
            case ast.Return():
                return True
            case _:
                return False

    def row_fits(self, row: ast.expr, table: Table, name: str) -> bool:
        """Whether what is done with a row gives it no other name."""
        outer = self.around[row]
        match outer:
            case ast.Subscript(value=value) if value is row:
                return _is_index(outer) or isinstance(outer.ctx, ast.Load)
            case ast.Attribute(attr="append" | "pop"):
                return isinstance(self.around[outer], ast.Call)
            case ast.Call(args=[argument]) if argument is row:
                table.rows.append(outer.func)
                return not outer.keywords and self.is_foreign(outer.func)
            case ast.For(iter=iterable) if iterable is row:
                return not self.changes(outer, name)
            case ast.comprehension(iter=iterable) if iterable is row:
                return True
            case ast.Assign(targets=[target], value=value) if target is row:
                return _is_new_row(value)
            case ast.Tuple():
                return self.is_swap(outer, name)
            case ast.Return():
                return True
            case _:
                return False

    def loop_fits(self, loop: ast.AST, row: ast.Name, table: Table, name: str) -> bool:
        """Whether a loop over the rows forgets each, and changes none meanwhile."""
        mentions = self.names[row.id]
        loops = [self.loop_over(one) for one in mentions]
        own = [one for one, found in zip(mentions, loops, strict=True) if found is loop]
        return (
            row.id not in self.bound
            and None not in loops
            and not self.changes(loop, name)
            and all(one is row or self.row_fits(one, table, name) for one in own)
        )

    def loop_over(self, node: ast.Name) -> ast.AST | None:
        """The loop or comprehension around a mention of a name whose target it is."""
        outer: ast.AST = node
        while outer is not self.function:
            outer = self.around[outer]
            if node.id in _loop_targets(outer):
                return outer
        return None

    def is_foreign(self, function: ast.expr) -> bool:
        """Whether a function comes from outside of this one."""
        while isinstance(function, ast.Attribute):
            function = function.value
        if not isinstance(function, ast.Name) or function.id in self.bound:
            return False
        return all(isinstance(one.ctx, ast.Load) for one in self.names[function.id])

    def is_handed_over(self, assign: ast.Assign, name: str) -> bool:
        """Whether a loop ends with `u = v`, and made v anew before.

        Then nobody meets v again while u is what it was.
        """
        loop = self.around[assign]
        if not isinstance(loop, ast.For | ast.While) or loop.body[-1] is not assign:
            return False
        mentions = set(self.names[name])
        inside = [mentions.intersection(ast.walk(part)) for part in loop.body]
        first = next(part for part, found in zip(loop.body, inside, strict=True) if found)
        match first:
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                made = target == name and _is_new_table(value) and len(inside) > 1
                return made and mentions == set().union(*inside)
            case _:
                return False

    def is_exchanged(self, pair: ast.Tuple, table: Table) -> bool:
        """Whether a tuple is one side of `u, v = v, u`."""
        match self.around[pair]:
            case ast.Assign(
                targets=[ast.Tuple(elts=[ast.Name(id=a), ast.Name(id=b)])],
                value=ast.Tuple(elts=[ast.Name(id=c), ast.Name(id=d)]),
            ):
                table.partners.update((a, b))
                return (a, b) == (d, c)
            case _:
                return False

    def changes(self, part: ast.AST, name: str) -> bool:
        """Whether a part of the text does more with a table than to read items."""
        mentions = (n for n in ast.walk(part) if isinstance(n, ast.Name) and n.id == name)
        return not all(map(self.reads, mentions))

    def reads(self, node: ast.Name) -> bool:
        """Whether a mention of a table reads items, or goes through its rows."""
        row = self.around[node]
        item = self.around[row] if isinstance(row, ast.Subscript) else row
        if isinstance(item, ast.Subscript):
            return isinstance(item.ctx, ast.Load)
        return isinstance(item, ast.Call | ast.For | ast.comprehension | ast.Return)

    def is_swap(self, pair: ast.Tuple, name: str) -> bool:
        """Whether a tuple is one side of `m[i], m[k] = m[k], m[i]`."""
        match self.around[pair]:
            case ast.Assign(targets=[ast.Tuple(elts=[a, b])], value=ast.Tuple(elts=[c, d])):
                sides = [ast.unparse(part) for part in (a, b, c, d)]
                rows = all(isinstance(p, ast.Subscript) and _names(p.value) == name for p in (a, b))
                return rows and sides[0] == sides[3] and sides[1] == sides[2]
            case _:
                return False


def _loop_targets(node: ast.AST) -> set[str]:
    """The names that a loop or a comprehension goes through things with."""
    parts: list[ast.comprehension] = getattr(node, "generators", [])
    targets = [node.target] if isinstance(node, ast.For) else [part.target for part in parts]
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def _names(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _otherwise_bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.arg(arg=name):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name
        case _:
            pass


def _is_index(node: ast.Subscript) -> bool:
    return not isinstance(node.slice, ast.Slice | ast.Tuple | ast.Starred)


def _is_new_row(node: ast.expr) -> bool:
    """Whether an expression makes a list that nobody else has."""
    match node:
        case ast.List(elts=elts):
            return not any(isinstance(part, ast.Starred) for part in elts)
        case ast.ListComp() | ast.Subscript(slice=ast.Slice()):
            return True
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return isinstance(left, ast.List) or isinstance(right, ast.List)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _is_new_row(left) and _is_new_row(right)
        case ast.IfExp(body=body, orelse=orelse):
            return _is_new_row(body) and _is_new_row(orelse)
        case ast.Call(func=ast.Name(id=name)) if name in NEW:
            return True
        case ast.Call(func=ast.Attribute(attr="copy" | "tolist"), args=[]):
            return True
        case _:
            return False


def _is_new_table(node: ast.expr) -> bool:
    """Whether an expression makes a list of such lists."""
    match node:
        case ast.List(elts=elts):
            return all(map(_is_new_row, elts))
        case ast.ListComp(elt=row):
            return _is_new_row(row)
        case _:
            return False
