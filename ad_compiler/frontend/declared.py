"""The parameters of a function that is not called: as given, as annotated, as their defaults."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from ad_compiler.errors import UsageError
from ad_compiler.frontend.captures import spelling_of
from ad_compiler.frontend.signature import branch_of, tree_of
from ad_compiler.frontend.source import Code, source_of
from ad_compiler.frontend.types import type_of
from ad_compiler.frontend.values import static
from ad_compiler.ir.nodes import Branch, Const, Effect, Parameter, Tree, Var, const, map_tree
from ad_compiler.ir.records import Record, record_of
from ad_compiler.ir.types import (
    DTYPE_OF_NAME,
    Array,
    Bool,
    Dim,
    Float,
    Int,
    Sym,
    Type,
    dims_of,
    number_of,
)
from ad_compiler.rules.fits import CHECK_LENGTHS, alike_lengths

SHORT = {"f8": "f64", "f4": "f32", "i8": "i64", "i4": "i32", "b1": "bool"}
PYTHON: dict[str, Type] = {"float": Float(), "int": Int(), "bool": Bool()}
FREE = (":", "::1")
"""An axis of whose length nothing is said."""
NO_DEFAULT = object()


def parse_type(text: str, name: str) -> Type:
    """The type that a text in Numba's spelling stands for: `float`, `float64[:,:]`, `f8[:]`.

    Lengths may have names, `float64[n,m]`: those of one name are equal, which is checked.
    Raises UsageError for any other text.
    """
    text = text.strip()
    if text in PYTHON:
        return PYTHON[text]
    match = re.fullmatch(r"(?:np\.|numpy\.)?(\w+?)\s*(?:\[(.*)\])?", text)
    dtype = match and (DTYPE_OF_NAME.get(match[1]) or SHORT.get(match[1]))
    axes = [axis.strip() for axis in match[2].split(",")] if match and match[2] else []
    if match is None or not dtype or not all(map(_is_length, axes)):
        raise UsageError(
            f"the type {text!r} of `{name}` is not known: write float, int, bool, float64, "
            "float64[:], float64[:,:], with names of lengths float64[n,m], or their like"
        )
    if match[2] is None:
        return number_of(dtype)
    return Array(dtype, tuple(_length(axis, f"{name}.{k}") for k, axis in enumerate(axes)))


def _is_length(axis: str) -> bool:
    return axis in FREE or axis.isidentifier() or (axis.isdecimal() and int(axis) > 1)


def _length(axis: str, own: str) -> Dim:
    """The length of an axis: its own, one that has a name, or a number."""
    if axis in FREE:
        return Sym(own)
    return Sym(axis) if axis.isidentifier() else int(axis)


def lengths_check(params: Sequence[Var]) -> list[Effect]:
    """A check of lengths that are declared, by a name that several have or by a number."""
    arrays = [var for var in params if isinstance(var.type, Array)]
    shapes = [tuple(map(_shown_length, dims_of(a.type))) for a in arrays]
    if not alike_lengths(shapes):
        return []
    said = ", ".join(f"{a.name}[{','.join(s)}]" for a, s in zip(arrays, shapes, strict=True))
    message = f"lengths are not as declared: {said}"
    return [Effect(CHECK_LENGTHS, (static(tuple(shapes)), static(message), *arrays))]


def _shown_length(dim: Dim) -> str:
    """As it was declared; a colon for its own."""
    if isinstance(dim, Sym):
        return dim.name if dim.name.isidentifier() else ":"
    return str(dim) if isinstance(dim, int) and dim > 1 else ":"


def parameters_from_types(
    function: FunctionType, types: Mapping[str, str]
) -> tuple[Parameter, ...]:
    """The parameters of a live function, as given, else as annotated, else floats."""
    code = source_of(function)
    names = [arg.arg for arg in (*code.node.args.posonlyargs, *code.node.args.args)]
    given = function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(given) :], given, strict=True))
    every = {**defaults, **(function.__kwdefaults__ or {})}

    def find(name: str) -> Any:
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        return cells[name].cell_contents if name in cells else function.__globals__[name]

    return parameters_from_annotations(code, types, every, lambda text: named_by(text, find))


def named_by(text: str, find: Callable[[str], Any]) -> Any:
    """What a dotted name stands for; None if that is not known."""
    root, *attributes = text.split(".")
    try:
        return functools.reduce(getattr, attributes, find(root))
    except (KeyError, AttributeError, ValueError):
        return None


def parameters_from_annotations(
    code: Code,
    types: Mapping[str, str],
    defaults: Mapping[str, Any],
    find: Callable[[str], Any],
) -> tuple[Parameter, ...]:
    """The parameters as given, else as annotated, else like their defaults, else floats.

    The types of the fields of a named tuple or dataclass are given as `p.w`. `find` tells what an
    annotation stands for that is the name of a class.
    """
    spec = code.node.args
    for star, shown in ((spec.vararg, "*"), (spec.kwarg, "**")):
        if star is not None:
            raise code.source.refuse(
                star, f"`{shown}{star.arg}` needs values to be typed", "name the arguments"
            )
    names = [arg.arg for arg in code.arguments]
    unknown = [path for path in types if path.partition(".")[0] not in names]
    if unknown:
        raise UsageError(
            f"`{code.name}` has no parameter `{unknown[0]}`; it has {', '.join(names) or 'none'}"
        )
    declared = Declared(code, types, find)
    made = tuple(
        _parameter(declared, arg, defaults.get(arg.arg, NO_DEFAULT), arg in spec.kwonlyargs)
        for arg in code.arguments
    )
    surplus = [path for path in types if path not in declared.used]
    if surplus:
        raise UsageError(f"`{code.name}` has no parameter or field `{surplus[0]}`")
    return made


def _parameter(declared: Declared, arg: ast.arg, default: Any, named: bool) -> Parameter:
    kept = None if default is NO_DEFAULT else _written(default)
    if arg.arg in declared.types:
        tree = declared.given(arg)
        fits = isinstance(default, np.ndarray) and isinstance(getattr(tree, "type", None), Array)
        if _is_container(default) and not fits:
            kept = None  # it is of another type
        return Parameter(arg.arg, tree, kept, named)
    by_default = default is not NO_DEFAULT and (
        arg.annotation is None or not isinstance(default, int | float)
    )
    if not by_default:
        return Parameter(arg.arg, declared.annotated(arg), kept, named)
    if kept is None:
        raise declared.code.source.refuse(
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


@dataclass
class Declared:
    """The types of the parameters of one function: given by the caller, or as annotated."""

    code: Code
    types: Mapping[str, str]
    find: Callable[[str], Any]
    used: set[str] = field(default_factory=set[str])
    """The given types that some parameter or field has."""

    def given(self, arg: ast.arg) -> Tree:
        """A parameter whose type is given: numbers, an array, or the name of a class."""
        self.used.add(arg.arg)
        text = self.types[arg.arg]
        record = self._record(self.find(text))
        if record is not None:
            return self._fields(record, arg, arg.arg)
        return Var(arg.arg, parse_type(text, arg.arg))

    def annotated(self, arg: ast.arg) -> Tree:
        """A parameter as it is annotated; a float if it is not."""
        if arg.annotation is None:
            return Var(arg.arg, Float())
        value = arg.annotation.value if isinstance(arg.annotation, ast.Constant) else None
        text = value if isinstance(value, str) else ast.unparse(arg.annotation)
        return self._said(arg, arg.arg, arg.arg, self.find(text) or text)

    def _fields(self, record: Record, arg: ast.arg, path: str) -> Branch:
        said = annotations_of(record)
        children: list[Tree] = []
        for name in record.fields:
            inner = f"{path}.{name}"
            if inner in self.types:
                self.used.add(inner)
                said[name] = self.find(self.types[inner]) or self.types[inner]
            children.append(self._said(arg, inner, name, said.get(name, float)))
        return branch_of(record, tuple(children))

    def _said(self, arg: ast.arg, path: str, name: str, said: Any) -> Tree:
        """The tree of a parameter or field for its annotation: a class, or a text."""
        record = self._record(said)
        if record is not None:
            return self._fields(record, arg, path)
        text = said if isinstance(said, str) else getattr(said, "__name__", str(said))
        try:
            return Var(name, parse_type(text, path))
        except UsageError:
            raise self.code.source.refuse(
                arg,
                f"the annotation `{text}` does not say what numbers `{path}` holds, and how many "
                "axes it has",
                f'say it with --type {path}="float64[:]", with one colon an axis, or =float',
            ) from None

    def _record(self, said: Any) -> Record | None:
        return record_of(said) if isinstance(said, type) else None


def annotations_of(record: Record) -> dict[str, Any]:
    """The annotation of each field: a class, or its text."""
    cls: Any = record.cls
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        surroundings = vars(sys.modules.get(base.__module__, builtins))
        for name, said in inspect.get_annotations(base).items():
            text = getattr(said, "__forward_arg__", said)
            known = named_by(text, surroundings.__getitem__) if isinstance(text, str) else None
            found[name] = known if isinstance(known, type) else text
    return found
