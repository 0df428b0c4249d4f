"""The IR types of Python values, and what cannot be a value of a program."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.ir.few import FEW
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import (
    DTYPE_OF_NAME,
    Array,
    Bool,
    Dim,
    Float,
    Int,
    Sym,
    Type,
    number_of,
)


def is_numeric(value: Any) -> bool:
    """Whether the value is meant as a number or an array."""
    return isinstance(value, bool | int | float | complex | np.generic | np.ndarray)


def type_of(value: Any, name: str) -> Type:
    """The type of a number or an array; `name` names the lengths of its axes."""
    match value:
        case np.ndarray():
            return _array_type(value, name)
        case np.generic():
            return number_of(_dtype(value.dtype, name))
        case bool():
            return Bool()
        case int():
            return Int()
        case float():
            return Float()
        case _:
            raise TypeRefusal(
                f"`{name}` is a {type(value).__name__}", "pass real numbers and arrays of them"
            )


def _array_type(value: np.ndarray[Any, Any], name: str) -> Array:
    if type(value) is not np.ndarray:
        raise TypeRefusal(
            f"`{name}` is a {type(value).__name__}, which behaves unlike other arrays",
            "pass np.asarray(...) of it",
        )
    dims: tuple[Dim, ...] = tuple(
        1 if length == 1 else Sym(f"{name}.{axis}", never=1 if 1 < length <= FEW else FEW)
        for axis, length in enumerate(value.shape)
    )
    return Array(_dtype(value.dtype, name), dims)


def _dtype(dtype: np.dtype[Any], name: str) -> str:
    ours = DTYPE_OF_NAME.get(dtype.name)
    if ours is None or not dtype.isnative:
        shown = dtype.name if dtype.isnative else f"{dtype.name} of foreign byte order"
        raise TypeRefusal(
            f"`{name}` has dtype {shown}, which is not supported",
            "split it into real and imaginary part"
            if dtype.kind == "c"
            else "convert it to float64 or float32",
        )
    return ours
