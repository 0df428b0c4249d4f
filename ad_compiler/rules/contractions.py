"""Sums of products over axes: `dot` and `inner` of any rank, `tensordot`, `einsum`, `kron`."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym, Type, broadcast, broadcast_dim, dims_of, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.products import DOT, INNER, OUTER, VDOT, B, M, N, V, W
from ad_compiler.rules.registry import VARIANTS, compile_time, means, of_types
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
    return x if np.ndim(x) == 1 else np.ravel(np.asarray(x))


@means(np.vdot, samples=((V, W), (M, M + 1), (M, V.repeat(2)), (2.0, 3.0)))
def _vdot(a: Any, b: Any, /) -> Any:
    return VDOT(_flat(a), _flat(b))


@means(np.outer, samples=((V, W), (M, V), (2.0, V)))
def _outer(a: Any, b: Any) -> Any:
    return OUTER(_flat(a), _flat(b))


# -- einsum ---------------------------------------------------------------------------------------

Labels = tuple[tuple[str, ...], str]


@compile_time
def labelled(subscripts: str, ranks: Any) -> Labels:
    """The letters of each operand and of the result; `...` has become capital letters."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise TypeRefusal(f"np.einsum of {len(ranks)} operands with {subscripts!r}", "name each")
    extra = [rank - len(part.replace("...", "")) for part, rank in zip(parts, ranks, strict=True)]
    if any(n < 0 or (n > 0 and "..." not in p) for p, n in zip(parts, extra, strict=True)):
        raise TypeRefusal(f"the ranks of operands of np.einsum({subscripts!r})", "fit the letters")
    used = set(text)
    spare = [c for c in string.ascii_uppercase if c not in used][: max(extra, default=0)]
    letters = [
        part.replace("...", "".join(spare[len(spare) - n :]))
        for part, n in zip(parts, extra, strict=True)
    ]
    together = "".join(letters)
    if arrow:
        result = right.replace("...", "".join(spare))
    else:
        once = sorted(c for c in set(together) - set(spare) if together.count(c) == 1)
        result = "".join(spare) + "".join(once)
    return tuple(letters), result


def _einsum_type(args: Sequence[Atom]) -> Type:
    subscripts, *operands = args
    for operand in operands:
        infer.array(operand, "np.einsum")
    ranks = tuple(len(dims_of(a.type)) for a in operands)
    inputs, output = labelled(infer.static(subscripts, "subscripts"), ranks)
    lengths: dict[str, Dim] = {}
    for letters, operand in zip(inputs, operands, strict=True):
        for letter, dim in zip(letters, dims_of(operand.type), strict=True):
            lengths[letter] = broadcast_dim(lengths.get(letter, dim), dim)
    return infer.of_dtype(_dtype(operands), tuple(lengths[c] for c in output))


@compile_time
def transposed_subscripts(inputs: Any, output: str, index: int) -> Any:
    """How the cotangent of one operand is summed: subscripts, and what it lacks.

    A letter that the operand repeats is made two, tied by an identity matrix; a letter that
    occurs nowhere else is left out, for the cotangent is the same along its axis.
    """
    own = inputs[index]
    others = [letters for k, letters in enumerate(inputs) if k != index]
    fresh = (c for c in string.ascii_letters if c not in "".join(inputs) + output)
    seen: list[str] = []
    ties: list[tuple[str, int]] = []
    for axis, letter in enumerate(own):
        if letter in seen:
            seen.append(next(fresh))
            ties.append((letter + seen[-1], axis))
        else:
            seen.append(letter)
    known = set(output).union(*others, *(tie for tie, _ in ties))
    target = "".join(c for c in seen if c in known)
    lacking = tuple(axis for axis, c in enumerate(seen) if c not in known)
    terms = [output, *others, *(tie for tie, _ in ties)]
    missing = lacking[0] if len(lacking) == 1 else lacking or None
    return f"{','.join(terms)}->{target}", tuple(axis for _, axis in ties), missing


@compile_time
def others_of(count: int, index: int) -> tuple[int, ...]:
    """The other operands."""
    return tuple(k for k in range(count) if k != index)


