"""Facts about the syntax of a file: what statements bind, and what may change any name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ad_compiler.frontend.reading.things import words

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Scope = Function | ast.ClassDef

POWERS = words("exec eval globals vars locals __import__ __builtins__ setattr delattr")
"""Names whose use may change any name of a file, or any attribute."""

INSIDES = words("__dict__ __globals__ __builtins__ __code__ __defaults__ __kwdefaults__")
"""Attributes that give access to the names of a module, or to what a function does."""


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run in the same scope as a node: not the bodies of functions and classes."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        if isinstance(one, FUNCTIONS):
            stack += _outside_of_body(one)
        elif isinstance(one, ast.ClassDef):
            stack += [*one.decorator_list, *one.bases, *one.keywords]
        else:
            stack.extend(ast.iter_child_nodes(one))


def _outside_of_body(node: Function) -> list[ast.AST]:
    """The parts of a function that run when it is defined."""
    spec = node.args
    found: list[ast.AST] = [*spec.defaults, *(d for d in spec.kw_defaults if d is not None)]
    if not isinstance(node, ast.Lambda):
        every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
        notes = [arg.annotation for arg in every if arg is not None]
        found += [*node.decorator_list, *(n for n in (*notes, node.returns) if n is not None)]
    return found


def bound_by(*roots: ast.AST) -> dict[str, ast.AST]:
    """The names that nodes bind in their scope, each with a node that does."""
    found: dict[str, ast.AST] = {}
    for root in roots:
        hidden = {
            id(inner)
            for node in inside(root)
            if isinstance(node, COMPREHENSIONS)
            for generator in node.generators
            for inner in ast.walk(generator.target)
        }
        for node in inside(root):
            if id(node) not in hidden:
                found.update((name, node) for name in _names_bound(node))
    return found


def _names_bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=asname) if name != "*":
            yield asname or name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case _:
            pass


def walrus_names(*roots: ast.AST) -> Iterator[str]:
    """The names that `:=` binds in the scope of some nodes."""
    for root in roots:
        for node in inside(root):
            if isinstance(node, ast.NamedExpr):
                yield node.target.id


def body_of(scope: Scope) -> list[ast.AST]:
    """What runs in a scope of its own."""
    return [scope.body] if isinstance(scope, ast.Lambda) else list(scope.body)


def assigned_elsewhere(tree: ast.Module) -> dict[str, ast.AST]:
    """The names of the module that functions and classes assign, by way of `global`."""
    found: dict[str, ast.AST] = {}
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        body = body_of(scope)
        nodes = [node for part in body for node in inside(part)]
        declared = {n for node in nodes if isinstance(node, ast.Global) for n in node.names}
        if declared:
            bound = bound_by(*body)
            found.update((name, bound[name]) for name in declared if name in bound)
    return found


def stored_attributes(tree: ast.Module) -> dict[str, ast.AST]:
    """The attributes that the file assigns, to anything but `self`."""
    return {
        node.attr: node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    }


def power(tree: ast.Module) -> ast.AST | None:
    """A use of something that may change any name of the file; None if there is none."""
    harmless = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("setattr", "delattr")
        and node.args
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id == "self"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in POWERS and id(node) not in harmless:
                return node
            case ast.Attribute(attr=name) if name in INSIDES:
                return node
            case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
                return node
            case ast.ImportFrom(names=names) if any(a.name in ("modules", *POWERS) for a in names):
                return node
            case _:
                pass
    return None
