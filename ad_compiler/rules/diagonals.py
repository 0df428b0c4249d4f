"""Diagonals, triangles and rolls: linear rearrangements that leave out or repeat elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Dim, Static, Sym, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.indexing import STORE
from ad_compiler.rules.registry import SAME, Linear, compile_time, means, of_types, register
from ad_compiler.rules.shaping import axes_of, axis_of, less, more
from ad_compiler.rules.structures import structural

SQUARE = np.arange(9.0).reshape(3, 3) - 3.5
BOX = np.sin(np.arange(24.0)).reshape(2, 3, 4)
PLANE = {"offset": 0, "axis1": 0, "axis2": 1}

# -- the diagonals of matrices --------------------------------------------------------------------


def _plane(args: Sequence[Atom], who: str) -> tuple[Array, tuple[int, int], int]:
    """The array, the two axes in which its diagonals lie, and which of the diagonals it is."""
    array = infer.array(args[0], who)
    rank = len(array.dims)
    if rank < 2:
        raise TypeRefusal(f"{who} of an array of {rank} axes", "give a matrix")
    offset, one, other = (infer.static(a, n) for a, n in zip(args[1:], PLANE, strict=True))
    axes = axis_of(one, rank), axis_of(other, rank)
    if axes[0] == axes[1]:
        raise TypeRefusal(f"{who} in the plane of one axis", "name two axes")
    return array, axes, offset


def _along(rows: Dim, columns: Dim, offset: int) -> Dim:
    """The length of a diagonal."""
    if isinstance(rows, int) and isinstance(columns, int):
        return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    if rows == columns:
        return less(rows, abs(offset))
    return Sym(f"diagonal({rows},{columns},{offset})")


def _diagonal_type(args: Sequence[Atom]) -> Type:
    array, (one, other), offset = _plane(args, "np.diagonal")
    rest = [d for k, d in enumerate(array.dims) if k not in (one, other)]
    return Array(array.dtype, (*rest, _along(array.dims[one], array.dims[other], offset)))


@of_types
def is_square(x: Any) -> bool:
    """Whether it is known that a matrix is square."""
    rows, columns = dims_of(x)
    return rows == columns


@compile_time
def ends_first(one: int, other: int, rank: int) -> tuple[int, ...]:
    """The order of axes that puts two of them last."""
    pair = one % rank, other % rank
    return (*(k for k in range(rank) if k not in pair), *pair)


@compile_time
def places(order: Any) -> Any:
    """The order of axes that undoes another; None if there is nothing to undo."""
    inverse = tuple(order.index(k) for k in range(len(order)))
    return None if inverse == tuple(range(len(order))) else inverse


def back(placed: Any, order: Any) -> Any:
    """An array whose axes were put into an order, as it was."""
    return placed if places(order) is None else np.transpose(placed, places(order))


def _diagonal_bar(x: Any, offset: int, axis1: int, axis2: int, *, z_bar: Any) -> Any:
    if x.ndim == 2 and is_square(x) and offset == 0:
        return np.diag(z_bar)
    rows = np.arange(z_bar.shape[-1])
    columns = rows + offset if offset > 0 else rows
    rows = rows - offset if offset < 0 else rows
    if x.ndim == 2:
        pair = (rows, columns) if axis1 % 2 == 0 else (columns, rows)
        return STORE(np.zeros_like(x), ("array", "array"), z_bar, *pair)
    order = ends_first(axis1, axis2, x.ndim)
    placed = STORE(
        np.zeros(tuple([x.shape[k] for k in order]), z_bar.dtype), ("...", "array", "array"),
        z_bar, rows, columns,
    )  # fmt: skip
    return back(placed, order)


DIAGONAL = structural(
    np.diagonal, ("x", *PLANE), _diagonal_type, {"x": _diagonal_bar}, defaults=PLANE,
    named=("axis1", "axis2"), noun="diagonal", fresh=False, method=True,
    samples=((SQUARE, 0, 0, 1), (MATRIX, 1, 0, 1), (MATRIX, -1, 1, 0), (BOX, 0, 0, 1),
             (BOX, 1, 2, 0), (BOX, -2, -1, 1)),
)  # fmt: skip


def _trace_type(args: Sequence[Atom]) -> Type:
    array, plane, _ = _plane(args, "np.trace")
    sample = np.ones((1, 1), infer.kind_of(array))
    dims = tuple(d for k, d in enumerate(array.dims) if k not in plane)
    return infer.of_dtype(infer.our_dtype(np.trace(sample).dtype), dims)


def _trace_bar(x: Any, offset: int, axis1: int, axis2: int, *, z_bar: Any) -> Any:
    unit = np.eye(x.shape[axis1], x.shape[axis2], offset)
    if x.ndim == 2:
        return z_bar * (unit if axis1 % 2 == 0 else unit.T)
    order = ends_first(axis1, axis2, x.ndim)
    return back(np.expand_dims(z_bar, (-2, -1)) * unit, order)


TRACE = structural(
    np.trace, ("x", *PLANE), _trace_type, {"x": _trace_bar}, defaults=PLANE,
    named=("axis1", "axis2"), noun="trace", method=True,
    samples=((SQUARE, 0, 0, 1), (MATRIX, 1, 0, 1), (MATRIX, -1, 1, 0), (BOX, 0, 0, 1),
             (BOX, 1, 2, 0)),
)  # fmt: skip


@means(np.linalg.diagonal, samples=((SQUARE,), (BOX,), (BOX, {"offset": -1})))
def _linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return DIAGONAL(x, offset, -2, -1)


@means(np.linalg.trace, samples=((SQUARE,), (BOX, {"offset": 1})))
def _linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return TRACE(x if dtype is None else x.astype(dtype), offset, -2, -1)


# -- matrices with a diagonal ---------------------------------------------------------------------


def _diag_type(args: Sequence[Atom]) -> Type:
    array, k = infer.array(args[0], "np.diag"), infer.static(args[1], "k")
    match array.dims:
        case (n,):
            dims: tuple[Dim, ...] = (more(n, abs(k)),) * 2
        case (rows, columns):
            dims = (_along(rows, columns, k),)
        case _:
            reason = f"np.diag of an array of {len(array.dims)} axes"
            raise TypeRefusal(reason, "give a vector or a matrix, or use np.diagonal")
    return Array(array.dtype, dims)


def _diag_bar(v: Any, k: int, *, z_bar: Any) -> Any:
    if v.ndim == 1:
        return np.diag(z_bar, k)
    return _diagonal_bar(v, k, 0, 1, z_bar=z_bar)


structural(
    np.diag, ("v", "k"), _diag_type, {"v": _diag_bar}, defaults={"k": 0}, noun="diagonal",
    fresh=False,
    samples=((VECTOR, 0), (SQUARE, 0), (MATRIX, 0), (VECTOR, 1), (VECTOR, -2), (SQUARE, -1),
             (MATRIX, 2)),
)  # fmt: skip


@means(np.diagflat, samples=((VECTOR,), (MATRIX, 1), ([1.0, 2.0], -1)))
def _diagflat(v: Any, k: int = 0) -> Any:
    return np.diag(np.ravel(np.asarray(v)), k)


# -- triangles ------------------------------------------------------------------------------------


def _triangle_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "k")
    array = infer.array(args[0], "np.tril and np.triu")
    if len(array.dims) < 2:
        raise TypeRefusal("np.tril and np.triu of a vector", "give a matrix")
    return array


def _tril_bar(x: Any, k: int, *, z_bar: Any) -> Any:
    return np.tril(z_bar, k)


def _triu_bar(x: Any, k: int, *, z_bar: Any) -> Any:
    return np.triu(z_bar, k)


for _function, _jvp, _vjp in ((np.tril, SAME, _tril_bar), (np.triu, SAME, _triu_bar)):
    register(
        Primitive(
            f"np.{_function.__name__}", _function, _triangle_type,
            Call(f"np.{_function.__name__}"), ("x", "k"), defaults={"k": 0}, noun="triangle",
        ),
        Linear({"x": _jvp}, {"x": _vjp}, dense=True, samples=((SQUARE, 0), (MATRIX, 1))),
        _function,
    )  # fmt: skip

# -- rolls ----------------------------------------------------------------------------------------


def _roll_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "np.roll")
    axis = infer.static(args[2], "axis")
    axes_of(axis, len(array.dims))
    if not is_known(args[1].type):
        infer.numbers([args[1]], "np.roll", "give the shift as an integer, or a tuple of them")
    return array


@of_types
def is_known(type_: Any) -> bool:
    """Whether an operand is a tuple that is known at compile time, rather than a number."""
    return isinstance(type_, Static)


@compile_time
def opposite(shift: Any) -> tuple[int, ...]:
    """The shifts that undo others."""
    return tuple(-n for n in shift)


def _roll_bar(x: Any, shift: Any, axis: Any, *, z_bar: Any) -> Any:
    return np.roll(z_bar, opposite(shift) if is_known(shift) else -shift, axis)


register(
    Primitive(
        "np.roll", np.roll, _roll_type, Call("np.roll"), ("x", "shift", "axis"),
        defaults={"axis": None}, noun="rolled",
    ),
    Linear(
        {"x": SAME}, {"x": _roll_bar}, dense=True,
        samples=((VECTOR, 1, None), (MATRIX, -2, 1), (MATRIX, (1, -1), (0, 1)), (MATRIX, 2, None),
                 (BOX, 1, (0, 2)), (BOX, (1, 2, 1), (1, 2, 1))),
    ),
    np.roll,
)  # fmt: skip
