"""Shapes and orders of elements: what Numba does not take, and how it is said instead."""

from __future__ import annotations

from collections.abc import Callable

from ad_compiler.backend.nopython.site import (
    INDICES,
    Respelling,
    Site,
    axes_of,
    dtype_text,
    function_called,
    function_text,
    nested,
    shape_text,
    width_of,
)
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.types import Array, Sym, Tape, dims_of, rank
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.rules.repetition import pad_widths

CONTIGUOUS = function_called("np.ascontiguousarray")
VIEWS = {"T", "getitem", "np.transpose", "np.swapaxes", "np.moveaxis", "np.broadcast_to"}


def _reshape(site: Site) -> None:
    x, *lengths = site.args
    if width_of(x) <= 1 and not isinstance(x, Var):
        return
    whole = site.temp(CONTIGUOUS, x.type, x)
    site.say(site.let.prim, whole, *lengths)


def _ravel(site: Site) -> None:
    if width_of(site.args[0]) > 1:
        site.say("flatten", site.args[0])


def _expand_dims(site: Site) -> None:
    axis = site.static("axis")
    width = rank(site.type)
    axes = axes_of(axis, width)
    pattern = tuple("new" if k in axes else ":" for k in range(width))
    site.say("getitem", site.args[0], const(pattern))


def _squeeze(site: Site) -> None:
    x, axis = site.operand("x"), site.static("axis")
    dims = dims_of(x.type)
    ones = [k for k, d in enumerate(dims) if d == 1] if axis is None else axes_of(axis, len(dims))
    pattern = tuple("int" if k in ones else ":" for k in range(len(dims)))
    site.say("getitem", x, const(pattern), *([const(0)] * len(ones)))


def _flip(site: Site) -> None:
    width = width_of(site.operand("x"))
    axes = axes_of(site.static("axis"), width)
    pattern = tuple("::c" if k in axes else ":" for k in range(width))
    site.say("getitem", site.operand("x"), const(pattern), *([const(-1)] * len(axes)))


def _moveaxis(site: Site) -> None:
    x = site.operand("x")
    width = width_of(x)
    pairs = [site.static(name) for name in ("source", "destination")]
    many = [p if isinstance(p, tuple) else (p,) for p in pairs]
    source, target = ([int(k) % width for k in p] for p in many)
    order = [k for k in range(width) if k not in source]
    for place, axis in sorted(zip(target, source, strict=True)):
        order.insert(place, axis)
    site.say("np.transpose", x, const(tuple(order)))


def _transpose(site: Site) -> None:
    if site.static("axes") is None:
        site.say("T", site.args[0])


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
        if axis is not None and width_of(x) > 1:
            _along("np.roll({x}, shift)")(site)
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


def _only(test: Callable[[Site], bool], respell: Respelling) -> Respelling:
    """Respell some operations; the others are as Numba takes them."""

    def chosen(site: Site) -> None:
        if test(site):
            respell(site)

    return chosen


def _has_axis(site: Site) -> bool:
    return site.static("axis") is not None and width_of(site.operand("x")) > 1


def _is_wide(site: Site) -> bool:
    return site.static("axis") is None or width_of(site.operand("x")) > 1


def _diff(site: Site) -> None:
    """Differences of slices, once or more often."""
    x = site.operand("x")
    width = width_of(x)
    axis = int(site.static("axis")) % width
    times = int(site.static("n"))
    minus = PRIMITIVES["sub"]
    for turn in range(times):
        after = tuple("a:" if k == axis else ":" for k in range(width))
        before = tuple(":b" if k == axis else ":" for k in range(width))
        type_ = site.type
        one = site.temp("getitem", type_, x, const(after), const(1))
        other = site.temp("getitem", type_, x, const(before), const(-1))
        if turn == times - 1:
            site.say(minus, one, other)
        else:
            x = site.temp(minus, type_, one, other)
    if not times:
        site.say("copy", x)


def _array_of_arrays(site: Site) -> None:
    site.say("np.stack", *site.args, const(0))


STACKED = [
    "made = np.empty((len(rows),) + rows[0].shape, dtype=rows[0].dtype)",
    "for k in range(len(rows)):",
    "    made[k] = rows[k]",
    "return made",
]


