"""Quantiles: Numba has them for whole arrays, by the default method."""

from __future__ import annotations

from ad_compiler.backend.nopython.parts import axis_said, of_parts, said
from ad_compiler.backend.nopython.site import Respelling, Site, axes_of, function_called, width_of
from ad_compiler.ir.types import rank


def _quantile(site: Site) -> None:
    """Of each part of an array; several quantiles of it stand along the first axis."""
    path, x, q = site.let.prim.name, site.operand("x"), site.operand("q")
    if site.static("method") != "linear":
        site.refuse(f"{path} with a method", "use the default")
    if rank(site.type) == width_of(q):
        site.say(function_called(path, raises=True), x, q)
        return
    if width_of(q) > 1:
        site.refuse(f"{path} of an array of quantiles with several axes", "make them a vector")
    axes, kept = axes_of(site.static("axis"), width_of(x)), bool(site.static("keepdims"))
    doc = said(path, {"q": "q", "axis": axis_said(axes), "keepdims": kept})
    of_parts(site, path.removeprefix("np."), f"{path}({{x}}, q)", axes, kept, doc, ("q", q))


NAMES = ("np.quantile", "np.percentile", "np.nanquantile", "np.nanpercentile")
TABLE: dict[str, Respelling] = dict.fromkeys(NAMES, _quantile)
