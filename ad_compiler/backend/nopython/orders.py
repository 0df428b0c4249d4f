"""Elements in the order of columns, which Numba knows for no function: `order="F"`."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import Respelling, Site
from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.types import Array, Sym, rank


def _upended(site: Site, x: Atom) -> Atom:
    """An array with its axes the other way round."""
    assert isinstance(x.type, Array)
    if len(x.type.dims) < 2:
        return x
    return site.temp("T", Array(x.type.dtype, x.type.dims[::-1]), x)


def _flat(site: Site) -> None:
    x = site.operand("x")
    site.say("flatten", _upended(site, x) if site.static("order") == "F" else x)


def _reshape(site: Site) -> None:
    x, *lengths, order = site.args
    assert isinstance(site.type, Array)
    if order != const("F"):
        site.say("np.reshape", x, *lengths)
        return
    flat = site.temp("flatten", Array(site.type.dtype, (Sym("size"),)), _upended(site, x))
    upended = Array(site.type.dtype, site.type.dims[::-1])
    if rank(upended) < 2:
        site.say("np.reshape", flat, *lengths)
    else:
        site.say("T", site.temp("np.reshape", upended, flat, *reversed(lengths)))


def _copy(site: Site) -> None:
    """How a copy lies in memory is nobody's business here."""
    site.say("copy", site.operand("x"))


TABLE: dict[str, Respelling] = {
    "ravel(order)": _flat,
    "flatten(order)": _flat,
    "np.reshape(order)": _reshape,
    "copy(order)": _copy,
}
