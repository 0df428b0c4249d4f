"""Medians and quantiles: the derivative goes to the elements between which the value lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.cumulative import rows
from ad_compiler.rules.reductions import AXES, NAMED, may_be_empty, reduced, reduction_type
from ad_compiler.rules.registry import compile_time
from ad_compiler.rules.shaping import may_fail
from ad_compiler.rules.sorting import BOX, SHUFFLED, along, leading
from ad_compiler.rules.structures import structural

HOLES = np.array([[3.0, np.nan, 2.5, 0.5], [0.25, 4.0, -2.0, np.nan]])


def _back(value: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A value with the reduced axes back, if they are kept."""
    if not keepdims:
        return value
    return np.full((1,) * x.ndim, value) if axis is None else np.expand_dims(value, axis)


# -- medians --------------------------------------------------------------------------------------


def _median_x(x: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    values, dots = rows(x, axis), rows(x_dot, axis)
    order = np.argsort(values, axis=leading(values.ndim), kind="stable")
    n = len(values)
    chosen = along(dots, order[(n - 1) // 2 : n // 2 + 1], 0)
    return _back(np.mean(chosen, axis=0), x, axis, keepdims)


MIDDLE = "the elements in the middle; of equal ones the first"
structural(
    np.median, ("x", *NAMED), reduction_type(np.median, "median", numbers=False), {},
    {"x": _median_x}, defaults=AXES, named=NAMED, noun="median", raises=may_be_empty,
    convention=MIDDLE,
    samples=((VECTOR, None, False), (SHUFFLED, None, False), (SHUFFLED, 1, True),
             (BOX, 1, False), (BOX, -1, False), (MATRIX, None, True), (BOX, (0, 2), True)),
)  # fmt: skip


def _nanmedian_x(x: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    return _nan_quantile(x, 0.5, axis, "linear", keepdims, x_dot)


structural(
    np.nanmedian, ("x", *NAMED), reduction_type(np.nanmedian, "nanmedian", numbers=False), {},
    {"x": _nanmedian_x}, defaults=AXES, named=NAMED, noun="median", raises=may_be_empty,
    convention=MIDDLE,
    samples=((VECTOR, None, False), (HOLES, None, False), (HOLES, 0, False), (HOLES, 1, True),
             (BOX, (0, 2), False)),
)  # fmt: skip

# -- quantiles ------------------------------------------------------------------------------------

CONTINUOUS = {
    "linear": (1.0, 1.0), "interpolated_inverted_cdf": (0.0, 1.0), "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0), "median_unbiased": (1 / 3, 1 / 3), "normal_unbiased": (3 / 8, 3 / 8),
}  # fmt: skip
"""Hyndman and Fan's continuous definitions, by their two constants."""

STEPPED = (
    "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf",
    "closest_observation",
)  # fmt: skip
"""The definitions that jump as the quantile varies."""


@compile_time
def constants(method: str) -> tuple[float, float]:
    """The two constants of a continuous definition."""
    return CONTINUOUS[method]


@compile_time
def is_continuous(method: str) -> bool:
    """Whether the value varies with the quantile."""
    return method in CONTINUOUS


def _place(n: Any, q: Any, method: str) -> Any:
    """Where a quantile of n sorted elements lies, as NumPy computes it."""
    if method == "linear":
        return (n - 1) * q
    if is_continuous(method):
        alpha, beta = constants(method)
        return n * q + (alpha + q * (1 - alpha - beta)) - 1
    if method == "lower":
        return np.floor((n - 1) * q)
    if method == "higher":
        return np.ceil((n - 1) * q)
    if method == "nearest":
        return np.round((n - 1) * q)
    if method == "midpoint":
        return 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q))
    if method == "inverted_cdf":
        return np.ceil(n * q - 1)
    if method == "averaged_inverted_cdf":
        place = n * q - 1
        return np.where(place == np.floor(place), place + 0.5, np.ceil(place))
    place = n * q - 1.5
    whole = np.floor(place)
    return np.where(np.logical_and(place == whole, whole % 2 == 1), whole, whole + 1)


def _between(n: Any, q: Any, method: str) -> Any:
    """Between which places a quantile lies, and how far from the first."""
    place = _place(n, q, method)
    whole = np.floor(place)
    low = np.minimum(np.maximum(whole, 0), n - 1).astype(np.int64)
    high = np.minimum(np.maximum(whole + 1, 0), n - 1).astype(np.int64)
    return low, high, place - whole


@compile_time
def trailing(rank: int) -> tuple[int, ...]:
    """The axes behind the first."""
    return tuple(range(1, rank))


def _picked(dots: Any, order: Any, place: Any) -> Any:
    chosen = order[place]
    if dots.ndim == 1:
        return dots[chosen]
    return along(dots, chosen, 0) if np.ndim(place) > 0 else along(dots, chosen[None], 0)[0]


def _quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool, x_dot: Any) -> Any:
    values, dots = rows(x, axis), rows(x_dot, axis)
    order = np.argsort(values, axis=leading(values.ndim), kind="stable")
    low, high, weight = _between(len(values), q, method)
    one, other = _picked(dots, order, low), _picked(dots, order, high)
    if np.ndim(weight) > 0 and values.ndim > 1:
        weight = np.expand_dims(weight, trailing(values.ndim))
    return _back(one + weight * (other - one), x, axis, keepdims)


def _nan_quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool, x_dot: Any) -> Any:
    """Sorting puts NaN last, and each column has its own number of elements before them."""
    values, dots = rows(x, axis), rows(x_dot, axis)
    order = np.argsort(values, axis=leading(values.ndim), kind="stable")
    n = np.sum(np.logical_not(np.isnan(values)), axis=0)
    if values.ndim == 1:
        low, high, weight = _between(n, q, method)
        one, other = dots[order[low]], dots[order[high]]
        return _back(one + weight * (other - one), x, axis, keepdims)
    many = np.ndim(q) > 0
    low, high, weight = _between(n, np.expand_dims(q, trailing(values.ndim)) if many else q, method)
    one = along(dots, along(order, low if many else low[None], 0), 0)
    other = along(dots, along(order, high if many else high[None], 0), 0)
    between = one + weight * (other - one)
    return _back(between if many else between[0], x, axis, keepdims)


