"""The spelling of every special primitive, and the dotted paths that each one mentions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence

from ad_compiler.backend.expressions import Printer, Renderer, operator
from ad_compiler.backend.lists import PATHS as LIST_PATHS
from ad_compiler.backend.lists import PRINTERS as LIST_PRINTERS
from ad_compiler.backend.tapes import PATHS as TAPE_PATHS
from ad_compiler.backend.tapes import PRINTERS as TAPE_PRINTERS
from ad_compiler.backend.text import COMPARE, CONDITIONAL, POWER, Text, name
from ad_compiler.ir.index import segments
from ad_compiler.ir.nodes import Atom, Const, If, Let, Var, const
from ad_compiler.ir.types import Array, Float, dtype_of, is_complex, rank
from ad_compiler.rules.effects import VALUE
from ad_compiler.rules.fits import alike_lengths


def _same(to: Renderer, args: Sequence[Atom]) -> Text:
    return to.atom(args[0])


def _dim(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])}.shape[{to.atom(args[1]).text}]")


def _size(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])}.size", simple=True)


def getitem(to: Renderer, args: Sequence[Atom]) -> Text:
    """`x[i, 1:n]`."""
    array, pattern, *operands = args
    assert isinstance(pattern, Const)
    return Text(to.part(to.receiver(array), pattern.value, operands))


def _extreme_index(name: str) -> Printer:
    """`max(range(x.size), key=x.item)`: where `max(x)` finds its item."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        x = to.receiver(args[0])
        return Text(f"{to.resolve(name)}({to.resolve('range')}({x}.size), key={x}.item)")

    return printer


def _duplicate(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f'{to.receiver(args[0])}.copy(order="K")')


def _copy_if_there(to: Renderer, args: Sequence[Atom]) -> Text:
    x = to.receiver(args[0])
    order = 'order="K"' if rank(args[0].type) > 1 else ""
    return Text(f"None if {x} is None else {x}.copy({order})", CONDITIONAL)


def _last_writes(to: Renderer, args: Sequence[Atom]) -> Text:
    array, pattern, *operands = args
    assert isinstance(pattern, Const)
    *views, (items, own) = segments(pattern.value, operands)
    index = to.index(items, own)
    if len(items) > 1:
        index = f"{to.resolve('np.s_')}[{index}]"
    part = to.receiver(array)
    for segment in views:
        part = to.part(part, *segment)
    return Text(f"{to.resolve('last_writes')}({part}.shape, {index})")


def _broadcast_like(to: Renderer, args: Sequence[Atom]) -> Text:
    value, model = args
    shape = f"{to.receiver(model)}.shape"
    return Text(f"{to.resolve('np.broadcast_to')}({to.atom(value).text}, {shape}).copy()")


def _check_write(to: Renderer, args: Sequence[Atom]) -> Text:
    value, part = args
    dtype = f", {to.resolve('complex')}" if is_complex(value.type) else ""
    other = f"{to.resolve('np.empty')}({to.receiver(part)}.shape{dtype})"
    return Text(f"{to.resolve('np.copyto')}({other}, {to.atom(value).text})")


def _astype(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])}.astype({to.dtype(args[1])})")


def _quiet_div(to: Renderer, args: Sequence[Atom]) -> Text:
    """Division that never raises: guarded for numbers, in a `with` of its own for arrays."""
    top, bottom = args
    quotient = operator("/", [to.atom(top), to.atom(bottom)])
    if is_array_division(args):
        return quotient
    guard = to.atom(bottom).at_least(CONDITIONAL + 1)
    return Text(f"{quotient.text} if {guard} else {_at_infinity(to, top)}", CONDITIONAL)


def _ratio(to: Renderer, args: Sequence[Atom]) -> Text:
    """Division as NumPy does it: by its function, if no operand is NumPy's."""
    top, bottom = map(to.atom, args)
    if any(isinstance(a.type, Array) or dtype_of(a.type) is not None for a in args):
        return operator("/", [top, bottom])
    return Text(f"{to.resolve('np.divide')}({top.text}, {bottom.text})")


