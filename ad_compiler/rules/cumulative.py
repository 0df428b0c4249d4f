"""Products and running totals, exact where factors are zero: nothing divides by a factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import DTYPE_OF_NAME, FLOAT_DTYPES, Array, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.indexing import ADD_AT, STORE
from ad_compiler.rules.reductions import AXES, NAMED, SAMPLES, axes_list, reduction_type, spread
from ad_compiler.rules.registry import PRIMITIVES, SAME, Linear, compile_time, widen
from ad_compiler.rules.shaping import axes_of, flattened
from ad_compiler.rules.structures import structural

ZEROS = (np.array([2.0, 0.0, 3.0, -1.5]), np.array([2.0, 0.0, 3.0, 0.0]))
BOX = np.arange(24.0).reshape(2, 3, 4) / 7 - 1.5


def rows(x: Any, axis: Any) -> Any:
    """x with the axes that an operation runs along as its first one."""
    if axis is None:
        return x if x.ndim == 1 else x.ravel()
    axes: Any = axes_list(axis, x.ndim)
    if len(axes) > 1:
        front = np.moveaxis(x, axes, tuple(range(len(axes))))
        return front.reshape(-1, *front.shape[len(axes) :])
    return x if axes[0] == 0 else np.moveaxis(x, axes[0], 0)


def unrows(v: Any, x: Any, axis: Any) -> Any:
    """What `rows` made of x, put back."""
    if axis is None:
        return v if x.ndim == 1 else v.reshape(*x.shape)
    axes: Any = axes_list(axis, x.ndim)
    if len(axes) > 1:
        front = np.moveaxis(x, axes, tuple(range(len(axes))))
        return np.moveaxis(v.reshape(*front.shape), tuple(range(len(axes))), axes)
    return v if axes[0] == 0 else np.moveaxis(v, 0, axes[0])


@compile_time
def first_axis(rank: int) -> int | None:
    """The first axis; None where there is no other, and it need not be said."""
    return 0 if rank > 1 else None


# -- sums -----------------------------------------------------------------------------------------


def _running_type(function: Any) -> Callable[[Sequence[Atom]], Type]:
    def rule(args: Sequence[Atom]) -> Type:
        array = infer.array(args[0], function.__name__)
        axis = infer.static(args[1], "axis")
        dtype = infer.our_dtype(function(np.ones(1, infer.kind_of(array))).dtype)
        if axis is not None:
            axes_of(axis, len(array.dims))
            return Array(dtype, array.dims)
        return Array(dtype, (flattened(array),))

    return rule


def _cumsum_bar(x: Any, axis: Any, *, z_bar: Any) -> Any:
    if axis is None:
        return unrows(np.cumsum(z_bar[::-1])[::-1], x, axis)
    return np.flip(np.cumsum(np.flip(z_bar, axis), axis=axis), axis)


RUNNING = ((VECTOR, None), (MATRIX, 0), (MATRIX, -1), (MATRIX, None), (BOX, 1))
structural(
    np.cumsum, ("x", "axis"), _running_type(np.cumsum), {"x": _cumsum_bar},
    defaults={"axis": None}, named=("axis",), noun="sums", samples=RUNNING, method=True,
)  # fmt: skip


def _typed_type(args: Sequence[Atom]) -> Type:
    dtype = DTYPE_OF_NAME.get(infer.static(args[2], "dtype"), "")
    if dtype not in FLOAT_DTYPES:
        raise TypeRefusal("running totals in such a dtype", "use np.float64 or np.float32")
    return Array(dtype, dims_of(RUNNING_TYPE(args)))


def _typed_cumsum_bar(x: Any, axis: Any, dtype: Any, *, z_bar: Any) -> Any:
    return _cumsum_bar(x, axis, z_bar=z_bar)


def _typed(x: Any, axis: Any, dtype: Any) -> Any:
    return np.cumsum(x, axis=axis, dtype=dtype)


RUNNING_TYPE = _running_type(np.cumsum)
widen(
    PRIMITIVES["np.cumsum"],
    Primitive(
        "np.cumsum(dtype)", _typed, _typed_type, Call("np.cumsum"), ("x", "axis", "dtype"),
        defaults={"axis": None}, keyword_only=("axis", "dtype"), noun="sums",
    ),
    Linear(
        {"x": SAME}, {"x": _typed_cumsum_bar}, dense=True,
        samples=((VECTOR, None, "float64"), (MATRIX, 1, "float64")),
    ),
)  # fmt: skip

# -- products -------------------------------------------------------------------------------------


def _before(z: Any) -> Any:
    """The product of all earlier factors, from the running products."""
    return STORE(np.ones_like(z), ("a:",), z[:-1], 1)


def _cumprod_x(x: Any, axis: Any, *, z: Any, x_dot: Any) -> Any:
    factors = rows(x, axis)
    total = _before(rows(z, axis)) * rows(x_dot, axis)
    for k in range(1, len(factors)):
        total = ADD_AT(total, ("int",), factors[k] * total[k - 1], k)
    return total if axis is None else unrows(total, x, axis)


def _cumprod_bar(x: Any, axis: Any, *, z: Any, z_bar: Any) -> Any:
    factors, total = rows(x, axis), rows(z_bar, axis)
    for k in range(len(factors) - 2, -1, -1):
        total = ADD_AT(total, ("int",), factors[k + 1] * total[k + 1], k)
    return unrows(_before(rows(z, axis)) * total, x, axis)


structural(
    np.cumprod, ("x", "axis"), _running_type(np.cumprod), {"x": _cumprod_bar},
    {"x": _cumprod_x}, defaults={"axis": None}, named=("axis",), noun="products", method=True,
    convention="exact where factors are zero",
    samples=(*RUNNING, *((x, None) for x in ZEROS)),
)  # fmt: skip


def other_factors(x: Any, axis: Any) -> Any:
    """For each factor the product of all others."""
    factors = rows(x, axis)
    along = first_axis(factors.ndim)
    before = STORE(np.ones_like(factors), ("a:",), np.cumprod(factors[:-1], axis=along), 1)
    products = np.cumprod(factors[:0:-1], axis=along)[::-1]
    after = STORE(np.ones_like(factors), (":b",), products, -1)
    return unrows(before * after, x, axis)


def _prod_x(x: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    return np.sum(other_factors(x, axis) * x_dot, axis=axis, keepdims=keepdims)


def _prod_bar(x: Any, axis: Any, keepdims: bool, *, z_bar: Any) -> Any:
    return spread(z_bar, axis, keepdims) * other_factors(x, axis)


PROD = structural(
    np.prod, ("x", *NAMED), reduction_type(np.prod, "prod", numbers=False), {"x": _prod_bar},
    {"x": _prod_x}, defaults=AXES, named=NAMED, noun="product", method=True, numbers=True,
    convention="exact where factors are zero",
    samples=(*SAMPLES, *((x, None, False) for x in ZEROS), (BOX, (0, 2), False), (BOX, 1, True)),
)  # fmt: skip
