"""Linear algebra of matrices; of stacks of matrices it is refused."""

from __future__ import annotations

from ad_compiler.backend.nopython.site import Respelling, Site, function_text, width_of

STACKS = "{} of a stack of matrices"
REMEDY = "loop over the matrices"


def _matrices(site: Site) -> None:
    """Numba has it for one matrix."""
    if any(width_of(operand) > 2 for operand in site.args):
        site.refuse(STACKS.format(site.let.prim.name), REMEDY)


def _lower(site: Site) -> None:
    """Where Numba knows the usual form alone."""
    _matrices(site)
    for name, usual in (("upper", False), ("UPLO", "L"), ("hermitian", False)):
        if name in site.let.prim.params and site.static(name) != usual:
            site.refuse(f"{site.let.prim.name} with {name}={site.static(name)!r}",
                        "use the default")  # fmt: skip


def _svdvals(site: Site) -> None:
    _matrices(site)
    text = function_text("singular_values(a)", "np.linalg.svdvals(a).",
                         ["return np.linalg.svd(a)[1]"])  # fmt: skip
    site.call("singular_values", text, *site.args)


def _cond(site: Site) -> None:
    _matrices(site)
    if site.static("p") in ("fro", "nuc"):
        site.refuse(f"np.linalg.cond with p={site.static('p')!r}", "use the default")


def _cov(site: Site) -> None:
    for name in ("fweights", "aweights"):
        if getattr(site.operand(name), "value", name) is not None:
            site.refuse(f"np.cov with {name}", "sum the weighted products yourself")


COFACTORS = [
    "for k in range(a.size):",
    "    if not np.isfinite(a.flat[k]):",
    "        return np.full_like(a, np.nan)",
    "u, s, vh = np.linalg.svd(a)",
    "n = s.size",
    "others = np.ones(n)",
    "for i in range(n):",
    "    for j in range(n):",
    "        if i != j:",
    "            others[i] *= s[j]",
    "sign = np.linalg.det(u) * np.linalg.det(vh)",
    "return sign * (u * others) @ vh",
]


def _cofactors(site: Site) -> None:
    _matrices(site)
    doc = "The derivative of det(a), also where a is singular: its cofactor matrix."
    site.call("cofactors", function_text("cofactors(a)", doc, COFACTORS), *site.args)


GAPS = [
    "n = w.size",
    "scale = 0.0",
    "for k in range(n):",
    "    scale = max(scale, abs(w[k]))",
    "out = np.zeros((n, n))",
    "for i in range(n):",
    "    for j in range(n):",
    "        if i != j:",
    "            gap = w[j] - w[i]",
    "            same = abs(gap) <= 4.0 * n * np.finfo(w.dtype).eps * scale",
    "            out[i, j] = np.nan if same else 1.0 / gap",
    "return out",
]


def _inverse_gaps(site: Site) -> None:
    if width_of(site.args[0]) > 1:
        site.refuse("eigenvalues of a stack of matrices", REMEDY)
    doc = "1 / (w[j] - w[i]) in row i, column j: 0 on the diagonal, nan where two are equal."
    site.call("inverse_gaps", function_text("inverse_gaps(w)", doc, GAPS), *site.args)


LEADING = [
    "n = r.shape[0]",
    "largest = 0.0",
    "for k in range(n):",
    "    largest = max(largest, abs(r[k, k]))",
    "for k in range(n):",
    "    if abs(r[k, k]) <= 4.0 * n * np.finfo(r.dtype).eps * largest:",
    "        return np.full((n, n), np.nan)",
    "return r[:, :n].copy()",
]


def _leading(site: Site) -> None:
    _matrices(site)
    doc = "The leading square of r; nan where its diagonal holds a zero, up to rounding."
    site.call("leading", function_text("leading(r)", doc, LEADING), *site.args)


def _refused(remedy: str) -> Respelling:
    def respell(site: Site) -> None:
        site.refuse(site.let.prim.name, remedy)

    return respell


PLAIN = "use the Python backend for this function"

TABLE: dict[str, Respelling] = {
    **dict.fromkeys(
        ("np.linalg.solve", "np.linalg.inv", "np.linalg.det", "np.linalg.slogdet",
         "np.linalg.matrix_power", "np.linalg.qr", "np.linalg.matrix_rank", "np.linalg.lstsq"),
        _matrices,
    ),
    **dict.fromkeys(
        ("np.linalg.pinv", "np.linalg.cholesky", "np.linalg.eigh", "np.linalg.eigvalsh",
         "np.linalg.svd"),
        _lower,
    ),
    "np.linalg.svdvals": _svdvals,
    "np.cov": _cov,
    "np.linalg.cond": _cond,
    "cofactors": _cofactors,
    "inverse_gaps": _inverse_gaps,
    "leading": _leading,
    "cofactors_dot": _refused("the second derivative of a determinant needs the Python backend"),
}  # fmt: skip
