"""What decorators do to a function, told by what they are and not by what they are called."""

from __future__ import annotations

import ast

from ad_compiler.frontend.reading.constants import evaluate
from ad_compiler.frontend.reading.things import External, FileFunction, ReadModule, Unclear

HARMLESS = frozenset(
    f"{path}{called}"
    for path in (
        "numba.njit", "numba.jit", "numba.core.decorators.njit", "numba.core.decorators.jit",
        "ad_compiler.differentiable", "ad_compiler.marking.differentiable",
    )
    for called in ("", "()")
)  # fmt: skip
"""Decorators, with or without arguments, that leave alone what a function computes."""


def undecorated(
    function: FileFunction, decorators: list[ast.expr], names: ReadModule
) -> FileFunction:
    """The function that its decorators leave. Raises Unclear if they may change it."""
    for decorator in decorators:
        if not _is_harmless(decorator, names):
            raise Unclear(f"what the decorator `{ast.unparse(decorator)}` does is not known")
    return function


def _is_harmless(decorator: ast.expr, names: ReadModule) -> bool:
    if isinstance(decorator, ast.Call):  # its arguments only say how to compile
        inner = evaluate(decorator.func, names)
        return isinstance(inner, External) and f"{inner.path}()" in HARMLESS
    thing = evaluate(decorator, names)
    if isinstance(thing, External):
        return thing.path in HARMLESS
    return isinstance(thing, FileFunction) and _is_identity(thing.node)


def _is_identity(node: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether a function returns its only argument, and does nothing else."""
    match node:
        case ast.FunctionDef(
            args=ast.arguments(posonlyargs=[], args=[ast.arg(arg=given)], vararg=None,
                               kwonlyargs=[], kwarg=None),
            body=[*documentation, ast.Return(value=ast.Name(id=returned))],
            decorator_list=[],
        ):  # fmt: skip
            silent = all(
                isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in documentation
            )
            return silent and given == returned
        case _:
            return False
