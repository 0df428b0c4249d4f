"""Matches the arguments of a call with the operands of a primitive."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ad_compiler.frontend import arrays, indexing, iterables, signatures
from ad_compiler.frontend.context import Context, atom_of, raise_needs
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import (
    Growing,
    Loose,
    Place,
    Structure,
    Value,
    constant_of,
    leaves_of,
    static,
)
from ad_compiler.ir.nodes import Atom, Const, Label, Undef, Var, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import Int, is_differentiable
from ad_compiler.rules.registry import RULES, WIDER, Linear

ALIASES = {
    "b": "y",
    "other": "y",
    "fill_value": "value",
    "correction": "ddof",
}
"""NumPy's names of operands, and ours."""

DTYPES = ("dtype", "dtype_name")
STATIC = frozenset(
    [
        "axis",
        "axes",
        "shift",
        "source",
        "destination",
        "reps",
        "repeats",
        "pad_width",
        "pattern",
        "constant_values",
        "kth",
        "l_and_u",
    ]
)
"""Operands that take a container as it is; any other container stands for an array."""


def dict_key(ctx: Context, value: Value) -> Label:
    """The key of a dict: a constant string or integer, or a tuple of such."""
    constant = constant_of(value)
    if constant is not None and _is_label(constant.value):
        return constant.value
    refusal = TypeRefusal(f"{describe(value)} is no key of a dict here", "use constants")
    raise_needs(ctx, [value], refusal)
    raise refusal


def _is_label(key: Any) -> bool:
    parts: tuple[Any, ...] = key if isinstance(key, tuple) else (key,)
    return all(isinstance(part, str | int) for part in parts)


def plain_dtype(args: Sequence[Value]) -> list[Value]:
    """Arguments whose first is a dtype, as NumPy's name of it."""
    return [_dtype(args[0]), *args[1:]] if args else []


def operands(
    ctx: Context, primitive: Primitive, thing: Any, args: Sequence[Value], kw: dict[str, Value]
) -> tuple[Primitive, list[Atom]]:
    """The operands of a call of `thing`, in the order of the parameters, defaults filled in.

    The primitive is another one where the usual one lacks an argument.
    """
    signature = signatures.signature_of(primitive, thing)
    given = signatures.bind(primitive, signature, args, kw)
    while True:
        first = next(iter(signature.parameters), "")
        named = {_own_name(primitive, name, first): value for name, value in given.items()}
        known = _names(primitive)
        lost = [
            name
            for name, value in named.items()
            if name not in known and not signatures.is_default(signature, name, value)
        ]
        if not lost or primitive not in WIDER:
            break
        primitive = WIDER[primitive]
    if lost:
        raise TypeRefusal(
            f"`{primitive.name}` is given `{lost[0]}`, which its rule does not cover",
            "the rule covers " + ", ".join(known),
        )
    atoms = _atoms(ctx, primitive, named)
    refuse_hidden_flow(ctx, primitive, atoms)
    return primitive, atoms


def own(ctx: Context, primitive: Primitive, args: Sequence[Value]) -> list[Atom]:
    """The operands as rules give them, in the order of the parameters, constants among them.

    A list of numbers where there may be a derivative is an array.
    """
    rule = RULES[primitive]
    moving = rule.jvps if isinstance(rule, Linear) else getattr(rule, "params", ())
    atoms: list[Atom] = []
    for name, arg in itertools.zip_longest(_names(primitive), args):
        listed = isinstance(arg, Structure) and arg.kind in ("list", "tuple") and name in moving
        if arg is not None:
            value = arrays.array_of(ctx, arg) if listed else constant_of(arg) or arg
            atoms.append(atom_of(ctx, value))
    refuse_hidden_flow(ctx, primitive, atoms)
    return atoms


def refuse_hidden_flow(ctx: Context, primitive: Primitive, atoms: Sequence[Atom]) -> None:
    """Refuse a float that may vary where the rule has no derivative: it is not known to be zero."""
    rule = RULES[primitive]
    if not isinstance(rule, Linear) or any(name.startswith("*") for name in primitive.params):
        return
    for name, atom in zip(primitive.params, atoms, strict=True):
        silent = name not in {*rule.jvps, *rule.inert, *rule.refuses}
        if silent and isinstance(atom, Var) and is_differentiable(atom.type):
            refusal = TypeRefusal(
                f"`{primitive.name}` has no derivative in `{name}`, which is {describe(atom)}",
                f"write a literal for `{name}`",
            )
            raise_needs(ctx, [atom], refusal)
            raise refusal


def _names(primitive: Primitive) -> list[str]:
    return [name.lstrip("*") for name in primitive.params]


def _own_name(primitive: Primitive, name: str, first: str) -> str:
    """The primitive's name of a parameter; the first ones are the same, whatever their names."""
    known = _names(primitive)
    alias = known[0] if name == first else ALIASES.get(name, name)
    return name if name in known or alias not in known else alias


def _atoms(ctx: Context, primitive: Primitive, named: Mapping[str, Value]) -> list[Atom]:
    atoms: list[Atom] = []
    for name in primitive.params:
        label = name.lstrip("*")
        if label not in named and label not in primitive.defaults:
            raise TypeRefusal(f"`{primitive.name}` is called without `{label}`", f"pass `{label}`")
        value = named[label] if label in named else const(primitive.defaults[label])
        if name.startswith("*"):
            atoms += [_operand(ctx, primitive, label, one) for one in _several(ctx, value, label)]
        else:
            atoms.append(_operand(ctx, primitive, label, value))
    return atoms


def _several(ctx: Context, value: Value, label: str) -> list[Value]:
    """The items of an operand that stands for many."""
    items = iterables.known_items(ctx, value)
    if items is not None:
        return items
    if isinstance(value, Var | Const) and not arrays.is_array(value):
        return [value]
    raise TypeRefusal(
        f"`{label}` is {describe(value)}, whose length is not known at compile time",
        "give a list or a tuple",
    )


def _operand(ctx: Context, primitive: Primitive, name: str, value: Value) -> Atom:
    if name in DTYPES:
        return _dtype(value)
    value = indexing.settled(ctx, value)
    match value:
        case Var() if name in STATIC:
            return _plain(ctx, value)
        case Var() | Const() | Undef() | Place() | Loose():
            return atom_of(ctx, value)
        case Structure() if name in STATIC:
            return _constant(ctx, name, value)
        case Growing() | Structure("tuple" | "list"):
            return atom_of(ctx, arrays.array_of(ctx, value))
        case _:
            raise TypeRefusal(f"`{primitive.name}` does not take {describe(value)}")


def _plain(ctx: Context, value: Var) -> Atom:
    """An operand that must be a constant: `np.int64(0)` is one, of another kind."""
    let = ctx.builder.made.get(value)
    if let is not None and isinstance(value.type, Int) and let.prim.name.startswith("np.int"):
        (given,) = let.args
        if isinstance(given, Const) and isinstance(given.type, Int):
            return const(int(given.value))
    return value


def _constant(ctx: Context, name: str, value: Structure) -> Const:
    constant = constant_of(value)
    if constant is not None:
        return constant
    refusal = TypeRefusal(
        f"`{name}` must be known at compile time", f"write literals, or names of them, in `{name}`"
    )
    raise_needs(ctx, leaves_of(value), refusal)
    raise refusal


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
