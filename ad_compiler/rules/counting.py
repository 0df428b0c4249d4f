"""Counts of numbers in bins: inert, but the weights of what is counted, and edges from the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Int, Sym, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX
from ad_compiler.rules.masked import is_absent
from ad_compiler.rules.registry import Flat, Linear, means, register
from ad_compiler.rules.shaping import may_fail, more
from ad_compiler.rules.structures import structural

LONG, EDGES = np.array([0.5, -1.0, 2.0, 1.5, -0.25]), np.array([-2.0, -0.5, 1.0, 3.0])
NUMBERS = np.array([0, 3, 1, 1, 3])

# -- of whole numbers -----------------------------------------------------------------------------


def _bins_type(args: Sequence[Atom]) -> Type:
    x, weights, least = args
    if infer.array(x, "np.bincount").dtype[0] not in "iub":
        raise TypeRefusal("np.bincount of numbers that are not whole", "count whole numbers")
    infer.numbers([least], "np.bincount", "give an integer as `minlength`")
    return Array("i64" if is_absent(weights) else "f64", (Sym(f"bins({args!r})"),))


def _weights_bar(x: Any, weights: Any, minlength: Any, *, z_bar: Any) -> Any:
    return z_bar[x]


def _weights_dot(x: Any, weights: Any, minlength: Any, *, weights_dot: Any) -> Any:
    return np.bincount(x, weights_dot, minlength)


structural(
    np.bincount, ("x", "weights", "minlength"), _bins_type, {"weights": _weights_bar},
    {"weights": _weights_dot}, defaults={"weights": None, "minlength": 0},
    named=("weights", "minlength"), noun="counts", raises=may_fail,
    samples=((NUMBERS, LONG, 0), (NUMBERS, LONG, 7)),
)  # fmt: skip

# -- of numbers in bins ---------------------------------------------------------------------------


def _histogram_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    bins, span = args[1:]
    infer.static(span, "range")
    if isinstance(bins.type, Int):
        n = bins.value if isinstance(bins, Const) else Sym(f"bins({bins!r})")
        kind = infer.kind_of(infer.array(args[0], "np.histogram"))
        edges = infer.our_dtype(np.histogram(np.ones(2, kind), 2)[1].dtype)
        return Array("i64", (n,)), Array(edges, (more(n, 1),))
    dims = infer.array(bins, "np.histogram").dims
    raise TypeRefusal(f"np.histogram with {len(dims)} axes of edges", "give a number of bins")


def _edges_dot(a: Any, bins: Any, range: Any, *, a_dot: Any) -> Any:
    if range is not None:
        return None, None
    flat, dots = a.ravel(), a_dot.ravel()
    first, last = dots[np.argmin(flat)], dots[np.argmax(flat)]
    return None, np.linspace(first, last, bins + 1)


HISTOGRAM = structural(
    np.histogram, ("a", "bins", "range"), _histogram_type, {}, {"a": _edges_dot},
    defaults={"bins": 10, "range": None}, named=("range",), results=("counts", "edges"), means=(),
    raises=may_fail, samples=((LONG, 4, None), (MATRIX, 3, None)),
    convention="the counts have no derivative; of equal extremes the first moves the edges",
)  # fmt: skip


def _counts_type(args: Sequence[Atom]) -> Type:
    edges = infer.array(args[1], "np.histogram")
    if len(edges.dims) != 1:
        raise TypeRefusal("np.histogram with edges that are no vector", "give a vector")
    return Array("i64", (Sym(f"bins({dims_of(edges)[0]})"),))


def _counts(a: Any, edges: Any) -> Any:
    return np.histogram(a, edges)[0]


COUNTS = register(
    Primitive(
        "np.histogram(edges)",
        _counts,
        _counts_type,
        Special(),
        ("a", "bins"),
        raises=may_fail,
        noun="counts",
    ),
    Flat("a count", samples=((LONG, EDGES), (MATRIX, EDGES))),
)


# -- of weights in bins ---------------------------------------------------------------------------


def _weighed_type(args: Sequence[Atom]) -> Type:
    infer.array(args[2], "np.histogram")
    return Array("f64", dims_of(_counts_type(args[:2])))


def _weighed(a: Any, bins: Any, weights: Any) -> Any:
    return np.histogram(a, bins, weights=weights)[0]


def _weighed_dot(a: Any, bins: Any, weights: Any, *, weights_dot: Any) -> Any:
    return WEIGHED(a, bins, weights_dot)


def _weighed_bar(a: Any, bins: Any, weights: Any, *, z_bar: Any) -> Any:
    """Each weight has the cotangent of the bin that it went to; the last edge is the last bin's."""
    places = np.searchsorted(bins, a, side="right") - 1
    places = np.where(a == bins[-1], z_bar.size - 1, places)
    inside = (a >= bins[0]) & (a <= bins[-1])
    return np.where(inside, z_bar[np.clip(places, 0, z_bar.size - 1)], 0.0)


WEIGHED = register(
    Primitive(
        "np.histogram(weights)", _weighed, _weighed_type, Special(), ("a", "bins", "weights"),
        raises=may_fail, noun="sums",
    ),
    Linear(
        {"weights": _weighed_dot}, {"weights": _weighed_bar}, dense=True, inert=("a", "bins"),
        samples=((LONG, EDGES, LONG**2), (MATRIX, EDGES, MATRIX + 1)),
    ),
)  # fmt: skip


def _spread_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    infer.array(args[3], "np.histogram")
    counts, edges = _histogram_type(args[:3])
    return Array("f64", dims_of(counts)), edges


def _spread_bar(a: Any, bins: Any, range: Any, weights: Any, *, edges: Any, sums_bar: Any) -> Any:
    return None if sums_bar is None else _weighed_bar(a, edges, weights, z_bar=sums_bar)


def _spread_dot(a: Any, bins: Any, range: Any, weights: Any, *, weights_dot: Any) -> Any:
    return SPREAD(a, bins, range, weights_dot)[0], None


def _spread_edges_dot(a: Any, bins: Any, range: Any, weights: Any, *, a_dot: Any) -> Any:
    return _edges_dot(a, bins, range, a_dot=a_dot)


SPREAD = structural(
    np.histogram, ("a", "bins", "range", "weights"), _spread_type, {"weights": _spread_bar},
    {"a": _spread_edges_dot, "weights": _spread_dot}, name="np.histogram(bins, weights)",
    defaults={"bins": 10, "range": None}, named=("range", "weights"), results=("sums", "edges"),
    means=(), raises=may_fail,
    samples=((LONG, 5, None, LONG**2), (np.sin(MATRIX), 3, None, MATRIX + 1)),
    convention="where the weights go is taken as constant",
)  # fmt: skip


@means(
    np.histogram,
    samples=((LONG, 4), (MATRIX,), (LONG, EDGES, None, None, LONG**2),
             (LONG, 3, None, None, LONG), (LONG, 3, {"density": True})),
)  # fmt: skip
def _np_histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    values = np.asarray(a)
    shares = None if weights is None else np.asarray(weights) * 1.0
    if np.ndim(bins) > 0:
        edges = np.asarray(bins)
        counts = COUNTS(values, edges) if shares is None else WEIGHED(values, edges, shares)
    elif shares is None:
        counts, edges = HISTOGRAM(values, bins, range)
    else:
        counts, edges = SPREAD(values, bins, range, shares)
    if density:
        counts = counts / (np.diff(edges) * 1.0) / counts.sum()
    return counts, edges
