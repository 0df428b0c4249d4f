"""Sums of products over axes: `dot` and `inner` of any rank, `tensordot`, `einsum`, `kron`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym, Type, broadcast, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.products import DOT, INNER, OUTER, VDOT, B, M, N, V, W
from ad_compiler.rules.registry import VARIANTS, compile_time, means
from ad_compiler.rules.shaping import axis_of, may_fail
from ad_compiler.rules.structures import structural

SQUARE = np.arange(9.0).reshape(3, 3) / 4 - 1.0
CUBE = np.arange(24.0).reshape(2, 3, 4) / 6 - 1.0


def _dtype(args: Sequence[Atom]) -> str:
    return infer.promote(infer.types_of(args))


# -- tensordot ------------------------------------------------------------------------------------

Pairs = tuple[tuple[int, ...], tuple[int, ...]]


@compile_time
def summed(axes: Any, x_rank: int, y_rank: int) -> Pairs:
    """The axes of both operands that are summed over, counted from the front."""
    if isinstance(axes, int):
        return tuple(range(x_rank - axes, x_rank)), tuple(range(axes))
    one, other = ((a,) if isinstance(a, int) else tuple(a) for a in axes)
    return tuple(axis_of(a, x_rank) for a in one), tuple(axis_of(a, y_rank) for a in other)


@compile_time
def kept(axes: Any, rank: int) -> tuple[int, ...]:
    """The axes that are not summed over."""
    return tuple(k for k in range(rank) if k not in axes)


def _tensordot_type(args: Sequence[Atom]) -> Type:
    x, y, axes = args
    left, right = (infer.array(a, "np.tensordot").dims for a in (x, y))
    value = infer.static(axes, "axes")
    if isinstance(value, int) and not 0 <= value <= min(len(left), len(right)):
        raise TypeRefusal(f"np.tensordot over {value} axes", "use axes that both have")
    one, other = summed(value, len(left), len(right))
    if len(one) != len(other):
        raise TypeRefusal("np.tensordot over axes that do not pair", "name as many of both")
    dims = [left[k] for k in kept(one, len(left))] + [right[k] for k in kept(other, len(right))]
    return Array(_dtype([x, y]), tuple(dims))


@compile_time
def places(order: Any, rank: int) -> Any:
    """The order of axes that brings each axis to its place; None if it is there."""
    inverse = tuple(int(k) for k in np.argsort(order))
    return None if inverse == tuple(range(rank)) else inverse


def _back(value: Any, order: Any) -> Any:
    axes = places(order, value.ndim)
    return value if axes is None else np.transpose(value, axes)


def _tensordot_x_bar(x: Any, y: Any, axes: Any, *, z_bar: Any) -> Any:
    one, other = summed(axes, x.ndim, y.ndim)
    own, theirs = kept(one, x.ndim), kept(other, y.ndim)
    last = tuple(range(len(own), len(own) + len(theirs)))
    return _back(np.tensordot(z_bar, y, axes=(last, theirs)), own + paired(one, other))


def _tensordot_y_bar(x: Any, y: Any, axes: Any, *, z_bar: Any) -> Any:
    one, other = summed(axes, x.ndim, y.ndim)
    own, theirs = kept(other, y.ndim), kept(one, x.ndim)
    first = tuple(range(len(theirs)))
    return _back(np.tensordot(x, z_bar, axes=(theirs, first)), paired(other, one) + own)


@compile_time
def paired(own: Any, other: Any) -> tuple[int, ...]:
    """The summed axes in the order in which the other operand has its own."""
    return tuple(a for _, a in sorted(zip(other, own, strict=True)))


structural(
    np.tensordot, ("x", "y", "axes"), _tensordot_type,
    {"x": _tensordot_x_bar, "y": _tensordot_y_bar}, defaults={"axes": 2}, named=("axes",),
    noun="product", raises=may_fail,
    samples=((M, N, 1), (V, W, 0), (CUBE, CUBE, 3), (CUBE, CUBE, ((0, 2), (0, 2))),
             (CUBE, np.swapaxes(CUBE, 0, 1), ((1, 0), (0, 1))), (CUBE, M, (1, 1)),
             (CUBE, CUBE, ((2, 0), (2, 0)))),
)  # fmt: skip

# -- dot and inner of any rank --------------------------------------------------------------------


@compile_time
def next_to_last(rank: int) -> int:
    """The axis that `np.dot` sums over in its second operand."""
    return max(rank - 2, 0)


def _dot_axes(x: Any, y: Any) -> Any:
    return (x.ndim - 1,), (next_to_last(y.ndim),)


def _many_dot_x_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return _tensordot_x_bar(x, y, _dot_axes(x, y), z_bar=z_bar)


def _many_dot_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return _tensordot_y_bar(x, y, _dot_axes(x, y), z_bar=z_bar)


def _many_dot_type(args: Sequence[Atom]) -> Type:
    left, right = (dims_of(a.type) for a in args)
    place = next_to_last(len(right))
    return Array(_dtype(args), (*left[:-1], *right[:place], *right[place + 1 :]))


MANY_DOT = structural(
    np.dot, ("x", "y"), _many_dot_type, {"x": _many_dot_x_bar, "y": _many_dot_y_bar},
    name="np.dot(any)", noun="product", raises=may_fail, means=(),
    samples=((CUBE, CUBE[0].T), (B, np.swapaxes(B, 1, 2)), (V, np.swapaxes(CUBE, 1, 1)),
             (CUBE, np.ones(4)), (M, CUBE)),
)  # fmt: skip


def _times_x_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return UNBROADCAST(z_bar * y, x) if np.ndim(z_bar) > np.ndim(x) else z_bar * y


def _times_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return UNBROADCAST(z_bar * x, y) if np.ndim(z_bar) > np.ndim(y) else z_bar * x


def _times_type(args: Sequence[Atom]) -> Type:
    types = [infer.strong(a.type) for a in args]  # NumPy makes arrays of both
    return infer.of_dtype(infer.promote(types), broadcast(*map(dims_of, types)))


def _scalings(function: Any) -> Any:
    return structural(
        function, ("x", "y"), _times_type, {"x": _times_x_bar, "y": _times_y_bar},
        name=f"np.{function.__name__}(number)", noun="product", means=(),
        samples=((2.0, M), (V, 1.5), (2.0, 3.0)),
    )  # fmt: skip


def _many_inner_x_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return _tensordot_x_bar(x, y, ((x.ndim - 1,), (y.ndim - 1,)), z_bar=z_bar)


def _many_inner_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    return _tensordot_y_bar(x, y, ((x.ndim - 1,), (y.ndim - 1,)), z_bar=z_bar)


def _many_inner_type(args: Sequence[Atom]) -> Type:
    left, right = (dims_of(a.type) for a in args)
    return Array(_dtype(args), (*left[:-1], *right[:-1]))


MANY_INNER = structural(
    np.inner, ("x", "y"), _many_inner_type, {"x": _many_inner_x_bar, "y": _many_inner_y_bar},
    name="np.inner(any)", noun="product", raises=may_fail, means=(),
    samples=((M, B), (V, M), (M, V), (M, M[:1] * 2)),
)  # fmt: skip


def _by_rank(usual: Any, many: Any, scaling: Any) -> Any:
    """Which of the forms of a product these operands ask for."""

    def choose(args: Sequence[Atom]) -> Any:
        ranks = [len(dims_of(a.type)) for a in args]
        if min(ranks) == 0:
            return scaling, tuple(args)
        return (many, tuple(args)) if max(ranks) > usual else None

    return choose


VARIANTS[DOT] = _by_rank(2, MANY_DOT, _scalings(np.dot))
VARIANTS[INNER] = _by_rank(1, MANY_INNER, _scalings(np.inner))


def _flat(x: Any) -> Any:
    """A vector of all elements."""
    return np.asarray(x) if np.ndim(x) == 1 else np.ravel(x)


@means(np.vdot, samples=((V, W), (M, M + 1), (M, V.repeat(2)), (2.0, 3.0)))
def _vdot(a: Any, b: Any, /) -> Any:
    return VDOT(_flat(a), _flat(b))


@means(np.outer, samples=((V, W), (M, V), (2.0, V), (V, [1.0, 2.0])))
def _outer(a: Any, b: Any) -> Any:
    return OUTER(_flat(a), _flat(b))


# -- kron -----------------------------------------------------------------------------------------


def _kron_type(args: Sequence[Atom]) -> Type:
    left, right = (dims_of(a.type) for a in args)
    rank = max(len(left), len(right))
    left, right = ((1,) * (rank - len(dims)) + dims for dims in (left, right))
    dims = tuple(map(_times, left, right))
    return Array(_dtype(args), dims)


def _times(a: Dim, b: Dim) -> Dim:
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    return b if a == 1 else a if b == 1 else Sym(f"{a}*{b}")


@compile_time
def lacking(rank: int, other: int) -> tuple[int, ...]:
    """The axes that an operand lacks before its own."""
    return tuple(range(max(other - rank, 0)))


def _alike(x: Any, y: Any) -> Any:
    """An operand with as many axes as the other."""
    return np.expand_dims(x, lacking(x.ndim, y.ndim)) if x.ndim < y.ndim else x


@compile_time
def every_other(rank: int, first: int) -> tuple[int, ...]:
    """Every second axis of 2 * rank."""
    return tuple(range(first, 2 * rank, 2))


def _apart(z_bar: Any, x: Any, y: Any) -> Any:
    """Each axis of a Kronecker product as the two it is made of."""
    return z_bar.reshape(*[n for k in range(x.ndim) for n in (x.shape[k], y.shape[k])])


@compile_time
def counted(rank: int) -> tuple[int, ...]:
    """All axes."""
    return tuple(range(rank))


def _kron_x_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    one, other = _alike(x, y), _alike(y, x)
    axes = (every_other(one.ndim, 1), counted(one.ndim))
    made = np.tensordot(_apart(z_bar, one, other), other, axes=axes)
    return made.reshape(*x.shape) if x.ndim < y.ndim else made


def _kron_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    one, other = _alike(x, y), _alike(y, x)
    axes = (every_other(one.ndim, 0), counted(one.ndim))
    made = np.tensordot(_apart(z_bar, one, other), one, axes=axes)
    return made.reshape(*y.shape) if y.ndim < x.ndim else made


KRON = structural(
    np.kron, ("x", "y"), _kron_type, {"x": _kron_x_bar, "y": _kron_y_bar}, noun="product", means=(),
    samples=((V, np.array([1.0, 2.0])), (M, N), (CUBE, B)),
)  # fmt: skip


@means(np.kron, samples=((M, N), (V, M), (2.0, M), (M, [1.0, 2.0])))
def _np_kron(a: Any, b: Any) -> Any:
    return KRON(np.asarray(a), np.asarray(b))
