"""Reductions along axes: Numba has them for whole arrays only, but for `np.sum` of one axis."""

from __future__ import annotations

from ad_compiler.backend.nopython.parts import axis_said, of_parts, said
from ad_compiler.backend.nopython.site import (
    Respelling,
    Site,
    axes_of,
    kept_axes,
    width_of,
    without,
)
from ad_compiler.ir.nodes import const

WHOLE = {
    "np.sum": "np.sum({x})",
    "np.mean": "np.mean({x})",
    "np.max": "np.max({x})",
    "np.min": "np.min({x})",
    "np.prod": "np.prod({x})",
    "np.any": "np.any({x})",
    "np.all": "np.all({x})",
    "np.argmax": "np.argmax({x})",
    "np.argmin": "np.argmin({x})",
    "np.median": "np.median({x})",
    "np.nanmax": "np.nanmax({x})",
    "np.nanmin": "np.nanmin({x})",
    "np.var": "np.var({x})",
    "np.std": "np.std({x})",
    "np.nanmedian": "np.nanmedian({x})",
    "np.nanvar": "np.nanvar({x})",
    "np.nanstd": "np.nanstd({x})",
}
"""Reductions, and how Numba writes them for a whole array."""


def _reduction(site: Site) -> None:
    params, name = site.let.prim.params, site.let.prim.name
    keepdims = "keepdims" in params and bool(site.static("keepdims"))
    ddof = int(site.static("ddof")) if "ddof" in params else 0
    axis, x = site.static("axis"), site.operand("x")
    width = width_of(x)
    axes = axes_of(axis, width)
    if axis is None and not keepdims and not ddof:
        return
    if name == "np.sum" and len(axes) == 1 and width > 1:
        if keepdims:
            value = site.temp(name, without(site.type, axes), x, const(axis), const(False))
            kept_axes(site, value, axes, width)
        return
    if len(axes) == width and not (keepdims or ddof):
        values = {"axis": const(None)}
        site.say(name, *(values.get(p, a) for p, a in zip(params, site.args, strict=True)))
        return
    label = name.removeprefix("np.") + (f"_ddof{ddof}" if ddof else "")
    options = {"axis": axis_said(axes), "ddof": ddof or False, "keepdims": keepdims}
    if len(axes) == width:
        del options["axis"]
    of_parts(site, label, _formula(name, ddof), axes, keepdims, said(name, options))


def _formula(name: str, ddof: int) -> str:
    """The value for a part `{x}` of the array."""
    if not ddof:
        return WHOLE[name]
    nan, count = ("nan", "np.sum(~np.isnan({x}))") if "nan" in name else ("", "{x}.size")
    square = f"np.{nan}sum(({{x}} - np.{nan}mean({{x}})) ** 2) / ({count} - {ddof})"
    return square if name.endswith("var") else f"np.sqrt({square})"


def _python_sum(site: Site) -> None:
    """`sum(x)` adds the rows."""
    if width_of(site.operand("x")) > 1:
        site.say("np.sum", site.operand("x"), const(0), const(False))


TABLE: dict[str, Respelling] = {
    **dict.fromkeys(WHOLE, _reduction),
    "sum": _python_sum,
}