def _slope(x: Any, q: Any, axis: Any, method: str, keepdims: bool, q_dot: Any) -> Any:
    if not is_continuous(method):
        return None
    values = rows(x, axis)
    n = len(values)
    ordered = np.sort(values, axis=leading(values.ndim))
    low, high, _ = _between(n, q, method)
    if np.ndim(q_dot) > 0 and values.ndim > 1:
        q_dot = np.expand_dims(q_dot, trailing(values.ndim))
    slope = _stretch(n, method) * (ordered[high] - ordered[low])
    return _back(slope * q_dot, x, axis, keepdims)


def _stretch(n: Any, method: str) -> Any:
    """How fast the place of a quantile moves."""
    if method == "linear":
        return n - 1
    alpha, beta = constants(method)
    return n + 1 - alpha - beta


def _nan_slope(x: Any, q: Any, axis: Any, method: str, keepdims: bool, q_dot: Any) -> Any:
    if not is_continuous(method):
        return None
    values = rows(x, axis)
    n = np.sum(np.logical_not(np.isnan(values)), axis=0)
    ordered = np.sort(values, axis=leading(values.ndim))
    if values.ndim == 1:
        low, high, _ = _between(n, q, method)
        slope = _stretch(n, method) * (ordered[high] - ordered[low])
        return _back(slope * q_dot, x, axis, keepdims)
    many = np.ndim(q) > 0
    if many:
        q = np.expand_dims(q, trailing(values.ndim))
        q_dot = np.expand_dims(q_dot, trailing(values.ndim))
    low, high, _ = _between(n, q, method)
    one = along(ordered, low if many else low[None], 0)
    other = along(ordered, high if many else high[None], 0)
    slope = _stretch(n, method) * (other - one)
    return _back((slope if many else slope[0]) * q_dot, x, axis, keepdims)


