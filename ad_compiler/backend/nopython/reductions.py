"""Reductions along axes: Numba has them for whole arrays only, but for `np.sum` of one axis."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import (
    INDICES,
    Respelling,
    Site,
    axes_of,
    dtype_text,
    function_called,
    function_text,
    kept_axes,
    nested,
    shape_text,
    width_of,
    without,
)
from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.types import Array, Type, number_of
from ad_compiler.rules.registry import PRIMITIVES

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
}
"""Reductions, and how Numba writes them for a whole array."""


def _reduction(site: Site) -> None:
    params = site.let.prim.params
    keepdims = "keepdims" in params and site.static("keepdims")
    ddof = site.static("ddof") if "ddof" in params else 0
    axis = site.static("axis")
    x = site.operand("x")
    width = width_of(x)
    axes = axes_of(axis, width)
    name = site.let.prim.name
    if axis is None and not keepdims and not ddof:
        return
    native = name == "np.sum" and len(axes) == 1 and width > 1
    if native and not keepdims:
        return
    result = _formula(name, ddof)
    if keepdims and native:
        inner = _without(site.type, axes)
        value = site.temp(PRIMITIVES["np.sum"], inner, x, const(axis), const(False))
        kept_axes(site, value, axes, width)
        return
    if len(axes) == width and not keepdims:
        site.call(_helper_name(name, "", ddof), _whole_text(name, result, ddof), x)
        return
    if len(axes) == width:
        _kept_whole(site, x, result, width)
        return
    label = _helper_name(name, f"_{'_'.join(map(str, axes))}" + _of(width), ddof)
    text = _text(label, name, axes, width, result, _without(site.type, axes, keepdims))
    if not keepdims:
        site.call(label, text, x)
        return
    value = site.temp(site.helper(label, text), _without(site.type, axes), x)
    kept_axes(site, value, axes, width)


def _of(width: int) -> str:
    return "" if width == 2 else f"_of_{width}"


def _helper_name(name: str, axes: str, ddof: int) -> str:
    short = name.removeprefix("np.")
    return f"{short}{f'_ddof{ddof}' if ddof else ''}{'_along' if axes else ''}{axes}"


def _formula(name: str, ddof: int) -> str:
    """The value for a part `{x}` of the array."""
    if not ddof:
        return WHOLE[name]
    square = f"np.sum(({{x}} - np.mean({{x}})) ** 2) / ({{x}}.size - {ddof})"
    return square if name == "np.var" else f"np.sqrt({square})"


def _whole_text(name: str, formula: str, ddof: int) -> str:
    label = _helper_name(name, "", ddof)
    return function_text(
        f"{label}(x)", f"{name}(x, ddof={ddof}).", [f"return {formula.format(x='x')}"]
    )


def _kept_whole(site: Site, x: Atom, formula: str, width: int) -> None:
    """`np.full((1, 1), np.max(x))`."""
    label = _helper_name(site.let.prim.name, "", 0) + f"_kept_{width}"
    shape = shape_text(["1"] * width)
    body = [f"return np.full({shape}, {formula.format(x='x')})"]
    doc = f"{site.let.prim.name}(x, keepdims=True)."
    site.call(label, function_text(f"{label}(x)", doc, body), x)


def _text(
    label: str, name: str, axes: tuple[int, ...], width: int, result: str, type_: Type
) -> str:
    """A loop over the axes that stay."""
    rest = [k for k in range(width) if k not in axes]
    indices = {k: INDICES[n] for n, k in enumerate(rest)}
    part = f"x[{', '.join(indices.get(k, ':') for k in range(width))}]"
    lengths = [f"x.shape[{k}]" for k in rest]
    loops = nested(
        [(indices[k], f"x.shape[{k}]") for k in rest],
        [f"out[{', '.join(indices.values())}] = {result.format(x=part)}"],
    )
    shown = axes[0] if len(axes) == 1 else axes
    return function_text(
        f"{label}(x)",
        f"{name}(x, axis={shown}).",
        [f"out = np.empty({shape_text(lengths)}{dtype_text(type_)})", *loops, "return out"],
    )


def _without(type_: Type, axes: tuple[int, ...], kept: bool = True) -> Type:
    """The type of a reduction before its axes are put back."""
    if not kept:
        return type_
    inner = without(type_, axes)
    assert isinstance(inner, Array)
    return inner if inner.dims else number_of(inner.dtype)


def _python_sum(site: Site) -> None:
    """`sum(x)` adds the rows."""
    if width_of(site.operand("x")) > 1:
        site.say("np.sum", site.operand("x"), const(0), const(False))


def _quantile(site: Site) -> None:
    q, axis = site.operand("q"), site.static("axis")
    if site.static("method") != "linear":
        site.refuse("np.quantile with a method", "use the default")
    if axis is None and not site.static("keepdims"):
        site.say(function_called("np.quantile", raises=True), site.operand("x"), q)
        return
    site.refuse("np.quantile along an axis", "loop over the rows")


TABLE: dict[str, Respelling] = {
    **dict.fromkeys(WHOLE, _reduction),
    "sum": _python_sum,
    "np.quantile": _quantile,
}
