"""Lowers what a function does besides computing: `raise`, `assert`, `print`."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ad_compiler.frontend import texts
from ad_compiler.frontend.context import Context
from ad_compiler.frontend.indexing import resolved
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.values import Structure, Text, Value, static
from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.effects import FAIL, PRINT, RAISE, VALUE

Lower = Callable[[Context, Scope, ast.expr], Value]


def arguments(ctx: Context, values: Sequence[Value]) -> tuple[Atom, ...]:
    """Templates, and the operands that fill them."""
    templates: list[Any] = []
    operands: list[Atom] = []
    for value in values:
        if isinstance(value, Text):
            templates.append(value.pieces)
            operands += value.operands
        else:
            templates.append(VALUE)
            operands.append(texts.operand(ctx, value))
    return (static(tuple(templates)), *operands)


def raise_(ctx: Context, scope: Scope, node: ast.Raise, lower: Lower) -> None:
    """`raise X(...)`: the end of this path."""
    if node.exc is None:
        raise TypeRefusal("`raise` without an exception", "name the exception")
    if not (node.cause is None or isinstance(node.cause, ast.Constant)):
        raise TypeRefusal("`raise ... from` is not supported", "leave the cause out")
    call = node.exc if isinstance(node.exc, ast.Call) else None
    thing = lower(ctx, scope, node.exc if call is None else call.func)
    cls = thing.value if isinstance(thing, Const) else None
    if not (isinstance(cls, type) and issubclass(cls, BaseException)):
        raise TypeRefusal(f"{describe(thing)} is raised", "raise a class of exceptions, called")
    if call is not None and call.keywords:
        raise TypeRefusal("keywords of an exception are not supported", "pass them by position")
    values = [lower(ctx, scope, arg) for arg in call.args] if call is not None else []
    if cls is TypeRefusal:  # so a rule says what it lacks
        raise TypeRefusal(*(value.value for value in values if isinstance(value, Const)))
    ctx.builder.effect(RAISE, static(_path(cls)), *arguments(ctx, values))
    ctx.builder.frame.dead = True


def _path(cls: type[BaseException]) -> str:
    """The name of a class that emitted code can import."""
    if getattr(builtins, cls.__name__, None) is cls:
        return cls.__name__
    found = getattr(sys.modules.get(cls.__module__), cls.__qualname__, None)
    if found is not cls or cls.__module__ == "__main__":
        raise TypeRefusal(
            f"the class `{cls.__qualname__}` cannot be imported from `{cls.__module__}`",
            "define it at the top of a module, or raise a builtin exception",
        )
    return f"{cls.__module__}:{cls.__qualname__}"


def fail(ctx: Context, scope: Scope, node: ast.Assert, lower: Lower) -> None:
    """What a failed `assert` does."""
    values = [] if node.msg is None else [lower(ctx, scope, node.msg)]
    ctx.builder.effect(FAIL, *arguments(ctx, values))
    ctx.builder.frame.dead = True


def print_(ctx: Context, args: Sequence[Value], keywords: dict[str, Value]) -> Value:
    """`print(...)`."""
    texts = {"sep": None, "end": None, **keywords}
    if len(texts) > 2:
        extra = next(key for key in keywords if key not in ("sep", "end"))
        raise TypeRefusal(f"print() with `{extra}` is not supported", "print to standard output")
    known: list[Atom] = []
    for text in texts.values():
        if text is not None and not isinstance(text, Const):
            raise TypeRefusal("`sep` and `end` must be known at compile time", "write a literal")
        known.append(static(None) if text is None else text)
    shown = [_as_text(ctx, arg) for arg in args]
    ctx.builder.effect(PRINT, *known, *arguments(ctx, shown))
    return static(None)


def _as_text(ctx: Context, value: Value) -> Value:
    """A tuple or a list as the text that is printed of it."""
    value = resolved(ctx, value)
    return texts.joined(list(texts.shown(ctx, value))) if isinstance(value, Structure) else value
