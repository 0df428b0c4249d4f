"""Rearrangements of arrays: linear, so each is its own forward function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Method, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym, Trim, Type, dims_of, dtype_of, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR, length_of
from ad_compiler.rules.indexing import reshaped
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.registry import ATTRIBUTES, METHODS, SAME, Linear, compile_time, register


def axis_of(value: Any, rank: int) -> int:
    """An axis counted from the front."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeRefusal("an axis must be known at compile time", "write a literal integer")
    if not -rank <= value < rank:
        raise TypeRefusal(f"axis {value} of an array with {rank} axes", "use an axis it has")
    return value % rank


def axes_of(value: Any, rank: int) -> tuple[int, ...]:
    """Axes, counted from the front; None for all."""
    if value is None:
        return tuple(range(rank))
    many = value if isinstance(value, tuple | list) else (value,)
    return tuple(axis_of(axis, rank) for axis in many)


def less(dim: Dim, by: int) -> Dim:
    """A length that is so much less, but not below 0."""
    match dim:
        case int():
            return max(dim - by, 0)
        case Sym():
            return Trim(dim, by) if by else dim
        case Trim(base, already):
            return Trim(base, already + by) if already + by else base


def more(dim: Dim, by: int) -> Dim:
    """A length that is so much more."""
    match dim:
        case int():
            return dim + by
        case Sym():
            return Trim(dim, -by) if by else dim
        case Trim():
            return Sym(f"{dim}+{by}", never=max(by - 1, 0))


# -- new lengths ----------------------------------------------------------------------------------


def _reshape(x: Any, *shape: int) -> Any:
    return x.reshape(shape)


def _reshape_type(args: Sequence[Atom]) -> Type:
    x, *lengths = args
    array = infer.array(x, "reshape")
    return Array(array.dtype, reshaped(array, lengths))


def may_fail(_args: Sequence[Atom]) -> bool:
    """The `raises` of an operation whose lengths may not fit."""
    return True


def _reshape_bar(x: Any, *shape: int, z_bar: Any) -> Any:
    return z_bar.reshape(*x.shape)


METHODS["reshape"] = register(
    Primitive(
        "np.reshape", _reshape, _reshape_type, Method("reshape"), ("x", "*shape"),
        raises=may_fail, noun="reshaped", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _reshape_bar}, dense=True,
        samples=((MATRIX, 3, 2), (MATRIX, -1), (VECTOR, 1, 3)),
    ),
    np.reshape,
)  # fmt: skip


def flattened(array: Array) -> Dim:
    """The length of all axes as one; it is 1 only if each of them is."""
    if len(array.dims) == 1:
        return array.dims[0]
    surely = any(map(never_one, array.dims))
    return Sym(f"rest({'*'.join(map(str, array.dims))})", never=int(surely))


def _ravel_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "ravel")
    return Array(array.dtype, (flattened(array),))


for _name in ("ravel", "flatten"):
    METHODS[_name] = register(
        Primitive(
            _name, getattr(np.ndarray, _name), _ravel_type, Method(_name), ("x",), noun="flat",
            fresh=_name == "flatten",
        ),
        Linear({"x": SAME}, {"x": _reshape_bar}, dense=True, samples=((MATRIX,), (VECTOR,))),
        *((np.ravel,) if _name == "ravel" else ()),
    )  # fmt: skip


def _expand_type(args: Sequence[Atom]) -> Type:
    x, axis = args
    own = dims_of(x.type)
    value = infer.static(axis, "axis")
    count = len(value) if isinstance(value, tuple | list) else 1
    places = axes_of(value, len(own) + count)
    if len(set(places)) < count:
        raise TypeRefusal(f"repeated axes {value} of np.expand_dims", "give each once")
    rest = iter(own)
    dims = tuple(1 if k in places else next(rest) for k in range(len(own) + count))
    return Array(_dtype(x), dims)


def _dtype(x: Atom) -> str:
    return dtype_of(x.type) or infer.stored([x.type])


def _expand_bar(x: Any, axis: Any, *, z_bar: Any) -> Any:
    return np.squeeze(z_bar, axis)


register(
    Primitive(
        "np.expand_dims", np.expand_dims, _expand_type, Call("np.expand_dims"), ("x", "axis"),
        noun="expanded", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _expand_bar}, dense=True,
        samples=((VECTOR, 0), (VECTOR, -1), (MATRIX, (0, 2))),
    ),
    np.expand_dims,
)  # fmt: skip


def _squeezed_axes(x: Array, axis: Any) -> tuple[int, ...]:
    if axis is not None:
        return axes_of(axis, len(x.dims))
    if any(d != 1 and not never_one(d) for d in x.dims):
        raise TypeRefusal(
            "which axes of this array have length 1 is known only at run time",
            "name them: np.squeeze(x, axis=0)",
        )
    return tuple(k for k, d in enumerate(x.dims) if d == 1)


def _squeeze_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "squeeze")
    gone = _squeezed_axes(array, infer.static(args[1], "axis"))
    dims = tuple(d for k, d in enumerate(array.dims) if k not in gone)
    return Array(array.dtype, dims)


def _squeeze_bar(x: Any, axis: Any, *, z_bar: Any) -> Any:
    return z_bar.reshape(*x.shape)


