"""Masks of several axes and repeated indices: Numba takes neither, so they are loops."""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.backend.nopython.site import (
    Respelling,
    Site,
    function_text,
    width_of,
)
from ad_compiler.ir.index import WHOLE, Pattern, operand_count, segments, split_operands
from ad_compiler.ir.nodes import Atom, Const, Undef, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Tape, Type, is_number, rank
from ad_compiler.rules.registry import OPERATORS
from ad_compiler.transform.augment import AUGMENTED, SYMBOLS

MASKED = ("mask",)


def _pattern(site: Site) -> Pattern:
    return site.static("pattern")


def is_wide_mask(pattern: Pattern, operands: tuple[Atom, ...]) -> bool:
    """Whether a mask of several axes is all there is in an index."""
    return pattern == MASKED and width_of(operands[0]) > 1


def _getitem(site: Site) -> None:
    x, _, *operands = site.args
    if is_wide_mask(_pattern(site), tuple(operands)):
        (mask,) = operands
        flat = site.temp("flatten", Array(_dtype(x), ()), x)
        chosen = site.temp("flatten", Array("bool", ()), mask)
        site.say("getitem", flat, const(MASKED), chosen)
    elif _pattern(site) == WHOLE and width_of(x):
        site.say("getitem", x, const((":",)))


def _dtype(x: Atom) -> str:
    assert isinstance(x.type, Array)
    return x.type.dtype


def _store(site: Site) -> None:
    x, _, value, *operands = site.args
    if is_wide_mask(_pattern(site), tuple(operands)):
        _masked(site, "=", x, operands[0], value)


def _masked(site: Site, symbol: str, x: Atom, mask: Atom, value: Atom) -> None:
    """`x[mask] = value`, element by element."""
    verb = "set" if symbol == "=" else "add"
    if is_number(value.type):
        name, item, last = f"{verb}_masked", "values", ()
    else:
        name, item, last = f"{verb}_masked_each", "values[n]", ("        n += 1",)
    body = [
        *(["n = 0"] if last else []),
        "for k in range(mask.size):",
        "    if mask.flat[k]:",
        f"        x.flat[k] {symbol} {item}",
        *last,
    ]
    doc = f"x[mask] {symbol} values."
    site.say(_changing(site, name, function_text(f"{name}(x, mask, values)", doc, body)),
             x, mask, value)  # fmt: skip


def _changing(site: Site, name: str, text: str) -> Primitive:
    """A helper that changes its first operand."""
    return replace(site.helper(name, text), in_place=0)


def _add_at(site: Site) -> None:
    x, _, value, *operands = site.args
    pattern = _pattern(site)
    if is_wide_mask(pattern, tuple(operands)):
        _masked(site, "+=", x, operands[0], value)
    elif "array" in pattern:
        _scattered(site, x, pattern, value, operands)


def _scattered(site: Site, x: Atom, pattern: Pattern, value: Atom, operands: list[Atom]) -> None:
    """`np.add.at`: an index may occur twice, and both must count."""
    simple = set(pattern) == {"array"} and all(width_of(i) == 1 for i in operands)
    full = is_number(value.type) or rank(value.type) == 1 + width_of(x) - len(pattern)
    if simple and full:
        names = ["i", "j", "k", "l"][: len(operands)]
        item = "values" if is_number(value.type) else "values[n]"
        index = ", ".join(f"{name}[n]" for name in names)
        body = [f"for n in range({names[0]}.size):", f"    x[{index}] += {item}"]
        name = f"add_at_{len(names)}" + ("_same" if item == "values" else "")
    else:
        names = [f"i{k}" for k in range(len(operands))]
        index = index_text(pattern, names)
        body = [
            f"places = np.arange(x.size).reshape(x.shape){index}",
            "added = np.broadcast_to(np.asarray(values), places.shape)",
            "for k in range(places.size):",
            "    x.flat[places.flat[k]] += added.flat[k]",
        ]
        name = f"add_at_{label_of(pattern)}"
    doc = f"np.add.at(x, {', '.join(names)}, values)."
    text = function_text(f"{name}(x, {', '.join(names)}, values)", doc, body)
    site.say(_changing(site, name, text), x, *operands, value)


