"""Products with more axes than Numba's `@` knows, and `np.einsum`, as loops over their indices."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from ad_compiler.backend.nopython.site import (
    Respelling,
    Site,
    dtype_text,
    function_text,
    nested,
    shape_text,
    width_of,
)
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.types import Array, dims_of, dtype_of, rank

NAMES = ("a", "b", "c", "d", "e", "f")
"""What the helpers call their operands."""


def contraction(site: Site, labels: Sequence[str], result: str, operands: Sequence[Atom]) -> None:
    """Say that the result is the sum of products over all labels that it lacks."""
    names = NAMES[: len(operands)]
    ones = ["".join("1" if d == 1 else "n" for d in dims_of(operand.type)) for operand in operands]
    broadcast = any("1" in own for own in ones)
    label = f"einsum_{'_'.join([*labels, result])}" + (f"_{'_'.join(ones)}" if broadcast else "")
    indices = _indices([*labels, result], names)
    dtype = dtype_text(site.type) if isinstance(site.type, Array) else ""
    places = _places(labels, names, ones)
    bounds = {letter: _bound(found) for letter, found in places.items()}
    terms = " * ".join(
        f"{name}[{', '.join(_index(indices[x], one) for x, one in zip(own, flags, strict=True))}]"
        if own
        else name
        for name, own, flags in zip(names, labels, ones, strict=True)
    )
    order = [*result, *(x for x in places if x not in result)]
    checks = [line for found in places.values() for line in _checks(found)]
    target = f"out[{', '.join(indices[x] for x in result)}]" if result else "out"
    start = f"np.zeros({shape_text([bounds[x] for x in result])}{dtype})" if result else "0.0"
    loops = nested([(indices[x], bounds[x]) for x in order], [f"{target} += {terms}"])
    doc = f'np.einsum("{",".join(labels)}->{result}", {", ".join(names)}).'
    body = [*checks, f"out = {start}", *loops, "return out"]
    site.call(label, function_text(f"{label}({', '.join(names)})", doc, body), *operands)


def _indices(labels: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """A loop index for each label, other than the names of the operands."""
    free = (x for x in (*"ijklmnpqrstuvwxyz", *(f"i{k}" for k in range(26))) if x not in names)
    used = dict.fromkeys("".join(labels))
    return {x: x if x in "ijklmnpq" else "" for x in used} | _filled(used, free)


def _filled(used: dict[str, None], free: object) -> dict[str, str]:
    taken = {x for x in used if x in "ijklmnpq"}
    names = (name for name in free if name not in taken)  # type: ignore[attr-defined]
    return {x: next(names) for x in used if x not in taken}


Places = list[tuple[str, int, bool]]
"""Operand, axis, and whether its length is 1, for each place of a label."""


def _places(labels: Sequence[str], names: Sequence[str], ones: Sequence[str]) -> dict[str, Places]:
    found: dict[str, Places] = {}
    for name, own, flags in zip(names, labels, ones, strict=True):
        for axis, (letter, flag) in enumerate(zip(own, flags, strict=True)):
            found.setdefault(letter, []).append((name, axis, flag == "1"))
    return found


def _bound(found: Places) -> str:
    """The length of the axes of a label: of the first that does not broadcast."""
    name, axis, _ = next((place for place in found if not place[2]), found[0])
    return f"{name}.shape[{axis}]"


def _checks(found: Places) -> list[str]:
    """Lines that raise where lengths do not fit."""
    wide = [f"{name}.shape[{axis}]" for name, axis, one in found if not one]
    return [
        line
        for other in wide[1:]
        for line in (
            f"if {wide[0]} != {other}:",
            '    raise ValueError("the shapes of the operands do not fit")',
        )
    ]


def _index(index: str, one: str) -> str:
    return "0" if one == "1" else index


def _einsum(site: Site) -> None:
    subscripts, *operands = site.args
    text = str(site.static("subscripts")) if subscripts is site.args[0] else ""
    labels, arrow, result = text.replace(" ", "").partition("->")
    if "..." in text:
        site.refuse("np.einsum with an ellipsis", "name all axes")
    if not arrow:
        result = "".join(x for x in sorted(set(labels) - {","}) if labels.count(x) == 1)
    contraction(site, labels.split(","), result, operands)


def _einsum_in_any_order(site: Site) -> None:
    site.say("np.einsum", *site.args[:-1])


def _cross(site: Site) -> None:
    """Element by element: Numba's own takes long to compile, and the last axis only."""
    x, y, _ = site.args
    width = rank(site.type)
    along = int(site.static("axis")) % width
    ranks = width_of(x), width_of(y)
    index = {k: "ijlm"[n] for n, k in enumerate(k for k in range(width) if k != along)}

    def place(name: str, own: int, at: int) -> str:
        lack = width - own
        parts = [
            str(at) if k == along
            else f"{index[k]} if {name}.shape[{k - lack}] != 1 else 0"
            for k in range(lack, width)
        ]  # fmt: skip
        return f"{name}[{', '.join(parts)}]"

    def bound(k: int) -> str:
        found = [f"{n}.shape[{k - width + r}]" for n, r in zip("ab", ranks, strict=True)
                 if k >= width - r]  # fmt: skip
        return found[0] if len(found) == 1 else f"max({', '.join(found)})"

    def written(at: int) -> str:
        return ", ".join(index.get(k, str(at)) for k in range(width))

    lines = [f"{n}{at} = {place(n, r, at)}" for n, r in zip("ab", ranks, strict=True)
             for at in range(3)]  # fmt: skip
    lines += [f"out[{written(k)}] = a{i} * b{j} - a{j} * b{i}"
              for k, i, j in ((0, 1, 2), (1, 2, 0), (2, 0, 1))]  # fmt: skip
    shape = shape_text(["3" if k == along else bound(k) for k in range(width)])
    sides = [f"{n}.shape[{along - width + r}]" for n, r in zip("ab", ranks, strict=True)]
    body = [f"if {' != 3 or '.join(sides)} != 3:",
            '    raise ValueError("np.linalg.cross of vectors that have not three elements")',
            f"out = np.empty({shape}{dtype_text(site.type)})",
            *nested([(i, bound(k)) for k, i in index.items()], lines), "return out"]  # fmt: skip
    name = f"cross_{ranks[0]}_{ranks[1]}" + (f"_along_{along}" if along != width - 1 else "")
    site.call(
        name, function_text(f"{name}(a, b)", f"np.linalg.cross(a, b, axis={along}).", body), x, y
    )


