"""SciPy's solvers with our derivatives: each script runs, and its answer is right."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad
from tests.depth import thorough

FOLDER = Path(__file__).parents[2] / "scripts" / "solvers"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


def script(name: str) -> Any:
    """The module of a script, loaded from its file."""
    label = f"solvers_{name}"
    if label not in sys.modules:
        spec = importlib.util.spec_from_file_location(label, FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[label] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[label]


@pytest.mark.parametrize("name", NAMES)
def test_the_script_runs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    script(name).main()
    assert capsys.readouterr().out


@pytest.mark.parametrize("solve", ["by_gradient", "by_hessian", "by_products"])
def test_minimize_finds_the_floor_of_the_valley(solve: str) -> None:
    module = script("minimize")
    start = np.linspace(-1.2, 0.8, 6)
    found = getattr(module, solve)(start)
    assert found.success
    assert np.max(np.abs(grad(module.rosenbrock)(found.x, 100.0))) < 1e-4


def test_least_squares_takes_a_sparse_jacobian() -> None:
    module = script("least_squares")
    points = module.problem(60)
    exact, estimated = module.smooth(points), module.by_differences(points)
    assert exact.success
    assert exact.jac.format == "csr"
    np.testing.assert_allclose(exact.x, estimated.x, atol=1e-4)
    assert exact.cost == pytest.approx(estimated.cost, rel=1e-6)


def test_root_ends_where_all_rates_vanish() -> None:
    module = script("root")
    for k in (1.0, 10.0, 1000.0):
        found = module.equilibrium(k)
        assert found.success
        np.testing.assert_allclose(module.rates(found.x, k), 0.0, atol=1e-9)


def test_curve_fit_finds_what_the_values_were_made_of() -> None:
    module = script("curve_fit")
    found, covariance = module.fit()
    off = np.abs(found - np.array(module.TRUE)) / np.sqrt(np.diag(covariance))
    assert np.max(off) < 4.0
    t, _ = module.measured()
    slopes = module.slopes(t[:5], *module.TRUE)
    for n in range(4):
        step = 1e-6 * np.eye(4)[n]
        ahead, behind = (module.model(t[:5], *(np.array(module.TRUE) + s)) for s in (step, -step))
        np.testing.assert_allclose(slopes[:, n], (ahead - behind) / 2e-6, atol=1e-7)


@thorough
def test_solve_ivp_takes_jacobians_of_stiff_systems() -> None:
    module = script("solve_ivp")
    swing = module.swing(mu=50.0)
    assert swing.success
    assert np.max(np.abs(swing.y[0])) == pytest.approx(2.0, abs=0.02)
    front = module.front(n=60)
    assert front.success
    assert np.all(np.diff(front.y[:, -1]) < 1e-6)
