"""Blocks of arrays, numbers spaced between arrays, and the windows and frequencies of spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.types import Array, Type, broadcast, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR, halved, length_of
from ad_compiler.rules.grids import LINSPACE
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.registry import compile_time, means
from ad_compiler.rules.shaping import axis_of, may_fail
from ad_compiler.rules.structures import inert, structural

# -- blocks ---------------------------------------------------------------------------------------


@compile_time
def front(rank: int, other: int) -> tuple[int, ...]:
    """The axes that an array lacks before its own."""
    return tuple(range(max(other - rank, 0)))


def _of_rank(x: Any, rank: int) -> Any:
    array = np.asarray(x)
    return np.expand_dims(array, front(array.ndim, rank)) if array.ndim < rank else array


def _greatest(ranks: Any, least: int) -> Any:
    most = least
    for rank in ranks:
        most = max(most, rank)
    return most


@means(
    np.block,
    samples=(([[MATRIX, MATRIX], [MATRIX, MATRIX * 2]],), ([VECTOR, VECTOR[:2], 0.5],),
             ([[VECTOR, 1.5], [0.5, VECTOR]],)),
)  # fmt: skip
def _block(arrays: Any) -> Any:
    if not isinstance(arrays[0], list):
        rank = _greatest([np.ndim(x) for x in arrays], 1)
        return np.concatenate([_of_rank(x, rank) for x in arrays], -1)
    rank = _greatest([np.ndim(x) for row in arrays for x in row], 2)
    return np.concatenate(
        [np.concatenate([_of_rank(x, rank) for x in row], -1) for row in arrays], -2
    )


# -- numbers between arrays -----------------------------------------------------------------------


def _spaced_type(args: Sequence[Atom]) -> Type:
    start, stop, num, endpoint, axis = args
    infer.static(endpoint, "endpoint")
    types = infer.numeric([start, stop])
    dims = broadcast(*map(dims_of, types))
    k = axis_of(infer.static(axis, "axis"), len(dims) + 1)
    kinds = [infer.kind_of(t) for t in types]
    ends = [kind(1) if isinstance(kind, type) else np.ones(1, kind) for kind in kinds]
    dtype = infer.our_dtype(np.linspace(*ends, 2).dtype)  # type: ignore[call-overload]
    return Array(dtype, (*dims[:k], length_of(num), *dims[k:]))


def _start_dot(
    start: Any, stop: Any, num: Any, endpoint: bool, axis: int, *, start_dot: Any
) -> Any:
    return SPACED(start_dot, np.zeros_like(stop), num, endpoint, axis)


def _stop_dot(start: Any, stop: Any, num: Any, endpoint: bool, axis: int, *, stop_dot: Any) -> Any:
    return SPACED(np.zeros_like(start), stop_dot, num, endpoint, axis)


def _weighted(z_bar: Any, weights: Any, axis: int, x: Any) -> Any:
    made = np.tensordot(z_bar, weights, axes=((axis,), (0,)))
    return np.sum(made) if np.ndim(x) == 0 else UNBROADCAST(made, x)


def _start_bar(start: Any, stop: Any, num: Any, endpoint: bool, axis: int, *, z_bar: Any) -> Any:
    return _weighted(z_bar, LINSPACE(1.0, 0.0, num, endpoint), axis, start)


def _stop_bar(start: Any, stop: Any, num: Any, endpoint: bool, axis: int, *, z_bar: Any) -> Any:
    return _weighted(z_bar, LINSPACE(0.0, 1.0, num, endpoint), axis, stop)


def _spaced(start: Any, stop: Any, num: Any = 50, *, endpoint: bool = True, axis: int = 0) -> Any:
    return np.linspace(start, stop, num, endpoint=endpoint, axis=axis)


SPACED = structural(
    _spaced, ("start", "stop", "num", "endpoint", "axis"), _spaced_type,
    {"start": _start_bar, "stop": _stop_bar}, {"start": _start_dot, "stop": _stop_dot},
    path="np.linspace", name="np.linspace(arrays)", means=(), noun="numbers", raises=may_fail,
    defaults={"num": 50, "endpoint": True, "axis": 0}, named=("endpoint", "axis"),
    samples=((VECTOR, VECTOR**2, 4, True, 0), (VECTOR, MATRIX, 3, False, 1),
             (0.5, VECTOR, 3, True, -1)),
)  # fmt: skip


@means(
    np.linspace,
    samples=((0.5, 2.0, 4), (VECTOR, 2.0, 3), (VECTOR, MATRIX, 3, {"axis": 2}),
             (0.5, 2.0, 4, {"retstep": True}), (0.5, 2.0, 4, {"endpoint": False})),
)  # fmt: skip
def _linspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False,
    *, axis: int = 0,
) -> Any:  # fmt: skip
    if np.ndim(start) == 0 and np.ndim(stop) == 0:
        made = LINSPACE(start, stop, num, endpoint)
    else:
        made = SPACED(start, stop, num, endpoint, axis)
    if retstep:
        return made, (stop * 1.0 - start * 1.0) / np.float64(num - 1 if endpoint else num)
    return made


# -- windows and frequencies ----------------------------------------------------------------------


def _window_type(args: Sequence[Atom]) -> Type:
    return Array("f64", (length_of(args[0]),))


for _window in (np.hanning, np.hamming, np.bartlett, np.blackman):
    inert(_window, ("M",), _window_type, "a constant", noun="window", samples=((5,), (1,)))


def _frequency_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "np.fft.fftfreq", "give numbers")
    return Array("f64", (length_of(args[0]),))


def _scaled_bar(n: Any, d: Any, *, z: Any, z_bar: Any) -> Any:
    return -np.dot(z, z_bar) / d


def _scaled_dot(n: Any, d: Any, *, z: Any, d_dot: Any) -> Any:
    return -z / d * d_dot


def _half_frequency_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "np.fft.rfftfreq", "give numbers")
    return Array("f64", (halved(length_of(args[0])),))


structural(
    np.fft.rfftfreq, ("n", "d"), _half_frequency_type, {"d": _scaled_bar}, {"d": _scaled_dot},
    path="np.fft.rfftfreq", defaults={"d": 1.0}, noun="frequencies", raises=may_fail,
    samples=((4, 0.5), (5, 2.0)),
)  # fmt: skip

structural(
    np.fft.fftfreq, ("n", "d"), _frequency_type, {"d": _scaled_bar}, {"d": _scaled_dot},
    path="np.fft.fftfreq", defaults={"d": 1.0}, noun="frequencies", raises=may_fail,
    samples=((4, 0.5), (5, 2.0)),
)  # fmt: skip


@compile_time
def shifted_axes(axes: Any, rank: int) -> tuple[int, ...]:
    """The axes to shift."""
    every = range(rank) if axes is None else axes if isinstance(axes, tuple | list) else (axes,)
    return tuple(axis_of(a, rank) for a in every)


@means(np.fft.fftshift, samples=((VECTOR,), (MATRIX,), (MATRIX, 1)))
def _fftshift(x: Any, axes: Any = None) -> Any:
    made = np.asarray(x)
    for axis in shifted_axes(axes, made.ndim):
        made = np.roll(made, made.shape[axis] // 2, axis)
    return made


@means(np.fft.ifftshift, samples=((VECTOR,), (MATRIX,), (MATRIX, 1)))
def _ifftshift(x: Any, axes: Any = None) -> Any:
    made = np.asarray(x)
    for axis in shifted_axes(axes, made.ndim):
        made = np.roll(made, -(made.shape[axis] // 2), axis)
    return made


@means(np.kaiser, samples=((4, 2.5), (1, 0.5)))
def _kaiser(M: int, beta: float) -> Any:  # noqa: N803
    if M == 1:
        return np.ones(1)
    alpha = (M - 1) / 2.0
    inside = np.sqrt(1 - ((np.arange(0.0, M) - alpha) / alpha) ** 2.0)
    return np.i0(beta * inside) / np.i0(beta)