def _at_infinity(to: Renderer, top: Atom) -> str:
    """The quotient where the divisor is zero."""
    if isinstance(top, Const):
        limit = float(top.value) * math.inf
        path = "math.nan" if math.isnan(limit) else "math.inf"
        return ("-" if limit < 0 else "") + to.resolve(path)
    return operator("*", [to.atom(top), name(to.resolve("math.inf"))]).text


def is_array_division(args: Sequence[Atom]) -> bool:
    """Whether a quiet division is NumPy's, which warns, instead of a number's, which raises."""
    return any(isinstance(a.type, Array) for a in args)


def divides_quietly(stmt: Let | If, folded: Mapping[Var, Let | If]) -> bool:
    """Whether the text of a statement holds a quiet division of arrays."""
    if isinstance(stmt, If):
        return False
    if stmt.prim.name == "quiet_div" and is_array_division(stmt.args):
        return True
    parts = [folded[a] for a in stmt.args if isinstance(a, Var) and a in folded]
    return any(divides_quietly(part, folded) for part in parts)


def _select(to: Renderer, args: Sequence[Atom]) -> Text:
    return to.conditional(*args)


def _check_lengths(to: Renderer, args: Sequence[Atom]) -> Text:
    shapes, message, *arrays = args
    assert isinstance(shapes, Const)
    assert isinstance(message, Const)

    def length(place: tuple[int, int] | int) -> str:
        if isinstance(place, int):
            return str(place)
        array, axis = place
        return f"{to.receiver(arrays[array])}.shape[{axis}]"

    chains = [[length(place) for place in axes] for axes in alike_lengths(shapes.value)]
    same = " and ".join(" == ".join(reversed(chain)) for chain in chains)
    test = " != ".join(reversed(chains[0])) if list(map(len, chains)) == [2] else f"not ({same})"
    return Text(f"if {test}: raise {to.resolve('ValueError')}({message.value!r})")


def _present(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])} is not None", COMPARE)


def _check_fit(to: Renderer, args: Sequence[Atom]) -> Text:
    shapes = ", ".join(
        f"{to.receiver(a)}.shape" if isinstance(a.type, Array) else to.atom(a).text for a in args
    )
    return Text(f"{to.resolve('np.broadcast_shapes')}({shapes})")


def _last_index(to: Renderer, args: Sequence[Atom]) -> Text:
    start, stop, step = args
    if step == Const(1, step.type):
        return operator("-", [to.atom(stop), name("1")])
    bounds = ", ".join(to.atom(a).text for a in (start, stop, step))
    return Text(f"{to.resolve('range')}({bounds})[-1]", POWER)


def _allocated(path: str, values: int = 0) -> Printer:
    """`np.zeros((n, m), dtype=np.float32)`; float64 goes without saying."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        count = len(args) - 1 - values
        lengths = [to.atom(a).text for a in args[:count]]
        shape = lengths[0] if count == 1 else f"({', '.join(lengths)})"
        parts = [shape, *(to.atom(a).text for a in args[count:-1])]
        dtype = args[-1]
        assert isinstance(dtype, Const)
        if dtype.value != "float64" or (values and not isinstance(args[-2].type, Float)):
            parts.append(f"dtype={to.dtype(dtype)}")
        return Text(f"{to.resolve(path)}({', '.join(parts)})")

    return printer


def _broadcast_to(to: Renderer, args: Sequence[Atom]) -> Text:
    value, *lengths = (to.atom(a).text for a in args)
    shape = f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"
    return Text(f"{to.resolve('np.broadcast_to')}({value}, {shape})")


def _reshaped(to: Renderer, args: Sequence[Atom]) -> Text:
    array, *lengths = args
    shape = ", ".join(to.atom(a).text for a in lengths) or "()"
    return Text(f"{to.receiver(array)}.reshape({shape})")


def _reshaped_in_order(to: Renderer, args: Sequence[Atom]) -> Text:
    array, *rest = args
    *lengths, order = (to.atom(a).text for a in rest)
    return Text(f"{to.receiver(array)}.reshape({', '.join([*lengths, f'order={order}'])})")


def _transposed(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])}.T", simple=True)


def _joining(path: str) -> Printer:
    """`np.concatenate([a, b], axis=1)`."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        *arrays, axis = args
        rest = "" if axis == const(0) else f", axis={to.atom(axis).text}"
        return Text(f"{to.resolve(path)}([{', '.join(to.atom(a).text for a in arrays)}]{rest})")

    return printer


