"""NumPy's functions without a rule, and what to write instead of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ad_compiler.rules.registry import refuse

_PATHS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("how many values there are depends on the numbers", "use np.sort"): (
        np.unique, np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d, np.trim_zeros,
    ),
    ("counts have no derivative, and the edges depend on the data", "count outside"): (
        np.histogram, np.histogram2d, np.histogramdd, np.histogram_bin_edges,
    ),
    ("it calls functions that the compiler does not see", "write a loop, or np.where"): (
        np.piecewise, np.apply_along_axis, np.apply_over_axes, np.vectorize, np.frompyfunc,
        np.fromfunction, np.fromiter,
    ),
    ("it writes into its argument", "use np.where, or an assignment to elements"): (
        np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal, np.resize,
    ),
    ("its places may be out of range, which only shows when it runs", "use np.concatenate"): (
        np.insert, np.delete,
    ),
    ("it picks by number among arrays", "use np.where, or np.stack and np.take_along_axis"): (
        np.choose, np.select,
    ),
    ("its least-squares system is hidden", "use np.linalg.lstsq of np.stack of powers"): (
        np.polyfit, np.roots, np.poly,
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
