"""What may be differentiated: Python functions, and what is made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from ad_compiler.frontend.marked import plain_function


class Root(NamedTuple):
    """A function, and the arguments that are given already."""

    function: Callable[..., Any] | None
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = {}


def root_of(thing: Any) -> Root:
    """The Python function behind a callable; None for one that has none."""
    match thing:
        case FunctionType():
            return Root(thing)
        case functools.partial():
            inner = root_of(thing.func)
            return Root(
                inner.function, (*inner.args, *thing.args), {**inner.keywords, **thing.keywords}
            )
        case MethodType():
            inner = root_of(thing.__func__)
            return Root(inner.function, (thing.__self__, *inner.args), inner.keywords)
        case _:
            return Root(plain_function(thing))


def defaulted(root: Root) -> tuple[int, FunctionType] | None:
    """The number of positional parameters of a function with defaults, and the function."""
    function = root.function
    if not isinstance(function, FunctionType) or root.args or root.keywords:
        return None
    if not (function.__defaults__ or function.__kwdefaults__):
        return None
    return function.__code__.co_argcount, function
