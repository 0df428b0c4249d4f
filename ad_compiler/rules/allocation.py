"""Arrays made from lengths, from numbers, or after the shape of other arrays; and shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Method, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import (
    DTYPE_OF_NAME,
    PY,
    Array,
    Bool,
    Dim,
    Int,
    Sym,
    Type,
    dims_of,
    dtype_of,
    is_number,
)
from ad_compiler.rules import infer
from ad_compiler.rules.registry import METHODS, Flat, Linear, register

VECTOR = np.array([1.0, -2.0, 3.0])
MATRIX = np.arange(6.0).reshape(2, 3)

# -- lengths --------------------------------------------------------------------------------------


def _dim(x: Any, axis: int) -> int:
    return np.shape(x)[axis]


def _dim_type(args: Sequence[Atom]) -> Type:
    axis = infer.static(args[1], "axis")
    return Int(PY, dims_of(args[0].type)[axis])


def _int(_args: Sequence[Atom]) -> Type:
    return Int(PY)


DIM = register(
    Primitive("dim", _dim, _dim_type, Special(), ("x", "axis"), noun="n"), Flat("a length")
)
SIZE = register(Primitive("size", np.size, _int, Special(), ("x",), noun="size"), Flat("a length"))


def check_length(x: Any, n: int) -> None:
    """Raise ValueError unless x has n items, as unpacking it into n names does."""
    if len(x) > n:
        raise ValueError(f"too many values to unpack (expected {n})")
    if len(x) < n:
        raise ValueError(f"not enough values to unpack (expected {n}, got {len(x)})")


def _checked(args: Sequence[Atom]) -> Type:
    return args[0].type


def _may_differ(args: Sequence[Atom]) -> bool:
    n = args[1]
    return not (isinstance(n, Const) and dims_of(args[0].type)[0] == n.value)


register(
    Primitive(
        "check_length", check_length, _checked, Call("check_length"), ("x", "n"), raises=_may_differ
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
        raise TypeRefusal(f"a length of type {atom.type}", "convert it with int(...)")
    return atom.type.length if atom.type.length is not None else Sym(f"len({atom!r})")


# -- from lengths ---------------------------------------------------------------------------------


def _allocated(args: Sequence[Atom]) -> Type:
    *lengths, dtype = args
    name = infer.static(dtype, "dtype")
    if name not in DTYPE_OF_NAME:
        raise TypeRefusal(f"the dtype {name} is not supported", "use float64 or float32")
    return Array(DTYPE_OF_NAME[name], tuple(map(length_of, lengths)))


def _may_be_negative(args: Sequence[Atom]) -> bool:
    return any(
        not isinstance(a, Const) and isinstance(a.type, Int) and a.type.length is None for a in args
    )


def _allocator(make: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(*args: Any) -> Any:
        *lengths, dtype = args
        return make(tuple(lengths), dtype=dtype)

    return evaluate


for _make in (np.zeros, np.ones):
    register(
        Primitive(
            f"np.{_make.__name__}",
            _allocator(_make),
            _allocated,
            Special(),
            ("*lengths", "dtype"),
            raises=_may_be_negative,
            noun=_make.__name__,
            allocates=True,
        ),
        Flat("a constant"),
    )


def _full(*args: Any) -> Any:
    *lengths, value, dtype = args
    return np.full(tuple(lengths), value, dtype=dtype)


def _full_type(args: Sequence[Atom]) -> Type:
    *lengths, value, dtype = args
    infer.numbers([value], "np.full", "use np.broadcast_to")
    return _allocated([*lengths, dtype])


def _full_value(*args: Any, value_dot: Any) -> Any:
    return FULL(*args[:-2], value_dot, args[-1])


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
        {"value": _full_value},
        {"value": _full_value_bar},
        dense=True,
        samples=((3, 2.0, "float64"), (2, 3, 1.5, "float64")),
    ),
)

# -- from numbers ---------------------------------------------------------------------------------


def _array_of(*numbers: Any) -> Any:
    return np.array(numbers)


def _array_of_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "np.array", "use np.stack")
    kinds = [np.asarray(_sample(arg)) if _is_weak(arg) else _sample(arg) for arg in args]
    return Array(infer.our_dtype(np.result_type(*kinds)), (len(args),))


def _is_weak(arg: Atom) -> bool:
    return infer.is_python(arg.type)


def _sample(arg: Atom) -> Any:
    """A value whose dtype NumPy promotes as it does the operand's."""
    dtype = dtype_of(arg.type)
    if dtype is not None:
        return infer.numpy_dtype(dtype)
    if isinstance(arg.type, Bool):
        return np.dtype(bool)
    return np.dtype("int64") if isinstance(arg.type, Int) else np.dtype("float64")


