"""Functions of the vectors along an axis: Numba has them for vectors."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import (
    INDICES,
    Respelling,
    Site,
    dtype_text,
    function_text,
    nested,
    shape_text,
    width_of,
)
from ad_compiler.ir.nodes import Atom, Const, const
from ad_compiler.ir.types import Array, Sym


def _along(expression: str) -> Respelling:
    """A function of vectors, for each vector along an axis."""

    def respell(site: Site) -> None:
        x = site.operand("x")
        axis, width = site.static("axis"), width_of(x)
        if width <= 1 or axis is None:
            _of_vector(site, expression)
            return
        _loop_along(site, expression, int(axis) % width, width)

    return respell


def _of_vector(site: Site, expression: str) -> None:
    """Without an axis: the vector itself, or all elements in a row."""
    x = site.operand("x")
    extra = _extra(site)
    axis = site.static("axis")
    if axis is None and "axis" in site.let.prim.params and width_of(x) > 1:
        x = site.temp("flatten", Array("f64", (Sym("size"),)), x)
    name = site.let.prim.name.removeprefix("np.") + "_of_vector"
    params = ", ".join(["x", *(n for n, _ in extra)])
    text = function_text(f"{name}({params})", f"{site.let.prim.name}(x).",
                         [f"return {expression.format(x='x')}"])  # fmt: skip
    site.call(name, text, x, *(a for _, a in extra))


def _extra(site: Site) -> list[tuple[str, Atom]]:
    """Operands behind the array that say how: a shift, a place."""
    names = [n for n in site.let.prim.params if n in ("shift", "kth")]
    return [(n, site.operand(n)) for n in names]


def _loop_along(site: Site, expression: str, axis: int, width: int) -> None:
    extra = _extra(site)
    rest = [k for k in range(width) if k != axis]
    index = {k: INDICES[n] for n, k in enumerate(rest)}
    part = f"[{', '.join(index.get(k, ':') for k in range(width))}]"
    shape = shape_text([f"x.shape[{k}]" for k in range(width)])
    line = f"out{part} = {expression.format(x='x' + part)}"
    loops = nested([(index[k], f"x.shape[{k}]") for k in rest], [line])
    short = site.let.prim.name.removeprefix("np.")
    name = f"{short}_along_{axis}" + ("" if width == 2 else f"_of_{width}")
    params = ", ".join(["x", *(n for n, _ in extra)])
    body = [f"out = np.empty({shape}{dtype_text(site.type)})", *loops, "return out"]
    doc = f"{site.let.prim.name}(x, axis={axis})."
    text = function_text(f"{name}({params})", doc, body)
    site.call(name, text, site.operand("x"), *(a for _, a in extra))


def _roll(site: Site) -> None:
    """Along several axes, each element comes from its own place."""
    x, axis = site.operand("x"), site.static("axis")
    if not isinstance(axis, tuple):
        _running("np.roll({x}, shift)")(site)
        return
    given, width = site.operand("shift"), width_of(x)
    many = given.value if isinstance(given, Const) else "shift"
    shifts = many if isinstance(many, tuple) else (many,) * len(axis)
    by: dict[int, list[str]] = {}
    for k, shift in zip(axis, shifts, strict=True):
        by.setdefault(int(k) % width, []).append(f" - {shift}")
    index = INDICES[:width]
    bounds = [f"x.shape[{k}]" for k in range(width)]
    place = ", ".join(
        f"({i}{''.join(by[k])}) % {n}" if k in by else i
        for k, (i, n) in enumerate(zip(index, bounds, strict=True))
    )
    loops = nested(list(zip(index, bounds, strict=True)), [f"out[{', '.join(index)}] = x[{place}]"])
    label = "_".join(str(part) for k in sorted(by) for part in (k, *(s[3:] for s in by[k])))
    name = f"roll_{label}_of_{width}".replace("-", "minus_")
    params = "x" if isinstance(given, Const) else "x, shift"
    text = function_text(f"{name}({params})", f"np.roll(x, {many}, {axis}).",
                         ["out = np.empty_like(x)", *loops, "return out"])  # fmt: skip
    site.call(name, text, *((x,) if isinstance(given, Const) else (x, given)))


def _running(expression: str) -> Respelling:
    """The same, of what Numba has without an axis: so a vector needs none."""

    def respell(site: Site) -> None:
        axis, width = site.static("axis"), width_of(site.operand("x"))
        if axis is not None and width > 1:
            _loop_along(site, expression, int(axis) % width, width)
        elif axis is not None:
            site.say(site.let.prim, *site.args[:-1], const(None))

    return respell


def _sorted_values(site: Site) -> None:
    if site.static("axis") is None or width_of(site.operand("x")) > 1:
        _along("np.sort({x})")(site)


def _sort(site: Site) -> None:
    """Values are the same however they are sorted."""
    site.say("np.sort", site.operand("x"), site.operand("axis"))


def _unwrap(site: Site) -> None:
    """Numba takes the last axis."""
    phases, discont, axis, period = site.args
    width = width_of(phases)
    assert isinstance(axis, Const)
    if axis.value == -1:
        return
    swap = axis.value % width != width - 1
    if swap:
        phases = site.temp("np.swapaxes", site.type, phases, axis, const(-1))
    args = (phases, discont, const(-1), period)
    if swap:
        made = site.temp(site.let.prim, site.type, *args)
        site.say("np.swapaxes", made, axis, const(-1))
    else:
        site.say(site.let.prim, *args)


def _partition(site: Site) -> None:
    site.refuse(site.let.prim.name, "use np.sort or np.argsort: the order of ties is NumPy's own")


TABLE: dict[str, Respelling] = {
    "np.roll": _roll,
    "np.cumsum": _running("np.cumsum({x})"),
    "np.cumprod": _running("np.cumprod({x})"),
    "np.sort(kind)": _sort,
    "np.unwrap": _unwrap,
    "np.sort": _sorted_values,
    "np.argsort": _along('np.argsort({x}, kind="mergesort")'),
    "np.partition": _partition,
    "np.argpartition": _partition,
}
