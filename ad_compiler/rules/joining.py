"""Arrays put together from arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym, Type, dims_of, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.registry import SAME, Linear, register
from ad_compiler.rules.shaping import axis_of, may_fail


def _joined_dtype(arrays: Sequence[Atom]) -> str:
    return infer.promote(a.type for a in arrays)


def _concatenate(*args: Any) -> Any:
    *arrays, axis = args
    return np.concatenate(arrays, axis)


def _concatenate_type(args: Sequence[Atom]) -> Type:
    *arrays, axis = args
    if not arrays:
        raise TypeRefusal("nothing to concatenate", "give at least one array")
    first = infer.array(arrays[0], "concatenate")
    ranks = {len(infer.array(a, "concatenate").dims) for a in arrays}
    if len(ranks) > 1 or not first.dims:
        raise TypeRefusal("arrays of different rank cannot be concatenated", "use np.stack")
    along = axis_of(infer.static(axis, "axis"), len(first.dims))
    lengths = [dims_of(a.type)[along] for a in arrays]
    total = _total(lengths)
    dims = (*first.dims[:along], total, *first.dims[along + 1 :])
    return Array(_joined_dtype(arrays), dims)


def _total(lengths: Sequence[Dim]) -> Dim:
    if all(isinstance(n, int) for n in lengths):
        return sum(n for n in lengths if isinstance(n, int))
    return Sym("+".join(map(str, lengths)), never=int(_surely_many(lengths)))


def _surely_many(lengths: Sequence[Dim]) -> bool:
    """Whether a sum of lengths cannot be 1; it cannot if none of them is."""
    return (
        all(map(never_one, lengths))
        or len([n for n in lengths if isinstance(n, int) and n > 0]) > 1
    )


def _concatenate_bar(*args: Any, z_bar: Any, index: int) -> Any:
    *arrays, axis = args
    before = axis_of(axis, z_bar.ndim)
    start = None if index == 0 else sum([a.shape[axis] for a in arrays[:index]])
    stop = sum([a.shape[axis] for a in arrays[: index + 1]])
    if index == len(arrays) - 1:
        stop = None
    return z_bar[(slice(None),) * before + (slice(start, stop),)]


register(
    Primitive(
        "np.concatenate", _concatenate, _concatenate_type, Special(), ("*arrays", "axis"),
        defaults={"axis": 0}, raises=may_fail, noun="joined",
    ),
    Linear(
        {"arrays": SAME}, {"arrays": _concatenate_bar}, joint=True, dense=True, whole=True,
        samples=((VECTOR, VECTOR, 0), (MATRIX, MATRIX, 1)),
    ),
    np.concatenate,
)  # fmt: skip


def _stack(*args: Any) -> Any:
    *arrays, axis = args
    return np.stack(arrays, axis)


def _stack_type(args: Sequence[Atom]) -> Type:
    *arrays, axis = args
    if len({len(dims_of(a.type)) for a in arrays}) != 1:
        raise TypeRefusal("only arrays of one shape can be stacked", "give them equal shapes")
    own = dims_of(arrays[0].type)
    along = axis_of(infer.static(axis, "axis"), len(own) + 1)
    return Array(_joined_dtype(arrays), (*own[:along], len(arrays), *own[along:]))


def _array_of_arrays(*arrays: Any) -> Any:
    return np.array(arrays)


def _array_of_arrays_type(args: Sequence[Atom]) -> Type:
    return _stack_type([*args, const(0)])


def _row_bar(*arrays: Any, z_bar: Any, index: int) -> Any:
    return z_bar[index]


register(
    Primitive(
        "array_of_arrays", _array_of_arrays, _array_of_arrays_type, Special(), ("*arrays",),
        raises=may_fail, noun="stacked",
    ),
    Linear(
        {"arrays": SAME}, {"arrays": _row_bar}, joint=True, dense=True,
        samples=((VECTOR, VECTOR), (MATRIX, MATRIX.T.copy().T)),
    ),
)  # fmt: skip


def _stack_bar(*args: Any, z_bar: Any, index: int) -> Any:
    return np.moveaxis(z_bar, args[-1], 0)[index]


register(
    Primitive(
        "np.stack", _stack, _stack_type, Special(), ("*arrays", "axis"),
        defaults={"axis": 0}, raises=may_fail, noun="stacked",
    ),
    Linear(
        {"arrays": SAME}, {"arrays": _stack_bar}, joint=True, dense=True,
        samples=((VECTOR, VECTOR, 0), (VECTOR, VECTOR, 1)),
    ),
    np.stack,
)  # fmt: skip


# -- lists that a loop fills ----------------------------------------------------------------------


def joined_rows(xs: Any) -> Any:
    """`np.concatenate(xs)` of a list that has a length when the program runs."""
    n = 0
    for x in xs:
        n += len(x)
    joined = np.empty((n, *xs[0].shape[1:]), xs[0].dtype)
    start = 0
    for x in xs:
        joined[start : start + len(x)] = x
        start += len(x)
    return joined


def joined_parts(x: Any) -> Any:
    """`np.concatenate(x)` of an array: its parts, one after the other."""
    if x.ndim < 2:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    if len(x) == 0:
        raise ValueError("need at least one array to concatenate")
    return x.reshape((-1, *x.shape[2:])).copy()


def joined_columns(xs: Any) -> Any:
    """`np.concatenate(xs, 1)` of such a list of matrices."""
    n = 0
    for x in xs:
        n += x.shape[1]
    joined = np.empty((xs[0].shape[0], n), xs[0].dtype)
    start = 0
    for x in xs:
        joined[:, start : start + x.shape[1]] = x
        start += x.shape[1]
    return joined
