"""The benchmark compares what is right: adjoints by hand agree with gradients of ours."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from scripts.bench import table
from scripts.bench.__main__ import FILES
from scripts.bench.measure import Measured, numbers, peak
from scripts.bench.run import Outcome, compare
from scripts.bench.workload import Workload

WORKLOADS = [
    w for file in FILES for w in importlib.import_module(f"scripts.bench.{file}").workloads()
]


@pytest.mark.parametrize(
    "workload", [w for w in WORKLOADS if "python" in w.forms], ids=lambda w: w.name
)
def test_adjoints_by_hand_are_right(workload: Workload) -> None:
    form = workload.forms["python"]
    found = {
        "ours": form.gradient("python")(*form.args),
        "by hand": form.by_hand(*form.args),
    }
    compare(workload.name, {name: numbers(value) for name, value in found.items()})


def test_gradients_that_differ_are_not_timed() -> None:
    with pytest.raises(AssertionError, match="ours and by hand differ"):
        compare("f", {"by hand": np.array([1.0, 2.0]), "ours": np.array([1.0, 2.1])})
    with pytest.raises(AssertionError, match="differ by nan"):
        compare("f", {"by hand": np.array([1.0]), "ours": np.array([np.nan])})


def test_memory_is_the_peak() -> None:
    x = np.ones(1_000)
    assert 8_000 <= peak(x.copy) < 12_000
    assert 16_000 <= peak(lambda: np.sum((x + 1.0) * (x + 2.0))) < 30_000


def test_the_table_has_times_and_ratios() -> None:
    found = {
        "primal numba": Measured(1e-3, 2e-3, 0),
        "ours numba": Measured(2e-3, 2e-3, 1_500_000),
        "hand numba": Measured(1.6e-3, 2e-3, 800),
        "jax": Measured(4e-3, 5e-3, 0),
    }
    text = table.text([Outcome("rk4", found, 1.25)])
    assert "| rk4 | 2.00 ms (2.00 ms) | 1.60 ms (2.00 ms) |" in text
    assert "| rk4 | 2.00 | 1.60 | 1.25 |  |  |  | 0.50 | 1.2 s |" in text
    assert "1.50 MB" in text