@of_types
def may_broadcast(x: Any) -> bool:
    """Whether an axis may have length 1, which `np.einsum` repeats as others do."""
    return not all(map(never_one, dims_of(x)))


def _einsum_bar(subscripts: str, *operands: Any, z_bar: Any, index: int) -> Any:
    inputs, output = labelled(subscripts, tuple([x.ndim for x in operands]))
    text, ties, lacking = transposed_subscripts(inputs, output, index)
    x = operands[index]
    others = [operands[k] for k in others_of(len(operands), index)]
    identities = [np.eye(x.shape[axis], x.shape[axis]) for axis in ties]
    made = contracted(text, [np.asarray(z_bar), *others, *identities])
    if lacking is not None and np.ndim(made) > 0:
        made = np.expand_dims(made, lacking)
    return UNBROADCAST(made, x) if may_broadcast(x) else made


EINSUM = structural(
    np.einsum, ("subscripts", "*operands"), _einsum_type, {"operands": _einsum_bar},
    noun="product", raises=may_fail, means=(),
    samples=(
        ("ij,jk->ik", M, N), ("ij,jk", M, N), ("i,i->", V, W), ("i,j->ij", V, W),
        ("ii", SQUARE), ("ij->", M), ("ij->j", M), ("bij,jk->bik", B, N),
        ("...j,jk->...k", B, N), ("ij,ij,j->i", M, M + 1, V), ("ijk,ijk->k", CUBE, CUBE),
        ("i,ij,j", V[:2], M, V), ("...i,...i->...", B, np.ones((1, 3))), ("ij,kj->", M, M),
        ("iij->j", np.ones((2, 2, 3)) * V),
    ),
)  # fmt: skip


@compile_time
def rearranged(subscripts: str, rank: int) -> Any:
    """The order of axes in which an operand is only seen anew; None if it is summed over."""
    (letters,), output = labelled(subscripts, (rank,))
    if set(letters) != set(output):
        return None
    if output and letters == output * 2:
        return "diagonal"
    if len(letters) != len(output):
        raise TypeRefusal(f"np.einsum({subscripts!r})", "take diagonals with np.diag")
    return tuple(letters.index(c) for c in output)


def contracted(subscripts: str, operands: Any) -> Any:
    """`np.einsum`, which of one operand may be a view of it."""
    if len(operands) > 1:
        return EINSUM(subscripts, *operands)
    (x,) = operands
    order = rearranged(subscripts, x.ndim)
    if order is None:
        return EINSUM(subscripts, x)
    if order == "diagonal":
        return np.diag(x)
    return x if places(order, x.ndim) is None else np.transpose(x, order)


@means(np.einsum, samples=(("ij->ji", M), ("ii->i", SQUARE), ("i,i", V, [1.0, 2.0, 3.0]), ("i", V)))
def _np_einsum(subscripts: str, *operands: Any) -> Any:
    return contracted(subscripts, [np.asarray(x) for x in operands])


# -- kron -----------------------------------------------------------------------------------------


def _kron_type(args: Sequence[Atom]) -> Type:
    left, right = (dims_of(a.type) for a in args)
    if len(left) != len(right) or not left:
        raise TypeRefusal("np.kron of arrays of different rank", "give equal ranks")
    dims = tuple(
        a * b if isinstance(a, int) and isinstance(b, int) else Sym(f"{a}*{b}")
        for a, b in zip(left, right, strict=True)
    )
    return Array(_dtype(args), dims)


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
    axes = (every_other(x.ndim, 1), counted(x.ndim))
    return np.tensordot(_apart(z_bar, x, y), y, axes=axes)


def _kron_y_bar(x: Any, y: Any, *, z_bar: Any) -> Any:
    axes = (every_other(x.ndim, 0), counted(x.ndim))
    return np.tensordot(_apart(z_bar, x, y), x, axes=axes)


structural(
    np.kron, ("x", "y"), _kron_type, {"x": _kron_x_bar, "y": _kron_y_bar}, noun="product",
    samples=((V, np.array([1.0, 2.0])), (M, N), (CUBE, B)),
)  # fmt: skip