def _list_array(site: Site) -> None:
    """Numba makes no array of a list of arrays.

    What is appended to and then given to `np.array` it takes for a comprehension, which fails
    where a loop appends to two such lists.
    """
    (rows,) = site.args
    if isinstance(rows.type, Tape) and isinstance(rows.type.element, Array):
        doc = "The arrays of a list, which is not empty, as the rows of one."
        site.call("stacked", function_text("stacked(rows)", doc, STACKED), rows)
    else:
        site.say(function_called("np.asarray", raises=True), rows)


def _take(site: Site) -> None:
    """As an index, if all indices must be there."""
    x, indices, axis = site.operand("x"), site.operand("indices"), site.static("axis")
    if site.static("mode") != "raise":
        site.refuse("np.take with a mode", "bring the indices into the range yourself")
    item = "array" if rank(indices.type) else "int"
    pattern = (":",) * (int(axis) % width_of(x)) + (item,)
    site.say("getitem", x, const(pattern), indices)


def _tile(site: Site) -> None:
    x, reps = site.operand("x"), site.static("reps")
    many = reps if isinstance(reps, tuple) else (reps,)
    width = rank(site.type)
    lack = width - width_of(x)
    times = (1,) * (width - len(many)) + tuple(many)
    index = INDICES[:width]
    shape = [f"{t} * x.shape[{k - lack}]" if k >= lack else str(t) for k, t in enumerate(times)]
    item = ", ".join(f"{index[k]} % x.shape[{k - lack}]" for k in range(lack, width))
    name = f"tile_{'_'.join(map(str, times))}_of_{width_of(x)}"
    loops = nested(list(zip(index, shape, strict=True)), [f"out[{', '.join(index)}] = x[{item}]"])
    body = [f"out = np.empty({shape_text(shape)}{dtype_text(site.type)})", *loops, "return out"]
    site.call(name, function_text(f"{name}(x)", f"np.tile(x, {times}).", body), x)


def _repeat_each(site: Site, axis: int, width: int) -> None:
    """By as many counts as the axis is long."""
    name = f"repeat_each_along_{axis}_of_{width}"
    body = [f"rows = np.repeat(np.arange(x.shape[{axis}]), counts)",
            f"return x[{':, ' * axis}rows]"]  # fmt: skip
    text = function_text(f"{name}(x, counts)", f"np.repeat(x, counts, axis={axis}).", body)
    site.call(name, text, site.operand("x"), site.operand("repeats"))


def _repeat(site: Site) -> None:
    x, repeats, axis = site.operand("x"), site.operand("repeats"), site.static("axis")
    width = width_of(x)
    if axis is None or width == 1:
        site.say(function_called("np.repeat"), x, repeats)
        return
    axis = int(axis) % width
    if rank(repeats.type):
        _repeat_each(site, axis, width)
        return
    index = INDICES[:width]
    shape = [f"n * x.shape[{k}]" if k == axis else f"x.shape[{k}]" for k in range(width)]
    item = ", ".join(f"{i} // n" if k == axis else i for k, i in enumerate(index))
    name = f"repeat_along_{axis}_of_{width}"
    loops = nested(list(zip(index, shape, strict=True)), [f"out[{', '.join(index)}] = x[{item}]"])
    body = [f"out = np.empty({shape_text(shape)}{dtype_text(site.type)})", *loops, "return out"]
    doc = f"np.repeat(x, n, axis={axis})."
    site.call(name, function_text(f"{name}(x, n)", doc, body), x, repeats)


PLACES = {
    "edge": "min(max({i} - {a}, 0), {n} - 1)",
    "wrap": "({i} - {a}) % {n}",
    "reflect": "{n} - 1 - abs({n} - 1 - ({i} - {a}) % max(2 * {n} - 2, 1))",
    "symmetric": "min(({i} - {a}) % (2 * {n}), 2 * {n} - 1 - ({i} - {a}) % (2 * {n}))",
}
"""Where `np.pad` finds the element at `i`, behind `a` new ones, in an axis of length `n`."""


