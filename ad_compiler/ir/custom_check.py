"""Compares a stated derivative with differences at a point, by running the rules as Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ad_compiler.errors import UsageError

STEP, ALLOWED = 6e-4, 1e-4
"""The step on the scale of the arguments, and the relative error that rounding and step explain."""


def require_right(custom: Any, at: tuple[Any, ...]) -> None:
    """Raise UsageError where a rule gives another result than differences do."""
    if len(at) != len(custom.params):
        raise UsageError(f"custom_rule: at needs {len(custom.params)} arguments, not {len(at)}")
    z = custom(*at)
    rng = np.random.default_rng(0)
    bar = rng.normal(size=np.shape(z))
    for k, name in enumerate(custom.params):
        if name not in custom.jvps and name not in custom.vjps:
            continue
        if not isinstance(at[k], float) and getattr(at[k], "dtype", np.dtype(int)).kind != "f":
            raise UsageError(f"custom_rule: at has {at[k]!r} for `{name}`, which has a rule")
        dot = rng.normal(size=np.shape(at[k])) * np.maximum(np.abs(at[k]), 1.0)
        slope = _slope(custom, at, k, dot)
        if name in custom.jvps:
            pushed = _called(custom.jvps[name], at, z, {f"{name}_dot": _like(dot, at[k])})
            _agree(custom, f"the jvp in `{name}`", pushed, slope, slope)
        if name in custom.vjps:
            pulled = _called(custom.vjps[name], at, z, {"z_bar": _like(bar, z)})
            product = np.sum(np.broadcast_to(pulled, np.shape(at[k])) * dot)
            _agree(custom, f"the vjp in `{name}`", product, np.sum(slope * bar), slope)


def _slope(custom: Any, at: tuple[Any, ...], k: int, dot: Any) -> Any:
    """A central difference, extrapolated (Richardson 1911)."""

    def value(step: float) -> Any:
        moved = _like(np.asarray(at[k], dtype=float) + step * dot, at[k])
        return np.asarray(custom(*at[:k], moved, *at[k + 1 :]), dtype=float)

    wide = (value(STEP) - value(-STEP)) / (2 * STEP)
    close = (value(STEP / 2) - value(-STEP / 2)) / STEP
    return (4 * close - wide) / 3


def _called(rule: Callable[..., Any], at: tuple[Any, ...], z: Any, seed: dict[str, Any]) -> Any:
    if "z" in inspect.signature(rule).parameters:
        seed = {**seed, "z": z}
    return rule(*at, **seed)


def _like(value: Any, model: Any) -> Any:
    """A number or an array of the kind that the model is."""
    if isinstance(model, np.ndarray):
        return np.asarray(value, dtype=model.dtype)
    return type(model)(value)


def _agree(custom: Any, what: str, found: Any, expected: Any, scale: Any) -> None:
    found = np.asarray(found, dtype=float)
    try:
        error = np.max(np.abs(np.broadcast_to(found, np.shape(expected)) - expected), initial=0.0)
    except ValueError:
        raise UsageError(
            f"custom_rule: {what} of `{custom.__name__}` has the shape {found.shape} instead of "
            f"{np.shape(expected)}"
        ) from None
    if not error <= ALLOWED * max(1.0, float(np.max(np.abs(scale), initial=0.0))):
        raise UsageError(
            f"custom_rule: {what} of `{custom.__name__}` gives {found!r}, where differences give "
            f"{expected!r}"
        )
