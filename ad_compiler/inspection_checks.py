"""Checks derivatives against differences, on the scale of the function and of its arguments.

Arguments move by a fraction of their own size, in double precision. What two numbers may differ
by follows from the terms that they are sums of, from the rounding of the function's values over
the step, and from the precision of the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ad_compiler.api import grad, is_real, jvp, vjp
from ad_compiler.errors import AdCompilerError, UsageError
from ad_compiler.ir.records import items_of, with_items


class GradientError(AdCompilerError, AssertionError):
    """A derivative that finite differences contradict."""


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    *,
    rtol: float = 1e-5,
    seed: int = 0,
) -> None:
    """Compare the derivatives of f, in both modes, with differences along a random direction.

    f returns one number. Higher orders check the derivative of the gradient's product with the
    direction. Raises GradientError where they differ.
    """
    if not isinstance(args, tuple | list):
        raise UsageError(f"check_grads: the arguments must be a tuple, not {args!r}")
    rng = np.random.default_rng(seed)
    moving = [k for k, value in enumerate(args) if is_real(value)]
    dots: list[Any] = [_direction(a, rng) if k in moving else 0 for k, a in enumerate(args)]
    line = _Line(list(args), dots, moving)
    value, pullback = vjp(f, *args)
    if items_of(value) is not None or np.shape(value):
        raise UsageError("check_grads needs a function that returns one number: sum the results")
    precision = max([_epsilon(value), *(_epsilon(args[k]) for k in moving)])
    _, tangent = jvp(f, tuple(args), tuple(dots))
    back = pullback(type(value)(1.0) if isinstance(value, np.generic) else 1.0)
    bars = [back[k] for k in moving]
    allowed = max(rtol, 1e4 * precision)
    size = line.size(bars)
    _agree("reverse and forward mode", line.along(bars), tangent, allowed * 1e-3 * size)
    slope, noise = line.slope(lambda point: float(f(*point)))
    size = max(size, abs(slope))
    _agree("the derivative and differences", float(tangent), slope, allowed * size + noise)
    if order > 1:
        gradient = grad(f, tuple(moving))
        _, second = jvp(gradient, tuple(args), tuple(dots))
        slope, noise = line.slope(lambda point: line.along(gradient(*point)))
        size = max(line.size(second), abs(slope))
        _agree(
            "the second derivative and differences",
            line.along(second), slope, 10 * allowed * size + noise,
        )  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """The line through some arguments in a direction; `moving` are those that move."""

    args: list[Any]
    dots: list[Any]
    moving: list[int]

    def at(self, step: float) -> list[Any]:
        """The arguments that far along the line, in double precision."""
        return [
            _moved(a, self.dots[k], step) if k in self.moving else a
            for k, a in enumerate(self.args)
        ]

    def along(self, bars: Sequence[Any]) -> float:
        """The product of a gradient with the direction."""
        return sum(_inner(bar, self.dots[k]) for bar, k in zip(bars, self.moving, strict=True))

    def size(self, bars: Sequence[Any]) -> float:
        """The sum of the sizes of the terms of that product."""
        pairs = zip(bars, self.moving, strict=True)
        return sum(_inner(_sizes(bar), _sizes(self.dots[k])) for bar, k in pairs)

    def slope(self, value: Callable[[list[Any]], float]) -> tuple[float, float]:
        """A central difference, extrapolated (Richardson 1911), and what rounding may do to it."""
        sample = self.at(0.0)
        epsilon = np.finfo(float).eps
        step = float(epsilon**0.2)
        values = {h: value(self.at(h)) for h in (-step, -step / 2, step / 2, step)}
        wide = (values[step] - values[-step]) / (2 * step)
        close = (values[step / 2] - values[-step / 2]) / step
        largest = max(map(abs, (*values.values(), value(sample))))
        return (4 * close - wide) / 3, float(100 * epsilon * largest / step)


def _direction(value: Any, rng: np.random.Generator) -> Any:
    """A direction in which everything moves by about its own size."""
    items = items_of(value)
    if items is not None:
        return with_items(value, [_direction(item, rng) for _, item in items])
    sizes = np.abs(value)
    largest = float(np.max(sizes, initial=0.0)) or 1.0
    sizes = np.where(sizes == 0, largest, sizes)
    dots = rng.normal(size=np.shape(value)) * sizes
    if isinstance(value, np.ndarray):
        return dots.astype(value.dtype)
    return type(value)(dots)


def _epsilon(value: Any) -> float:
    """The relative precision of the least precise number in a value."""
    items = items_of(value)
    if items is not None:
        return max(_epsilon(item) for _, item in items)
    dtype = np.asarray(value).dtype
    return float(np.finfo(dtype if dtype.kind == "f" else float).eps)


def _moved(value: Any, dot: Any, step: float) -> Any:
    items = items_of(value)
    if items is not None:
        dots = dict(items_of(dot) or ())
        return with_items(value, [_moved(item, dots[key], step) for key, item in items])
    if isinstance(value, np.ndarray):
        return value.astype(float) + step * dot.astype(float)
    if isinstance(value, np.generic):
        return np.float64(value) + step * np.float64(dot)
    return value + step * dot


def _sizes(value: Any) -> Any:
    items = items_of(value)
    if items is not None:
        return with_items(value, [_sizes(item) for _, item in items])
    return np.abs(value)


def _inner(one: Any, other: Any) -> float:
    items = items_of(one)
    if items is not None:
        others = dict(items_of(other) or ())
        return sum(_inner(item, others[key]) for key, item in items)
    return float(np.sum(np.asarray(one, dtype=float) * np.asarray(other, dtype=float)))


def _agree(what: str, one: Any, other: Any, allowed: float) -> None:
    one, other = float(one), float(other)
    if not abs(one - other) <= allowed and one != other:
        raise GradientError(f"{what} differ: {one!r} and {other!r}")