def _pad(site: Site) -> None:
    x, mode = site.operand("x"), site.static("mode")
    width = width_of(x)
    widths = pad_widths(site.static("pad_width"), width)
    index = INDICES[:width]
    shape = shape_text([f"x.shape[{k}] + {a + b}" for k, (a, b) in enumerate(widths)])
    label = "_".join(str(n) for pair in widths for n in pair)
    name = f"pad_{mode}_{label}"
    if mode == "constant":
        inner = ", ".join(f"{a} : {a} + x.shape[{k}]" for k, (a, _) in enumerate(widths))
        body = [f"out = np.full({shape}, value{dtype_text(site.type)})", f"out[{inner}] = x"]
        given = site.operand("constant_values")
        value = const(0.0) if isinstance(given, Const) and given.value is None else given
        if rank(value.type):
            site.refuse("np.pad with several constants", "give one constant")
        head, args = f"{name}(x, value)", (x, value)
    else:
        if mode not in PLACES:
            site.refuse(f"np.pad with mode={mode!r}", "use constant, edge, wrap or reflect")
        places = [
            PLACES[mode].format(i=i, a=a, n=f"x.shape[{k}]")
            for k, (i, (a, _)) in enumerate(zip(index, widths, strict=True))
        ]
        lengths = [f"out.shape[{k}]" for k in range(width)]
        loops = nested(list(zip(index, lengths, strict=True)),
                       [f"out[{', '.join(index)}] = x[{', '.join(places)}]"])  # fmt: skip
        body = [f"out = np.empty({shape}{dtype_text(site.type)})", *loops]
        head, args = f"{name}(x)", (x,)
    doc = f'np.pad(x, {widths}, mode="{mode}").'
    site.call(name, function_text(head, doc, [*body, "return out"]), *args)


def _partition(site: Site) -> None:
    site.refuse(site.let.prim.name, "use np.sort or np.argsort: the order of ties is NumPy's own")


def _linspace(site: Site) -> None:
    start, stop, num = (site.operand(n) for n in ("start", "stop", "num"))
    if site.static("endpoint"):
        return
    if any(rank(a.type) for a in (start, stop)):
        site.refuse("np.linspace between arrays", "loop over their elements")
    body = [
        "out = np.empty(num)",
        "for i in range(num):",
        "    out[i] = start + i * ((stop - start) / num)",
        "return out",
    ]
    doc = "np.linspace(start, stop, num, endpoint=False)."
    text = function_text("linspace_open(start, stop, num)", doc, body)
    site.call("linspace_open", text, start, stop, num)


def _geomspace(site: Site) -> None:
    site.refuse("np.geomspace", "use np.exp of np.linspace between the logarithms")


def _unbroadcast(site: Site) -> None:
    """Sum a cotangent over the axes along which an array was broadcast."""
    g, x = site.args
    p, q = width_of(g), width_of(x)
    index = INDICES[:p]
    places = ", ".join(f"{index[p - q + k]} if x.shape[{k}] != 1 else 0" for k in range(q))
    name = f"unbroadcast_{p}_{q}"
    target = f"out[{places}]" if q else "out"
    bounds = [f"g.shape[{k}]" for k in range(p)]
    loops = nested(list(zip(index, bounds, strict=True)),
                   [f"{target} += g[{', '.join(index)}]"])  # fmt: skip
    start = f"np.zeros(x.shape{dtype_text(site.type)})" if q else "0.0"
    doc = "Sum g over the axes along which x was broadcast to its shape."
    body = [f"out = {start}", *loops, "return out"]
    site.call(name, function_text(f"{name}(g, x)", doc, body), g, x)


TABLE: dict[str, Respelling] = {
    "np.reshape": _reshape,
    "ravel": _ravel,
    "np.expand_dims": _expand_dims,
    "np.squeeze": _squeeze,
    "np.flip": _flip,
    "np.moveaxis": _moveaxis,
    "np.transpose": _transpose,
    "array_of_arrays": _array_of_arrays,
    "list_array": _list_array,
    "np.take": _take,
    "np.repeat(counts)": _repeat,
    "np.roll": _roll,
    "np.cumsum": _only(_has_axis, _along("np.cumsum({x})")),
    "np.cumprod": _only(_has_axis, _along("np.cumprod({x})")),
    "np.sort": _only(_is_wide, _along("np.sort({x})")),
    "np.argsort": _along('np.argsort({x}, kind="mergesort")'),
    "np.partition": _partition,
    "np.argpartition": _partition,
    "np.diff": _diff,
    "np.tile": _tile,
    "np.repeat": _repeat,
    "np.pad": _pad,
    "np.linspace": _linspace,
    "np.geomspace": _geomspace,
    "unbroadcast": _unbroadcast,
}