def _array_of_numbers(*numbers: Any, numbers_dot: Any) -> Any:
    return ARRAY_OF(*numbers_dot)


def _array_of_bar(*numbers: Any, z_bar: Any, index: int) -> Any:
    return z_bar[index]


ARRAY_OF = register(
    Primitive("array_of", _array_of, _array_of_type, Special(), ("*numbers",), noun="values"),
    Linear(
        {"numbers": _array_of_numbers}, {"numbers": _array_of_bar}, dense=True,
        samples=((1.0, 2.0), (3.0,)),
    ),
)  # fmt: skip


def _array0(x: Any) -> Any:
    return np.array(x)


def _array0_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "np.array", "use np.stack")
    return Array(infer.our_dtype(_sample(args[0])), ())


def _array0_x(x: Any, *, x_dot: Any) -> Any:
    return ARRAY0(x_dot)


def _array0_bar(x: Any, *, z_bar: Any) -> Any:
    return np.sum(z_bar)


ARRAY0 = register(
    Primitive("array0", _array0, _array0_type, Call("np.array"), ("x",), noun="values"),
    Linear({"x": _array0_x}, {"x": _array0_bar}, samples=((2.0,),)),
)

# -- after the shape of another -------------------------------------------------------------------


def _like(args: Sequence[Atom]) -> Type:
    x = args[0].type
    if is_number(x):
        return Array(infer.our_dtype(_sample(args[0])), ())
    return infer.array(args[0], "a shape")


for _make_like in (np.zeros_like, np.ones_like):
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


def _full_like_value(x: Any, value: Any, *, value_dot: Any) -> Any:
    return np.full_like(x, value_dot)


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
        {"value": _full_like_value},
        {"value": _full_like_bar},
        dense=True,
        samples=((VECTOR, 2.0), (MATRIX, 0.5)),
    ),
    np.full_like,
)


def _copy(x: Any) -> Any:
    return x.copy()


def _copied(args: Sequence[Atom]) -> Type:
    if infer.may_be_python(args[0].type):
        raise TypeRefusal(f"a {args[0].type} has no copy()", "leave it out")
    return args[0].type


def _copy_x(x: Any, *, x_dot: Any) -> Any:
    return x_dot


def _copy_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar


METHODS["copy"] = register(
    Primitive("copy", _copy, _copied, Method("copy"), ("x",), noun="copied"),
    Linear({"x": _copy_x}, {"x": _copy_bar}, samples=((VECTOR,),)),
    np.copy,
)


def _broadcast_like(value: Any, x: Any) -> Any:
    return np.broadcast_to(value, np.shape(x)).copy()


def _broadcast_like_type(args: Sequence[Atom]) -> Type:
    value, x = args[0].type, args[1].type
    dtype = dtype_of(value) or infer.our_dtype(_sample(args[0]))
    return Array(dtype, dims_of(x))


def _broadcast_like_value(value: Any, x: Any, *, value_dot: Any) -> Any:
    return BROADCAST_LIKE(value_dot, x)


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
        {"value": _broadcast_like_value},
        {"value": _broadcast_like_bar},
        dense=True,
        samples=((VECTOR, MATRIX), (np.ones((2, 1)), MATRIX)),
    ),
)


def unbroadcast(g: Any, x: Any) -> Any:
    """Sum g over the axes along which x was broadcast to its shape."""
    while np.ndim(g) > np.ndim(x):
        g = np.sum(g, axis=0)
    axes = tuple(
        k for k, n in enumerate(np.shape(x)) if n == 1 and np.shape(g)[k] != 1
    )
    return np.sum(g, axis=axes, keepdims=True) if axes else g


def _unbroadcast_type(args: Sequence[Atom]) -> Type:
    g, x = args[0].type, args[1].type
    dtype = dtype_of(g)
    return infer.of_dtype(dtype or infer.our_dtype(_sample(args[0])), dims_of(x))


def _unbroadcast_g(g: Any, x: Any, *, g_dot: Any) -> Any:
    return UNBROADCAST(g_dot, x)


def _unbroadcast_bar(g: Any, x: Any, *, z_bar: Any) -> Any:
    return BROADCAST_LIKE(z_bar, g)


UNBROADCAST = register(
    Primitive(
        "unbroadcast",
        unbroadcast,
        _unbroadcast_type,
        Call("unbroadcast"),
        ("g", "x"),
        noun="total",
        fresh=False,
    ),
    Linear(
        {"g": _unbroadcast_g},
        {"g": _unbroadcast_bar},
        dense=True,
        samples=((MATRIX, VECTOR), (MATRIX, np.ones((2, 1)))),
    ),
)

__all__ = ["length_of"]
