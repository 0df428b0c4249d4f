"""Matches the arguments of a call with the operands of a primitive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import indexing
from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import (
    Loose,
    Place,
    Structure,
    Value,
    constant_of,
    static,
)
from ad_compiler.ir.nodes import Atom, Const, Undef, Var, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal

ALIASES = {
    "a": "x", "arr": "x", "array": "x", "ary": "x", "m": "x", "v": "x", "m1": "x",
    "newshape": "shape", "x1": "x", "x2": "y", "b": "y", "number": "x", "object": "x",
}  # fmt: skip
"""NumPy's names of operands, and ours."""

DTYPES = ("dtype", "dtype_name")


def dict_key(value: Value) -> str | int:
    """The key of a dict, which must be a constant string or integer."""
    if isinstance(value, Const) and isinstance(value.value, str | int):
        return value.value
    raise TypeRefusal(f"{describe(value)} is no key of a dict here", "use strings or integers")


def plain_dtype(args: Sequence[Value]) -> list[Value]:
    """Arguments whose first is a dtype, as NumPy's name of it."""
    return [_dtype(args[0]), *args[1:]] if args else []


def operands(
    ctx: Context, primitive: Primitive, args: Sequence[Value], keywords: dict[str, Value]
) -> list[Atom]:
    """The operands in the order of the parameters, defaults filled in."""
    params = primitive.params
    many = next((k for k, name in enumerate(params) if name.startswith("*")), None)
    variadic: list[Value] = []
    given = list(args)
    named = _renamed(params, keywords)
    if many is not None:
        label = params[many].lstrip("*")
        if label in named and len(given) <= many:
            given.append(named.pop(label))
        variadic, given = _gathered(ctx, given, many)
        params = (*params[:many], *params[many + 1 :])
    values = _bound(primitive, params, given, named)
    atoms = [_operand(ctx, primitive, name, value) for name, value in values]
    if many is not None:
        label = primitive.params[many]
        atoms[many:many] = [_operand(ctx, primitive, label, value) for value in variadic]
    return atoms


def _gathered(ctx: Context, given: list[Value], many: int) -> tuple[list[Value], list[Value]]:
    """What the operand that stands for many takes, and the other arguments."""
    rest = [indexing.resolved(ctx, value) for value in given[many:]]
    if rest and isinstance(rest[0], Structure):
        return list(rest[0].items), [*given[:many], *rest[1:]]
    return rest, given[:many]


def _renamed(params: Sequence[str], keywords: dict[str, Value]) -> dict[str, Value]:
    known = {name.lstrip("*") for name in params}
    return {k if k in known else ALIASES.get(k, k): v for k, v in keywords.items()}


def _bound(
    primitive: Primitive, params: Sequence[str], given: list[Value], named: dict[str, Value]
) -> list[tuple[str, Value]]:
    """Each parameter with its argument, as Python binds them."""
    shown = primitive.name
    if len(given) > len(params):
        raise TypeRefusal(
            f"`{shown}` takes {len(params)} argument(s) here, {len(given)} are given",
            "the rule covers " + ", ".join(params),
        )
    bound = dict(zip(params, given, strict=False))
    for name, value in named.items():
        if name in bound or name not in params:
            problem = "twice" if name in bound else ", which its rule does not cover"
            raise TypeRefusal(
                f"`{shown}` is given `{name}`{' ' if name in bound else ''}{problem}",
                "the rule covers " + ", ".join(params),
            )
        bound[name] = value
    for name in params:
        if name not in bound:
            if name not in primitive.defaults:
                raise TypeRefusal(f"`{shown}` is called without `{name}`", f"pass `{name}`")
            bound[name] = const(primitive.defaults[name])
    return [(name, bound[name]) for name in params]


def _operand(ctx: Context, primitive: Primitive, name: str, value: Value) -> Atom:
    if name in DTYPES:
        return _dtype(value)
    value = indexing.settled(ctx, value)
    match value:
        case Var() | Const() | Undef() | Place() | Loose():
            return atom_of(ctx, value)
        case Structure():
            constant = constant_of(value)
            if constant is not None and name not in ("x", "y", "condition"):
                return constant
            raise TypeRefusal(
                f"`{primitive.name}` is given {describe(value)} where it needs an array",
                "make one with np.array(...) or np.stack(...)",
            )
        case _:
            raise TypeRefusal(f"`{primitive.name}` does not take {describe(value)}")


_PYTHON: dict[Any, str] = {float: "float64", int: "int64", bool: "bool"}


def _dtype(value: Value) -> Const:
    """A dtype, by NumPy's name of it."""
    thing: Any = value.value if isinstance(value, Const) else None
    if thing is None and isinstance(value, Const):
        return const(None)
    try:
        return static(_PYTHON.get(thing) or np.dtype(thing).name)
    except TypeError as error:
        raise TypeRefusal(
            f"{describe(value)} is no dtype", "use np.float64 or np.float32"
        ) from error
