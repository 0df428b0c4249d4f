"""The spelling of calls that take a list or a tuple of operands, or give one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ad_compiler.backend.expressions import Printer, Renderer
from ad_compiler.backend.text import Text
from ad_compiler.ir.nodes import Atom, Let, Var, const


def _shaped(path: str) -> Printer:
    """`np.indices((n, m))`."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        lengths = ", ".join(to.atom(a).text for a in args)
        return Text(f"{to.resolve(path)}(({lengths}{',' * (len(args) == 1)}))")

    return printer


def _resize(to: Renderer, args: Sequence[Atom]) -> Text:
    value, *lengths = (to.atom(a).text for a in args)
    shape = lengths[0] if len(lengths) == 1 else f"({', '.join(lengths)})"
    return Text(f"{to.resolve('np.resize')}({value}, {shape})")


def _choose(to: Renderer, args: Sequence[Atom]) -> Text:
    """`np.choose(k, [a, b])`."""
    first, *choices = (to.atom(a).text for a in args)
    return Text(f"{to.resolve('np.choose')}({first}, [{', '.join(choices)}])")


def _sumprod(to: Renderer, args: Sequence[Atom]) -> Text:
    """`math.sumprod([a, b], [c, d])`."""
    texts, half = [to.atom(a).text for a in args], len(args) // 2
    sides = ", ".join(f"[{', '.join(side)}]" for side in (texts[:half], texts[half:]))
    return Text(f"{to.resolve('math.sumprod')}({sides})")


def _einsum(to: Renderer, args: Sequence[Atom]) -> Text:
    *operands, optimize = (to.atom(a).text for a in args)
    return Text(f"{to.resolve('np.einsum')}({', '.join(operands)}, optimize={optimize})")


def _histogram(to: Renderer, args: Sequence[Atom]) -> Text:
    """`np.histogram(x, edges)[0]`: only the counts."""
    texts = ", ".join(to.atom(a).text for a in args)
    return Text(f"{to.resolve('np.histogram')}({texts})[0]")


def _cho_factor(to: Renderer, args: Sequence[Atom]) -> Text:
    """The factor alone: what it is called with says which triangle holds it."""
    matrix, lower = args
    side = ", lower=True" if lower == const(True) else ""
    path = to.resolve("scipy.linalg.cho_factor")
    return Text(f"{path}({to.atom(matrix).text}{side})[0]")


def _cho_solve(to: Renderer, args: Sequence[Atom]) -> Text:
    factor, right, lower = (to.atom(a).text for a in args)
    return Text(f"{to.resolve('scipy.linalg.cho_solve')}(({factor}, {lower}), {right})")


def _listed(path: str) -> Printer:
    """`np.lexsort([a, b])`."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        return Text(f"{to.resolve(path)}([{', '.join(to.atom(a).text for a in args)}])")

    return printer


ROWS = ("array_of", "array_of_arrays")


def _rows(to: Renderer, args: Sequence[Atom]) -> Text:
    """`np.array([[1, 0], [0, 1]])`: rows that are written there need no call of their own."""
    return Text(f"{to.resolve('np.array')}([{', '.join(_row(to, a) for a in args)}])")


def _row(to: Renderer, atom: Atom) -> str:
    made = to.folded.get(atom) if isinstance(atom, Var) else None
    if isinstance(made, Let) and made.prim.name in ROWS:
        return f"[{', '.join(_row(to, a) for a in made.args)}]"
    return to.atom(atom).text


PRINTERS: Mapping[str, Printer] = {
    "math.fsum(items)": _listed("math.fsum"),
    "math.sumprod": _sumprod,
    "np.einsum(optimize)": _einsum,
    "np.histogram(edges)": _histogram,
    "scipy.linalg.cho_factor": _cho_factor,
    "scipy.linalg.cho_solve": _cho_solve,
    "np.lexsort": _listed("np.lexsort"),
    "np.resize": _resize,
    "np.choose": _choose,
    "np.indices": _shaped("np.indices"),
    "np.linalg.multi_dot": _listed("np.linalg.multi_dot"),
    "array_of": _listed("np.array"),
    "array_of_arrays": _rows,
}
"""How each of them prints as an expression."""

PATHS: Mapping[str, tuple[str, ...]] = {
    "math.fsum(items)": ("math.fsum",),
    "math.sumprod": ("math.sumprod",),
    "np.einsum(optimize)": ("np.einsum",),
    "np.histogram(edges)": ("np.histogram",),
    "scipy.linalg.cho_factor": ("scipy.linalg.cho_factor",),
    "scipy.linalg.cho_solve": ("scipy.linalg.cho_solve",),
    "np.lexsort": ("np.lexsort",),
    "np.resize": ("np.resize",),
    "np.choose": ("np.choose",),
    "np.indices": ("np.indices",),
    "np.linalg.multi_dot": ("np.linalg.multi_dot",),
    "array_of": ("np.array",),
    "array_of_arrays": ("np.array",),
}
"""The dotted paths that each of them mentions."""