def _matmul(site: Site) -> None:
    x, y = site.args
    p, q = width_of(x), width_of(y)
    same = dtype_of(x.type) == dtype_of(y.type)
    if p <= 2 and q <= 2 and same:
        return
    batch = ascii_lowercase[: max(p, q) - 2] if max(p, q) > 2 else ""
    rows, inner, columns = "xyz"
    one = (batch[len(batch) - (p - 2) :] if p > 2 else "") + (rows + inner if p > 1 else inner)
    two = (batch[len(batch) - (q - 2) :] if q > 2 else "") + (inner + columns if q > 1 else inner)
    result = batch + (rows if p > 1 else "") + (columns if q > 1 else "")
    contraction(site, [one, two], result, [x, y])


def _dot(site: Site) -> None:
    x, y = site.args
    p, q = width_of(x), width_of(y)
    if p == 0 or q == 0:
        site.say("mul", x, y)
    elif p > 2 or q > 2 or dtype_of(x.type) != dtype_of(y.type):
        one = ascii_lowercase[:p]
        two = ascii_lowercase[p : p + q]
        last = one[-1]
        place = q - 2 if q > 1 else 0
        two = two[:place] + last + two[place + 1 :]
        result = (one[:-1] + two).replace(last, "")
        contraction(site, [one, two], result, [x, y])


def _inner(site: Site) -> None:
    x, y = site.args
    p, q = width_of(x), width_of(y)
    if p == 0 or q == 0:
        site.say("mul", x, y)
        return
    one = ascii_lowercase[:p]
    two = ascii_lowercase[p : p + q - 1] + one[-1]
    contraction(site, [one, two], one[:-1] + two[:-1], [x, y])


def _tensordot(site: Site) -> None:
    x, y, axes = site.operand("x"), site.operand("y"), site.static("axes")
    p, q = width_of(x), width_of(y)
    if isinstance(axes, int):
        firsts, seconds = tuple(range(p - axes, p)), tuple(range(axes))
    else:
        firsts, seconds = (tuple(a) if isinstance(a, tuple | list) else (a,) for a in axes)
    one = ascii_lowercase[:p]
    letters = list(ascii_lowercase[p : p + q])
    for i, j in zip(firsts, seconds, strict=True):
        letters[j % q] = one[i % p]
    gone = {one[i % p] for i in firsts}
    result = "".join(x for x in (*one, *letters) if x not in gone)
    contraction(site, [one, "".join(letters)], result, [x, y])


def _labelled(first: str, second: str, result: str) -> Respelling:
    """A product along the last axes, the others broadcast."""

    def respell(site: Site) -> None:
        x, y = site.args
        p, q = width_of(x) - len(first), width_of(y) - len(second)
        batch = ascii_lowercase[: max(p, q)]
        one, two = batch[len(batch) - p :] + first, batch[len(batch) - q :] + second
        contraction(site, [one, two], batch + result, [x, y])

    return respell


def _multi_dot(site: Site) -> None:
    first, *rest = site.args
    *middle, last = rest
    for operand in middle:
        dims = (*dims_of(first.type)[:-1], *dims_of(operand.type)[1:])
        first = site.temp("matmul", Array(dtype_of(first.type) or "f64", dims), first, operand)
    site.say("matmul", first, last)


def _kron(site: Site) -> None:
    if any(width_of(a) > 2 for a in site.args):
        site.refuse("np.kron of arrays with more than two axes", "reshape them to matrices")
    if not all(map(width_of, site.args)):
        site.say("mul", *site.args)


TABLE: dict[str, Respelling] = {
    "np.einsum": _einsum,
    "np.einsum(optimize)": _einsum_in_any_order,
    "np.linalg.cross": _cross,
    "matmul": _matmul,
    "np.dot": _dot,
    "np.dot(any)": _dot,
    "np.dot(number)": _dot,
    "np.inner": _inner,
    "np.inner(any)": _inner,
    "np.inner(number)": _inner,
    "np.tensordot": _tensordot,
    "np.vecdot": _labelled("z", "z", ""),
    "np.matvec": _labelled("yz", "z", "y"),
    "np.vecmat": _labelled("z", "zy", "y"),
    "np.linalg.multi_dot": _multi_dot,
    "np.kron": _kron,
}
