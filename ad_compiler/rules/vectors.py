"""Products of vectors, along stacks of them, and of chains of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Dim, Type, broadcast, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.matrices import SQUARE, STACK, TALL, TALL_STACK
from ad_compiler.rules.registry import MEANINGS, Linear, means, of_types, register
from ad_compiler.rules.shaping import axis_of, may_fail

V, W = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -1.0])


def _rows(args: Sequence[Atom], least: tuple[int, ...], who: str) -> tuple[Array, ...]:
    """The types of operands that have at least so many axes."""
    types = tuple(infer.array(arg, who) for arg in args)
    if any(len(type_.dims) < rank for type_, rank in zip(types, least, strict=True)):
        raise TypeRefusal(f"{who} of arrays with fewer axes", "give vectors and matrices")
    return types


# -- cross ----------------------------------------------------------------------------------------


def _triples(args: Sequence[Atom], axis: int) -> Type:
    a, b = _rows(args, (1, 1), "np.linalg.cross")
    if axis != -1 and len(a.dims) != len(b.dims):
        raise TypeRefusal("np.cross along an axis of arrays of unequal rank", "use the last axis")
    place = axis if axis == -1 else axis_of(axis, len(a.dims))
    if 2 in (a.dims[place], b.dims[place]):
        raise TypeRefusal("np.cross of vectors of length 2", "give vectors of length 3")
    return Array(infer.promote(infer.types_of(args)), broadcast(a.dims, b.dims))


def _linalg_cross(x: Any, y: Any, axis: int) -> Any:
    return np.linalg.cross(x, y, axis=axis)


def _linalg_cross_type(args: Sequence[Atom]) -> Type:
    return _triples(args[:2], infer.static(args[2], "axis"))


def _linalg_cross_x_bar(x: Any, y: Any, axis: int, *, z_bar: Any) -> Any:
    g = np.linalg.cross(y, z_bar, axis=axis)
    return g if g.ndim == 1 else UNBROADCAST(g, x)


def _linalg_cross_y_bar(x: Any, y: Any, axis: int, *, z_bar: Any) -> Any:
    g = np.linalg.cross(z_bar, x, axis=axis)
    return g if g.ndim == 1 else UNBROADCAST(g, y)


def _linalg_cross_x(x: Any, y: Any, axis: int, *, x_dot: Any) -> Any:
    return np.linalg.cross(x_dot, y, axis=axis)


def _linalg_cross_y(x: Any, y: Any, axis: int, *, y_dot: Any) -> Any:
    return np.linalg.cross(x, y_dot, axis=axis)


_PAIRS = (
    (V, W, -1), (SQUARE, V, -1), (SQUARE, SQUARE.T, 0), (V, STACK, -1), (SQUARE[:1], SQUARE, -1)
)  # fmt: skip

register(
    Primitive(
        "np.linalg.cross", _linalg_cross, _linalg_cross_type, Call("np.linalg.cross"),
        ("x", "y", "axis"), defaults={"axis": -1}, keyword_only=("axis",), raises=may_fail,
        noun="product",
    ),
    Linear(
        {"x": _linalg_cross_x, "y": _linalg_cross_y},
        {"x": _linalg_cross_x_bar, "y": _linalg_cross_y_bar}, dense=True, samples=_PAIRS,
    ),
    np.linalg.cross,
)  # fmt: skip


@of_types
def _are_pairs(a: Type, b: Type) -> bool:
    """Whether vectors are known to have two elements; NumPy's cross product of them is a number."""
    return dims_of(a)[-1:] == dims_of(b)[-1:] == (2,)


@means(
    np.cross,
    samples=((V, W), (SQUARE, V), (SQUARE, SQUARE.T, {"axis": 0}), (V, STACK, {"axisc": 0}),
             (STACK, SQUARE, {"axisa": 1, "axisb": 0})),
)  # fmt: skip
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Any:
    a, b = np.asarray(a), np.asarray(b)
    if axis is not None:
        return np.linalg.cross(a, b, axis=axis)
    if axisa != -1:
        a = np.moveaxis(a, axisa, -1)
    if axisb != -1:
        b = np.moveaxis(b, axisb, -1)
    if _are_pairs(a, b):
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    made = np.linalg.cross(a, b)
    return made if axisc == -1 else np.moveaxis(made, -1, axisc)


