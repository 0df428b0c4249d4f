"""Binds the arguments of a call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ad_compiler.errors import UsageError


def bound_arguments(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """The arguments by parameter, defaults filled in. Raises TypeError as a call would."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        name = getattr(function, "__name__", "the function")
        raise UsageError(f"{name}(): {error}") from None
    bound.apply_defaults()
    return bound
