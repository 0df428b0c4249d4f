"""What stands for a Python function and can be called in its place."""

from __future__ import annotations

from types import FunctionType


class Marked:
    """A function that something was added to, but that computes what it computed before."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function