# -- vectors along the last axis ------------------------------------------------------------------


def _vecdot_type(args: Sequence[Atom]) -> Type:
    x, y = _rows(args, (1, 1), "np.vecdot")
    outer = broadcast(x.dims[:-1], y.dims[:-1])
    return infer.of_dtype(infer.promote(infer.types_of(args)), outer)


def _vecdot_x(x: Any, y: Any, *, x_dot: Any) -> Any:
    return np.vecdot(x_dot, y)


def _vecdot_y(x: Any, y: Any, *, y_dot: Any) -> Any:
    return np.vecdot(x, y_dot)


def _vecdot_x_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    if x.ndim == y.ndim == 1:
        return z_bar * y
    return UNBROADCAST(np.expand_dims(z_bar, -1) * y, x)


def _vecdot_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    if x.ndim == y.ndim == 1:
        return z_bar * x
    return UNBROADCAST(np.expand_dims(z_bar, -1) * x, y)


VECDOT = register(
    Primitive(
        "np.vecdot", np.vecdot, _vecdot_type, Call("np.vecdot"), ("x", "y"), raises=may_fail,
        noun="product",
    ),
    Linear(
        {"x": _vecdot_x, "y": _vecdot_y}, {"x": _vecdot_x_bar, "y": _vecdot_y_bar}, dense=True,
        samples=((V, W), (SQUARE, V), (V, STACK), (SQUARE, SQUARE.T)),
    ),
)  # fmt: skip


@means(
    np.vecdot, np.linalg.vecdot,
    samples=((V, W), (SQUARE, SQUARE.T, {"axis": 0}), (STACK, STACK + 1.0, {"axis": 1})),
)  # fmt: skip
def _np_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    one, other = np.asarray(x1), np.asarray(x2)
    if axis == -1:
        return VECDOT(one, other)
    return VECDOT(np.moveaxis(one, axis, -1), np.moveaxis(other, axis, -1))


def _matvec_type(args: Sequence[Atom]) -> Type:
    a, x = _rows(args, (2, 1), "np.matvec")
    outer: tuple[Dim, ...] = broadcast(a.dims[:-2], x.dims[:-1])
    return Array(infer.promote(infer.types_of(args)), (*outer, a.dims[-2]))


def _matvec_a(a: Any, x: Any, *, a_dot: Any) -> Any:
    return np.matvec(a_dot, x)


def _matvec_x(a: Any, x: Any, *, x_dot: Any) -> Any:
    return np.matvec(a, x_dot)


def _matvec_a_bar(a: Any, x: Any, *, z_bar: Any) -> Any:
    if a.ndim == 2 and x.ndim == 1:
        return np.outer(z_bar, x)
    return UNBROADCAST(np.expand_dims(z_bar, -1) * np.expand_dims(x, -2), a)


def _matvec_x_bar(a: Any, x: Any, *, z_bar: Any) -> Any:
    if a.ndim == 2 and x.ndim == 1:
        return a.T @ z_bar
    return UNBROADCAST(np.vecmat(z_bar, a), x)


def _vecmat_type(args: Sequence[Atom]) -> Type:
    x, a = _rows(args, (1, 2), "np.vecmat")
    outer: tuple[Dim, ...] = broadcast(x.dims[:-1], a.dims[:-2])
    return Array(infer.promote(infer.types_of(args)), (*outer, a.dims[-1]))


def _vecmat_x(x: Any, a: Any, *, x_dot: Any) -> Any:
    return np.vecmat(x_dot, a)


def _vecmat_a(x: Any, a: Any, *, a_dot: Any) -> Any:
    return np.vecmat(x, a_dot)


def _vecmat_x_bar(x: Any, a: Any, *, z_bar: Any) -> Any:
    if a.ndim == 2 and x.ndim == 1:
        return a @ z_bar
    return UNBROADCAST(np.matvec(a, z_bar), x)


def _vecmat_a_bar(x: Any, a: Any, *, z_bar: Any) -> Any:
    if a.ndim == 2 and x.ndim == 1:
        return np.outer(x, z_bar)
    return UNBROADCAST(np.expand_dims(x, -1) * np.expand_dims(z_bar, -2), a)


