"""Binds the arguments of a call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any, NamedTuple

from ad_compiler.errors import UsageError


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of the code that a call runs; `functools.wraps` would show another's."""
    if not isinstance(function, FunctionType):
        return inspect.signature(function)
    code, closure = function.__code__, function.__closure__
    bare = FunctionType(code, {}, function.__name__, function.__defaults__, closure)
    bare.__kwdefaults__ = function.__kwdefaults__
    if "__wrapped__" not in vars(function):
        bare.__annotations__ = function.__annotations__
    return inspect.signature(bare)


def bound_arguments(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """The arguments by parameter, defaults filled in. Raises TypeError as a call would."""
    try:
        bound = signature_of(function).bind(*args, **kwargs)
    except TypeError as error:
        name = getattr(function, "__name__", "the function")
        raise UsageError(f"{name}(): {error}") from None
    bound.apply_defaults()
    return bound


class Argument(NamedTuple):
    """What a call gives to one parameter of the program; each item of `*args` has its own.

    `star` is the name of the `*args` that it is an item of.
    """

    spec: inspect.Parameter
    name: str
    value: Any
    star: str = ""


def arguments_of(bound: inspect.BoundArguments) -> Iterator[Argument]:
    """The arguments of a call, in the order of the program's parameters."""
    specs = bound.signature.parameters
    for name, value in bound.arguments.items():
        spec = specs[name]
        if spec.kind is spec.VAR_POSITIONAL:
            for k, item in enumerate(value):
                own = f"{name}_{k}"
                while own in specs:
                    own += "_"
                yield Argument(spec, own, item, star=name)
        elif spec.kind is not spec.VAR_KEYWORD or value:
            yield Argument(spec, name, value)
