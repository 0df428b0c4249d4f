"""Reductions that are told where to look, or what to begin with."""

from __future__ import annotations

import math

from ad_compiler.backend.nopython.site import Respelling, Site
from ad_compiler.ir.nodes import Atom, Const, const
from ad_compiler.ir.types import Array, dims_of, dtype_of

NEUTRAL = {
    "np.sum": 0.0, "np.prod": 1.0, "np.max": -math.inf, "np.min": math.inf,
    "np.any": False, "np.all": True,
}  # fmt: skip
"""What stands where nobody is to look."""

AVERAGES = ("np.mean", "np.var", "np.std")

JOINING = {"np.sum": "add", "np.prod": "mul", "np.max": "np.maximum", "np.min": "np.minimum"}
"""How the initial value joins in."""


def _masked(site: Site) -> None:
    name = site.let.prim.name.removesuffix("(where)")
    given = dict(zip(site.let.prim.params, site.args, strict=True))
    x, where, initial = given["x"], given.get("where"), given.get("initial")
    if name not in NEUTRAL:
        site.refuse(f"{name} with `where` or `mean`", "divide np.sum(..., where=...) by the count")
    if "dtype" in given and not _absent(given["dtype"]):
        dtype = given["dtype"]
        x = site.temp("astype", x.type, x, dtype)
    if where is not None and not _absent(where):
        neutral = const(NEUTRAL[name])
        x = site.temp("np.where", Array(dtype_of(x.type) or "f64", dims_of(x.type)),
                      where, x, neutral)  # fmt: skip
    rest = (given["axis"], given["keepdims"])
    if initial is None or _absent(initial):
        site.say(name, x, *rest)
        return
    total = site.temp(name, site.type, x, *rest)
    site.say(JOINING[name], total, initial)


def _absent(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.value is None


TABLE: dict[str, Respelling] = {f"{name}(where)": _masked for name in (*NEUTRAL, *AVERAGES)}