if hasattr(np, "matvec"):  # from NumPy 2.2 on
    register(
        Primitive(
            "np.matvec", np.matvec, _matvec_type, Call("np.matvec"), ("a", "x"), raises=may_fail,
            noun="product",
        ),
        Linear(
            {"a": _matvec_a, "x": _matvec_x}, {"a": _matvec_a_bar, "x": _matvec_x_bar}, dense=True,
            samples=((TALL, V[:2]), (TALL_STACK, V[:2]), (SQUARE, STACK), (STACK, SQUARE[:2])),
        ),
        np.matvec,
    )  # fmt: skip
    register(
        Primitive(
            "np.vecmat", np.vecmat, _vecmat_type, Call("np.vecmat"), ("x", "a"), raises=may_fail,
            noun="product",
        ),
        Linear(
            {"x": _vecmat_x, "a": _vecmat_a}, {"x": _vecmat_x_bar, "a": _vecmat_a_bar}, dense=True,
            samples=((V, TALL), (V, TALL_STACK), (STACK, SQUARE), (SQUARE[:2], STACK)),
        ),
        np.vecmat,
    )  # fmt: skip


# -- chains of matrices ---------------------------------------------------------------------------


def _multi_dot(*arrays: Any) -> Any:
    return np.linalg.multi_dot(arrays)


def _multi_dot_type(args: Sequence[Atom]) -> Type:
    types = [infer.array(arg, "np.linalg.multi_dot") for arg in args]
    ranks = [len(type_.dims) for type_ in types]
    if len(types) < 2 or not {ranks[0], ranks[-1]} <= {1, 2} or set(ranks[1:-1]) - {2}:
        raise TypeRefusal(
            "np.linalg.multi_dot of these arrays",
            "give matrices, of which the first and the last may be vectors",
        )
    rows, columns = dims_of(types[0])[:-1], dims_of(types[-1])[1:]
    return infer.of_dtype(infer.promote(infer.types_of(args)), (*rows, *columns))


def _multi_dot_arrays(*arrays: Any, index: int, arrays_dot: Any) -> Any:
    return np.linalg.multi_dot([arrays_dot if k == index else a for k, a in enumerate(arrays)])


def _chain(arrays: Any) -> Any:
    """The product of some arrays, None if there are none."""
    total: Any = None
    for array in arrays:
        total = array if total is None else total @ array
    return total


def _is_vector(x: Any) -> bool:
    return x is not None and x.ndim == 1


def _multi_dot_bar(*arrays: Any, index: int, z_bar: Any) -> Any:
    left: Any = _chain(arrays[:index])
    right: Any = _chain(arrays[index + 1 :])
    lone_left, lone_right = _is_vector(left), _is_vector(right)
    if arrays[index].ndim == 1:
        if lone_left:
            return z_bar * left
        if lone_right:
            return z_bar * right
        return right @ z_bar if left is None else left.T @ z_bar
    if lone_left and lone_right:
        return z_bar * np.outer(left, right)
    if lone_left:
        return np.outer(left, z_bar if right is None else right @ z_bar)
    if lone_right:
        return np.outer(z_bar if left is None else left.T @ z_bar, right)
    g = z_bar if left is None else left.T @ z_bar
    return g if right is None else g @ right.T


register(
    Primitive(
        "np.linalg.multi_dot", _multi_dot, _multi_dot_type, Special(), ("*arrays",),
        raises=may_fail, noun="product",
    ),
    Linear(
        {"arrays": _multi_dot_arrays}, {"arrays": _multi_dot_bar}, dense=True,
        samples=(
            (SQUARE, TALL), (V, SQUARE, TALL), (TALL.T, SQUARE, W), (V, SQUARE, SQUARE.T, W),
            (TALL.T, SQUARE, SQUARE.T, TALL), (V, W),
        ),
    ),
    np.linalg.multi_dot,
)  # fmt: skip


# -- the same under the names of np.linalg -------------------------------------------------------

for _other, _meant in (
    (np.linalg.matmul, np.matmul), (np.linalg.outer, np.outer),
):  # fmt: skip
    MEANINGS[_other] = MEANINGS[_meant]
