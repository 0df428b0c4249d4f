"""Discrete Fourier transforms: of real arrays, and of the complex ones that come of these.

The matrix of a transform is symmetric: the transpose of `fft` is `fft` itself, with the same scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym, Type, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR, halved, length_of
from ad_compiler.rules.complexes import REAL_OF, is_complex, takes_complex
from ad_compiler.rules.indexing import GETITEM, STORE
from ad_compiler.rules.registry import compile_time, means, of_types
from ad_compiler.rules.shaping import axis_of, may_fail
from ad_compiler.rules.structures import structural

PARAMS = ("a", "n", "axis", "norm")
DEFAULTS = {"n": None, "axis": -1, "norm": None}
NORMS = (None, "backward", "ortho", "forward")

# -- types ----------------------------------------------------------------------------------------


def _typed(real: bool, length: Callable[[Dim], Dim]) -> Callable[[Sequence[Atom]], Type]:
    """The type rule of a transform along one axis; `length` says how many elements it gives."""

    def rule(args: Sequence[Atom]) -> Type:
        a, n, axis, norm = args
        array = infer.array(a, "a Fourier transform")
        if infer.static(norm, "norm") not in NORMS:
            raise TypeRefusal(f"norm={norm!r}", "use 'backward', 'ortho' or 'forward'")
        place = axis_of(infer.static(axis, "axis"), len(array.dims))
        single = array.dtype in ("f32", "c64")
        dtype = "c64" if single else "c128"
        given = isinstance(n, Const) and n.value is None
        dims = list(array.dims)
        dims[place] = length(dims[place]) if given else _asked(n, length)
        return Array(REAL_OF[dtype] if real else dtype, tuple(dims))

    return rule


def _asked(n: Atom, length: Callable[[Dim], Dim]) -> Dim:
    """The length of a transform of n elements."""
    return length(length_of(n)) if length is not _doubled else length_of(n)


def _same(dim: Dim) -> Dim:
    return dim


def _doubled(dim: Dim) -> Dim:
    """The length of what `irfft` gives."""
    if isinstance(dim, int):
        return 2 * (dim - 1)
    return Sym(f"double({dim})", never=int(never_one(dim)))


# -- transposes -----------------------------------------------------------------------------------


@compile_time
def along(axis: int, rank: int, item: str) -> tuple[str, ...]:
    """The pattern of a part of one axis."""
    return (":",) * (axis % rank) + (item,)


@of_types
def is_alike(one: Any, other: Any) -> bool:
    """Whether two arrays certainly have the same shape."""
    return one.dims == other.dims


def resized(made: Any, a: Any, n: Any, axis: int) -> Any:
    """A cotangent of n elements, cut or filled up with zeros to the length of a."""
    if is_alike(made, a):
        return made
    kept = GETITEM(made, along(axis, a.ndim, ":b"), a.shape[axis])
    return STORE(np.zeros_like(a), along(axis, a.ndim, ":b"), kept, made.shape[axis])


def of_kind(made: Any, a: Any) -> Any:
    """The real part, where that is all that counts."""
    return made if is_complex(a) else np.real(made)


def _fft_bar(a: Any, n: Any, axis: int, norm: Any, *, z_bar: Any) -> Any:
    return resized(of_kind(np.fft.fft(z_bar, None, axis, norm), a), a, n, axis)


def _ifft_bar(a: Any, n: Any, axis: int, norm: Any, *, z_bar: Any) -> Any:
    return resized(of_kind(np.fft.ifft(z_bar, None, axis, norm), a), a, n, axis)


def _rfft_bar(a: Any, n: Any, axis: int, norm: Any, *, z_bar: Any) -> Any:
    count = a.shape[axis] if n is None else n
    return resized(np.real(np.fft.fft(z_bar, count, axis, norm)), a, n, axis)


@compile_time
def turned(norm: Any) -> Any:
    """The norm of the way back."""
    return {None: "forward", "backward": "forward", "ortho": "ortho", "forward": None}[norm]


def _irfft_bar(a: Any, n: Any, axis: int, norm: Any, *, z_bar: Any) -> Any:
    half = np.conj(np.fft.rfft(z_bar, None, axis, turned(norm)))
    last = (z_bar.shape[axis] + 1) // 2  # what lies between stands for two frequencies
    inner = along(axis, a.ndim, "a:b")
    made = STORE(half, inner, 2 * GETITEM(half, inner, 1, last), 1, last)
    return resized(of_kind(made, a), a, n, axis)


SAMPLES = (
    (VECTOR, None, -1, None), (MATRIX, None, 0, "ortho"), (MATRIX, 5, 1, "forward"),
    (MATRIX, 2, -1, None), (np.sin(np.arange(4.0)), None, -1, None),
)  # fmt: skip

for _function, _bar, _is_real, _length in (
    (np.fft.fft, _fft_bar, False, _same),
    (np.fft.ifft, _ifft_bar, False, _same),
    (np.fft.rfft, _rfft_bar, False, halved),
    (np.fft.irfft, _irfft_bar, True, _doubled),
):
    _made: Primitive = structural(
        _function, PARAMS, _typed(_is_real, _length), {"a": _bar}, defaults=DEFAULTS,
        path=f"np.fft.{_function.__name__}", named=("n", "axis", "norm"), noun=_function.__name__,
        raises=may_fail, samples=SAMPLES,
    )  # fmt: skip
    takes_complex(_made)

# -- several axes, and the others -----------------------------------------------------------------


@compile_time
def places(count: int | None, axes: Any, rank: int) -> tuple[int, ...]:
    """The axes of a transform for which so many lengths are given; None if none is."""
    if axes is None:
        return tuple(range(rank) if count is None else range(-count, 0))
    if count not in (None, len(axes)):
        raise TypeRefusal("`s` and `axes` of different lengths", "give one length for each axis")
    return tuple(axes)


def plan(shape: Any, axes: Any, rank: int) -> Any:
    """The axes of a transform, and how many elements it takes along each; None for all."""
    if shape is None:
        return [(axis, None) for axis in places(None, axes, rank)]
    return list(zip(places(len(shape), axes, rank), shape, strict=True))


FIELDS = ((MATRIX,), (MATRIX, None, (0,)), (MATRIX, (4, 2), (0, 1)))


@means(np.fft.fftn, samples=FIELDS)
def _fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    for axis, n in plan(s, axes, a.ndim)[::-1]:
        a = np.fft.fft(a, n, axis, norm)
    return a


@means(np.fft.ifftn, samples=FIELDS)
def _ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    for axis, n in plan(s, axes, a.ndim)[::-1]:
        a = np.fft.ifft(a, n, axis, norm)
    return a


@means(np.fft.rfftn, samples=FIELDS)
def _rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    steps = plan(s, axes, a.ndim)
    a = np.fft.rfft(a, steps[-1][1], steps[-1][0], norm)
    for axis, n in steps[-2::-1]:
        a = np.fft.fft(a, n, axis, norm)
    return a


@means(np.fft.irfftn, samples=FIELDS)
def _irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    steps = plan(s, axes, a.ndim)
    for axis, n in steps[:-1]:
        a = np.fft.ifft(a, n, axis, norm)
    return np.fft.irfft(a, steps[-1][1], steps[-1][0], norm)


@means(np.fft.fft2, samples=((MATRIX,),))
def _fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return np.fft.fftn(a, s, axes, norm)


@means(np.fft.ifft2, samples=((MATRIX,),))
def _ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return np.fft.ifftn(a, s, axes, norm)


@means(np.fft.rfft2, samples=((MATRIX,),))
def _rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return np.fft.rfftn(a, s, axes, norm)


@means(np.fft.irfft2, samples=((MATRIX,),))
def _irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return np.fft.irfftn(a, s, axes, norm)


@means(np.fft.hfft, samples=((VECTOR,), (MATRIX, None, 0, "ortho")))
def _hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return np.fft.irfft(np.conj(a), n, axis, turned(norm))


@means(np.fft.ihfft, samples=((VECTOR,), (MATRIX, None, 0, "ortho")))
def _ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return np.conj(np.fft.rfft(a, n, axis, turned(norm)))
