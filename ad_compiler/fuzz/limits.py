"""A limit of the time that a program may take."""

from __future__ import annotations

import signal
from types import FrameType


class Hangs(BaseException):
    """The time of a program is over. No `except Exception` of the compiler may stop it."""


def limit(seconds: float) -> None:
    """Let this process raise `Hangs` after some seconds of computing, from now on; 0: never."""
    signal.signal(signal.SIGVTALRM, _late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def _late(_signal: int, _frame: FrameType | None) -> None:
    raise Hangs
