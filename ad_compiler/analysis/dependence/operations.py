"""What one operation does to sets of inputs, by what kind of operation it is.

Where nothing better is known of an operation, every element of what it gives depends on all that
any of its operands depends on: that holds for all operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.analysis.activity import operand_label
from ad_compiler.analysis.dependence import lists, parts
from ad_compiler.analysis.dependence.lengths import Lengths
from ad_compiler.analysis.dependence.sets import with_sets, without_sets
from ad_compiler.analysis.dependence.values import (
    Held,
    Hidden,
    Known,
    Real,
    Shape,
    Unbound,
    Value,
    array_of_sets,
    is_real,
    known,
    nothing,
    sets_of,
    shape_of,
    union,
    union_of,
)
from ad_compiler.ir.nodes import Let
from ad_compiler.ir.types import Array, Float, Type, is_differentiable
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES, RULES, Flat, Linear, Partials, Rule

SHAPES = frozenset({"dim", "size", "check_fit"})
"""Operations that look at the shapes of arrays of real numbers, never at the numbers."""

MOVES = frozenset({
    "full_like", "copy", "duplicate", "broadcast_like", "np.reshape", "ravel", "flatten",
    "np.expand_dims", "np.squeeze", "np.broadcast_to", "np.transpose", "T", "np.flip",
    "np.moveaxis", "np.swapaxes", "np.diagonal", "np.diag", "np.tril", "np.triu", "np.roll",
    "np.tile", "np.repeat", "np.delete", "np.insert", "np.resize", "ravel(order)",
    "flatten(order)", "np.reshape(order)", "np.ascontiguousarray", "np.asfortranarray",
    "np.concatenate", "np.stack", "item", "np.pad", "np.copy", "np.asarray_chkfinite",
    "array_of_arrays",
})  # fmt: skip
"""Operations that put elements elsewhere, zeros between them, and do nothing else."""

SUMS = frozenset({
    "unbroadcast", "np.sum", "np.mean", "sum", "np.cumsum", "np.trace", "np.diff", "np.convolve",
    "np.correlate", "np.outer", "np.kron", "np.tensordot", "np.einsum", "np.vdot",
})  # fmt: skip
"""Operations that add, subtract and multiply elements, and do nothing else."""

PRODUCTS = frozenset({"matmul", "np.dot", "np.inner"})
"""Products of matrices and vectors."""

ELEMENTWISE = frozenset({
    "np.ldexp", "np.real", "np.imag", "np.conj", "np.abs(complex)", "abs(complex)",
})  # fmt: skip
"""Operations on corresponding elements whose rules are structural."""

TRANSFORMS = ("np.fft.fft", "np.fft.ifft", "np.fft.rfft", "np.fft.irfft")
"""Operations that mix all elements along one axis."""

Operation = Callable[[Sequence[Value]], Sequence[Value]]
"""What is known of the results of an operation, from what is known of its operands."""


def operation(let: Let, lengths: Lengths) -> Operation:
    """What an operation does; found once for all the trips that it is in."""
    inner = _unknown(let, lengths)

    def apply(values: Sequence[Value]) -> Sequence[Value]:
        for value in values:
            if type(value) is not Known:
                return inner(values)
        return computed(let, values)

    return apply


def _unknown(let: Let, lengths: Lengths) -> Operation:
    """What an operation does whose operands are not all known."""
    rule, types = RULES[let.prim], [target.type for target in let.targets]
    own = HANDLERS.get(let.prim.name)
    simple = is_elementwise(let)
    if own is not None:
        return lambda values: [
            Unbound() if lacking(values) else settled(types[0], own(let, values, lengths))
        ]
    if simple and len(types) == 1 and isinstance(types[0], Float):
        return lambda values: [combined(values, isinstance(rule, Flat))]

    def apply(values: Sequence[Value]) -> Sequence[Value]:
        if lacking(values):
            return [Unbound()] * len(types)
        found = general(let, rule, values, lengths, simple=simple)
        return [settled(t, value) for t, value in zip(types, found, strict=True)]

    return apply


def lacking(values: Sequence[Value]) -> bool:
    """Whether an operand is not defined on this path, so that the operation is not carried out."""
    return any(isinstance(v, Unbound) for v in values)


def combined(values: Sequence[Value], flat: bool) -> Value:
    """A number that depends on all that some values depend on."""
    if any(isinstance(v, Unbound | Held) for v in values):
        return values[0]
    return Real(0 if flat else union_of(values))


def computed(let: Let, values: Sequence[Value]) -> Sequence[Value]:
    """The results of an operation on what is known."""
    found = let.prim.evaluate(*(v.value for v in values if isinstance(v, Known)))
    return [known(value) for value in (found if len(let.targets) > 1 else (found,))]


_plain = np.frompyfunc(int, 1, 1)
"""Sets as Python's integers, which have no end: NumPy fills gaps with its own."""


def settled(type_: Type, value: Value) -> Value:
    """A value as its type says: a number, or an array."""
    if not isinstance(value, Real):
        return value
    if not is_differentiable(type_):
        return Hidden(shape_of(value))
    if isinstance(type_, Array):
        return Real(array_of_sets(value))
    return Real(union(value.sets))


def general(
    let: Let, rule: Rule, values: Sequence[Value], lengths: Lengths, *, simple: bool
) -> list[Value]:
    """An operation by its kind."""
    name, one = let.prim.name, len(let.targets) == 1
    if one and simple:
        return [elementwise(let, rule, values)]
    if isinstance(rule, Linear) and one and controlled(let, rule, values):
        if name in MOVES:
            moved = let.prim.evaluate(*operands(let, rule, values, array_of_sets))
            return [Real(_plain(moved))]
        if name in SUMS:
            found = let.prim.evaluate(*operands(let, rule, values, with_sets))
            return [Real(without_sets(found))]
        if name in PRODUCTS and max(len(shape_of(v)) for v in values) < 3:
            return [Real(product(*map(array_of_sets, values)))]
    flowing = 0 if isinstance(rule, Flat) else union_of(values)
    return [everything(target.type, flowing, lengths, name) for target in let.targets]


