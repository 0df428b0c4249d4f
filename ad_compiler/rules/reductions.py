"""Reductions along axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Dim, Type, dims_of, is_number, number_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.operators import RATIO
from ad_compiler.rules.registry import METHODS, Flat, Linear, compile_time, register
from ad_compiler.rules.shaping import axes_of

AXES = {"axis": None, "keepdims": False}
NAMED = ("axis", "keepdims")
SAMPLES = (
    (VECTOR, None, False),
    (MATRIX, None, False),
    (MATRIX, 0, False),
    (MATRIX, -1, True),
    (MATRIX, (0, 1), False),
    (MATRIX, None, True),
)


def reduced(dims: tuple[Dim, ...], axis: Any, keepdims: bool) -> tuple[Dim, ...]:
    """The shape after a reduction."""
    gone = axes_of(axis, len(dims))
    if keepdims:
        return tuple(1 if k in gone else d for k, d in enumerate(dims))
    return tuple(d for k, d in enumerate(dims) if k not in gone)


def reduction_type(function: Any, name: str) -> Callable[[Sequence[Atom]], Type]:
    """The type rule of a NumPy reduction; NumPy says which dtype it gives."""

    def rule(args: Sequence[Atom]) -> Type:
        x, axis, keepdims = args[0], args[1], args[2]
        infer.numeric([x])
        dtype = infer.numpy_dtype(infer.promote([x.type]))
        result = infer.our_dtype(np.asarray(function(np.ones(1, dtype))).dtype)
        dims = reduced(
            dims_of(x.type), infer.static(axis, "axis"), infer.static(keepdims, "keepdims")
        )
        if is_number(x.type):
            return number_of(result)
        return infer.of_dtype(result, dims)

    return rule


def may_be_empty(args: Sequence[Atom]) -> bool:
    """The `raises` of a reduction without a neutral element."""
    return not all(isinstance(d, int) and d > 0 for d in dims_of(args[0].type))


@compile_time
def is_lost(axis: Any, keepdims: bool) -> bool:
    """Whether a reduction leaves out axes that its cotangent needs back."""
    return axis is not None and not keepdims


def spread(g: Any, axis: Any, keepdims: bool) -> Any:
    """A cotangent with the reduced axes back, of length 1."""
    return np.expand_dims(g, axis) if is_lost(axis, keepdims) and np.ndim(g) > 0 else g


@compile_time
def axes_list(axis: Any, rank: int) -> tuple[int, ...]:
    """The reduced axes."""
    return axes_of(axis, rank)


def count_of(x: Any, axis: Any) -> Any:
    """How many elements each result is made of."""
    if axis is None:
        return x.size
    n = 1
    for k in axes_list(axis, x.ndim):
        n = n * x.shape[k]
    return n


# -- sums -----------------------------------------------------------------------------------------


def _sum_x(x: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    return np.sum(x_dot, axis=axis, keepdims=keepdims)


def _sum_bar(x: Any, axis: Any, keepdims: bool, *, z_bar: Any) -> Any:
    return spread(z_bar, axis, keepdims)


def _np_sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


METHODS["sum"] = register(
    Primitive(
        "np.sum", _np_sum, reduction_type(np.sum, "sum"), Call("np.sum"), ("x", *NAMED),
        defaults=AXES, keyword_only=NAMED, noun="total",
    ),
    Linear({"x": _sum_x}, {"x": _sum_bar}, dense=True, numbers=True, samples=SAMPLES),
    np.sum,
)  # fmt: skip


def _mean_x(x: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    return np.mean(x_dot, axis=axis, keepdims=keepdims)


def _mean_bar(x: Any, axis: Any, keepdims: bool, *, z_bar: Any) -> Any:
    return RATIO(spread(z_bar, axis, keepdims), count_of(x, axis))


def _np_mean(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.mean(x, axis=axis, keepdims=keepdims)


METHODS["mean"] = register(
    Primitive(
        "np.mean", _np_mean, reduction_type(np.mean, "mean"), Call("np.mean"), ("x", *NAMED),
        defaults=AXES, keyword_only=NAMED, noun="mean",
    ),
    Linear({"x": _mean_x}, {"x": _mean_bar}, dense=True, numbers=True, samples=SAMPLES),
    np.mean,
)  # fmt: skip

# -- products -------------------------------------------------------------------------------------


def _prod_x(x: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    """The product rule as a recurrence, which is exact where factors are zero."""
    rows, dots = x.ravel(), x_dot.ravel()
    if axis is not None:
        rows, dots = np.moveaxis(x, axis, 0), np.moveaxis(x_dot, axis, 0)
    total = np.sum(rows[:0], axis=0)
    product = total + 1.0
    for k in range(len(rows)):
        total = total * rows[k] + product * dots[k]
        product = product * rows[k]
    return _kept(total, x, axis, keepdims)


def _kept(total: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if not keepdims:
        return total
    if axis is None:
        return total + np.zeros_like(np.sum(x, keepdims=True))
    return np.expand_dims(total, axis)


def _np_prod(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.prod(x, axis=axis, keepdims=keepdims)


def _prod_type(args: Sequence[Atom]) -> Type:
    if isinstance(infer.static(args[1], "axis"), tuple):
        raise TypeRefusal("np.prod along several axes", "reshape first, or take one at a time")
    return reduction_type(np.prod, "prod")(args)


METHODS["prod"] = register(
    Primitive(
        "np.prod", _np_prod, _prod_type, Call("np.prod"), ("x", *NAMED),
        defaults=AXES, keyword_only=NAMED, noun="product",
    ),
    Linear(
        {"x": _prod_x}, convention="exact where factors are zero",
        samples=tuple(s for s in SAMPLES if not isinstance(s[1], tuple)),
    ),
    np.prod,
)  # fmt: skip

# -- extremes -------------------------------------------------------------------------------------


def _chosen(x: Any, z: Any, axis: Any, keepdims: bool) -> Any:
    """Where the extreme is attained."""
    return x == spread(z, axis, keepdims)


def _extreme_x(x: Any, axis: Any, keepdims: bool, *, z: Any, x_dot: Any) -> Any:
    mask = _chosen(x, z, axis, keepdims)
    total = np.sum(np.where(mask, x_dot, 0.0), axis=axis, keepdims=keepdims)
    return total / np.sum(mask, axis=axis, keepdims=keepdims)


def _extreme_bar(x: Any, axis: Any, keepdims: bool, *, z: Any, z_bar: Any) -> Any:
    mask = _chosen(x, z, axis, keepdims)
    share = z_bar / np.sum(mask, axis=axis, keepdims=keepdims)
    return np.where(mask, spread(share, axis, keepdims), 0.0)


def evaluator(function: Any) -> Any:
    """How a NumPy reduction is evaluated on positional operands."""

    def evaluate(x: Any, axis: Any, keepdims: bool) -> Any:
        return function(x, axis=axis, keepdims=keepdims)

    return evaluate


for _function, _noun in ((np.max, "largest"), (np.min, "smallest")):
    _name = "max" if _function is np.max else "min"
    METHODS[_name] = register(
        Primitive(
            f"np.{_name}", evaluator(_function), reduction_type(_function, _name),
            Call(f"np.{_name}"), ("x", *NAMED), defaults=AXES, keyword_only=NAMED,
            raises=may_be_empty, noun=_noun,
        ),
        Linear(
            {"x": _extreme_x}, {"x": _extreme_bar}, dense=True,
            convention="ties share equally", samples=SAMPLES,
        ),
        _function, np.amax if _name == "max" else np.amin,
    )  # fmt: skip

# -- without a derivative -------------------------------------------------------------------------

for _function in (np.any, np.all):
    _name = _function.__name__
    METHODS[_name] = register(
        Primitive(
            f"np.{_name}", evaluator(_function), reduction_type(_function, _name),
            Call(f"np.{_name}"), ("x", *NAMED), defaults=AXES, keyword_only=NAMED, noun="test",
        ),
        Flat("a truth value"), _function,
    )  # fmt: skip


def _arg_type(args: Sequence[Atom]) -> Type:
    dims = reduced(infer.array(args[0], "argmax").dims, infer.static(args[1], "axis"), False)
    return infer.of_dtype("i64", dims)


def _arg_evaluator(function: Any) -> Any:
    def evaluate(x: Any, axis: Any) -> Any:
        return function(x, axis=axis)

    return evaluate


for _function in (np.argmax, np.argmin):
    _name = _function.__name__
    METHODS[_name] = register(
        Primitive(
            f"np.{_name}", _arg_evaluator(_function), _arg_type, Call(f"np.{_name}"),
            ("x", "axis"), defaults={"axis": None}, keyword_only=("axis",),
            raises=may_be_empty, noun="place",
        ),
        Flat("an index"), _function,
    )  # fmt: skip


def _cumsum_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "cumsum")
    axis = infer.static(args[1], "axis")
    if axis is None and len(array.dims) != 1:
        raise TypeRefusal("np.cumsum of several axes at once", "use x.ravel(), or name an axis")
    axes_of(axis, len(array.dims))
    dtype = infer.our_dtype(np.cumsum(np.ones(1, infer.kind_of(array))).dtype)
    return Array(dtype, array.dims)


def _cumsum_x(x: Any, axis: Any, *, x_dot: Any) -> Any:
    return np.cumsum(x_dot, axis=axis)


def _cumsum_bar(x: Any, axis: Any, *, z_bar: Any) -> Any:
    return np.flip(np.cumsum(np.flip(z_bar, axis), axis=axis), axis)


METHODS["cumsum"] = register(
    Primitive(
        "np.cumsum", _arg_evaluator(np.cumsum), _cumsum_type, Call("np.cumsum"), ("x", "axis"),
        defaults={"axis": None}, keyword_only=("axis",), noun="sums",
    ),
    Linear(
        {"x": _cumsum_x}, {"x": _cumsum_bar}, dense=True,
        samples=((VECTOR, None), (MATRIX, 0), (MATRIX, -1)),
    ),
    np.cumsum,
)  # fmt: skip
