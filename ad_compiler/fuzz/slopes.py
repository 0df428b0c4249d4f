"""Judges a slope by differences, and whether a program leaves enough digits for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.fuzz.subject import Subject, Wrong, copied, quietly


def differences(subject: Subject, dots: Any, slope: float) -> None:
    """Central differences at several steps, in double precision; one that agrees is enough."""
    double = [_moved(a, 0, 0.0) for a in subject.args]
    errors: list[float] = []
    for step in (10.0**-k for k in range(3, 12)):
        ahead, behind = (_value_at(subject, double, dots, way) for way in (step, -step))
        scale = max(1.0, abs(slope))
        errors.append(abs(float(ahead - behind) / (2 * step) - slope) / scale)
        if errors[-1] < (1e-2 if subject.single else 1e-5):
            return
    raise Wrong("differences", f"contradict the slope {slope!r}: errors {errors}")


def loses_digits(subject: Subject, rng: np.random.Generator) -> bool:
    """Whether a value has so few digits left that derivatives have none: large numbers cancelled.

    Arguments that are off by a hundred units in their last places tell.
    """
    value = float(subject.number(*copied(subject.args)))
    for _ in range(3):
        nudges = [_relative(a, rng) for a in subject.args]
        nearby = float(_value_at(subject, subject.args, nudges, 1e-14))
        if abs(nearby - value) > 1e-6 * abs(value):
            return True
    return False


def _relative(value: Any, rng: np.random.Generator) -> Any:
    """A random tangent as large as a value, in its structure."""
    if isinstance(value, dict):
        return {k: _relative(v, rng) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_relative(v, rng) for v in value]
    if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return value * rng.uniform(-1.0, 1.0, np.shape(value))
    return 0


def _value_at(subject: Subject, args: Sequence[Any], dots: Sequence[Any], step: float) -> Any:
    moved = [_moved(a, dot, step) for a, dot in zip(copied(args), dots, strict=True)]
    return quietly(lambda: subject.number(*moved))[0]


def _moved(value: Any, dot: Any, step: float) -> Any:
    """A value, moved along a tangent; arrays keep their layout, and become double precision."""
    if isinstance(value, dict):
        return {k: _moved(v, dot[k] if step else 0, step) for k, v in value.items()}
    if isinstance(value, tuple | list):
        dots = dot if step else [0] * len(value)
        return type(value)(_moved(v, d, step) for v, d in zip(value, dots, strict=True))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        moved = value.astype(float, order="K")
        return moved + step * dot if step else moved
    return value + step * dot if isinstance(value, float) and step else value
