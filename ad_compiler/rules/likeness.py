"""Arrays made after the shape of other arrays, and cotangents fitted to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Method, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Tape, Type, dims_of, dtype_of, is_number, rank, shown
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.helpers import helper
from ad_compiler.rules.registry import METHODS, PRIMITIVES, SAME, VARIANTS, Flat, Linear, register


def _like(args: Sequence[Atom]) -> Type:
    x = args[0].type
    if is_number(x):
        return Array(infer.stored([x]), ())
    return infer.array(args[0], "a shape")


for _make_like in (np.zeros_like, np.ones_like, np.empty_like):
    register(
        Primitive(
            _make_like.__name__,
            _make_like,
            _like,
            Call(f"np.{_make_like.__name__}"),
            ("x",),
            noun=_make_like.__name__.removesuffix("_like"),
            allocates=True,
        ),
        Flat("a constant"),
        _make_like,
    )


def _full_like_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args[1:], "np.full_like", "use np.broadcast_to")
    return _like(args)


def _full_like_bar(x: Any, value: Any, *, z_bar: Any) -> Any:
    return np.sum(z_bar)


register(
    Primitive(
        "full_like",
        np.full_like,
        _full_like_type,
        Call("np.full_like"),
        ("x", "value"),
        noun="filled",
        allocates=True,
    ),
    Linear(
        {"value": SAME},
        {"value": _full_like_bar},
        dense=True,
        inert=("x",),
        samples=((VECTOR, 2.0), (MATRIX, 0.5)),
    ),
    np.full_like,
)


def _copy(x: Any) -> Any:
    return x.copy()


def _copied(args: Sequence[Atom]) -> Type:
    type_ = args[0].type
    if not isinstance(type_, Tape):
        infer.numeric(args)
    if infer.may_be_python(type_):
        raise TypeRefusal(f"a {shown(type_)} has no copy()", "leave it out")
    return type_


def _copy_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar


METHODS["copy"] = register(
    Primitive("copy", _copy, _copied, Method("copy"), ("x",), noun="copied", allocates=True),
    Linear({"x": SAME}, {"x": _copy_bar}, samples=((VECTOR,),)),
)

NP_COPY = register(
    Primitive("np.copy", np.copy, _copied, Call("np.copy"), ("a",), noun="copied", allocates=True),
    Linear({"a": SAME}, {"a": _copy_bar}, samples=((MATRIX,), (MATRIX.T,))),
    np.copy,
)


BY_ROWS = frozenset(
    ["np.zeros", "np.ones", "np.full", "np.empty", "array_of", "array_of_arrays", "copy"]
)
"""Operations whose result is laid out row by row, whatever the layout of their operands."""


def copy_of(x: Atom) -> Primitive:
    """The primitive of `np.array(x)`: unlike the method, it keeps the order in memory."""
    if is_number(x.type):
        return PRIMITIVES["array0"]
    return PRIMITIVES["np.copy" if rank(x.type) > 1 else "copy"]


def _plain_copy(args: Sequence[Atom]) -> tuple[Primitive, tuple[Atom, ...]]:
    return copy_of(args[0]), tuple(args)


VARIANTS[NP_COPY] = _plain_copy


def _duplicate(x: Any) -> Any:
    return x.copy(order="K")


register(
    Primitive("duplicate", _duplicate, _copied, Special(), ("x",), noun="copied"),
    Linear({"x": SAME}, {"x": _copy_bar}, samples=((VECTOR,),)),
)


def _copy_if_there(x: Any) -> Any:
    return None if x is None else _duplicate(x)


COPY_IF_THERE = register(
    Primitive("copy_if_there", _copy_if_there, _copied, Special(), ("x",), noun="copied"),
    Linear({"x": SAME}, {"x": _copy_bar}, samples=((VECTOR,),)),
)
"""A copy for a tape, of an array that some paths do not define."""


def _broadcast_like(value: Any, x: Any) -> Any:
    return np.broadcast_to(value, np.shape(x)).copy()


def _broadcast_like_type(args: Sequence[Atom]) -> Type:
    value, x = args[0].type, args[1].type
    dtype = dtype_of(value) or infer.stored([args[0].type])
    return Array(dtype, dims_of(x))


def _broadcast_like_bar(value: Any, x: Any, *, z_bar: Any) -> Any:
    return UNBROADCAST(z_bar, value)


def _grows(args: Sequence[Atom]) -> bool:
    inner, outer = dims_of(args[0].type), dims_of(args[1].type)
    padded = (1,) * (len(outer) - len(inner)) + inner
    return any(p != q and p != 1 for p, q in zip(padded, outer, strict=False))


BROADCAST_LIKE = register(
    Primitive(
        "broadcast_like",
        _broadcast_like,
        _broadcast_like_type,
        Special(),
        ("value", "x"),
        raises=_grows,
        noun="spread",
    ),
    Linear(
        {"value": SAME},
        {"value": _broadcast_like_bar},
        dense=True,
        inert=("x",),
        samples=((VECTOR, MATRIX), (np.ones((2, 1)), MATRIX)),
    ),
)


def _unbroadcast_type(args: Sequence[Atom]) -> Type:
    g, x = args[0].type, args[1].type
    dtype = dtype_of(g)
    return infer.of_dtype(dtype or infer.stored([args[0].type]), dims_of(x))


def _unbroadcast_bar(g: Any, x: Any, *, z_bar: Any) -> Any:
    return BROADCAST_LIKE(z_bar, g)


UNBROADCAST = register(
    Primitive(
        "unbroadcast",
        helper("unbroadcast"),
        _unbroadcast_type,
        Call("unbroadcast"),
        ("g", "x"),
        noun="total",
        fresh=False,
    ),
    Linear(
        {"g": SAME},
        {"g": _unbroadcast_bar},
        dense=True,
        inert=("x",),
        samples=((MATRIX, VECTOR), (MATRIX, np.ones((2, 1)))),
    ),
)
