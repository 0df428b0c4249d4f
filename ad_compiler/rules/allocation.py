"""Arrays made from lengths, from numbers, or after the shape of other arrays; and shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Method, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import (
    DTYPE_OF_ANY_NAME,
    PY,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Dim,
    Int,
    Sym,
    Type,
    dims_of,
    never_one,
    shown,
)
from ad_compiler.rules import infer
from ad_compiler.rules.counts import counted
from ad_compiler.rules.helpers import helper
from ad_compiler.rules.registry import MEANINGS, SAME, Flat, Linear, register

VECTOR = np.array([1.0, -2.0, 3.0])
MATRIX = np.arange(6.0).reshape(2, 3)

# -- lengths --------------------------------------------------------------------------------------


def _dim(x: Any, axis: int) -> int:
    return np.shape(x)[axis]


def _dim_type(args: Sequence[Atom]) -> Type:
    axis = infer.static(args[1], "axis")
    return Int(PY, dims_of(args[0].type)[axis])


def _int(_args: Sequence[Atom]) -> Type:
    return PY_INT


DIM = register(
    Primitive("dim", _dim, _dim_type, Special(), ("x", "axis"), noun="n"), Flat("a length")
)
SIZE = register(Primitive("size", np.size, _int, Special(), ("x",), noun="size"), Flat("a length"))


CHECK_APART = register(
    Primitive(
        "check_apart", helper("check_apart"), lambda args: args[0].type, Call("check_apart"),
        ("x", "y", "names"), raises=lambda _: True,
    ),
    Flat("a check"),
)  # fmt: skip


def _checked(args: Sequence[Atom]) -> Type:
    if not infer.array(args[0], "unpacking").dims:
        raise TypeRefusal("an array without axes cannot be unpacked", "use its value")
    return args[0].type


def _may_differ(args: Sequence[Atom]) -> bool:
    n = args[1]
    return not (isinstance(n, Const) and dims_of(args[0].type)[0] == n.value)


register(
    Primitive(
        "check_length",
        helper("check_length"),
        _checked,
        Call("check_length"),
        ("x", "n"),
        raises=_may_differ,
    ),
    Flat("a check"),
)


def length_of(atom: Atom) -> Dim:
    """The length that an integer operand stands for."""
    if isinstance(atom, Const):
        if isinstance(atom.value, int) and atom.value >= 0:
            return atom.value
        raise TypeRefusal(f"{atom.value!r} is no length", "use integers that are not negative")
    if not isinstance(atom.type, Int):
        raise TypeRefusal(f"a length of type {shown(atom.type)}", "convert it with int(...)")
    known = counted(atom.type)
    return Sym(f"len({atom!r})") if known is None else known


def halved(dim: Dim) -> Dim:
    """The length of what `rfft` gives: that of two elements is two."""
    if isinstance(dim, int):
        return dim // 2 + 1
    return Sym(f"half({dim})", never=int(never_one(dim)))


# -- from lengths ---------------------------------------------------------------------------------


def _allocated(args: Sequence[Atom]) -> Type:
    *lengths, dtype = args
    name = infer.static(dtype, "dtype")
    if name not in DTYPE_OF_ANY_NAME:
        raise TypeRefusal(f"the dtype {name} is not supported", "use float64 or float32")
    return Array(DTYPE_OF_ANY_NAME[name], tuple(map(length_of, lengths)))


def _may_be_negative(args: Sequence[Atom]) -> bool:
    return any(
        not isinstance(a, Const) and isinstance(a.type, Int) and a.type.length is None for a in args
    )


def _allocator(make: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(*args: Any) -> Any:
        *lengths, dtype = args
        return make(tuple(lengths), dtype=dtype)

    return evaluate


_CONSTANTS: dict[str, Any] = {"zeros": np.zeros, "ones": np.ones, "empty": np.empty}

for _name, _make in _CONSTANTS.items():
    register(
        Primitive(
            f"np.{_name}",
            _allocator(_make),
            _allocated,
            Special(),
            ("*lengths", "dtype"),
            raises=_may_be_negative,
            noun=_name,
            allocates=True,
        ),
        Flat("a constant"),
    )


def _unit_type(args: Sequence[Atom]) -> Type:
    rows, columns, k, dtype = args
    infer.numbers([k], "np.eye", "give an integer")
    name = infer.static(dtype, "dtype") or "float64"
    if name not in DTYPE_OF_ANY_NAME:
        raise TypeRefusal(f"the dtype {name} is not supported", "use float64 or float32")
    sides = (rows, rows) if isinstance(columns, Const) and columns.value is None else args[:2]
    return Array(DTYPE_OF_ANY_NAME[name], tuple(map(length_of, sides)))


for _unit, _noun in ((np.eye, "identity"), (np.tri, "triangle")):
    register(
        Primitive(
            f"np.{_unit.__name__}", _unit, _unit_type, Call(f"np.{_unit.__name__}"),
            ("N", "M", "k", "dtype"), defaults={"M": None, "k": 0, "dtype": "float64"},
            keyword_only=("dtype",), raises=lambda args: _may_be_negative(args[:2]), noun=_noun,
        ),
        Flat("a constant"), _unit,
    )  # fmt: skip

MEANINGS[np.identity] = MEANINGS[np.eye]


def _full(*args: Any) -> Any:
    *lengths, value, dtype = args
    return np.full(tuple(lengths), value, dtype=dtype)


def _full_type(args: Sequence[Atom]) -> Type:
    *lengths, value, dtype = args
    infer.numbers([value], "np.full", "use np.broadcast_to")
    return _allocated([*lengths, dtype])


def _full_value_bar(*args: Any, z_bar: Any) -> Any:
    return np.sum(z_bar)


FULL = register(
    Primitive(
        "np.full",
        _full,
        _full_type,
        Special(),
        ("*lengths", "value", "dtype"),
        raises=_may_be_negative,
        noun="filled",
        allocates=True,
    ),
    Linear(
        {"value": SAME},
        {"value": _full_value_bar},
        dense=True,
        samples=((3, 2.0, "float64"), (2, 3, 1.5, "float64")),
    ),
)

# -- from numbers ---------------------------------------------------------------------------------


def _array_of(*numbers: Any) -> Any:
    return np.array(numbers)


def _array_of_type(args: Sequence[Atom]) -> Type:
    types = infer.numbers(args, "np.array", "use np.stack")
    return Array(infer.stored(types), (len(args),))


def _array_of_bar(*numbers: Any, z_bar: Any, index: int) -> Any:
    return z_bar[index]


ARRAY_OF = register(
    Primitive("array_of", _array_of, _array_of_type, Special(), ("*numbers",), noun="values"),
    Linear(
        {"numbers": SAME}, {"numbers": _array_of_bar}, joint=True, dense=True,
        samples=((1.0, 2.0), (3.0,)),
    ),
)  # fmt: skip


def _array0(x: Any) -> Any:
    return np.array(x)


def _array0_type(args: Sequence[Atom]) -> Type:
    return Array(infer.stored(infer.numbers(args, "np.array", "use np.stack")), ())


def _array0_bar(x: Any, *, z_bar: Any) -> Any:
    return np.sum(z_bar)


ARRAY0 = register(
    Primitive("array0", _array0, _array0_type, Call("np.array"), ("x",), noun="values"),
    Linear({"x": SAME}, {"x": _array0_bar}, samples=((2.0,),)),
)


def _item(x: Any) -> Any:
    return x.item()


def _item_type(args: Sequence[Atom]) -> Type:
    (type_,) = infer.numeric(args)
    if dims_of(type_) or infer.may_be_python(type_):
        raise TypeRefusal(f"item() of a {shown(type_)}", "index one element of an array")
    kind = infer.kind_of(type_).kind
    return PY_FLOAT if kind == "f" else PY_BOOL if kind == "b" else PY_INT


def _item_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar


register(
    Primitive("item", _item, _item_type, Method("item"), ("x",), noun="number"),
    Linear({"x": SAME}, {"x": _item_bar}, samples=((np.array(2.0),),)),
)
