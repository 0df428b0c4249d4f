"""Values without repetition: Numba's `np.unique` says nothing about where they came from."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import Respelling, Site, function_text
from ad_compiler.ir.types import Array
from ad_compiler.rules.sets import ADDED, UNIQUE

SORTED = [
    "flat = x.flatten()",
    'order = np.argsort(flat, kind="mergesort")',
    "new = np.ones(flat.size, dtype=np.bool_)",
    "for k in range(1, flat.size):",
    "    new[k] = flat[order[k - 1]] != flat[order[k]]",
    "first = order[new]",
]
NAN = [
    "    if flat[order[k - 1]] != flat[order[k - 1]] and flat[order[k]] != flat[order[k]]:",
    "        new[k] = False",
]
"""One NaN is as good as another."""

SAID = {
    "values": ([], "flat[first]"),
    "first": ([], "first"),
    "places": (
        ["places = np.empty(flat.size, dtype=np.int64)", "places[order] = np.cumsum(new) - 1"],
        "places.reshape(x.shape)",
    ),
    "counts": ([], "np.diff(np.append(np.flatnonzero(new), flat.size))"),
}
"""The statements that each result takes, and the result."""


def _unique(site: Site) -> None:
    x = site.operand("x")
    assert isinstance(x.type, Array)
    results = ["values", *(name for name in ADDED if name in site.let.prim.results)]
    nan = x.type.dtype[0] == "f" and site.static("equal_nan")
    name = "_".join(["unique", *results[1:], *(["with_nan"] if nan else [])])
    body = [*SORTED[:-1], *(NAN if nan else []), SORTED[-1]]
    for result in results:
        body += SAID[result][0]
    body.append(f"return {', '.join(SAID[result][1] for result in results)}")
    shown = ", ".join(results)
    doc = f"The {shown} of np.unique(x)."
    site.call(name, function_text(f"{name}(x)", doc, body), x)


TABLE: dict[str, Respelling] = {made.name: _unique for made in UNIQUE.values()}
