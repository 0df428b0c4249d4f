"""Norms: Numba has them for a whole vector or matrix."""

from __future__ import annotations

import math
from typing import Any

from ad_compiler.backend.nopython.parts import axis_said, of_parts, said
from ad_compiler.backend.nopython.site import Respelling, Site, axes_of, width_of
from ad_compiler.rules.norms import is_of_matrices

MATRIX = {
    None: "np.linalg.norm({x})",
    "fro": "np.linalg.norm({x})",
    "nuc": "np.sum(np.linalg.svd(np.ascontiguousarray({x}))[1])",
    2: "np.linalg.svd(np.ascontiguousarray({x}))[1][0]",
    -2: "np.linalg.svd(np.ascontiguousarray({x}))[1][-1]",
}
"""Norms of matrices that are written in another way."""


def _norm(site: Site) -> None:
    order, axis, kept = (site.static(name) for name in ("ord", "axis", "keepdims"))
    width = width_of(site.operand("x"))
    matrices = is_of_matrices(order, axis, width)
    if axis is None and not kept and (order not in MATRIX if matrices else width <= 2):
        return
    axes = axes_of(axis, width)
    text = _order_text(order)
    if not matrices:
        formula = "np.linalg.norm({x})" if order in (None, 2) else f"np.linalg.norm({{x}}, {text})"
    else:
        formula = MATRIX.get(order, f"np.linalg.norm({{x}}, {text})")
        if axis is not None and axis[0] % width > axis[1] % width:
            formula = formula.replace("{x}", "{x}.T")
    if axis is None and width > 2:
        formula = formula.replace("{x}", "{x}.flatten()")
    label = "norm" if order is None else f"norm_{order}".replace("-", "minus_").replace(".", "_")
    options = {"ord": text, "axis": axis_said(axes), "keepdims": bool(kept)}
    if order is None:
        del options["ord"]
    if axis is None:
        del options["axis"]
    of_parts(site, label, formula, axes, bool(kept), said("np.linalg.norm", options))


def _order_text(order: Any) -> str:
    if order in (math.inf, -math.inf):
        return "np.inf" if order > 0 else "-np.inf"
    return repr(order)


TABLE: dict[str, Respelling] = {"np.linalg.norm": _norm}
