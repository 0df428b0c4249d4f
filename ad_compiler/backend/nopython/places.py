"""Places counted through all axes: `np.unravel_index` and its inverse, which Numba lacks."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import INDICES, Respelling, Site, function_text
from ad_compiler.ir.types import Array
from ad_compiler.rules.places import APART


def _raising(outside: str, arrays: bool, what: str) -> list[str]:
    test = f"np.any({outside})" if arrays else outside
    return [f"if {test}:", f'    raise ValueError("{what}")']


def _outside(name: str, bound: str) -> str:
    return f"({name} < 0) | ({name} >= {bound})"


def _apart(site: Site) -> None:
    place, *lengths = site.args
    names, many = [f"n{k}" for k in range(len(lengths))], isinstance(place.type, Array)
    body = _raising(_outside("place", " * ".join(names)), many, "the index is out of bounds")
    indices = INDICES[: len(names)]
    for k in range(len(names) - 1, 0, -1):
        body += [f"{indices[k]} = place % {names[k]}", f"place = place // {names[k]}"]
    body += [f"return {', '.join(['place', *indices[1:]])}"]
    name = f"unravel_{len(names)}" + "_of_many" * many
    head = f"{name}(place, {', '.join(names)})"
    site.call(name, function_text(head, "np.unravel_index(place, the lengths).", body), *site.args)


def _together(site: Site) -> None:
    rank = len(site.args) // 2
    indices, names = INDICES[:rank], [f"n{k}" for k in range(rank)]
    kinds = [isinstance(arg.type, Array) for arg in site.args[:rank]]
    body: list[str] = []
    for index, bound, many in zip(indices, names, kinds, strict=True):
        body += _raising(_outside(index, bound), many, "an index is out of bounds")
    place = indices[0]
    for index, bound in zip(indices[1:], names[1:], strict=True):
        place = f"({place}) * {bound} + {index}" if " " in place else f"{place} * {bound} + {index}"
    name = f"ravel_{rank}" + "".join("m" if many else "s" for many in kinds) * any(kinds)
    head = f"{name}({', '.join([*indices, *names])})"
    doc = "np.ravel_multi_index(the indices, the lengths)."
    site.call(name, function_text(head, doc, [*body, f"return {place}"]), *site.args)


TABLE: dict[str, Respelling] = {
    **{made.name: _apart for made in APART.values()},
    "np.ravel_multi_index": _together,
}