def index_text(pattern: Pattern, names: list[str]) -> str:
    """An index in brackets, its operands by name; a chain of views has several."""
    text = ""
    for items, own in segments(pattern, names):
        if items == ("T",):
            text += ".T"
        elif items[0].startswith("transpose"):
            text += f".{items[0]}"
        elif items[0].startswith("reshape"):
            text += f".reshape({', '.join(own)})"
        else:
            text += f"[{', '.join(_item(i, mine) for i, mine in split_operands(items, own))}]"
    return text


def _item(item: str, names: list[str]) -> str:
    if item == "new":
        return "np.newaxis"
    if item == "...":
        return "..."
    if operand_count(item) and ":" not in item:
        return names[0]
    rest = iter(names)
    return ":".join(next(rest) if part.isalpha() else "" for part in item.split(":"))


def label_of(pattern: Pattern) -> str:
    """A part of a name that tells patterns apart."""
    words = {":": "all", ">": "of", "...": "rest", "array": "array", "int": "item", "new": "new"}
    plain = [
        words.get(p, "".join(c for c in p if c.isalnum()) or "slice") + ("" if p in words else "s")
        for p in pattern
    ]
    return "_".join(plain)


def _last_writes(site: Site) -> None:
    x, _, *operands = site.args
    pattern = _pattern(site)
    names = [f"i{k}" for k in range(len(operands))]
    index = index_text(pattern, names)
    name = f"last_writes_{label_of(pattern)}"
    body = [
        "order = np.zeros(shape, dtype=np.int64)",
        f"places = np.arange(order{index}.size).reshape(order{index}.shape)",
        f"order{index} = places",
        f"return order{index} == places",
    ]
    doc = f"Where, in `x{index} = values`, a value is the last one written to its place."
    text = function_text(f"{name}(shape, {', '.join(names)})", doc, body)
    shape = site.temp("numba.shape", x.type, x)
    site.call(name, text, shape, *operands)


def _augmented(symbol: str) -> Respelling:
    """`x[mask] *= v` with a mask of several axes is read, computed and written."""

    def respell(site: Site) -> None:
        x, pattern, value, *operands = site.args
        if not is_wide_mask(_pattern(site), tuple(operands)):
            return
        part: Type = Array(_dtype(x), ())
        flat = site.temp("flatten", part, x)
        mask = site.temp("flatten", Array("bool", ()), operands[0])
        old = site.temp("getitem", part, flat, const(MASKED), mask)
        new = site.temp(OPERATORS[symbol], part, old, value)
        assert isinstance(pattern, Const)
        _masked(site, "=", x, operands[0], new)

    return respell


def overlaps(value: Atom) -> bool:
    """Whether a value is a variable that may be a view."""
    return isinstance(value, Var) and isinstance(value.type, Array)


def _tape_put(site: Site) -> None:
    """What is put where there is nothing is of the type of all others."""
    tape, k, value = site.args
    if isinstance(value, Const) and value.value is None:
        assert isinstance(tape.type, Tape)
        site.say("tape_put", tape, k, Undef(tape.type.element))


def _present(site: Site) -> None:
    """What is missing is an empty array here, which may be computed with as well."""
    site.say("identity", const(True))


def _copy_if_there(site: Site) -> None:
    site.say("duplicate", *site.args)


TABLE: dict[str, Respelling] = {
    "tape_put": _tape_put,
    "copy_if_there": _copy_if_there,
    "present": _present,
    "getitem": _getitem,
    "store": _store,
    "add_at": _add_at,
    "last_writes": _last_writes,
    **{AUGMENTED[OPERATORS[symbol]].name: _augmented(symbol) for symbol in SYMBOLS},
}
