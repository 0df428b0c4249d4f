"""Diagonals, triangles and repeats: linear rearrangements that leave out or repeat elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Sym, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.registry import METHODS, SAME, Linear, of_types, register
from ad_compiler.rules.shaping import axes_of

SQUARE = np.arange(9.0).reshape(3, 3) - 3.5


def _square(args: Sequence[Atom], who: str) -> Array:
    array = infer.array(args[0], who)
    if len(array.dims) != 2:
        raise TypeRefusal(f"{who} of an array of {len(array.dims)} axes", "give a matrix")
    return array


def _trace_type(args: Sequence[Atom]) -> Type:
    return infer.of_dtype(_square(args, "np.trace").dtype, ())


def _trace_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar * np.eye(x.shape[0], x.shape[1])


METHODS["trace"] = register(
    Primitive("np.trace", np.trace, _trace_type, Call("np.trace"), ("x",), noun="trace"),
    Linear({"x": SAME}, {"x": _trace_bar}, samples=((SQUARE,), (MATRIX,))),
    np.trace,
)


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


def _roll_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "np.roll")
    axes_of(infer.static(args[2], "axis"), len(array.dims))
    infer.numbers([args[1]], "np.roll", "give the shift as one integer")
    return array


def _roll_bar(x: Any, shift: int, axis: Any, *, z_bar: Any) -> Any:
    return np.roll(z_bar, -shift, axis)


register(
    Primitive(
        "np.roll", np.roll, _roll_type, Call("np.roll"), ("x", "shift", "axis"),
        defaults={"axis": None}, noun="rolled",
    ),
    Linear(
        {"x": SAME}, {"x": _roll_bar}, dense=True, samples=((VECTOR, 1, None), (MATRIX, -2, 1)),
    ),
    np.roll,
)  # fmt: skip


def _diag_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "np.diag")
    dims = dims_of(array)
    if len(dims) == 1:
        return Array(array.dtype, (dims[0], dims[0]))
    _square(args, "np.diag")
    n = dims[0] if dims[0] == dims[1] else Sym(f"min({dims[0]},{dims[1]})")
    return Array(array.dtype, (n,))


@of_types
def is_square(x: Any) -> bool:
    """Whether it is known that a matrix is square."""
    rows, columns = dims_of(x)
    return rows == columns


def _diag_bar(x: Any, *, z_bar: Any) -> Any:
    if x.ndim == 1:
        return np.diag(z_bar)
    if is_square(x):
        return np.diag(z_bar)
    rows, columns = x.shape
    padded = np.concatenate([z_bar, np.zeros(max(rows, columns) - len(z_bar))])
    return np.diag(padded)[:rows, :columns]


register(
    Primitive(
        "np.diag", np.diag, _diag_type, Call("np.diag"), ("x",), noun="diagonal", fresh=False
    ),
    Linear({"x": SAME}, {"x": _diag_bar}, dense=True, samples=((VECTOR,), (SQUARE,), (MATRIX,))),
    np.diag,
)  # fmt: skip
