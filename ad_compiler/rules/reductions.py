"""Reductions along axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Dim, Type, dims_of, is_number, number_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.operators import RATIO
from ad_compiler.rules.registry import METHODS, SAME, Flat, Linear, compile_time, register
from ad_compiler.rules.shaping import axes_of, may_fail

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


def reduction_type(
    function: Any, name: str, numbers: bool = True
) -> Callable[[Sequence[Atom]], Type]:
    """The type rule of a NumPy reduction; NumPy says which dtype it gives."""

    def rule(args: Sequence[Atom]) -> Type:
        x, axis, keepdims = args[0], args[1], args[2]
        infer.numeric([x])
        if not numbers:
            infer.array(x, f"np.{name}")
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
        return np.size(x)
    first, *others = axes_list(axis, x.ndim)
    n = x.shape[first]
    for k in others:
        n = n * x.shape[k]
    return n


# -- sums -----------------------------------------------------------------------------------------


def _sum_bar(x: Any, axis: Any, keepdims: bool, *, z_bar: Any) -> Any:
    return spread(z_bar, axis, keepdims)


def _np_sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


METHODS["sum"] = register(
    Primitive(
        "np.sum", _np_sum, reduction_type(np.sum, "sum"), Call("np.sum"), ("x", *NAMED),
        defaults=AXES, keyword_only=NAMED, noun="total",
    ),
    Linear({"x": SAME}, {"x": _sum_bar}, dense=True, numbers=True, samples=SAMPLES),
    np.sum,
)  # fmt: skip


def _mean_bar(x: Any, axis: Any, keepdims: bool, *, z_bar: Any) -> Any:
    return RATIO(spread(z_bar, axis, keepdims), count_of(x, axis))


def _np_mean(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.mean(x, axis=axis, keepdims=keepdims)


METHODS["mean"] = register(
    Primitive(
        "np.mean", _np_mean, reduction_type(np.mean, "mean"), Call("np.mean"), ("x", *NAMED),
        defaults=AXES, keyword_only=NAMED, noun="mean",
    ),
    Linear({"x": SAME}, {"x": _mean_bar}, dense=True, numbers=True, samples=SAMPLES),
    np.mean,
)  # fmt: skip

# -- extremes -------------------------------------------------------------------------------------


def _chosen(x: Any, z: Any, axis: Any, keepdims: bool) -> Any:
    """Where the extreme is attained."""
    return (x == spread(z, axis, keepdims)) | np.isnan(x)


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
            convention="ties share equally; NaN is found where there is one", samples=SAMPLES,
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
    axis, keepdims = infer.static(args[1], "axis"), infer.static(args[2], "keepdims")
    if isinstance(axis, tuple | list):
        raise TypeRefusal("the place along several axes", "reshape first")
    return infer.of_dtype("i64", reduced(infer.array(args[0], "argmax").dims, axis, keepdims))


for _function, _raises in (
    (np.argmax, may_be_empty), (np.argmin, may_be_empty), (np.nanargmax, may_fail),
    (np.nanargmin, may_fail),
):  # fmt: skip
    _name = _function.__name__
    _place = register(
        Primitive(
            f"np.{_name}", evaluator(_function), _arg_type, Call(f"np.{_name}"), ("x", *NAMED),
            defaults=AXES, keyword_only=NAMED, raises=_raises, noun="place",
        ),
        Flat("an index", samples=SAMPLES[:4]), _function,
    )  # fmt: skip
    if hasattr(np.ndarray, _name):
        METHODS[_name] = _place
