"""Points and weights of Gauss quadrature, as numbers: Numba knows no such function."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import Site, function_text
from ad_compiler.ir.nodes import Const
from ad_compiler.ir.primitive import Call


def respell(site: Site) -> None:
    """A function that gives the numbers."""
    (degree,) = site.args
    assert isinstance(site.let.prim.spelling, Call)
    path = site.let.prim.spelling.path
    if not isinstance(degree, Const):
        site.refuse(f"{path} of a degree that the program computes", "write the degree out")
    lists = [part.tolist() for part in site.let.prim.evaluate(degree.value)]
    body = ["return (", *(f"    np.array({numbers})," for numbers in lists), ")"]
    name = f"{path.rpartition('.')[2]}_{degree.value}"
    site.call(name, function_text(f"{name}()", f"{path}({degree.value}).", body))
