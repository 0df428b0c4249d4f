"""NumPy's functions without a rule, and what to write instead of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ad_compiler.rules.registry import refuse

_PATHS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("how many values there are depends on the numbers", "use np.sort"): (
        np.setxor1d, np.trim_zeros,
    ),
    ("counts have no derivative, and the edges depend on the data", "count outside"): (
        np.histogram2d, np.histogramdd, np.histogram_bin_edges,
    ),
    ("it calls functions that the compiler does not see", "write a loop, or np.where"): (
        np.frompyfunc,
    ),
    ("its trips are not followed", "loop over range(x.shape[0]) and so on, or over x.flat"): (
        np.nditer,
    ),
    ("leading zeros decide how long the result is", "use np.convolve"): (np.polymul, np.polydiv),
    ("its eigenvalues may be complex", "use Newton's method on np.polyval"): (np.roots, np.poly),
    ("it takes the lowest power first", "use np.polyval of the coefficients reversed"): (
        np.polynomial.polynomial.polyval,
    ),
    ("it takes numbers apart into bits", "multiply by a power of 2.0"): (
        math.ldexp, math.nextafter, math.ulp,
    ),
}  # fmt: skip

for (_why, _remedy), _functions in _PATHS.items():
    for _function in _functions:
        _module = "np" if _function.__module__ != "math" else "math"
        _module = "" if _function.__module__ == "builtins" else f"{_module}."
        refuse(f"`{_module}{_function.__name__}` has no rule: {_why}", _remedy, _function)
