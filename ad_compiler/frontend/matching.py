"""`match` as the `if` and `elif` that it stands for.

    match order:                    if order == 1 or order == 2:
        case 1 | 2:                     ...
            ...             ⇒       else:
        case k if k > 5:                k = order
            ...                         if k > 5:
                                            ...

Values, `None`, `True`, `False`, alternatives, names, and sequences of a fixed length of these; any
other `match` stays, and is refused where it is reached.
"""

from __future__ import annotations

import ast
import copy
from typing import TypeVar

T = TypeVar("T", bound=ast.AST)


class _OtherPatternError(Exception):
    """A pattern that is not taken apart here."""


def without_match(tree: ast.Module) -> ast.Module:
    """A module with each `match` written out, where that can be."""
    if any(isinstance(node, ast.Match) for node in ast.walk(tree)):
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        _Writer(names).visit(tree)
    return tree


class _Writer(ast.NodeTransformer):
    """Replaces statements of one kind; `names` are those that are taken."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Match(self, node: ast.Match) -> ast.AST | list[ast.stmt]:
        """One `match`, and those within it."""
        self.generic_visit(node)
        subject: ast.expr = node.subject
        before: list[ast.stmt] = []
        if not isinstance(subject, ast.Name) or subject.id in _captured(node):
            name = self._fresh("matched")
            before = [_at(node.subject, ast.Assign([ast.Name(name, ast.Store())], subject))]
            subject = ast.copy_location(ast.Name(name, ast.Load()), node.subject)
        try:
            return [*before, *_chain(subject, node.cases)]
        except _OtherPatternError:
            return node

    def _fresh(self, name: str) -> str:
        while name in self.names:
            name += "_"
        self.names.add(name)
        return name


def _captured(node: ast.Match) -> set[str]:
    return {p.name for p in ast.walk(node) if isinstance(p, ast.MatchAs) and p.name is not None}


def _chain(subject: ast.expr, cases: list[ast.match_case]) -> list[ast.stmt]:
    """The branches for some cases, each in the `else` of the one before."""
    if not cases:
        return []
    case, *rest = cases
    test, bound = _taken_apart(subject, case.pattern)
    place = case.pattern
    names: list[ast.stmt] = [
        _at(place, ast.Assign([ast.Name(name, ast.Store())], value)) for name, value in bound
    ]
    if case.guard is None:
        body = [*names, *case.body]
        return body if test is None else [_at(place, ast.If(test, body, _chain(subject, rest)))]
    if names and test is not None:
        raise _OtherPatternError  # names would be bound before it is known whether they fit
    both = case.guard if test is None else _all(place, [test, case.guard])
    return [*names, _at(place, ast.If(both, case.body, _chain(subject, rest)))]


Found = tuple[ast.expr | None, list[tuple[str, ast.expr]]]
"""The test of a pattern, None if it always fits; and what the names in it stand for."""


def _taken_apart(subject: ast.expr, pattern: ast.pattern) -> Found:
    subject = copy.deepcopy(subject)  # each mention is a node of its own
    match pattern:
        case ast.MatchValue(value=value):
            return _at(pattern, ast.Compare(subject, [ast.Eq()], [value])), []
        case ast.MatchSingleton(value=value):
            constant = ast.Constant(value)
            return _at(pattern, ast.Compare(subject, [ast.Is()], [constant])), []
        case ast.MatchAs(pattern=inner, name=name):
            test, bound = (None, []) if inner is None else _taken_apart(subject, inner)
            return test, bound if name is None else [*bound, (name, subject)]
        case ast.MatchOr(patterns=patterns):
            found = [_taken_apart(subject, one) for one in patterns]
            if any(bound for _, bound in found):
                raise _OtherPatternError
            tests = [test for test, _ in found if test is not None]
            whole = None if len(tests) < len(found) else ast.BoolOp(ast.Or(), tests)
            return None if whole is None else _at(pattern, whole), []
        case ast.MatchSequence(patterns=patterns):
            return _sequence(subject, pattern, patterns)
        case _:
            raise _OtherPatternError


def _sequence(subject: ast.expr, pattern: ast.pattern, parts: list[ast.pattern]) -> Found:
    """`case a, 0:` is for tuples and lists of so many items, but not for arrays or strings."""
    load, kinds = ast.Load(), [ast.Name("tuple", ast.Load()), ast.Name("list", ast.Load())]
    one, other = copy.deepcopy(subject), copy.deepcopy(subject)
    is_one = ast.Call(ast.Name("isinstance", load), [one, ast.Tuple([*kinds], load)], [])
    length = ast.Call(ast.Name("len", load), [other], [])
    tests: list[ast.expr] = [is_one, ast.Compare(length, [ast.Eq()], [ast.Constant(len(parts))])]
    names: list[tuple[str, ast.expr]] = []
    for k, part in enumerate(parts):
        item = _at(pattern, ast.Subscript(copy.deepcopy(subject), ast.Constant(k), load))
        test, bound = _taken_apart(item, part)
        tests += [] if test is None else [test]
        names += bound
    return _all(pattern, tests), names


def _all(place: ast.AST, tests: list[ast.expr]) -> ast.expr:
    return _at(place, ast.BoolOp(ast.And(), tests))


def _at(place: ast.AST, node: T) -> T:
    """A node, and what is new in it, at the place of another."""
    for part in ast.walk(node):
        if "lineno" in part._attributes and not hasattr(part, "lineno"):
            ast.copy_location(part, place)
    return node
