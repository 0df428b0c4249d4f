"""Squares that are smooth where what is squared is not: `np.linalg.norm(x) ** 2` at 0.

By the chain rule, the derivative would have the slope of the norm in it, which is 0 at 0 by
convention, and so would the second derivative be, which is not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.types import rank
from ad_compiler.rules.complexes import CONJ, REAL
from ad_compiler.rules.norms import EUCLIDEAN, kind_of
from ad_compiler.rules.reductions import spread
from ad_compiler.rules.registry import Linear, Partials


def _norm_dot(x: Any, ord: Any, axis: Any, keepdims: bool, *, x_dot: Any) -> Any:
    return 2 * np.sum(x * x_dot, axis=axis, keepdims=keepdims)


def _norm_bar(x: Any, ord: Any, axis: Any, keepdims: bool, *, z_bar: Any) -> Any:
    return spread(2 * z_bar, axis, keepdims) * x


def _size_dot(x: Any, *, x_dot: Any) -> Any:
    return 2 * REAL(CONJ(x) * x_dot)


def _size_bar(x: Any, *, z_bar: Any) -> Any:
    return CONJ(x) * (2 * z_bar)


def _is_euclidean(args: Sequence[Atom]) -> bool:
    x, order, axis, _ = args
    assert isinstance(order, Const)
    assert isinstance(axis, Const)
    return kind_of(order.value, axis.value, rank(x.type)) == EUCLIDEAN


def _always(_: Sequence[Atom]) -> bool:
    return True


_SIZE = Linear({"x": _size_dot}, {"x": _size_bar})
_REAL_SIZE = Partials(("x",), "x * x", ("2 * x",))

SQUARED: dict[str, tuple[Callable[[Sequence[Atom]], bool], Linear | Partials]] = {
    "np.linalg.norm": (_is_euclidean, Linear({"x": _norm_dot}, {"x": _norm_bar}, dense=True)),
    "np.abs(complex)": (_always, _SIZE),
    "abs(complex)": (_always, _SIZE),
    **dict.fromkeys(("np.abs", "abs", "np.fabs", "math.fabs"), (_always, _REAL_SIZE)),
}
"""For what operands of an operation, by name, its square has which derivative."""
