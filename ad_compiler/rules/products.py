"""Products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Operator, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Type, broadcast, dims_of, is_number, shown
from ad_compiler.rules import infer
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.registry import METHODS, OPERATORS, SAME, Linear, register

V, W = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -1.0])
M, N = np.arange(6.0).reshape(2, 3) - 2.5, np.arange(12.0).reshape(3, 4) / 7
B = np.arange(24.0).reshape(2, 4, 3) / 5
PAIRS = ((V, W), (M, V), (np.array([1.0, 2.0]), M), (M, N))


def _dtype(args: Sequence[Atom]) -> str:
    return infer.promote(infer.types_of(args))


def _may_differ(args: Sequence[Atom]) -> bool:
    left, right = dims_of(args[0].type), dims_of(args[1].type)
    return not left or not right or left[-1] != right[-2 if len(right) > 1 else 0]


def _matmul_type(args: Sequence[Atom]) -> Type:
    for arg in args:
        if not dims_of(arg.type):
            raise TypeRefusal(f"@ of a {shown(arg.type)}", "multiply numbers with *")
    left, right = (dims_of(a.type) for a in args)
    outer = broadcast(left[:-2], right[:-2])
    rows = left[-2:-1]
    columns = right[-1:] if len(right) > 1 else ()
    return infer.of_dtype(_dtype(args), (*outer, *rows, *columns))


def _matmul_x_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    if y.ndim == 1 and x.ndim <= 2:
        return z_bar * y if x.ndim == 1 else np.outer(z_bar, y)
    if y.ndim == 1:
        return np.expand_dims(z_bar, -1) * y
    if x.ndim == 1:
        if y.ndim == 2:
            return y @ z_bar
        return UNBROADCAST(np.sum(np.expand_dims(z_bar, -2) * y, axis=-1), x)
    if x.ndim == 2 and y.ndim == 2:
        return z_bar @ y.T
    return UNBROADCAST(z_bar @ np.swapaxes(y, -1, -2), x)


def _matmul_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    if x.ndim == 1:
        if y.ndim == 1:
            return z_bar * x
        if y.ndim == 2:
            return np.outer(x, z_bar)
        return np.expand_dims(x, -1) * np.expand_dims(z_bar, -2)
    if y.ndim == 1:
        if x.ndim == 2:
            return x.T @ z_bar
        return UNBROADCAST(np.sum(np.expand_dims(z_bar, -1) * x, axis=-2), y)
    if x.ndim == 2 and y.ndim == 2:
        return x.T @ z_bar
    return UNBROADCAST(np.swapaxes(x, -1, -2) @ z_bar, y)


OPERATORS["@"] = register(
    Primitive(
        "matmul", np.matmul, _matmul_type, Operator("@", 12), ("x", "y"), raises=_may_differ,
        noun="product",
    ),
    Linear(
        {"x": SAME, "y": SAME}, {"x": _matmul_x_bar, "y": _matmul_y_bar}, dense=True,
        samples=(*PAIRS, (B, N), (B, V), (np.ones(4), B), (B, np.swapaxes(B, 1, 2)), (M, B[:, :3])),
    ),
    np.matmul,
)  # fmt: skip


def _dot_type(args: Sequence[Atom]) -> Type:
    if any(not dims_of(a.type) or len(dims_of(a.type)) > 2 for a in args):
        raise TypeRefusal(
            "np.dot of operands that are no vectors or matrices", "use *, @ or np.tensordot"
        )
    return _matmul_type(args)


DOT = METHODS["dot"] = register(
    Primitive(
        "np.dot", np.dot, _dot_type, Call("np.dot"), ("x", "y"), raises=_may_differ, noun="product"
    ),
    Linear(
        {"x": SAME, "y": SAME}, {"x": _matmul_x_bar, "y": _matmul_y_bar}, dense=True,
        samples=PAIRS,
    ),
    np.dot,
)  # fmt: skip


def _flat_type(args: Sequence[Atom]) -> Type:
    if any(len(dims_of(a.type)) != 1 for a in args):
        raise TypeRefusal("np.inner and np.vdot of arrays that are no vectors", "use @ or np.sum")
    return infer.of_dtype(_dtype(args), ())


def _times_y(x: Any, y: Any, *, z_bar: Any) -> Any:
    return z_bar * y


def _times_x(x: Any, y: Any, *, z_bar: Any) -> Any:
    return z_bar * x


def _flat(function: Any, *objects: Any) -> Primitive:
    """Enter a product of two vectors that is a number."""
    path = f"np.{function.__name__}"
    return register(
        Primitive(
            path, function, _flat_type, Call(path), ("x", "y"), raises=_may_differ, noun="product"
        ),
        Linear(
            {"x": SAME, "y": SAME}, {"x": _times_y, "y": _times_x}, dense=True, samples=((V, W),)
        ),
        *objects,
    )


INNER = _flat(np.inner, np.inner)
VDOT = _flat(np.vdot)


def _outer_type(args: Sequence[Atom]) -> Type:
    if any(len(dims_of(a.type)) != 1 or is_number(a.type) for a in args):
        raise TypeRefusal("np.outer of arrays that are no vectors", "use x.ravel()")
    return Array(_dtype(args), (*dims_of(args[0].type), *dims_of(args[1].type)))


def _outer_x_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return z_bar @ y


def _outer_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return z_bar.T @ x


OUTER = register(
    Primitive("np.outer", np.outer, _outer_type, Call("np.outer"), ("x", "y"), noun="product"),
    Linear(
        {"x": SAME, "y": SAME}, {"x": _outer_x_bar, "y": _outer_y_bar}, dense=True,
        samples=((V, W), (V, np.array([1.0, 2.0]))),
    ),
    np.outer,
)  # fmt: skip
