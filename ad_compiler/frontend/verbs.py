"""What the public functions mean inside code that is lowered; the rooms that define them say so.

Nothing here knows the compiler, so that this file is quick to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

VERBS: dict[Any, tuple[str, str]] = {}
"""A kind of derivative, and a mode, for `grad` and its like."""

WRAPPERS: dict[type, Callable[[Any], Any]] = {}
"""How an object that wraps a function is taken apart: into the function, or into a `Wrapped`."""


class Wrapped:
    """A derivative of a function, as an object says it: the fields of a request."""

    __slots__ = ("argnums", "as_tuple", "function", "has_aux", "kind", "mode")

    def __init__(
        self,
        function: Any,
        kind: str,
        argnums: tuple[int | str, ...],
        as_tuple: bool,
        has_aux: bool,
        mode: str,
    ) -> None:
        self.function, self.kind, self.argnums = function, kind, argnums
        self.as_tuple, self.has_aux, self.mode = as_tuple, has_aux, mode