def _raise(to: Renderer, args: Sequence[Atom]) -> Text:
    path, templates, *operands = args
    assert isinstance(path, Const)
    return Text(f"raise {to.resolve(path.value)}({', '.join(shown(to, templates, operands))})")


def _fail(to: Renderer, args: Sequence[Atom]) -> Text:
    """A failed `assert` that needs more than a line."""
    return Text(f"raise {to.resolve('AssertionError')}({', '.join(shown(to, args[0], args[1:]))})")


def _print(to: Renderer, args: Sequence[Atom]) -> Text:
    sep, end, templates, *operands = args
    texts = shown(to, templates, operands)
    for key, atom in (("sep", sep), ("end", end)):
        if atom != const(None):
            texts.append(f"{key}={to.atom(atom).text}")
    return Text(f"{to.resolve('print')}({', '.join(texts)})")


def shown(to: Renderer, templates: Atom, operands: Sequence[Atom]) -> list[str]:
    """The arguments that templates and operands make up."""
    assert isinstance(templates, Const)
    rest = iter(operands)
    return [
        to.atom(next(rest)).text if template == VALUE else _formatted(to, template, rest)
        for template in templates.value
    ]


def _formatted(to: Renderer, pieces: Sequence[str | tuple[str, str]], rest: Iterator[Atom]) -> str:
    """An f-string."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            quoted = json.dumps(piece, ensure_ascii=False)[1:-1]
            text += quoted.replace("{", "{{").replace("}", "}}")
            continue
        conversion, spec = piece
        inner = to.atom(next(rest)).text.replace('"', "'")
        text += f"{{{inner}{'!' if conversion else ''}{conversion}{':' if spec else ''}{spec}}}"
    return f'f"{text}"'


PRINTERS: Mapping[str, Printer] = {
    "identity": _same,
    "dim": _dim,
    "size": _size,
    "getitem": getitem,
    "duplicate": _duplicate,
    "copy_if_there": _copy_if_there,
    "last_writes": _last_writes,
    "broadcast_like": _broadcast_like,
    "astype": _astype,
    "quiet_div": _quiet_div,
    "ratio": _ratio,
    "max_index": _extreme_index("max"),
    "min_index": _extreme_index("min"),
    "select": _select,
    "present": _present,
    "check_fit": _check_fit,
    "check_write": _check_write,
    "check_lengths": _check_lengths,
    "last_index": _last_index,
    "np.zeros": _allocated("np.zeros"),
    "np.ones": _allocated("np.ones"),
    "np.empty": _allocated("np.empty"),
    "np.full": _allocated("np.full", values=1),
    "np.broadcast_to": _broadcast_to,
    "np.reshape": _reshaped,
    "np.reshape(order)": _reshaped_in_order,
    "T": _transposed,
    "np.concatenate": _joining("np.concatenate"),
    "np.stack": _joining("np.stack"),
    **LIST_PRINTERS,
    **TAPE_PRINTERS,
    "raise": _raise,
    "fail": _fail,
    "print": _print,
}
"""How each special primitive prints as an expression."""

PATHS: Mapping[str, tuple[str, ...]] = {
    **LIST_PATHS,
    **TAPE_PATHS,
    "broadcast_like": ("np.broadcast_to",),
    "check_write": ("np.copyto", "np.empty", "complex"),
    "last_writes": ("last_writes", "np.s_"),
    "astype": ("np.float64",),
    "quiet_div": ("math.inf", "np.errstate"),
    "ratio": ("np.divide",),
    "max_index": ("max", "range"),
    "min_index": ("min", "range"),
    "check_fit": ("np.broadcast_shapes",),
    "last_index": ("range",),
    "add_at": ("np.add",),
    "np.zeros": ("np.zeros",),
    "np.ones": ("np.ones",),
    "np.empty": ("np.empty",),
    "np.full": ("np.full",),
    "np.broadcast_to": ("np.broadcast_to",),
    "np.concatenate": ("np.concatenate",),
    "np.stack": ("np.stack",),
    "print": ("print",),
    "fail": ("AssertionError",),
}
"""The dotted paths that special primitives may mention."""
