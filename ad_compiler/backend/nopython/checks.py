"""Functions that emitted code carries along for what it checks and plans, as Numba takes them."""

from __future__ import annotations

from collections.abc import Mapping

from ad_compiler.backend.nopython.site import function_text
from ad_compiler.rules.helpers import CHECK_LENGTH, NEXT_SNAPSHOT

APART = """\
if x.size and y.size:
    low = x.ctypes.data
    high = low + x.itemsize
    for k in range(x.ndim):
        span = (x.shape[k] - 1) * x.strides[k]
        low += min(span, 0)
        high += max(span, 0)
    start = y.ctypes.data
    end = start + y.itemsize
    for k in range(y.ndim):
        span = (y.shape[k] - 1) * y.strides[k]
        start += min(span, 0)
        end += max(span, 0)
    if low < end and start < high:
        raise ValueError(names + " share memory, and one of them is changed in place")"""


def _as_it_is(text: str) -> str:
    """A helper that Numba compiles as it is written for Python."""
    head, doc, *body = text.split("\n")
    plain = [line.removeprefix("    ") for line in body]
    return function_text(head.removeprefix("def ").rstrip(":"), doc.strip().strip('"'), plain)


TEXTS: Mapping[str, str] = {
    "check_length": _as_it_is(CHECK_LENGTH),
    "next_snapshot": _as_it_is(NEXT_SNAPSHOT),
    "check_apart": function_text(
        "check_apart(x, y, names)",
        "Raise ValueError if two arrays share memory, one of which is changed in place.",
        APART.split("\n"),
    ),
}
"""The helpers by name."""
