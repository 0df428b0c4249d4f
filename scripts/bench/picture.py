"""The times of all gradients, a line for each workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.bench.run import Outcome

MARKERS = {
    "ours numba": ("o", "tab:blue", True),
    "hand numba": ("o", "tab:blue", False),
    "ours python": ("s", "tab:green", True),
    "hand python": ("s", "tab:green", False),
    "jax": ("D", "tab:orange", True),
    "autograd": ("^", "tab:red", True),
}
"""Marker, colour, and whether it is filled; what is not ours but alike is hollow."""


def draw(outcomes: Sequence[Outcome], titles: Mapping[str, str], path: Path) -> None:
    """Store the picture as text."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "benchmark"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.0, 0.42 * len(outcomes) + 1.6))
    rows = range(len(outcomes))
    for name, (marker, colour, filled) in MARKERS.items():
        points = [(1e3 * o.found[name].least, y) for y, o in zip(rows, outcomes, strict=True)
                  if name in o.found]  # fmt: skip
        axes.scatter(
            [x for x, _ in points], [y for _, y in points], marker=marker, s=42,
            facecolors=colour if filled else "none", edgecolors=colour, label=titles[name],
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yticks(list(rows), [o.name for o in outcomes])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("time of a gradient, milliseconds")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=3, frameon=False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
