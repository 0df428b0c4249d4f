"""The check that shapes fit, for operations that are not carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import combinations
from typing import Any

import numpy as np

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Operator, Primitive, Special
from ad_compiler.ir.types import Dim, Int, Static, Type, dims_of, never_one
from ad_compiler.rules.registry import RULES, Flat, Partials, register


def _check(*arrays: Any) -> Any:
    return np.broadcast_shapes(*(a if isinstance(a, int) else np.shape(a) for a in arrays))


def _nothing(_args: Sequence[Atom]) -> Type:
    return Static()


def _always(_args: Sequence[Atom]) -> bool:
    return True


CHECK_FIT = register(
    Primitive("check_fit", _check, _nothing, Special(), ("*arrays",), raises=_always),
    Flat("a check"),
)


def alike_lengths(shapes: Sequence[tuple[str, ...]]) -> list[list[tuple[int, int] | int]]:
    """The axes `(array, axis)` of one name, or of a number and with it, that must be as long."""
    found: dict[str, list[tuple[int, int] | int]] = {}
    for k, names in enumerate(shapes):
        for axis, name in enumerate(names):
            if name != ":":
                found.setdefault(name, [int(name)] if name.isdigit() else []).append((k, axis))
    return [axes for axes in found.values() if len(axes) > 1]


def _check_lengths(shapes: Sequence[tuple[str, ...]], message: str, *arrays: Any) -> None:
    for axes in alike_lengths(shapes):
        lengths = {a if isinstance(a, int) else arrays[a[0]].shape[a[1]] for a in axes}
        if len(lengths) > 1:
            raise ValueError(message)


CHECK_LENGTHS = register(
    Primitive(
        "check_lengths", _check_lengths, _nothing, Special(), ("shapes", "message", "*arrays"),
        raises=_always,
    ),
    Flat("a check"),
)  # fmt: skip

Met = frozenset[frozenset[Dim]]
"""Pairs of lengths that must be equal."""

PRODUCTS = frozenset(["matmul", "np.dot", "np.inner", "np.vdot"])
"""Operations that need the last axis of one operand to fit the other."""


def _dims(type_: Type) -> tuple[Dim, ...]:
    """The shape of an operand; a length counts as the shape of a vector."""
    if isinstance(type_, Int) and type_.length is not None:
        return (type_.length,)
    return dims_of(type_)


def is_elementwise(primitive: Primitive) -> bool:
    """Whether the operands are broadcast; of what is flat, other operations take arrays, too."""
    rule = RULES.get(primitive)
    if isinstance(rule, Flat) and not isinstance(primitive.spelling, Operator):
        name = primitive.name.removeprefix("np.")
        return name != primitive.name and isinstance(getattr(np, name, None), np.ufunc)
    return isinstance(rule, Partials | Flat)


def lengths_met(primitive: Primitive, args: Sequence[Atom]) -> Met:
    """The lengths that an operation takes for equal, though they may differ when it runs."""
    shapes = [_dims(arg.type) if primitive is CHECK_FIT else dims_of(arg.type) for arg in args]
    if sum(map(bool, shapes)) < 2:
        return frozenset()
    if primitive.name in PRODUCTS:
        left, right = shapes
        pair = frozenset({left[-1], right[-2 if len(right) > 1 else 0]})
        return frozenset({pair}) if len(pair) > 1 else frozenset()
    if primitive is not CHECK_FIT and not is_elementwise(primitive):
        return frozenset()
    width = max(map(len, shapes), default=0)
    padded = [(1,) * (width - len(shape)) + shape for shape in shapes]
    return frozenset(
        frozenset({a, b})
        for axis in zip(*padded, strict=True)
        for a in axis
        for b in axis
        if a != b and 1 not in (a, b)
    )


def equate(builder: Builder, primitive: Primitive, args: Sequence[Atom]) -> None:
    """Record the lengths that are equal once an operation has not failed: neither may be 1."""
    met = lengths_met(primitive, args)
    order = list(dict.fromkeys(dim for arg in args for dim in dims_of(arg.type))) if met else []
    for one, other in combinations(order, 2):
        if frozenset({one, other}) not in met:
            continue
        if primitive.name in PRODUCTS or (never_one(one) and never_one(other)):
            builder.equate(one, other)


def implied(pairs: Met, known: Sequence[Met]) -> bool:
    """Whether lengths fit because others do: what both fit tells nothing if it may be 1."""
    beside: dict[Dim, set[Dim]] = {}
    for pair in (pair for met in known for pair in met):
        for one in pair:
            beside.setdefault(one, set()).update(pair)
    return all(_linked(pair, beside) for pair in pairs)


def _linked(pair: Set[Dim], beside: Mapping[Dim, Set[Dim]]) -> bool:
    one, other = pair
    seen, front = {one}, [one]
    while front:
        dim = front.pop()
        if dim is one or never_one(dim):
            new = beside.get(dim, set()) - seen
            seen |= new
            front += new
    return other in seen