def is_elementwise(let: Let) -> bool:
    """Whether an operation has corresponding elements: of these, it has no others' either."""
    rule, meaning = RULES[let.prim], let.prim.evaluate
    if isinstance(rule, Linear):
        return let.prim.name in ELEMENTWISE
    if isinstance(rule, Partials):
        return True
    plain = isinstance(meaning, np.ufunc) and meaning.signature is None
    return plain or let.prim in OPERATORS.values()


def elementwise(let: Let, rule: Rule, values: Sequence[Value]) -> Value:
    """Each element depends on what the elements that it is computed from depend on."""
    if any(isinstance(v, Held) for v in values):
        (held,) = values
        return held  # a list under another name
    shape = np.broadcast_shapes(*map(shape_of, values))
    if not is_differentiable(let.targets[0].type):
        return Hidden(shape)
    found = nothing(shape)
    if not isinstance(rule, Flat):
        for value in values:
            if isinstance(value, Real):
                found = found | value.sets
    return Real(found)


def controlled(let: Let, rule: Linear, values: Sequence[Value]) -> bool:
    """Whether all is known that says which elements go where."""
    return all(
        is_real(value) or isinstance(value, Known)
        for k, value in enumerate(values)
        if operand_label(let, k)[0] not in rule.jvps
    )


def operands(
    let: Let, rule: Linear, values: Sequence[Value], convert: Callable[[Value], Any]
) -> list[Any]:
    """The operands of an operation, with sets where it has numbers that it computes with."""
    return [
        value.value
        if isinstance(value, Known) and not is_computed_with(let, rule, k, value)
        else convert(value)
        for k, value in enumerate(values)
    ]


def is_computed_with(let: Let, rule: Linear, position: int, value: Known) -> bool:
    """Whether a known operand is one of the numbers, rather than says what becomes of them."""
    if operand_label(let, position)[0] in rule.jvps:
        return isinstance(value.value, bool | int | float | np.generic | np.ndarray)
    return is_real(value)


def product(a: Any, b: Any) -> Any:
    """A row depends on all of a row of the left matrix, a column on all of one of the right."""
    if not a.ndim or not b.ndim:
        return a | b
    left = np.bitwise_or.reduce(a, axis=-1, initial=0)
    right = np.bitwise_or.reduce(b, axis=-2 if b.ndim > 1 else -1, initial=0)
    return np.bitwise_or.outer(np.asarray(left, dtype=object), np.asarray(right, dtype=object))


def everything(type_: Type, found: int, lengths: Lengths, name: str) -> Value:
    """A value each element of which depends on all inputs of a set."""
    shape = lengths.shape(type_, f"`{name}`")
    if not is_differentiable(type_):
        return Hidden(shape)
    return Real(nothing(shape) | found)


# -- operations of their own kind -----------------------------------------------------------------


def _shaped(let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    """What only the shapes of operands decide."""
    raw = [v.value if isinstance(v, Known) else nothing(shape_of(v)) for v in values]
    return Known(let.prim.evaluate(*raw))


def _last_writes(let: Let, values: Sequence[Value], lengths: Lengths) -> Value:
    """Which writes count, as the index says."""
    if all(isinstance(v, Known) for v in values[1:]):
        return _shaped(let, values, lengths)
    return Hidden(lengths.shape(let.targets[0].type, "this index"))


def _constant_like(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    """`np.zeros_like` and the like."""
    return Real(nothing(shape_of(values[0])))


def _filled(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    """`np.full`."""
    *sides, value, _dtype = values
    shape: Shape = tuple(v.value for v in sides if isinstance(v, Known))
    if len(shape) < len(sides):
        return parts.refused("np.full")
    return Real(nothing(shape) | sets_of(value))


def _stacked(_let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    """`np.array([a, b])` of numbers."""
    out = np.empty(len(values), dtype=object)
    out[:] = [sets_of(v) for v in values]
    return Real(out)


def _along_axis(let: Let, values: Sequence[Value], _lengths: Lengths) -> Value:
    """What mixes the elements along an axis, and gives others in their place."""
    a, *rest = values
    raw = [v.value for v in rest if isinstance(v, Known)]
    if len(raw) < len(rest):
        return parts.refused(let.prim.name)
    shape = np.shape(let.prim.evaluate(np.zeros(shape_of(a)), *raw))
    _, axis, _ = raw
    mixed = np.bitwise_or.reduce(array_of_sets(a), axis=axis, keepdims=True, initial=0)
    return Real(nothing(shape) | mixed)


HANDLERS: dict[str, Callable[[Let, Sequence[Value], Lengths], Value]] = {
    **dict.fromkeys(SHAPES, _shaped),
    "last_writes": _last_writes,
    **dict.fromkeys(("zeros_like", "ones_like", "empty_like"), _constant_like),
    "np.full": _filled,
    **dict.fromkeys(TRANSFORMS, _along_axis),
    "array_of": _stacked,
    "array0": lambda _let, values, _lengths: Real(array_of_sets(values[0])),
    **parts.HANDLERS,
    **lists.HANDLERS,
}

assert ELEMENTWISE | set(HANDLERS) | MOVES | SUMS | PRODUCTS <= PRIMITIVES.keys()