METHODS["squeeze"] = register(
    Primitive(
        "np.squeeze", np.squeeze, _squeeze_type, Call("np.squeeze"), ("x", "axis"),
        defaults={"axis": None}, raises=may_fail, noun="squeezed", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _squeeze_bar}, dense=True,
        samples=((VECTOR.reshape(1, 3), 0), (VECTOR.reshape(3, 1), None)),
    ),
    np.squeeze,
)  # fmt: skip


def _broadcast_to(x: Any, *shape: int) -> Any:
    return np.broadcast_to(x, shape)


def _broadcast_to_type(args: Sequence[Atom]) -> Type:
    x, *lengths = args
    dtype = dtype_of(x.type) or infer.stored([x.type])
    return Array(dtype, tuple(map(length_of, lengths)))


def _broadcast_to_bar(x: Any, *shape: int, z_bar: Any) -> Any:
    return UNBROADCAST(z_bar, x)


register(
    Primitive(
        "np.broadcast_to", _broadcast_to, _broadcast_to_type, Special(), ("x", "*shape"),
        raises=may_fail, noun="spread", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _broadcast_to_bar}, dense=True,
        samples=((VECTOR, 2, 3), (MATRIX, 4, 2, 3)),
    ),
    np.broadcast_to,
)  # fmt: skip

# -- new order ------------------------------------------------------------------------------------


def _transposed(x: Any, axes: Any) -> Any:
    return np.transpose(x, axes)


def _transpose_type(args: Sequence[Atom]) -> Type:
    dims = dims_of(args[0].type)
    axes = infer.static(args[1], "axes") if len(args) > 1 else None
    order = tuple(reversed(range(len(dims)))) if axes is None else axes_of(axes, len(dims))
    if sorted(order) != list(range(len(dims))):
        raise TypeRefusal(f"{axes} is no order of {len(dims)} axes", "name each axis once")
    return Array(infer.array(args[0], "transpose").dtype, tuple(dims[k] for k in order))


@compile_time
def inverse(axes: Any) -> Any:
    """The order of axes that undoes another."""
    return (
        None if axes is None else tuple(int(k) for k in np.argsort([a % len(axes) for a in axes]))
    )


def _transpose_bar(x: Any, axes: Any, *, z_bar: Any) -> Any:
    return np.transpose(z_bar, inverse(axes))


METHODS["transpose"] = register(
    Primitive(
        "np.transpose", _transposed, _transpose_type, Call("np.transpose"), ("x", "axes"),
        defaults={"axes": None}, noun="transposed", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _transpose_bar}, dense=True,
        samples=((MATRIX, None), (np.ones((2, 3, 4)), (1, 2, 0))),
    ),
    np.transpose,
)  # fmt: skip


def _t(x: Any) -> Any:
    return x.T


def _t_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar.T


ATTRIBUTES["T"] = register(
    Primitive("T", _t, _transpose_type, Special(), ("x",), noun="transposed", fresh=False),
    Linear({"x": SAME}, {"x": _t_bar}, dense=True, samples=((MATRIX,), (VECTOR,))),
)


def _flip_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "flip")
    axes_of(infer.static(args[1], "axis"), len(array.dims))
    return array


def _flip_bar(x: Any, axis: Any, *, z_bar: Any) -> Any:
    return np.flip(z_bar, axis)


register(
    Primitive(
        "np.flip", np.flip, _flip_type, Call("np.flip"), ("x", "axis"), defaults={"axis": None},
        noun="flipped", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _flip_bar}, dense=True, samples=((MATRIX, None), (MATRIX, 1))
    ),
    np.flip,
)  # fmt: skip


def _moveaxis_order(rank: int, source: Any, destination: Any) -> list[int]:
    sources, places = axes_of(source, rank), axes_of(destination, rank)
    order = [k for k in range(rank) if k not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return order


def _moveaxis_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "moveaxis")
    order = _moveaxis_order(
        len(array.dims), infer.static(args[1], "source"), infer.static(args[2], "destination")
    )
    return Array(array.dtype, tuple(array.dims[k] for k in order))


def _moveaxis_bar(x: Any, source: Any, destination: Any, *, z_bar: Any) -> Any:
    return np.moveaxis(z_bar, destination, source)


register(
    Primitive(
        "np.moveaxis", np.moveaxis, _moveaxis_type, Call("np.moveaxis"),
        ("x", "source", "destination"), noun="moved", fresh=False,
    ),
    Linear(
        {"x": SAME}, {"x": _moveaxis_bar}, dense=True,
        samples=((MATRIX, 0, 1), (np.ones((2, 3, 4)), -1, 0)),
    ),
    np.moveaxis,
)  # fmt: skip


def _swap_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "swapaxes")
    one, other = (axis_of(infer.static(a, "axis"), len(array.dims)) for a in args[1:])
    dims = list(array.dims)
    dims[one], dims[other] = dims[other], dims[one]
    return Array(array.dtype, tuple(dims))


def _swap_bar(x: Any, axis1: int, axis2: int, *, z_bar: Any) -> Any:
    return np.swapaxes(z_bar, axis1, axis2)


METHODS["swapaxes"] = register(
    Primitive(
        "np.swapaxes", np.swapaxes, _swap_type, Call("np.swapaxes"), ("x", "axis1", "axis2"),
        noun="swapped", fresh=False,
    ),
    Linear({"x": SAME}, {"x": _swap_bar}, dense=True, samples=((MATRIX, 0, 1),)),
    np.swapaxes,
)  # fmt: skip
