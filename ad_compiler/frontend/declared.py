"""The parameters of a function that is not called: as given, as annotated, as their defaults."""

from __future__ import annotations

import ast
import builtins
import math
import re
from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np

from ad_compiler.errors import UsageError
from ad_compiler.frontend.captures import spelling_of
from ad_compiler.frontend.signature import tree_of
from ad_compiler.frontend.source import Code, source_of
from ad_compiler.frontend.types import type_of
from ad_compiler.frontend.values import static
from ad_compiler.ir.nodes import Const, Parameter, Tree, Var, const, map_tree
from ad_compiler.ir.types import DTYPE_OF_NAME, Array, Bool, Float, Int, Sym, Type, number_of

SHORT = {"f8": "f64", "f4": "f32", "i8": "i64", "i4": "i32", "b1": "bool"}
PYTHON: dict[str, Type] = {"float": Float(), "int": Int(), "bool": Bool()}
NO_DEFAULT = object()


def parse_type(text: str, name: str) -> Type:
    """The type that a text in Numba's spelling stands for: `float`, `float64[:,:]`, `f8[:]`.

    Raises UsageError for any other text.
    """
    text = text.strip()
    if text in PYTHON:
        return PYTHON[text]
    match = re.fullmatch(r"(?:np\.|numpy\.)?(\w+?)\s*(?:\[(.*)\])?", text)
    dtype = match and (DTYPE_OF_NAME.get(match[1]) or SHORT.get(match[1]))
    axes = [axis.strip() for axis in match[2].split(",")] if match and match[2] else []
    if match is None or not dtype or not set(axes) <= {":", "::1"}:
        raise UsageError(
            f"the type {text!r} of `{name}` is not known: write float, int, bool, float64, "
            "float64[:], float64[:,:] or their like"
        )
    if match[2] is None:
        return number_of(dtype)
    return Array(dtype, tuple(Sym(f"{name}.{k}") for k in range(len(axes))))


def parameters_from_types(
    function: FunctionType, types: Mapping[str, str]
) -> tuple[Parameter, ...]:
    """The parameters of a live function, as given, else as annotated, else floats."""
    code = source_of(function)
    names = [arg.arg for arg in (*code.node.args.posonlyargs, *code.node.args.args)]
    given = function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(given) :], given, strict=True))
    return parameters_from_annotations(code, types, {**defaults, **(function.__kwdefaults__ or {})})


def parameters_from_annotations(
    code: Code, types: Mapping[str, str], defaults: Mapping[str, Any]
) -> tuple[Parameter, ...]:
    """The parameters as given, else as annotated, else like their defaults, else floats."""
    spec = code.node.args
    for star, shown in ((spec.vararg, "*"), (spec.kwarg, "**")):
        if star is not None:
            raise code.source.refuse(
                star, f"`{shown}{star.arg}` needs values to be typed", "name the arguments"
            )
    names = [arg.arg for arg in code.arguments]
    unknown = [name for name in types if name not in names]
    if unknown:
        raise UsageError(
            f"`{code.name}` has no parameter `{unknown[0]}`; it has {', '.join(names) or 'none'}"
        )
    return tuple(
        _parameter(code, arg, types, defaults.get(arg.arg, NO_DEFAULT), arg in spec.kwonlyargs)
        for arg in code.arguments
    )


def _parameter(
    code: Code, arg: ast.arg, types: Mapping[str, str], default: Any, named: bool
) -> Parameter:
    kept = None if default is NO_DEFAULT else _written(default)
    if arg.arg in types:
        type_ = parse_type(types[arg.arg], arg.arg)
        if _is_container(default) and not (
            isinstance(default, np.ndarray) and isinstance(type_, Array)
        ):
            kept = None  # it is of another type
        return Parameter(arg.arg, Var(arg.arg, type_), kept, named)
    by_default = default is not NO_DEFAULT and (
        arg.annotation is None or not isinstance(default, int | float)
    )
    if not by_default:
        return Parameter(arg.arg, Var(arg.arg, _annotated(code, arg)), kept, named)
    if kept is None:
        raise code.source.refuse(
            arg,
            f"emitted code cannot repeat the default of `{arg.arg}`",
            "give it inside the function instead, or write a function without this parameter",
        )
    return Parameter(arg.arg, _like(default, arg.arg), kept, named)


def untyped(code: Code, types: Mapping[str, str], defaults: Mapping[str, Any]) -> list[str]:
    """The parameters that nothing says the type of, so that they were taken for floats."""
    return [
        arg.arg
        for arg in code.arguments
        if arg.annotation is None and arg.arg not in types and arg.arg not in defaults
    ]


def _is_container(value: Any) -> bool:
    return type(value) in (tuple, list, dict) or isinstance(value, np.ndarray)


def _like(value: Any, name: str) -> Tree:
    """A parameter like its default; the lengths of arrays are not taken from it."""

    def loose(leaf: Tree) -> Tree:
        if isinstance(leaf, Var) and isinstance(leaf.type, Array):
            dims = tuple(Sym(f"{leaf.name}.{k}") for k in range(len(leaf.type.dims)))
            return Var(leaf.name, Array(leaf.type.dtype, dims))
        return leaf

    return map_tree(tree_of(value, name), loose)


def _written(value: Any) -> Const | None:
    """A default that emitted code can repeat."""
    match value:
        case bool() | int() | float():
            return const(value, spelling_of(value))
        case str() | None | np.ndarray():
            return static(value)
        case np.generic():
            return Const(value, type_of(value, "the default"))
        case tuple() | list() | dict() if all(_written(item) for item in _items(value)):
            return static(value)
        case _:
            path = _path_of(value)
            return None if path is None else static(value, path)


def _path_of(value: Any) -> str | None:
    """How emitted code spells a function of `math` or NumPy, or a builtin one."""
    name = getattr(value, "__name__", "")
    for prefix, module in (("math.", math), ("np.", np), ("", builtins)):
        if getattr(module, name, None) is value:
            return f"{prefix}{name}"
    return None


def _items(value: Any) -> list[Any]:
    return list(value.values() if isinstance(value, dict) else value)


def _annotated(code: Code, arg: ast.arg) -> Type:
    if arg.annotation is None:
        return Float()
    value = arg.annotation.value if isinstance(arg.annotation, ast.Constant) else None
    text = value if isinstance(value, str) else ast.unparse(arg.annotation)
    try:
        return parse_type(text, arg.arg)
    except UsageError:
        raise code.source.refuse(
            arg,
            f"the annotation `{text}` does not say what numbers `{arg.arg}` holds, and how many "
            "axes it has",
            f'say it with --type {arg.arg}="float64[:]", with one colon an axis, or =float',
        ) from None
