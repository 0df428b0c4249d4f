"""The form in which structural primitives are entered: a function of NumPy, and its transpose.

    structural(np.flip, ("x", "axis"), flip_type, {"x": flip_bar}, samples=...)

What is not said otherwise is linear in the operands that have a transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from types import FunctionType
from typing import Any, cast

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Infer, Primitive, never
from ad_compiler.rules.registry import METHODS, SAME, Flat, Linear, register

Functions = Mapping[str, Callable[..., Any]]


def structural(
    function: Any,
    params: tuple[str, ...],
    infer: Infer,
    vjps: Functions,
    jvps: Functions | None = None,
    *,
    dense: bool = True,
    **options: Any,
) -> Primitive:
    """Enter a NumPy function; the options are those of `Linear` and of `entered`."""
    given = dict.fromkeys(vjps, SAME) if jvps is None else jvps
    line = Linear(
        cast(dict[str, FunctionType], dict(given)),
        cast(dict[str, FunctionType], dict(vjps)),
        dense=dense,
        **{key: options.pop(key) for key in OF_LINEAR & options.keys()},
    )
    results = () if line.results == ("z",) else line.results
    return entered(function, params, infer, line, results=results, **options)


OF_LINEAR = frozenset(field.name for field in fields(Linear))


def inert(
    function: Any,
    params: tuple[str, ...],
    infer: Infer,
    why: str,
    samples: tuple[tuple[Any, ...], ...] = (),
    **options: Any,
) -> Primitive:
    """Enter a NumPy function that has no derivative; the options are those of `entered`."""
    return entered(function, params, infer, Flat(why, samples=samples), **options)


def entered(
    function: Any,
    params: tuple[str, ...],
    infer: Infer,
    line: Linear | Flat,
    *,
    path: str = "",
    name: str = "",
    noun: str = "value",
    defaults: Mapping[str, Any] | None = None,
    named: tuple[str, ...] = (),
    raises: Callable[[Sequence[Atom]], bool] = never,
    fresh: bool = True,
    method: bool = False,
    means: tuple[Any, ...] | None = None,
    results: tuple[str, ...] = (),
) -> Primitive:
    """Enter a NumPy function with its rule; `named` are the operands that are passed by keyword."""
    path = path or f"np.{function.__name__}"
    filled = dict(defaults or {})
    made = Primitive(
        name or path, evaluator(function, params, filled, named), infer, Call(path), params,
        defaults=filled, keyword_only=named, raises=raises, noun=noun, fresh=fresh,
        results=results,
    )  # fmt: skip
    register(made, line, *((function,) if means is None else means))
    if method:
        METHODS[function.__name__] = made
    return made


def evaluator(
    function: Any, params: tuple[str, ...], defaults: Mapping[str, Any], named: tuple[str, ...]
) -> Callable[..., Any]:
    """Calls a function as the emitted code does: what is a default is left out."""
    if not defaults:
        return function

    def evaluate(*args: Any) -> Any:
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        gap = False
        for name, value in zip(params, args, strict=True):
            if name in defaults and type(value) is type(defaults[name]) and value == defaults[name]:
                gap = True
            elif gap or name in named:
                keywords[name] = value
            else:
                positional.append(value)
        return function(*positional, **keywords)

    return evaluate
