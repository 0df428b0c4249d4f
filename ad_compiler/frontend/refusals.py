"""The syntax that is not accepted, each with a reason and what to write instead."""

from __future__ import annotations

import ast

from ad_compiler.errors import Unsupported
from ad_compiler.frontend.scope import Scope

Refusal = tuple[str, str]

SYNTAX: dict[type[ast.AST], Refusal] = {
    ast.Await: ("`await` is not supported", "differentiate an ordinary function"),
    ast.Yield: ("generators are not supported", "return the values instead"),
    ast.YieldFrom: ("generators are not supported", "return the values instead"),
    ast.Set: ("sets are not supported", "use a tuple"),
    ast.SetComp: ("sets are not supported", "use a list"),
    ast.GeneratorExp: ("generator expressions are not supported here", "use a list, or a loop"),
    ast.Starred: ("`*` is not supported here", "write the elements out"),
    ast.AsyncFunctionDef: ("`async` is not supported", "use an ordinary function"),
    ast.AsyncFor: ("`async` is not supported", "use an ordinary loop"),
    ast.AsyncWith: ("`async` is not supported", "remove it"),
    ast.ClassDef: ("classes inside a function are not supported", "define it outside"),
    ast.With: (
        "`with` is not supported, except `with np.errstate(...)` that ignores",
        "move it to the caller",
    ),
    ast.Match: ("`match` is not supported", "write `if` and `elif`"),
    ast.Try: (
        "`try` is not supported: a derivative follows the path that is taken, not what raises",
        "test for the condition instead of catching it",
    ),
    ast.TryStar: (
        "`try` is not supported: a derivative follows the path that is taken, not what raises",
        "test for the condition instead of catching it",
    ),
    ast.Global: (
        "assigning globals is not supported: a derivative has no effect on its surroundings",
        "return the value instead",
    ),
}


def syntax(scope: Scope, node: ast.AST) -> Unsupported:
    """The refusal of a kind of syntax."""
    name = type(node).__name__
    reason, remedy = SYNTAX.get(type(node), (f"`{name}` is not supported", "rewrite it"))
    return scope.code.source.refuse(node, reason, remedy)
