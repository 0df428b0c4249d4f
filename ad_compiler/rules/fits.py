"""The check that shapes fit, for operations that are not carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import chain, combinations
from typing import Any

import numpy as np

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Operator, Primitive, Special
from ad_compiler.ir.types import Dim, Int, Static, Sym, Type, dims_of, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.indexing import part_type
from ad_compiler.rules.labels import labelled
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


def _check_write(value: Any, part: Any) -> None:
    np.copyto(np.empty(np.shape(part), complex if np.iscomplexobj(value) else float), value)


CHECK_WRITE = register(
    Primitive("check_write", _check_write, _nothing, Special(), ("value", "part"), raises=_always),
    Flat("a check"),
)
"""A write that nobody reads, for what it raises: into an array of its own."""


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
STRICT = PRODUCTS | {"np.interp"}
"""Operations that need two lengths to be equal, and repeat nothing of length 1."""
WRITES = frozenset(["store", "add_at"])


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
    if primitive.name in STRICT:
        one, other = _strict(primitive, shapes)
        if not (never_one(one) and never_one(other)):
            one, other = _only(one), _only(other)
        return frozenset({frozenset({one, other})}) if one != other else frozenset()
    if primitive.name in WRITES:
        a, pattern, value, *operands = args
        return _one_way(dims_of(value.type), dims_of(part_type([a, pattern, *operands])))
    if primitive.name in ("broadcast_like", "check_write"):
        return _one_way(*shapes)
    if primitive.name == "np.einsum":
        letters, _ = labelled(infer.static(args[0], "subscripts"), tuple(map(len, shapes[1:])))
        axes: dict[str, list[Dim]] = {}
        for letter, dim in zip("".join(letters), chain(*shapes[1:]), strict=True):
            axes.setdefault(letter, []).append(dim)
        return frozenset(pair for dims in axes.values() for pair in _pairs([(d,) for d in dims]))
    if primitive is not CHECK_FIT and not is_elementwise(primitive):
        return frozenset()
    return _pairs(shapes)


def _strict(primitive: Primitive, shapes: Sequence[tuple[Dim, ...]]) -> tuple[Dim, Dim]:
    if primitive.name == "np.interp":
        return shapes[1][0], shapes[2][0]
    left, right = shapes
    return left[-1], right[-2 if len(right) > 1 else 0]


def _one_way(inner: tuple[Dim, ...], outer: tuple[Dim, ...]) -> Met:
    """The lengths of axes that only one of two is repeated along."""
    return frozenset(
        frozenset({one, other if never_one(other) else _only(other)})
        for one, other in zip(reversed(inner), reversed(outer), strict=False)
        if one not in (1, other)
    )


def _only(dim: Dim) -> Sym:
    """A length that may be 1 and is not repeated then: operations that repeat do not tell of it."""
    return Sym(f"only {dim}")


def _pairs(shapes: Sequence[tuple[Dim, ...]]) -> Met:
    """The lengths of axes that are broadcast to each other."""
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
    if primitive.name in STRICT:
        builder.equate(*_strict(primitive, [dims_of(arg.type) for arg in args]))
        return
    met = lengths_met(primitive, args)
    order = list(dict.fromkeys(dim for arg in args for dim in dims_of(arg.type))) if met else []
    for one, other in combinations(order, 2):
        if frozenset({one, other}) in met and never_one(one) and never_one(other):
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
