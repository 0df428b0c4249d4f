"""Binds the arguments of a call to names, as the called function itself would."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from inspect import Parameter, Signature
from types import FunctionType
from typing import Any

import numpy as np

from ad_compiler.frontend.values import Shape, Structure, Value, tuple_of
from ad_compiler.ir.nodes import Const
from ad_compiler.ir.primitive import Primitive, TypeRefusal


@cache
def signature_of(primitive: Primitive, thing: Any) -> Signature:
    """The signature of a function or method of NumPy or SciPy; else that of the operands."""
    module = getattr(thing, "__module__", None) or "numpy"  # methods tell none
    package = module.partition(".")[0]
    if package == "numpy" or (package == "scipy" and isinstance(thing, FunctionType)):
        try:
            return inspect.signature(thing)
        except (TypeError, ValueError):
            pass
    return _of_primitive(primitive)


@cache
def method_of(name: str) -> Any:
    """The method of arrays, or the NumPy function of that name if it tells more."""
    method = getattr(np.ndarray, name, None)
    if callable(method):
        with suppress(ValueError):
            inspect.signature(method)
            return method
    return getattr(np, name, None)


def _of_primitive(primitive: Primitive) -> Signature:
    """What the operands of a primitive would be in Python."""
    parameters: list[Parameter] = []
    kind = Parameter.POSITIONAL_OR_KEYWORD
    for name in primitive.params:
        if name.startswith("*"):
            parameters.append(Parameter(name[1:], Parameter.VAR_POSITIONAL))
            kind = Parameter.KEYWORD_ONLY
        else:
            default = primitive.defaults.get(name, Parameter.empty)
            parameters.append(Parameter(name, kind, default=default))
    return Signature(parameters)


def bind(
    primitive: Primitive, signature: Signature, args: Sequence[Value], keywords: Mapping[str, Value]
) -> dict[str, Value]:
    """Each argument by the name of its parameter; the primitive's name where NumPy tells none."""
    own = [name.lstrip("*") for name in primitive.params]
    try:
        bound = signature.bind(*args, **keywords)
    except TypeError as error:
        known = ", ".join(signature.parameters)
        raise TypeRefusal(f"`{primitive.name}`: {error}", f"its parameters are {known}") from None
    named: dict[str, Value] = {
        name: tuple_of(())
        for name, parameter in signature.parameters.items()
        if parameter.kind is Parameter.VAR_POSITIONAL and f"*{name}" in primitive.params
    }
    for position, (name, value) in enumerate(bound.arguments.items()):
        match signature.parameters[name].kind:
            case Parameter.POSITIONAL_ONLY if position < len(own):
                named[own[position]] = value
            case Parameter.VAR_POSITIONAL:
                named[name] = _gathered(value)
            case Parameter.VAR_KEYWORD:
                named.update(value)
            case _:
                named[name] = value
    return named


def in_order(
    thing: Any, args: Sequence[Value], keywords: dict[str, Value]
) -> tuple[Sequence[Value], dict[str, Value]]:
    """The keywords that name the next parameters of a function, as positional arguments."""
    if not keywords:
        return args, keywords
    try:
        parameters = [*inspect.signature(thing).parameters.values()]
    except (TypeError, ValueError):
        return args, keywords
    given, rest = [*args], {**keywords}
    for parameter in parameters[len(given) :]:
        if parameter.kind is not Parameter.POSITIONAL_OR_KEYWORD or parameter.name not in rest:
            break
        given.append(rest.pop(parameter.name))
    return given, rest


def _gathered(values: tuple[Value, ...]) -> Value:
    """`*shape`: numbers, or one container of them."""
    one = len(values) == 1 and isinstance(values[0], Structure | Shape)
    return values[0] if one else tuple_of(values)


def is_default(signature: Signature, name: str, value: Value) -> bool:
    """Whether an argument only says what would hold without it."""
    if not isinstance(value, Const) or name not in signature.parameters:
        return isinstance(value, Const) and value.value is None
    default = signature.parameters[name].default
    plain = isinstance(default, str | bool | int | None)
    return value.value is default or (
        plain and type(default) is type(value.value) and default == value.value
    )