QUANTILES = ("axis", "method", "keepdims")


def _quantile_type(function: Any) -> infer.Infer:
    name = f"np.{function.__name__}"

    def rule(args: Sequence[Atom]) -> Type:
        x, q, axis, method, keepdims = args
        array = infer.array(x, name)
        if infer.static(method, "method") not in (*CONTINUOUS, *STEPPED):
            raise TypeRefusal(f"the method {method} of {name}", "use one that NumPy has")
        kept = infer.static(keepdims, "keepdims")
        if len(dims_of(q.type)) > 1 or (kept and dims_of(q.type)):
            raise TypeRefusal(f"{name} of such quantiles", "give a number or a vector")
        dims = (*dims_of(q.type), *reduced(array.dims, infer.static(axis, "axis"), kept))
        if array.dtype not in ("f64", "f32"):
            return infer.of_dtype("f64", dims)
        sample = np.ones(2, infer.kind_of(array))
        made = function(sample, _q_sample(q), method=infer.static(method, "method"))
        return infer.of_dtype(infer.our_dtype(np.asarray(made).dtype), dims)

    return rule


def _q_sample(q: Atom) -> Any:
    kind = infer.kind_of(q.type)
    return kind(0) if isinstance(kind, type) else np.zeros((), kind)


def _quantile_x(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, x_dot: Any) -> Any:
    return _quantile(x, q, axis, method, keepdims, x_dot)


def _quantile_q(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, q_dot: Any) -> Any:
    return _slope(x, q, axis, method, keepdims, q_dot)


def _percentile_x(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, x_dot: Any) -> Any:
    return _quantile(x, q / 100, axis, method, keepdims, x_dot)


def _percentile_q(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, q_dot: Any) -> Any:
    return _slope(x, q / 100, axis, method, keepdims, q_dot / 100)


def _nanquantile_x(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, x_dot: Any) -> Any:
    return _nan_quantile(x, q, axis, method, keepdims, x_dot)


def _nanpercentile_x(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, x_dot: Any) -> Any:
    return _nan_quantile(x, q / 100, axis, method, keepdims, x_dot)


def _nanquantile_q(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, q_dot: Any) -> Any:
    return _nan_slope(x, q, axis, method, keepdims, q_dot)


def _nanpercentile_q(x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, q_dot: Any) -> Any:
    return _nan_slope(x, q / 100, axis, method, keepdims, q_dot / 100)


def _samples(share: float, *arrays: Any) -> tuple[tuple[Any, ...], ...]:
    """Points inside of the steps and pieces of each definition."""
    one, other = arrays
    return (
        (VECTOR, 0.3 * share, None, "linear", False), (one, 0.6 * share, 1, "linear", True),
        (one, 0.61 * share, (0, 1), "linear", False),
        (other, np.array([0.1, 0.77]) * share, 1, "linear", False),
        *((VECTOR, 0.43 * share, None, m, False) for m in (*CONTINUOUS, *STEPPED)),
        (one, np.array([0.3, 0.72]) * share, None, "higher", False),
    )  # fmt: skip


for _function, _share, _data, _jvps in (
    (np.quantile, 1.0, (SHUFFLED, BOX), {"x": _quantile_x, "q": _quantile_q}),
    (np.percentile, 100.0, (SHUFFLED, BOX), {"x": _percentile_x, "q": _percentile_q}),
    (np.nanquantile, 1.0, (HOLES, HOLES.T), {"x": _nanquantile_x, "q": _nanquantile_q}),
    (np.nanpercentile, 100.0, (HOLES, HOLES.T), {"x": _nanpercentile_x, "q": _nanpercentile_q}),
):  # fmt: skip
    structural(
        _function, ("x", "q", *QUANTILES), _quantile_type(_function), {}, _jvps,
        defaults={"axis": None, "method": "linear", "keepdims": False}, named=QUANTILES,
        noun="quantile", raises=may_fail, samples=_samples(_share, *_data),
        convention="the elements between which it lies; of equal ones the first",
    )  # fmt: skip
