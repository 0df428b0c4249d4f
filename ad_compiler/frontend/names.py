"""Facts about syntax: which names a function or a loop binds, and where it returns."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from ad_compiler.frontend.source import Code, Source, children

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def own_nodes(roots: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that belong to the same scope as the roots: not those of functions inside."""
    stack = list(roots)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, _COMPREHENSIONS):
            stack.extend(n for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
            continue
        stack.extend(children(node))


def nodes_of(code: Code) -> list[ast.AST]:
    """The nodes of a function's body that belong to its scope."""
    node, known = code.node, code.source.nodes
    if node not in known:
        body = node.body if isinstance(node, ast.FunctionDef) else [node.body]
        known[node] = list(own_nodes(body))
    return known[node]


def around(code: Code) -> dict[ast.AST, ast.AST]:
    """What each node of a function stands in."""
    return {part: node for node in ast.walk(code.node) for part in ast.iter_child_nodes(node)}


def yield_of(code: Code) -> ast.AST | None:
    """The first `yield` of a function, which makes it a generator."""
    node, known = code.node, code.source.yields
    if node not in known:
        found = (n for n in nodes_of(code) if isinstance(n, ast.Yield | ast.YieldFrom))
        known[node] = next(found, None)
    return known[node]


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name.partition(".")[0]
            case ast.ExceptHandler(name=str(name)):
                yield name
            case _:
                pass


def bound_in(source: Source, *roots: ast.stmt) -> frozenset[str]:
    """The names that statements bind; remembered under the first one."""
    known = source.bound.get(roots[0])
    if known is None:
        known = source.bound[roots[0]] = frozenset(_bound(own_nodes(roots)))
    return known


def locals_of(code: Code) -> frozenset[str]:
    """The names that are a function's own."""
    node = code.node
    known = code.source.bound.get(node)
    if known is None:
        nodes = nodes_of(code)
        declared = {
            name
            for inner in nodes
            if isinstance(inner, ast.Global | ast.Nonlocal)
            for name in inner.names
        }
        stars = [arg.arg for arg in (node.args.vararg, node.args.kwarg) if arg is not None]
        names = {*_bound(nodes), *(arg.arg for arg in code.arguments), *stars} - declared
        known = code.source.bound[node] = frozenset(names)
    return known


def varying(code: Code) -> frozenset[str]:
    """The names that a loop, a comprehension or a function inside of a function binds."""
    known = code.source.varying
    if code.node not in known:
        nodes = nodes_of(code)
        repeated = [node for node in nodes if isinstance(node, (ast.For, ast.While))]
        names = frozenset[str]().union(*(bound_in(code.source, loop) for loop in repeated))
        inner = [node for node in nodes if isinstance(node, (*_SCOPES, *_COMPREHENSIONS))]
        for part in (part for node in inner for part in ast.walk(node)):
            match part:
                case ast.Nonlocal(names=assigned):
                    names |= set(assigned)
                case ast.NamedExpr(target=target):
                    names |= {target.id}
                case _:
                    pass
        known[code.node] = names
    return known[code.node]


def jumps(node: ast.stmt) -> bool:
    """Whether a statement may leave what is around it: a loop, or the function."""
    match node:
        case ast.Return() | ast.Break() | ast.Continue():
            return True
        case ast.If():
            return any(map(jumps, (*node.body, *node.orelse)))
        case ast.With():
            return any(map(jumps, node.body))
        case ast.For() | ast.While():
            return returns(node.body) or any(map(jumps, node.orelse))
        case _:
            return False


def falls_through(statements: Sequence[ast.stmt]) -> bool:
    """Whether the end of these statements may be reached."""
    return all(map(_falls, statements))


def _falls(node: ast.stmt) -> bool:
    match node:
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            return False
        case ast.If():
            return falls_through(node.body) or falls_through(node.orelse)
        case ast.With():
            return falls_through(node.body)
        case ast.For() | ast.While():
            return breaks(node.body) or (ends(node) and falls_through(node.orelse))
        case _:
            return True


def ends(loop: ast.For | ast.While) -> bool:
    """Whether a loop may come to its end, where its `else` is."""
    test = loop.test if isinstance(loop, ast.While) else None
    return not (isinstance(test, ast.Constant) and test.value)


def breaks(body: Iterable[ast.stmt]) -> bool:
    """Whether a loop with this body is left by a `break` of its own."""
    for node in body:
        match node:
            case ast.Break():
                return True
            case ast.If() if breaks((*node.body, *node.orelse)):
                return True
            case ast.With() if breaks(node.body):
                return True
            case ast.For() | ast.While() if breaks(node.orelse):
                return True
            case _:
                pass
    return False


def leaves_loop(node: ast.While) -> bool:
    """Whether something in a loop ends it, besides its condition."""
    ends = any(isinstance(n, ast.Return | ast.Raise) for n in own_nodes(node.body))
    return ends or breaks(node.body)


def escaping(code: Code, loop: ast.For | ast.While) -> frozenset[str]:
    """The names that a loop binds and that something outside the loop reads."""
    read: set[str] = set()
    stack: list[ast.AST] = [code.node]
    while stack:
        node = stack.pop()
        if node is loop:
            stack += [inner for inner in ast.walk(loop) if isinstance(inner, ast.Lambda)]
            stack += loop.orelse
            continue
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.AugAssign(target=ast.Name(id=name)):
                read.add(name)
            case _:
                pass
        stack.extend(ast.iter_child_nodes(node))
    return bound_in(code.source, loop) & read


def returns(statements: Iterable[ast.stmt]) -> bool:
    """Whether a `return` may be reached among these statements."""
    return any(isinstance(node, ast.Return) for node in own_nodes(statements))
