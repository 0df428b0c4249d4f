"""Derivatives by differences of values, and what they can be compared to."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

STEPS = tuple(10.0**-k for k in range(2, 9))

Values = Sequence[Any]
"""One float or array an input."""


def central_difference(f: Callable[..., Any], args: Values, direction: Values) -> float:
    """The derivative along a direction: differences at several steps, refined, the stablest.

    Each step's difference is refined with the next one (Richardson); of the refined ones, the
    one that its neighbour confirms best is taken. NaN if the function fails nearby.
    """
    raw = [_difference(f, args, direction, step) for step in STEPS]
    refined = [(100 * b - a) / 99 for a, b in pairwise(raw)]
    best, error = math.nan, math.inf
    for a, b in pairwise(refined):
        if abs(a - b) < error:
            best, error = b, abs(a - b)
    return best


def _difference(f: Callable[..., Any], args: Values, direction: Values, step: float) -> float:
    scale = step * max(1.0, *(float(np.max(np.abs(a), initial=0.0)) for a in args))
    try:
        above = f(*moved(args, direction, scale))
        below = f(*moved(args, direction, -scale))
    except (ArithmeticError, ValueError):
        return math.nan
    return (float(above) - float(below)) / (2 * scale)


def moved(args: Values, direction: Values, scale: float) -> list[Any]:
    """The arguments, some way along a direction. Python floats stay Python floats."""
    out: list[Any] = []
    for value, step in zip(args, direction, strict=True):
        if isinstance(step, np.ndarray):
            out.append(value + np.asarray(scale * step, dtype=np.asarray(value).dtype))
        else:
            out.append(value if step == 0 else type(value)(value + scale * step))
    return out


def directions(args: Values, wrt: Sequence[int], most: int = 32) -> list[list[Any]]:
    """The unit directions of some inputs; where there are too many, fixed random ones."""
    total = sum(int(np.size(args[k])) for k in wrt)
    if total > most:
        return [_random_direction(args, wrt, random.Random(k)) for k in range(8)]
    out: list[list[Any]] = []
    for k in wrt:
        for place in range(int(np.size(args[k]))):
            direction = [_zero(value) for value in args]
            unit = np.zeros(np.size(args[k]))
            unit[place] = 1.0
            direction[k] = _like(args[k], unit)
            out.append(direction)
    return out


def _zero(value: Any) -> Any:
    return np.zeros_like(value) if isinstance(value, np.ndarray) else 0.0


def _random_direction(args: Values, wrt: Sequence[int], source: random.Random) -> list[Any]:
    direction = [_zero(value) for value in args]
    for k in wrt:
        numbers = np.array([2 * source.random() - 1 for _ in range(int(np.size(args[k])))])
        direction[k] = _like(args[k], numbers)
    return direction


def _like(value: Any, flat: Any) -> Any:
    """Numbers in the shape of a value."""
    if isinstance(value, np.ndarray):
        return np.asarray(flat.reshape(value.shape), dtype=value.dtype)
    return float(flat[0])


def along(gradient: Values, direction: Values) -> float:
    """The derivative along a direction, from a gradient."""
    total = 0.0
    for slope, step in zip(gradient, direction, strict=True):
        if isinstance(step, np.ndarray):
            used = step != 0
            if np.any(used):
                total += float(np.sum(np.asarray(slope)[used] * step[used]))
        elif step != 0:
            total += float(slope) * step
    return total


def nearby(args: Values, wrt: Sequence[int], count: int = 6) -> list[list[Any]]:
    """The point itself, and fixed other points around it."""
    points = [list(args)]
    source = random.Random(7)
    for _ in range(count):
        point = list(args)
        for k in wrt:
            factor = 0.5 + source.random()
            shift = source.random() - 0.5
            point[k] = type(args[k])(args[k] * factor + shift) if _plain(args[k]) else (
                np.asarray(args[k] * factor + shift, dtype=np.asarray(args[k]).dtype)
            )  # fmt: skip
        points.append(point)
    return points


def _plain(value: Any) -> bool:
    return not isinstance(value, np.ndarray)


def gap(a: float, b: float) -> float:
    """How far apart two numbers are, relative to max(1, size). NaN is far from everything."""
    if a == b:
        return 0.0
    distance = abs(a - b) / max(1.0, abs(a), abs(b))
    return math.inf if math.isnan(distance) else distance
