"""Diagonals: Numba takes those of matrices, as `np.diag`, and no trace but that of a matrix."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import (
    INDICES,
    Respelling,
    Site,
    dtype_text,
    function_called,
    function_text,
    nested,
    shape_text,
    width_of,
    without,
)
from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.types import Array, Sym, dims_of, dtype_of

PLAIN, MAIN = function_called("np.diag"), function_called("np.trace")


def _plane(site: Site) -> tuple[int, int, int]:
    """The number of axes of the array, and the two in which its diagonals lie."""
    width = width_of(site.operand("x"))
    return width, int(site.static("axis1")) % width, int(site.static("axis2")) % width


def _diagonal(site: Site) -> None:
    x, offset = site.operand("x"), site.operand("offset")
    width, one, other = _plane(site)
    if width == 2:
        site.say(PLAIN, _upright(site, x, one), offset)
        return
    by = int(site.static("offset"))
    name, body = _of_planes(width, one, other, by, dtype_text(site.type))
    doc = f"np.diagonal(x, {by}, axis1={one}, axis2={other})."
    site.call(name, function_text(f"{name}(x)", doc, body), x)


def _of_planes(width: int, one: int, other: int, by: int, dtype: str) -> tuple[str, list[str]]:
    """The name and the lines of a helper for diagonals of more than one matrix."""
    rest = [k for k in range(width) if k not in (one, other)]
    index, at = INDICES[: len(rest)], INDICES[len(rest)]
    below, above = (f" {{}} {max(-by, 0)}" if by < 0 else "", f" {{}} {by}" if by > 0 else "")
    place = dict(zip(rest, index, strict=True))
    place |= {one: at + below.format("+"), other: at + above.format("+")}
    bounds = [*((i, f"x.shape[{k}]") for k, i in zip(rest, index, strict=True)), (at, "length")]
    item = ", ".join(place[k] for k in range(width))
    shape = shape_text([*(f"x.shape[{k}]" for k in rest), "length"])
    rows, columns = f"x.shape[{one}]{below.format('-')}", f"x.shape[{other}]{above.format('-')}"
    label = f"{'above' if by > 0 else 'below'}_{abs(by)}_" if by else ""
    return f"diagonals_{label}in_{one}_{other}_of_{width}", [
        f"length = max(min({rows}, {columns}), 0)",
        f"out = np.empty({shape}{dtype})",
        *nested(bounds, [f"out[{', '.join((*index, at))}] = x[{item}]"]),
        "return out",
    ]


def _upright(site: Site, x: Atom, one: int) -> Atom:
    """A matrix with the first axis of its diagonals first."""
    assert isinstance(x.type, Array)
    if one == 0:
        return x
    return site.temp("T", Array(x.type.dtype, x.type.dims[::-1]), x)


def _trace(site: Site) -> None:
    """Of the main diagonal of a matrix as Numba has it; the sum of any other one."""
    x, *plane = site.args
    width, one, other = _plane(site)
    if width == 2 and site.static("offset") == 0:
        site.say(MAIN, x)
        return
    rest = dims_of(without(x.type, (one, other)))
    diagonal = Array(dtype_of(x.type) or "f64", (*rest, Sym("diagonal")))
    axis = const(-1 if rest else None)
    site.say("np.sum", site.temp("np.diagonal", diagonal, x, *plane), axis, const(False))


TABLE: dict[str, Respelling] = {"np.diagonal": _diagonal, "np.trace": _trace}
