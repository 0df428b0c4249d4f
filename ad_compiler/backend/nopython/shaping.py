"""Shapes and orders of elements: what Numba does not take, and how it is said instead."""

from __future__ import annotations

from dataclasses import replace

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
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.types import Array, Tape, dims_of, dtype_of, rank
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.rules.repetition import pad_widths

CONTIGUOUS = replace(function_called("np.ascontiguousarray"), fresh=False)


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


LIKE = [
    "made = np.empty_like(x)",
    "for k in range(len(rows)):",
    "    made[k] = rows[k]",
    "return made",
]


def _list_like(site: Site) -> None:
    doc = "The rows of an array again as one that is like it."
    site.call("rows_like", function_text("rows_like(rows, x)", doc, LIKE), *site.args)


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
    name = f"pad_{mode}_{label}" + (
        "" if dtype_of(site.type) == "f64" else f"_{dtype_of(site.type)}"
    )
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
    if p == 0:
        number = isinstance(g.type, Array) and not isinstance(site.type, Array)
        site.say("item" if number else "identity", g)
        return
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


def _delete(site: Site) -> None:
    """By the numbers of those that stay."""
    x, which = site.operand("arr"), site.operand("obj")
    axis, width = site.static("axis"), width_of(site.operand("arr"))
    mask = dtype_of(which.type) == "bool"
    if not mask and (axis is None or width == 1):
        return
    whole = axis is None
    part = "x.flatten()[rows]" if whole else f"x[{':, ' * (int(axis) % width)}rows]"
    length = "x.size" if whole else f"x.shape[{int(axis) % width}]"
    rows = "np.flatnonzero(~which)" if mask else f"np.delete(np.arange({length}), which)"
    name = "without" + (f"_along_{int(axis) % width}_of_{width}" if not whole else "")
    name += "_masked" if mask else ""
    body = [f"rows = {rows}", f"return {part}"]
    doc = f"np.delete(x, which, axis={axis})."
    site.call(name, function_text(f"{name}(x, which)", doc, body), x, which)


def _frequencies(site: Site) -> None:
    """As `np.fft` has them: `(0, 1, …, -2, -1) / (n * d)`, of real signals without the negative."""
    path = site.let.prim.name
    name = path.removeprefix("np.fft.")
    half = name == "rfftfreq"
    length, item = ("n // 2 + 1", "k") if half else ("n", "k if k < (n + 1) // 2 else k - n")
    body = [f"out = np.empty({length})", f"for k in range({length}):",
            f"    out[k] = ({item}) * (1.0 / (n * d))", "return out"]  # fmt: skip
    site.call(name, function_text(f"{name}(n, d)", f"{path}(n, d).", body), *site.args)


def _insert(site: Site) -> None:
    if site.static("axis") is not None and width_of(site.operand("arr")) > 1:
        site.refuse("np.insert along an axis", "put the parts together with np.concatenate")


TABLE: dict[str, Respelling] = {
    "np.delete": _delete,
    "np.insert": _insert,
    "np.fft.fftfreq": _frequencies,
    "np.fft.rfftfreq": _frequencies,
    "np.reshape": _reshape,
    "ravel": _ravel,
    "np.expand_dims": _expand_dims,
    "np.squeeze": _squeeze,
    "np.flip": _flip,
    "np.moveaxis": _moveaxis,
    "np.transpose": _transpose,
    "array_of_arrays": _array_of_arrays,
    "list_array": _list_array,
    "list_like": _list_like,
    "np.take": _take,
    "np.repeat(counts)": _repeat,
    "np.diff": _diff,
    "np.tile": _tile,
    "np.repeat": _repeat,
    "np.pad": _pad,
    "np.linspace": _linspace,
    "np.geomspace": _geomspace,
    "unbroadcast": _unbroadcast,
}
