"""Lists that grow while a program runs: `xs.append(v)` in a loop, then `np.array(xs)`.

They are typed as tapes are: every element has one type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import (
    ANY,
    PY_INT,
    RAGGED,
    Array,
    Bool,
    Float,
    Int,
    Sym,
    Tape,
    Type,
    dims_of,
    dtype_of,
    is_number,
    join,
    number_of,
)
from ad_compiler.rules import infer
from ad_compiler.rules.registry import Flat, Linear, of_types, register
from ad_compiler.rules.tapes import total

NUMBERS = ([1.0, -2.0, 3.0],)


def _element(args: Sequence[Atom]) -> Type:
    tape = args[0].type
    assert isinstance(tape, Tape)
    return tape.element


def _joined(args: Sequence[Atom]) -> Type:
    """The type of a list that gets one more value."""
    own, value = _element(args), args[-1].type
    common = join(own, value, RAGGED)
    if common is None:
        raise TypeRefusal(
            f"a {value} in a list of {own}", "let all elements of the list be of one kind"
        )
    return Tape(common)


def _item(args: Sequence[Atom]) -> Type:
    """The type of one element."""
    return _even(_element(args), "{!r}[{!r}]".format(*args))


def _even(element: Type, name: str) -> Type:
    """The type of an element, or of what all are rows of: here a length is one length."""
    if not isinstance(element, Array):
        return element
    dims = (Sym(f"{name}.{k}") if dim == RAGGED else dim for k, dim in enumerate(element.dims))
    return Array(element.dtype, tuple(dims))


def _same(args: Sequence[Atom]) -> Type:
    return args[0].type


def _length(args: Sequence[Atom]) -> Type:
    if not isinstance(args[0].type, Tape):
        raise TypeRefusal(f"len() of a {args[0].type}", "give a list")
    return PY_INT


def always(_args: Sequence[Atom]) -> bool:
    """The `raises` of what may not be there."""
    return True


# -- growing and shrinking ------------------------------------------------------------------------


def _append(xs: list[Any], value: Any) -> list[Any]:
    return [*xs, value]


@of_types
def is_single(type_: Type) -> bool:
    """Whether a value is a number in single precision."""
    return is_number(type_) and dtype_of(type_) == "f32"


def _append_xs(xs: Any, value: Any, *, xs_dot: Any) -> Any:
    return APPEND(xs_dot, np.float32(0.0) if is_single(value) else 0.0)


def _append_value(xs: Any, value: Any, *, value_dot: Any) -> Any:
    return APPEND(xs, value_dot)


APPEND = register(
    Primitive("list_append", _append, _joined, Special(), ("xs", "value"), in_place=0, noun="xs"),
    Linear({"xs": _append_xs, "value": _append_value}, joint=True, samples=((*NUMBERS, 2.0),)),
)


def _pop(xs: list[Any]) -> list[Any]:
    return xs[:-1]


def _pop_xs(xs: Any, *, xs_dot: Any) -> Any:
    return POP(xs_dot)


POP = register(
    Primitive("list_pop", _pop, _same, Special(), ("xs",), in_place=0, raises=always, noun="xs"),
    Linear({"xs": _pop_xs}, joint=True, samples=(NUMBERS,)),
)


def _pop_first(xs: list[Any]) -> list[Any]:
    return xs[1:]


def _pop_first_xs(xs: Any, *, xs_dot: Any) -> Any:
    return POP_FIRST(xs_dot)


POP_FIRST = register(
    Primitive(
        "list_pop_first", _pop_first, _same, Special(), ("xs",),
        in_place=0, raises=always, noun="xs",
    ),
    Linear({"xs": _pop_first_xs}, joint=True, samples=(NUMBERS,)),
)  # fmt: skip


def _put_first(xs: list[Any], value: Any) -> list[Any]:
    return [value, *xs]


def _put_first_xs(xs: Any, value: Any, *, xs_dot: Any) -> Any:
    return PUT_FIRST(xs_dot, np.float32(0.0) if is_single(value) else 0.0)


def _put_first_value(xs: Any, value: Any, *, value_dot: Any) -> Any:
    return PUT_FIRST(xs, value_dot)


PUT_FIRST = register(
    Primitive(
        "list_put_first", _put_first, _joined, Special(), ("xs", "value"), in_place=0, noun="xs"
    ),
    Linear(
        {"xs": _put_first_xs, "value": _put_first_value}, joint=True, samples=((*NUMBERS, 2.0),)
    ),
)

# -- elements -------------------------------------------------------------------------------------


def _get(xs: list[Any], k: int) -> Any:
    return xs[k]


def _get_xs(xs: Any, k: int, *, xs_dot: Any) -> Any:
    return GET(xs_dot, k)


GET = register(
    Primitive(
        "list_get", _get, _item, Special(), ("xs", "k"), raises=always, noun="item", fresh=False
    ),
    Linear({"xs": _get_xs}, joint=True, samples=((*NUMBERS, 1),)),
)


def _set(xs: list[Any], k: int, value: Any) -> list[Any]:
    out = [*xs]
    out[k] = value
    return out


def _set_xs(xs: Any, k: int, value: Any, *, xs_dot: Any) -> Any:
    return SET(xs_dot, k, np.float32(0.0) if is_single(value) else 0.0)


def _set_value(xs: Any, k: int, value: Any, *, value_dot: Any) -> Any:
    return SET(xs, k, value_dot)


SET = register(
    Primitive(
        "list_set", _set, _joined, Special(), ("xs", "k", "value"),
        raises=always, in_place=0, noun="xs",
    ),
    Linear({"xs": _set_xs, "value": _set_value}, joint=True, samples=((*NUMBERS, 1, 2.0),)),
)  # fmt: skip

register(Primitive("list_len", len, _length, Call("len"), ("xs",), noun="n"), Flat("a length"))

# -- as arrays ------------------------------------------------------------------------------------


def _array(xs: list[Any]) -> Any:
    return np.array(xs)


def _array_type(args: Sequence[Atom]) -> Type:
    element = _even(_element(args), repr(args[0]))
    dims = dims_of(element)
    if isinstance(element, Tape):  # rows of equal length, or NumPy raises
        element, dims = element.element, (Sym(f"len({args[0]!r}[0])"),)
        dims += dims_of(element)
    if not (isinstance(element, Array) or is_number(element)):
        raise TypeRefusal(f"an array of {element}", "append numbers or arrays")
    return Array(_dtype(element), (Sym(f"len({args[0]!r})"), *dims))


_DTYPES: dict[type, str] = {Float: "f64", Int: "i64", Bool: "bool"}


def _dtype(element: Type) -> str:
    """The dtype of an array of such elements."""
    dtype = dtype_of(element)
    if dtype is None and getattr(element, "kind", "") == ANY:
        raise TypeRefusal(
            "the dtype of the array is decided only at run time", "append floats of one precision"
        )
    return dtype or _DTYPES[type(element)]


def _array_xs(xs: Any, *, xs_dot: Any) -> Any:
    return ARRAY(xs_dot)


ARRAY = register(
    Primitive("list_array", _array, _array_type, Special(), ("xs",), raises=always),
    Linear({"xs": _array_xs}, joint=True, samples=(NUMBERS,)),
)


def _rows(x: Any) -> list[Any]:
    return [row.copy() for row in x]


def _rows_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "a list")
    rest = array.dims[1:]
    return Tape(Array(array.dtype, rest) if rest else number_of(array.dtype))


def _rows_x(x: Any, *, x_dot: Any) -> Any:
    return ROWS(x_dot)


def _rows_back(x: Any, *, z_bar: Any) -> Any:
    return LIKE(z_bar, x)


ROWS = register(
    Primitive("list_rows", _rows, _rows_type, Special(), ("x",), allocates=True, noun="rows"),
    Linear({"x": _rows_x}, {"x": _rows_back}, samples=((np.array([1.0, 2.0]),),)),
)


def _lists(x: Any) -> list[list[Any]]:
    return [list(row) for row in x]


def _lists_type(args: Sequence[Atom]) -> Type:
    return Tape(Tape(number_of(infer.array(args[0], "a list").dtype)))


def _lists_x(x: Any, *, x_dot: Any) -> Any:
    return LISTS(x_dot)


LISTS = register(
    Primitive("list_lists", _lists, _lists_type, Special(), ("x",), allocates=True, noun="rows"),
    Linear({"x": _lists_x}, {"x": _rows_back}, samples=((np.array([[1.0, 2.0]]),),)),
)


def _like(xs: list[Any], x: Any) -> Any:
    return np.array(xs, x.dtype).reshape(x.shape)


def _like_type(args: Sequence[Atom]) -> Type:
    return args[1].type


def _like_xs(xs: Any, x: Any, *, xs_dot: Any) -> Any:
    return LIKE(xs_dot, x)


def _like_back(xs: Any, x: Any, *, z_bar: Any) -> Any:
    return ROWS(z_bar)


LIKE = register(
    Primitive("list_like", _like, _like_type, Special(), ("xs", "x")),
    Linear(
        {"xs": _like_xs},
        {"xs": _like_back},
        inert=("x",),
        samples=((*NUMBERS, np.array([0.5, 0.0, -1.0])),),
    ),
)
"""The rows of an array again as one that is like it."""


def _sum(one: list[Any], other: list[Any]) -> list[Any]:
    return total(one, other)


def _sum_one(one: Any, other: Any, *, one_dot: Any) -> Any:
    return one_dot


def _sum_other(one: Any, other: Any, *, other_dot: Any) -> Any:
    return other_dot


register(
    Primitive("list_sum", _sum, _same, Special(), ("one", "other"), allocates=True, noun="sums"),
    Linear({"one": _sum_one, "other": _sum_other}, samples=((*NUMBERS, [0.5, 1.0, 2.0]),)),
)
