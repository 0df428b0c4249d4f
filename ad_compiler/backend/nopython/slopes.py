"""`np.gradient`: the slopes of vectors, by central differences (Fornberg 1988)."""

from __future__ import annotations

import re

from ad_compiler.backend.nopython.site import (
    Respelling,
    Site,
    dtype_text,
    function_text,
    nested,
    width_of,
)

ENDS = {
    1: ["out[0] = (f[1] - f[0]) / h", "out[-1] = (f[-1] - f[-2]) / h"],
    2: ["out[0] = (-1.5 * f[0] + 2.0 * f[1] - 0.5 * f[2]) / h",
        "out[-1] = (0.5 * f[-3] - 2.0 * f[-2] + 1.5 * f[-1]) / h"],
}  # fmt: skip
"""The first and the last slope, by the order of the differences."""

EVEN = [
    "n = f.shape[{axis}]",
    "if n < {least}:",
    '    raise ValueError("np.gradient needs {least} elements")',
    "out = np.empty(f.shape{dtype})",
    "for k in range(1, n - 1):",
    "    out[k] = (f[k + 1] - f[k - 1]) / (2.0 * h)",
]
UNEVEN = [
    "n = f.shape[{axis}]",
    "if n < {least} or x.size != n:",
    '    raise ValueError("np.gradient needs {least} elements and as many places")',
    "out = np.empty(f.shape{dtype})",
    "for k in range(1, n - 1):",
    "    a, b = x[k] - x[k - 1], x[k + 1] - x[k]",
    "    out[k] = (a / b * (f[k + 1] - f[k]) + b / a * (f[k] - f[k - 1])) / (a + b)",
]
UNEVEN_ENDS = {
    1: ["out[0] = (f[1] - f[0]) / (x[1] - x[0])", "out[-1] = (f[-1] - f[-2]) / (x[-1] - x[-2])"],
    2: ["a, b = x[1] - x[0], x[2] - x[1]",
        "out[0] = ((2.0 * a + b) / a * (f[1] - f[0]) - a / b * (f[2] - f[1])) / (a + b)",
        "a, b = x[-2] - x[-3], x[-1] - x[-2]",
        "out[-1] = ((2.0 * b + a) / b * (f[-1] - f[-2]) - b / a * (f[-2] - f[-3])) / (a + b)"],
}  # fmt: skip


START = 4
"""Where the lines of a vector begin."""


def _gradient(site: Site) -> None:
    f, spacing = site.operand("f"), site.operand("spacing")
    order, axis, width = site.static("edge_order"), site.static("axis"), width_of(f)
    uneven = width_of(spacing) == 1
    lines, ends = (UNEVEN, UNEVEN_ENDS) if uneven else (EVEN, ENDS)
    along = int(axis or 0) % width
    dtype = dtype_text(site.type)
    index = dict(zip([k for k in range(width) if k != along], "ijlm", strict=False))
    place = ", ".join(index.get(k, "{k}") for k in range(width))
    head = [line.format(least=order + 1, axis=along, dtype=dtype) for line in lines[:START]]
    inner = [
        re.sub(r"\b(f|out)\[([^\]]+)\]", lambda m: f"{m[1]}[{place.format(k=m[2])}]", line)
        for line in (*lines[START:], *ends[order])
    ]
    loops = nested([(i, f"f.shape[{k}]") for k, i in index.items()], inner)
    body = [*head, *loops, "return out"]
    by = "x" if uneven else "h"
    name = f"slopes_by_{by}_{order}" + (f"_along_{along}_of_{width}" if width > 1 else "")
    name += f"_{dtype[-7:]}" if dtype else ""
    doc = f"np.gradient(f, {by}, axis={along}, edge_order={order})."
    site.call(name, function_text(f"{name}(f, {by})", doc, body), f, spacing)


TABLE: dict[str, Respelling] = {"np.gradient": _gradient}
