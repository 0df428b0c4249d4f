"""Elements in the order of columns, and arrays of another layout: `order="F"`."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import Any, cast

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Method, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.indexing import reshaped
from ad_compiler.rules.registry import (
    ATTRIBUTES,
    METHODS,
    PRIMITIVES,
    SAME,
    Linear,
    compile_time,
    means,
    widen,
)
from ad_compiler.rules.shaping import flattened, may_fail
from ad_compiler.rules.structures import structural

BOX = np.arange(24.0).reshape(2, 3, 4)


def _columns_first(order: Atom) -> None:
    if infer.static(order, "order") not in ("C", "F"):
        raise TypeRefusal("an order of elements that depends on the layout", "give C or F")


# -- flat -----------------------------------------------------------------------------------------


def _flat_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "ravel")
    _columns_first(args[1])
    return Array(array.dtype, (flattened(array),))


def _flat_bar(x: Any, order: str, *, z_bar: Any) -> Any:
    return RESHAPE(z_bar, *x.shape, order)


for _name in ("ravel", "flatten"):
    _made = Primitive(
        f"{_name}(order)", getattr(np.ndarray, _name), _flat_type, Method(_name), ("x", "order"),
        keyword_only=("order",), noun="flat", fresh=_name == "flatten",
    )  # fmt: skip
    widen(
        PRIMITIVES[_name], _made,
        Linear({"x": SAME}, {"x": _flat_bar}, dense=True, samples=((MATRIX, "F"), (BOX, "F"))),
    )  # fmt: skip


def _reshape(x: Any, *rest: Any) -> Any:
    *shape, order = rest
    return np.reshape(x, shape, order=order)


def _reshape_type(args: Sequence[Atom]) -> Type:
    x, *lengths, order = args
    _columns_first(order)
    array = infer.array(x, "reshape")
    return Array(array.dtype, reshaped(array, lengths))


def _reshape_bar(x: Any, *rest: Any, z_bar: Any) -> Any:
    return RESHAPE(z_bar, *x.shape, rest[-1])


RESHAPE = widen(
    PRIMITIVES["np.reshape"],
    Primitive(
        "np.reshape(order)", _reshape, _reshape_type, Special(), ("x", "*shape", "order"),
        raises=may_fail, noun="reshaped", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _reshape_bar}, dense=True,
        samples=((MATRIX, 3, 2, "F"), (BOX, 4, -1, "F"), (VECTOR, 1, 3, "F")),
    ),
)  # fmt: skip


def _copy(x: Any, order: str) -> Any:
    return x.copy(order=order)


def _copy_type(args: Sequence[Atom]) -> Type:
    return infer.array(args[0], "copy")


def _copy_bar(x: Any, order: str, *, z_bar: Any) -> Any:
    return z_bar


widen(
    PRIMITIVES["copy"],
    Primitive(
        "copy(order)", _copy, _copy_type, Method("copy"), ("x", "order"),
        keyword_only=("order",), noun="copied", allocates=True,
    ),
    Linear({"x": SAME}, {"x": _copy_bar}, samples=((MATRIX, "F"), (MATRIX.T, "K"), (BOX, "A"))),
)  # fmt: skip

# -- other layouts --------------------------------------------------------------------------------


def _laid_out_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "a layout")
    if not array.dims:
        raise TypeRefusal("the layout of an array without axes", "use np.atleast_1d")
    return array


def _laid_out_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar


for _function in (np.ascontiguousarray, np.asfortranarray, np.asarray_chkfinite):
    structural(
        _function, ("x",), _laid_out_type, {"x": _laid_out_bar}, noun="values", fresh=False,
        raises=may_fail, samples=((VECTOR,), (MATRIX,)),
    )  # fmt: skip


ASTYPE = PRIMITIVES["astype"]


@compile_time
def named(dtype: Any) -> str:
    """NumPy's name of a dtype."""
    return np.dtype(dtype).name


def _astype_method(
    x: Any, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True,
    copy: bool = True,
) -> Any:  # fmt: skip
    if order != "K" or casting not in ("unsafe", "same_kind", "safe"):
        raise TypeRefusal("astype with such an `order` or `casting`", "leave them out")
    return ASTYPE(x, named(dtype)) if copy else np.asarray(x, dtype)


METHODS["astype"] = cast(FunctionType, _astype_method)


@means(np.astype, samples=((VECTOR, "float64"), (MATRIX, float)))
def _astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    return x.astype(dtype, copy=copy)


@means(np.require, samples=((VECTOR,), (MATRIX, None, "C")))
def _require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    x = np.asarray(a)
    return np.ascontiguousarray(x if dtype is None else x.astype(dtype, copy=False))


def _flat_items(x: Any) -> Any:
    return x.ravel()


ATTRIBUTES["flat"] = cast(FunctionType, _flat_items)

ITEM = PRIMITIVES["item"]


def _item(x: Any, *index: Any) -> Any:
    """The only element, or the one at an index, which may count along all axes."""
    if len(index) == 1 and isinstance(index[0], tuple):
        return ITEM(x[index[0]])
    if len(index) == 1:
        return ITEM(x.ravel()[index[0]])
    if index:
        return ITEM(x[index])
    if np.ndim(x) == 0:
        return ITEM(x)
    if x.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    return ITEM(x.reshape(()))


METHODS["item"] = cast(FunctionType, _item)
