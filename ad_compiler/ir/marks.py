"""Functions that users write into their programs, and that mean something to the compiler alone.

They do nothing when the program runs as it is. This file is quick to load.
"""

from __future__ import annotations

from typing import TypeVar, cast

T = TypeVar("T")


def stop_gradient(x: T) -> T:
    """x itself; a derivative takes it for a constant.

    x may be a number, an array, or a container of them.
    """
    return x


SLOTS = 32
"""States that `checkpoint` keeps by default: 5 sweeps are enough for 400,000 trips."""


def checkpoint(trips: range, slots: int | None = None) -> range:
    """The range itself; a gradient keeps at most `slots` states of the loop over it (32).

    What a backward sweep needs is computed again from the nearest state that was kept, by the
    schedule that repeats the least: of l trips, t * l if C(slots + t, slots) >= l (binomial
    checkpointing; Griewank and Walther, 2000, Algorithm 799). Raises TypeError for what is no
    range, ValueError for less than one slot.
    """
    if not isinstance(cast(object, trips), range):
        raise TypeError(f"checkpoint() takes a range, not {trips!r}")
    if slots is not None and slots < 1:
        raise ValueError(f"checkpoint() needs at least one slot, not {slots}")
    return trips
