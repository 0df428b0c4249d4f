"""The primitives: what each means, its type, what it may raise, and its derivative.

Importing this package fills the tables of `registry`.
"""

from importlib import import_module

from ad_compiler.rules.registry import LATER

FILES = (
    "operators",
    "powers",
    "elementary",
    "special",
    "piecewise",
    "builtin",
    "loops",
    "effects",
    "allocation",
    "likeness",
    "indexing",
    "marks",
    "fits",
    "tapes",
    "items",
    "lists",
    "schedule",
    "shaping",
    "joining",
    "diagonals",
    "reductions",
    "sequences",
    "cumulative",
    "statistics",
    "masked",
    "grids",
    "rearrangements",
    "repetition",
    "parts",
    "searching",
    "sorting",
    "sets",
    "places",
    "quantiles",
    "windows",
    "averages",
    "mathematical",
    "refusals",
    "products",
    "contractions",
    "einsum",
    "polynomials",
    "folds",
    "selection",
    "orders",
    "counting",
    "blocks",
    "padding",
    "in_place",
    "covariances",
    "slopes",
    "matrices",
    "linear_systems",
    "determinants",
    "factorisations",
    "spectra",
    "norms",
    "tensors",
    "vectors",
    "complexes",
    "fourier",
)
"""The files of rules."""

for _file in FILES:
    import_module(f"{__name__}.{_file}")

LATER.update(
    {
        "numpy.polynomial": ("series", "quadrature"),
        "scipy.special": ("scipy_special", "scipy_sums"),
        "scipy.linalg": (
            "scipy_linalg",
            "scipy_matrices",
            "scipy_spectra",
            "scipy_pencils",
            "scipy_equations",
        ),
        "scipy.stats": ("scipy_stats",),
        "scipy.integrate": ("scipy_integrate",),
    }
)
