"""Calls like `f(t, *params)`, where only the program knows how many items `params` has.

The function says how many it takes; another number raises at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import FunctionType

import numpy as np

from ad_compiler.frontend.context import Context
from ad_compiler.frontend.source import source_of
from ad_compiler.frontend.ufuncs import is_library
from ad_compiler.frontend.unpacking import items_of
from ad_compiler.frontend.values import Partial, UserFunction, Value
from ad_compiler.ir.nodes import Const
from ad_compiler.ir.primitive import TypeRefusal

Part = list[Value] | Value
"""Arguments that stand there, or what is taken apart into arguments."""


def arguments(
    ctx: Context, function: Value, parts: Sequence[Part], named: Sequence[str]
) -> list[Value]:
    """The positional arguments of a call."""
    spread = [part for part in parts if not isinstance(part, list)]
    if len(spread) > 1:
        raise TypeRefusal("two `*` of which only the program knows the lengths", "index one")
    given = sum(len(part) for part in parts if isinstance(part, list))
    args: list[Value] = []
    for part in parts:
        if isinstance(part, list):
            args += part
        else:
            args += items_of(ctx, part, _room(function, given, named))
    return args


def _room(function: Value, given: int, named: Sequence[str]) -> int:
    """How many more arguments a function takes that has no choice."""
    match function:
        case Partial(inner, first, keywords):
            return _room(inner, given + len(first), [*named, *keywords])
        case UserFunction(code=code):
            spec = code.node.args
        case Const(value=FunctionType() as thing) if not is_library(thing):
            spec = source_of(thing).node.args
        case Const(value=np.ufunc(nin=count)):
            return count - given
        case _:
            raise TypeRefusal("`*` needs a tuple or a list", "write the elements out")
    return _free(spec, given, named)


def _free(spec: ast.arguments, given: int, named: Sequence[str]) -> int:
    names = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    optional = names[len(names) - len(spec.defaults) :]
    chosen = [
        name for name in optional[max(given - len(names) + len(optional), 0) :] if name not in named
    ]
    if spec.vararg is not None:
        chosen = [f"*{spec.vararg.arg}"]
    if chosen:
        raise TypeRefusal(
            f"`*` of which only the program knows the length, where `{chosen[0]}` may be left out",
            "take the elements apart first: a, b = x",
        )
    return len([name for name in names if name not in named]) - given
