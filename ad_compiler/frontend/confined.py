"""Names that are mentioned in loops over them alone: `z` in `for z in (u, v): z *= 2`.

Nobody reads them after the loop, so what the next loop calls `z` is another variable.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from ad_compiler.frontend.source import Code, children

Confined = Mapping[ast.AST, tuple[str, ...]]

NOTHING: frozenset[str] = frozenset()


def confined_names(code: Code) -> Confined:
    """The names that are forgotten after each loop."""
    known = code.source.confined
    if code.node not in known:
        mentions = _Mentions()
        body = code.node.body if isinstance(code.node, ast.FunctionDef) else []
        for part in body:
            mentions.visit(part, (), NOTHING)
        known[code.node] = mentions.found()
    return known[code.node]


def _targets(node: ast.AST) -> frozenset[str]:
    """The names that a target binds, and others that it mentions."""
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))


@dataclass
class _Mentions:
    """In which loops over it each name is mentioned; None stands for somewhere else."""

    loops: dict[str, set[ast.For | None]] = field(default_factory=dict[str, "set[ast.For | None]"])

    def found(self) -> Confined:
        """The loops after which names are forgotten."""
        names: dict[ast.AST, tuple[str, ...]] = {}
        for name, loops in self.loops.items():
            if None not in loops:
                for loop in loops:
                    assert loop is not None
                    names[loop] = (*names.get(loop, ()), name)
        return names

    def visit(
        self,
        node: ast.AST,
        around: tuple[ast.For, ...],
        own: frozenset[str],
        *,
        inner: bool = False,
    ) -> None:
        """`own`: what functions and comprehensions around bind; `inner`: it is in a function."""
        match node:
            case ast.Name(id=name):
                if name not in own:
                    loop = next((loop for loop in around if name in _targets(loop.target)), None)
                    self.loops.setdefault(name, set()).add(None if inner else loop)
            case ast.For():
                self.visit(node.iter, around, own, inner=inner)
                for part in (node.target, *node.body, *node.orelse):
                    self.visit(part, (*around, node), own, inner=inner)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, around, own, inner=inner)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node, around, own, inner=inner)
            case ast.ClassDef() | ast.Global() | ast.Nonlocal() | ast.MatchAs() | ast.MatchStar():
                for name in _mentioned(node):
                    self.loops.setdefault(name, set()).add(None)
            case _:
                for part in children(node):
                    self.visit(part, around, own, inner=inner)

    def _comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
        around: tuple[ast.For, ...],
        own: frozenset[str],
        *,
        inner: bool,
    ) -> None:
        first = node.generators[0].iter
        self.visit(first, around, own, inner=inner)  # it is evaluated outside
        own = own.union(*(_targets(part.target) for part in node.generators))
        for part in children(node):
            for piece in children(part) if isinstance(part, ast.comprehension) else (part,):
                if piece is not first:
                    self.visit(piece, around, own, inner=inner)

    def _function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        around: tuple[ast.For, ...],
        own: frozenset[str],
        *,
        inner: bool,
    ) -> None:
        """A function that mentions a name of its surroundings may be called at any time."""
        arguments = node.args
        for part in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
            self.visit(part, around, own, inner=inner)
        body = node.body if isinstance(node.body, list) else [node.body]
        stored = (n for part in body for n in ast.walk(part) if isinstance(n, ast.Name))
        names = {n.id for n in stored if isinstance(n.ctx, ast.Store)}
        names.update(a.arg for a in ast.walk(arguments) if isinstance(a, ast.arg))
        if not isinstance(node, ast.Lambda):
            self.loops.setdefault(node.name, set()).add(None)
            for part in node.decorator_list:
                self.visit(part, around, own, inner=inner)
        for part in body:
            self.visit(part, around, own | names, inner=True)


def _mentioned(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return frozenset(names)
        case ast.MatchAs(name=name) | ast.MatchStar(name=name):
            inside = _targets(node)
            return inside if name is None else inside | {name}
        case _:
            return _targets(node)
