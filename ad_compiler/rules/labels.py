"""The letters that `einsum` gives to axes."""

from __future__ import annotations

import string
from typing import Any

from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.registry import compile_time

Labels = tuple[tuple[str, ...], str]


@compile_time
def labelled(subscripts: str, ranks: Any) -> Labels:
    """The letters of each operand and of the result; `...` has become capital letters."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise TypeRefusal(f"np.einsum of {len(ranks)} operands with {subscripts!r}", "name each")
    extra = [rank - len(part.replace("...", "")) for part, rank in zip(parts, ranks, strict=True)]
    if any(n < 0 or (n > 0 and "..." not in p) for p, n in zip(parts, extra, strict=True)):
        raise TypeRefusal(f"the ranks of operands of np.einsum({subscripts!r})", "fit the letters")
    used = set(text)
    spare = [c for c in string.ascii_uppercase if c not in used][: max(extra, default=0)]
    letters = [
        part.replace("...", "".join(spare[len(spare) - n :]))
        for part, n in zip(parts, extra, strict=True)
    ]
    together = "".join(letters)
    if arrow:
        result = right.replace("...", "".join(spare))
    else:
        once = sorted(c for c in set(together) - set(spare) if together.count(c) == 1)
        result = "".join(spare) + "".join(once)
    if len(set(result)) < len(result) or not set(result) <= set(together):
        raise TypeRefusal(
            f"the result of np.einsum({subscripts!r})", "name axes of the operands, each once"
        )
    return tuple(letters), result
