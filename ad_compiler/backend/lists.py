"""The spelling of calls that take a list or a tuple of operands, or give one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ad_compiler.backend.expressions import Printer, Renderer
from ad_compiler.backend.text import Text
from ad_compiler.ir.nodes import Atom, Let, Var, const
from ad_compiler.ir.types import rank
from ad_compiler.rules.places import APART
from ad_compiler.rules.sets import UNIQUE, flagged


def _shaped(path: str) -> Printer:
    """`np.indices((n, m))`."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        lengths = ", ".join(to.atom(a).text for a in args)
        return Text(f"{to.resolve(path)}(({lengths}{',' * (len(args) == 1)}))")

    return printer


def _shape(to: Renderer, lengths: Sequence[Atom]) -> str:
    """Two lengths or more: `x.shape` where they are all that x has, in order."""
    made = [to.folded.get(a) if isinstance(a, Var) else None for a in lengths]
    whole = [
        let.args[0]
        for k, let in enumerate(made)
        if isinstance(let, Let) and let.prim.name == "dim" and let.args[1] == const(k)
    ]
    if len(whole) == len(lengths) == rank(whole[0].type) and len(set(whole)) == 1:
        return f"{to.receiver(whole[0])}.shape"
    return f"({', '.join(to.atom(a).text for a in lengths)})"


def _unravel_index(to: Renderer, args: Sequence[Atom]) -> Text:
    """`np.unravel_index(place, (n, m))`."""
    place, *lengths = args
    return Text(f"{to.resolve('np.unravel_index')}({to.atom(place).text}, {_shape(to, lengths)})")


def _ravel_multi_index(to: Renderer, args: Sequence[Atom]) -> Text:
    """`np.ravel_multi_index((i, j), (n, m))`."""
    half = len(args) // 2
    places = ", ".join(to.atom(a).text for a in args[:half])
    path = to.resolve("np.ravel_multi_index")
    return Text(f"{path}(({places}), {_shape(to, args[half:])})")


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


def _first(path: str, *names: str) -> Printer:
    """`np.histogram(x, edges, weights=w)[0]`: the first result; the last operands go by name."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        texts = [to.atom(a).text for a in args]
        places = len(texts) - len(names)
        named = (f"{name}={text}" for name, text in zip(names, texts[places:], strict=True))
        return Text(f"{to.resolve(path)}({', '.join([*texts[:places], *named])})[0]")

    return printer


def _unique(flags: tuple[bool, ...]) -> Printer:
    """`np.unique(x, return_index=True)`."""

    def printer(to: Renderer, args: Sequence[Atom]) -> Text:
        x, equal_nan = args
        options = flagged(flags) | ({} if equal_nan == const(True) else {"equal_nan": False})
        named = [f"{name}={value}" for name, value in options.items()]
        return Text(f"{to.resolve('np.unique')}({', '.join([to.atom(x).text, *named])})")

    return printer


def _cho_factor(to: Renderer, args: Sequence[Atom]) -> Text:
    """The factor alone: what it is called with says which triangle holds it."""
    matrix, lower = args
    side = ", lower=True" if lower == const(True) else ""
    path = to.resolve("scipy.linalg.cho_factor")
    return Text(f"{path}({to.atom(matrix).text}{side})[0]")


def _cho_solve(to: Renderer, args: Sequence[Atom]) -> Text:
    factor, right, lower = (to.atom(a).text for a in args)
    return Text(f"{to.resolve('scipy.linalg.cho_solve')}(({factor}, {lower}), {right})")


def _pencil_values(to: Renderer, args: Sequence[Atom]) -> Text:
    """Eigenvalues alone."""
    a, b, lower = args
    side = ", lower=False" if lower == const(False) else ""
    path = to.resolve("scipy.linalg.eigh")
    return Text(f"{path}({to.atom(a).text}, {to.atom(b).text}{side}, eigvals_only=True)")


def _lu_solve(to: Renderer, args: Sequence[Atom]) -> Text:
    factor, pivots, right, trans = (to.atom(a).text for a in args)
    turned = "" if trans == "0" else f", trans={trans}"
    return Text(f"{to.resolve('scipy.linalg.lu_solve')}(({factor}, {pivots}), {right}{turned})")


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
    "np.histogram(edges)": _first("np.histogram"),
    "np.histogram(weights)": _first("np.histogram", "weights"),
    **{made.name: _unique(flags) for flags, made in UNIQUE.items()},
    "scipy.linalg.cho_factor": _cho_factor,
    "scipy.linalg.cho_solve": _cho_solve,
    "scipy.linalg.eigh(pencil values)": _pencil_values,
    "scipy.linalg.lu_solve": _lu_solve,
    "scipy.linalg.lstsq": _first("scipy.linalg.lstsq"),
    "np.lexsort": _listed("np.lexsort"),
    **{f"np.unravel_index({rank})": _unravel_index for rank in APART},
    "np.ravel_multi_index": _ravel_multi_index,
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
    "np.histogram(weights)": ("np.histogram",),
    **{made.name: ("np.unique",) for made in UNIQUE.values()},
    "scipy.linalg.cho_factor": ("scipy.linalg.cho_factor",),
    "scipy.linalg.cho_solve": ("scipy.linalg.cho_solve",),
    "scipy.linalg.eigh(pencil values)": ("scipy.linalg.eigh",),
    "scipy.linalg.lu_solve": ("scipy.linalg.lu_solve",),
    "scipy.linalg.lstsq": ("scipy.linalg.lstsq",),
    "np.lexsort": ("np.lexsort",),
    **{f"np.unravel_index({rank})": ("np.unravel_index",) for rank in APART},
    "np.ravel_multi_index": ("np.ravel_multi_index",),
    "np.resize": ("np.resize",),
    "np.choose": ("np.choose",),
    "np.indices": ("np.indices",),
    "np.linalg.multi_dot": ("np.linalg.multi_dot",),
    "array_of": ("np.array",),
    "array_of_arrays": ("np.array",),
}
"""The dotted paths that each of them mentions."""
