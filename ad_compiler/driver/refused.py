"""What Numba itself refuses when it compiles an emitted function, as a refusal with a place.

What is known not to compile is refused by name before; this is for all that is not known.
"""

from __future__ import annotations

import linecache
import re
from types import FunctionType

from ad_compiler.errors import Span, Unsupported

_PLACE = re.compile(r"\bat (\S+) \((\d+)\)|File \"([^\"]+)\", line (\d+)")


def is_of_numba(error: BaseException) -> bool:
    """Whether an exception is what Numba raises where it cannot compile something."""
    kinds = {(kind.__module__, kind.__name__) for kind in type(error).__mro__}
    return ("numba.core.errors", "NumbaError") in kinds


def by_numba(error: BaseException, function: FunctionType) -> Unsupported:
    """The refusal of a function that Numba does not compile."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    what = next((line for line in lines if not line.startswith("Failed in ")), "no reason given")
    code = function.__code__
    at = Span(code.co_filename, code.co_firstlineno, 0, code.co_firstlineno, 0)
    said = _line(str(error))
    where = f" (`{said}`)" if said else ""
    return Unsupported(
        f"Numba does not compile the derivative of `{code.co_name}`{where}: {what}",
        at,
        "use the Python backend, or write this part as a loop",
    )


def _line(message: str) -> str:
    """The emitted line that a message of Numba's is about."""
    for found in _PLACE.finditer(message):
        file, number = found[1] or found[3], found[2] or found[4]
        line = linecache.getline(file, int(number)).strip()
        if line:
            return line
    return ""
