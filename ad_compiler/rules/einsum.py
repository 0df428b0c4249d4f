"""`einsum` in all its spellings."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special
from ad_compiler.ir.types import Dim, Type, broadcast_dim, dims_of, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.contractions import CUBE, SQUARE, places
from ad_compiler.rules.labels import labelled
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.products import B, M, N, V, W
from ad_compiler.rules.registry import Linear, compile_time, means, of_types, register
from ad_compiler.rules.shaping import may_fail
from ad_compiler.rules.structures import structural


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
    dtype = infer.promote(infer.types_of(operands))
    return infer.of_dtype(dtype, tuple(lengths[c] for c in output))


@compile_time
def transposed_subscripts(inputs: Any, output: str, index: int, full: bool) -> Any:
    """How the cotangent of one operand is summed: subscripts, and what it lacks.

    A letter that the operand repeats is made two, tied by an identity matrix; a letter that
    occurs nowhere else is left out, for the cotangent is the same along its axis; or, for a
    cotangent of full shape, summed with ones.
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
    lacking = lacking_axes(inputs, output, index)
    added = [seen[axis] for axis in lacking if full]
    target = "".join(c for axis, c in enumerate(seen) if full or axis not in lacking)
    terms = [output, *others, *(tie for tie, _ in ties), *added]
    return f"{','.join(terms)}->{target}", tuple(axis for _, axis in ties)


@compile_time
def lacking_axes(inputs: Any, output: str, index: int) -> tuple[int, ...]:
    """The axes of an operand whose letters occur nowhere else."""
    own = inputs[index]
    known = set(output).union(*(letters for k, letters in enumerate(inputs) if k != index))
    return tuple(k for k, c in enumerate(own) if c not in known and own.count(c) == 1)


@compile_time
def others_of(count: int, index: int) -> tuple[int, ...]:
    """The other operands."""
    return tuple(k for k in range(count) if k != index)


@of_types
def may_broadcast(x: Any) -> tuple[int, ...]:
    """The axes that may have length 1, which `np.einsum` repeats as others do."""
    return tuple(k for k, dim in enumerate(dims_of(x)) if not never_one(dim))


@compile_time
def any_but(axes: Any, lacking: Any) -> bool:
    """Whether there are axes but for those that are lacking."""
    return not set(axes) <= set(lacking)


@compile_time
def one_or_all(axes: Any) -> Any:
    """The axes as people write them for NumPy."""
    return axes[0] if len(axes) == 1 else axes


def _einsum_bar(subscripts: str, *operands: Any, z_bar: Any, index: int) -> Any:
    inputs, output = labelled(subscripts, tuple([x.ndim for x in operands]))
    x = operands[index]
    lacking = lacking_axes(inputs, output, index)
    full = any_but(may_broadcast(x), lacking)
    text, ties = transposed_subscripts(inputs, output, index, full)
    others = [operands[k] for k in others_of(len(operands), index)]
    identities = [np.eye(x.shape[axis], x.shape[axis]) for axis in ties]
    if full:
        ones = [np.ones(x.shape[axis]) for axis in lacking]
        return UNBROADCAST(contracted(text, [np.asarray(z_bar), *others, *identities, *ones]), x)
    made = contracted(text, [np.asarray(z_bar), *others, *identities])
    return np.expand_dims(made, one_or_all(lacking)) if lacking and np.ndim(made) > 0 else made


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


def _optimized(*args: Any) -> Any:
    *operands, optimize = args
    return np.einsum(*operands, optimize=optimize)


def _optimized_type(args: Sequence[Atom]) -> Type:
    return _einsum_type(args[:-1])


def _optimized_dot(subscripts: str, *rest: Any, operands_dot: Any, index: int) -> Any:
    moved = [operands_dot if k == index else x for k, x in enumerate(rest)]
    return OPTIMIZED(subscripts, *moved)


def _optimized_bar(subscripts: str, *rest: Any, z_bar: Any, index: int) -> Any:
    return _einsum_bar(subscripts, *rest[:-1], z_bar=z_bar, index=index)


OPTIMIZED = register(
    Primitive(
        "np.einsum(optimize)", _optimized, _optimized_type, Special(),
        ("subscripts", "*operands", "optimize"), raises=may_fail, noun="product",
    ),
    Linear(
        {"operands": _optimized_dot}, {"operands": _optimized_bar}, dense=True,
        samples=(("ij,jk,k->i", M, N, np.ones(4), True), ("ij,jk", M, N, "greedy")),
    ),
)  # fmt: skip

# -- one operand ----------------------------------------------------------------------------------


@compile_time
def diagonals(subscripts: str, rank: int) -> Any:
    """The pairs of axes of which one operand is seen along the diagonal, one after the other.

    And the order of the axes that are left; None if the operand is summed over.
    """
    (text,), output = labelled(subscripts, (rank,))
    letters = list(text)
    if set(letters) != set(output):
        return (), None
    steps: list[tuple[int, int]] = []
    while len(set(letters)) < len(letters):
        twice = next(c for c in letters if letters.count(c) > 1)
        one = letters.index(twice)
        other = letters.index(twice, one + 1)
        steps.append((one, other))
        letters = [c for k, c in enumerate(letters) if k not in (one, other)] + [twice]
    return tuple(steps), tuple(letters.index(c) for c in output)


def contracted(subscripts: str, operands: Any) -> Any:
    """`np.einsum`, which of one operand may be a view of it."""
    if len(operands) > 1:
        return EINSUM(subscripts, *operands)
    (x,) = operands
    steps, order = diagonals(subscripts, x.ndim)
    if order is None:
        return EINSUM(subscripts, x)
    for one, other in steps:
        x = np.diagonal(x, 0, one, other)
    return x if places(order, x.ndim) is None else np.transpose(x, order)


LETTERS = string.ascii_uppercase + string.ascii_lowercase


@compile_time
def spelled(lists: Any, output: Any) -> str:
    """The subscripts that lists of numbers stand for."""

    def text(items: Any) -> str:
        return "".join("..." if item is ... else LETTERS[item] for item in items)

    left = ",".join(map(text, lists))
    return left if output is None else f"{left}->{text(output)}"


@means(
    np.einsum,
    samples=(("ij->ji", M), ("ii->i", SQUARE), ("i,i", V, [1.0, 2.0, 3.0]), ("i", V),
             ("iij->ji", np.ones((2, 2, 3)) * V), ("iii->i", np.ones((3, 3, 3)) * V),
             ("ij,j->i", M, V, {"optimize": True})),
)  # fmt: skip
def _np_einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    if isinstance(subscripts, str):
        text = subscripts
        arrays = [np.asarray(x) for x in operands]
    else:
        given = (subscripts, *operands)
        count = len(given) // 2
        output = given[-1] if len(given) % 2 == 1 else None
        text = spelled([given[2 * k + 1] for k in range(count)], output)
        arrays = [np.asarray(given[2 * k]) for k in range(count)]
    if optimize is False or len(arrays) == 1:
        return contracted(text, arrays)
    return OPTIMIZED(text, *arrays, optimize)
