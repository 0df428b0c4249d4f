"""Python's own `sum`, `max` and `min` of arrays, which run over items one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import PY_INT, Type, is_number, number_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.reductions import may_be_empty
from ad_compiler.rules.registry import SAME, Flat, Linear, register


def _builtin_sum_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "sum")
    if not array.dims:
        raise TypeRefusal("sum() of an array without axes", "use its value")
    total = infer.our_dtype((np.ones((), infer.kind_of(array)) + 0).dtype)
    type_ = infer.of_dtype(total if array.dtype != "bool" else "i64", array.dims[1:])
    if is_number(type_) and may_be_empty(args):
        return infer.common([type_, PY_INT])  # the sum of nothing is the integer 0
    return type_


def _builtin_sum_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar


register(
    Primitive("sum", sum, _builtin_sum_type, Call("sum"), ("x",), noun="total"),
    Linear(
        {"x": SAME}, {"x": _builtin_sum_bar}, dense=True,
        samples=((VECTOR,), (MATRIX,)),
    ),
    sum,
)  # fmt: skip


def _items_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "max() or min()")
    if len(array.dims) != 1:
        raise TypeRefusal(
            f"max() or min() of an array of {len(array.dims)} axes", "use np.max or np.min"
        )
    return number_of(array.dtype)


def _index_type(args: Sequence[Atom]) -> Type:
    _items_type(args)
    return PY_INT


def _extreme_item(function: Any) -> None:
    """Enter `max(x)` or `min(x)` of an array of one axis; NaN and ties go as Python has it."""
    name = function.__name__

    def index(x: Any) -> int:
        return function(range(x.size), key=x.item)

    where = register(
        Primitive(
            f"{name}_index", index, _index_type, Special(), ("x",), raises=may_be_empty,
            noun="index",
        ),
        Flat("an index"),
    )  # fmt: skip

    def item(x: Any, *, x_dot: Any) -> Any:
        return x_dot[where(x)]

    def item_bar(x: Any, *, z_bar: Any) -> Any:
        x_bar = np.zeros_like(x)
        x_bar[where(x)] = z_bar
        return x_bar

    register(
        Primitive(
            f"{name}_item", function, _items_type, Call(name), ("x",), raises=may_be_empty,
            noun={"max": "largest", "min": "smallest"}[name],
        ),
        Linear(
            {"x": item}, {"x": item_bar}, samples=((VECTOR,), (-VECTOR,)),
            convention="the item that Python finds: the first of equal ones",
        ),
    )  # fmt: skip


for _function in (max, min):
    _extreme_item(_function)
