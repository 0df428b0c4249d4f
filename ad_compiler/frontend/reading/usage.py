"""Where a file uses its names: each use by the scope that the name belongs to."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ad_compiler.frontend.reading.syntax import COMPREHENSIONS, FUNCTIONS, Scope, body_of, bound_by
from ad_compiler.frontend.reading.things import ReadModule

Key = tuple[ast.AST, str]
"""A name of a scope: a function, a class, a comprehension, or the module."""


@dataclass(frozen=True)
class Names:
    """The names that are a scope's own, and those that it declares to be the module's."""

    scope: ast.AST
    own: frozenset[str]
    declared: frozenset[str] = frozenset()


@dataclass(eq=False)
class Usage:
    """The uses of the names of a file; `parents` is what stands around each node."""

    module: ReadModule
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict["ast.AST", "ast.AST"])
    uses: dict[Key, list[ast.Name]] = field(default_factory=dict["Key", "list[ast.Name]"])
    owners: dict[ast.Name, ast.AST] = field(default_factory=dict["ast.Name", "ast.AST"])
    attributes: dict[str, list[ast.Attribute]] = field(
        default_factory=dict["str", "list[ast.Attribute]"]
    )

    @property
    def tree(self) -> ast.Module:
        """The syntax tree of the file."""
        return self.module.source.tree

    def __post_init__(self) -> None:
        stack: list[tuple[ast.AST, tuple[Names, ...]]] = [(self.tree, ())]
        while stack:
            node, scopes = stack.pop()
            self._note(node, scopes)
            names = names_of(node)
            inner = scopes
            if names is not None:
                inner = (*(s for s in scopes if not isinstance(s.scope, ast.ClassDef)), names)
            before = _evaluated_before(node)
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                stack.append((child, scopes if child in before else inner))
            if isinstance(node, COMPREHENSIONS):  # its first iterable belongs to the outer scope
                first = node.generators[0]
                stack.remove((first, inner))
                self.parents[first.iter] = self.parents[first.target] = first
                stack += [(first.iter, scopes), (first.target, inner)]
                stack += [(test, inner) for test in first.ifs]
                self.parents.update((test, first) for test in first.ifs)

    def _note(self, node: ast.AST, scopes: tuple[Names, ...]) -> None:
        if isinstance(node, ast.Attribute):
            self.attributes.setdefault(node.attr, []).append(node)
        elif isinstance(node, ast.Name):
            owner = self.owners[node] = self._owner(node.id, scopes)
            self.uses.setdefault((owner, node.id), []).append(node)

    def _owner(self, name: str, scopes: tuple[Names, ...]) -> ast.AST:
        for names in reversed(scopes):
            if name in names.declared:
                break
            if name in names.own:
                return names.scope
        return self.tree


def names_of(node: ast.AST) -> Names | None:
    """The names of a scope; None for what is no scope."""
    if isinstance(node, COMPREHENSIONS):
        targets = [n for g in node.generators for n in ast.walk(g.target)]
        return Names(node, frozenset(n.id for n in targets if isinstance(n, ast.Name)))
    if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return None
    body = body_of(node)
    inner = [n for part in body for n in ast.walk(part)]
    declared = {name for n in inner if isinstance(n, ast.Global) for name in n.names}
    outer = {name for n in inner if isinstance(n, ast.Nonlocal) for name in n.names}
    own = {*bound_by(*body), *_parameters(node)} - declared - outer
    return Names(node, frozenset(own), frozenset(declared))


def _parameters(node: Scope) -> list[str]:
    if isinstance(node, ast.ClassDef):
        return []
    spec = node.args
    every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
    return [arg.arg for arg in every if arg is not None]


def _evaluated_before(node: ast.AST) -> set[ast.AST]:
    """The parts of a scope that belong to the scope around it."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return {node.args, *node.decorator_list, *([node.returns] if node.returns else [])}
        case ast.Lambda():
            return {node.args}
        case ast.ClassDef():
            return {*node.decorator_list, *node.bases, *node.keywords}
        case _:
            return set()
