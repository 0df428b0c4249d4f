"""Functions that users write into their programs, and that mean something to the compiler alone.

They do nothing when the program runs as it is. This file is quick to load.
"""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def stop_gradient(x: T) -> T:
    """x itself; a derivative takes it for a constant.

    x may be a number, an array, or a container of them.
    """
    return x
