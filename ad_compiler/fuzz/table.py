"""The table of hits, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ad_compiler.fuzz.run import Tally

WANTED = 50
"""How often each line should be hit in MANY programs."""
MANY = 10_000


def table(tally: Tally) -> str:
    """All rows, operations and branches, with how often they were hit; and what was hit seldom."""
    from ad_compiler.fuzz.generate import rows

    parts = {
        "programs with each row of the language": _all(rows(), tally.rows),
        "programs with each operation": tally.operations,
        "hits of each branch of the backend": tally.branches,
    }
    lines: list[str] = []
    programs = sum(tally.outcomes.values())
    few = max(1, WANTED * programs // MANY)
    for title, counts in parts.items():
        lines += [title, *(f"{count:9}  {label}" for label, count in counts.items()), ""]
    for title, counts in parts.items():
        seldom = [label for label, count in counts.items() if count < few]
        lines.append(f"{title}: {len(counts) - len(seldom)} of {len(counts)} at least {few} times")
        lines += [f"    {counts[label]:5}  {label}" for label in seldom]
    return "\n".join(lines)


def _all(labels: Iterable[str], counts: Counter[str]) -> Counter[str]:
    return Counter({label: counts[label] for label in labels})
