"""SciPy: found when it is used, refused by name, and what the derivatives are at special points."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import linalg, special

from ad_compiler import Unsupported, grad, jvp, value_and_grad
from ad_compiler.cli import main
from ad_compiler.driver.load import foreign
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules import registry

erf: Any = special.erf


def test_the_compiler_does_not_import_scipy() -> None:
    text = (
        "import sys, ad_compiler, numpy as np\n"
        "print(any(name.startswith('scipy') for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_emitted_code_imports_scipy_as_a_person_does() -> None:
    def f(x: Any) -> Any:
        return np.sum(erf(x) * special.gammaln(x))

    text = grad(f).source(np.ones(3))
    assert "from scipy import special\n" in text
    assert "special.digamma(x)" in text
    assert foreign(text) is None


def test_a_parameter_may_be_called_special() -> None:
    def g(special: Any, x: Any) -> Any:
        return erf(special * x) * gammaln(x)

    gammaln: Any = special.gammaln
    text = grad(g, 1).source(1.0, 2.0)
    assert "from scipy import special as scipy_special\n" in text
    slope = grad(g, 1)(0.5, 2.5)
    wanted = (g(0.5, 2.5 + 1e-6) - g(0.5, 2.5 - 1e-6)) / 2e-6
    assert slope == pytest.approx(wanted)


def test_without_scipy_its_functions_are_refused_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "LATER", {"scipy.special": ("no_such_file",)})
    for _ in range(2):
        with pytest.raises(TypeRefusal, match="needs SciPy's function undreamt"):
            registry.function("undreamt")


def test_lgamma_reads_no_more_of_scipy_than_it_needs() -> None:
    text = (
        "import sys; from ad_compiler.rules.registry import function\n"
        "import ad_compiler.rules; function('digamma')\n"
        "print([name for name in ('special', 'stats') if f'scipy.{name}' in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "['special']\n"


def test_foreign_imports_are_seen() -> None:
    assert foreign("from scipy import special\n") is None
    assert foreign("from scipy import optimize\n") == "an import from scipy"
    assert foreign("from os import system\n") == "an import from os"
    assert foreign("from . import special\n") == "an import from None"


def test_the_command_line_resolves_scipy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "model.py"
    source.write_text(
        "import scipy.special as sc\n"
        "from scipy.special import expit\n"
        "def f(x: float) -> float:\n"
        "    return expit(x) * sc.j0(x)\n"
    )
    assert main(["grad", f"{source}:f"]) == 0
    text = capsys.readouterr().out
    assert "from scipy import special" in text
    assert "special.j1(x)" in text


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda x: special.jv(x, 2.0), "of scipy.special.jv in `v`"),
    (lambda x: special.gammainc(x, 2.0), "of scipy.special.gammainc in `a`"),
    (lambda x: special.betainc(2.0, x, 0.5), "of scipy.special.betainc in `b`"),
    (lambda x: special.zeta(x, 2.0), "in its exponent"),
    (special.lambertw, "complex numbers"),
    (lambda x: special.ellipj(0.5, x)[0], "in `m`"),
    (lambda x: special.logsumexp(x * np.ones(2), return_sign=True)[0], "return_sign"),
    (lambda x: np.sum(linalg.sqrtm(x * np.eye(2))), "complex numbers"),
    (special.softplus, "softplus` has no derivative rule"),
]


@pytest.mark.parametrize(("function", "reason"), REFUSED)
def test_refusals_by_name(function: Any, reason: str) -> None:
    def at(x: Any) -> Any:
        return function(x)

    with pytest.raises(Unsupported, match=reason):
        grad(at)(0.5)
    with pytest.raises(Unsupported, match=reason):
        jvp(at, (np.float64(0.5),), (np.float64(1.0),))


def test_what_has_no_derivative_may_be_constant() -> None:
    def bessel(v: float, x: float) -> Any:
        return special.jv(v, x)

    def tail(a: float, x: float) -> Any:
        return special.gammaincc(a, x)

    assert grad(bessel, 1)(0.5, 2.0) == pytest.approx(special.jvp(0.5, 2.0))
    assert grad(tail, 1)(1.0, 2.0) == pytest.approx(-math.exp(-2))


POINTS: list[tuple[Callable[[Any], Any], float, float]] = [
    (lambda x: special.xlogy(x, 2.0), 0.0, math.log(2)),
    (lambda x: special.xlogy(0.0, x), 0.0, 0.0),
    (lambda x: special.xlogy(x, x), 0.0, -math.inf),
    (lambda x: special.xlog1py(0.0, x), -1.0, 0.0),
    (special.erfinv, 1.0, math.inf),
    (special.logit, 0.0, math.inf),
    (special.expit, -800.0, 0.0),
    (special.expit, 40.0, 4.248354255291589e-18),
    (special.log_ndtr, -30.0, 30.03325953243402),
    (lambda x: special.gammainc(1.0, x), 0.0, 1.0),
    (lambda x: special.gammainc(0.5, x), 0.0, math.inf),
    (lambda x: special.betainc(1.0, 2.0, x), 0.0, 2.0),
    (special.j1, 0.0, 0.5),
    (special.i1, 0.0, 0.5),
    (special.i0e, 0.0, 0.0),
    (special.spence, 1.0, -1.0),
    (special.exprel, 0.0, 0.5),
    (special.exprel, 0.0099999, 0.50334583315189548),
    (special.ellipk, 0.0, math.pi / 8),
    (special.ellipe, 0.0, -math.pi / 8),
    (special.entr, 0.0, math.inf),
    (lambda x: special.rel_entr(x, 1.0), 0.0, -math.inf),
    (special.expi, 0.0, math.inf),
    (lambda x: special.huber(1.0, x), 0.0, 0.0),
    (lambda x: special.huber(1.0, x), 1.0, 1.0),
    (special.cbrt, 0.0, math.inf),
    (lambda x: special.expn(0, x), 2.0, -math.exp(-2) * 0.75),
    (lambda x: special.expn(1, x), 2.0, -math.exp(-2) / 2),
]


@pytest.mark.parametrize(("function", "x", "wanted"), POINTS)
@pytest.mark.parametrize("kind", [float, np.float64])
def test_special_points(function: Any, x: float, wanted: float, kind: type) -> None:
    def at(x: Any) -> Any:
        return function(x)

    assert grad(at)(kind(x)) == pytest.approx(wanted, rel=1e-8, abs=0)


@pytest.mark.parametrize(("function", "x", "wanted"), POINTS)
def test_special_points_of_arrays(function: Any, x: float, wanted: float) -> None:
    def total(x: Any) -> Any:
        return np.sum(function(x))

    assert grad(total)(np.array([x, x])) == pytest.approx(wanted, rel=1e-8, abs=0)


@pytest.mark.parametrize("m", [-0.3, -0.01, -0.0099999, 0.0099999, 0.01, 0.3])
def test_series_of_elliptic_integrals_meet_their_quotients(m: float) -> None:
    def first(m: Any) -> Any:
        return special.ellipk(m)

    def second(m: Any) -> Any:
        return special.ellipe(m)

    assert grad(first)(m) == pytest.approx(special.elliprd(0, 1, 1 - m) / 6, rel=1e-11)
    assert grad(second)(m) == pytest.approx(-special.elliprd(0, 1 - m, 1) / 6, rel=1e-11)


def test_gamma_of_math_uses_scipy_to_any_order() -> None:
    def gamma(x: float) -> float:
        return math.gamma(x)

    assert grad(gamma)(2.5) == pytest.approx(math.gamma(2.5) * float(special.digamma(2.5)))
    second = grad(grad(gamma))(2.5)
    psi, trigamma = float(special.digamma(2.5)), float(special.polygamma(1, 2.5))
    assert second == pytest.approx(math.gamma(2.5) * (psi**2 + trigamma))


def test_log_likelihood_of_a_normal_distribution() -> None:
    def loss(a: Any, x: Any) -> Any:
        factor = linalg.cholesky(a, lower=True)
        white = linalg.solve_triangular(factor, x, lower=True)
        return np.sum(white * white) / 2 + np.sum(np.log(np.diag(factor)))

    a, x = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -0.5])
    value, (a_bar, x_bar) = value_and_grad(loss, (0, 1))(a, x)
    inverse = np.linalg.inv(a)
    assert value == pytest.approx(x @ inverse @ x / 2 + np.log(np.linalg.det(a)) / 2)
    assert x_bar == pytest.approx(inverse @ x)
    slopes = (inverse - np.outer(inverse @ x, inverse @ x)) / 2
    assert a_bar == pytest.approx(2 * np.tril(slopes) - np.diag(np.diag(slopes)))


def test_a_cotangent_that_is_nan_does_not_raise() -> None:
    def f(a: Any, x: Any) -> Any:
        return np.sum(linalg.solve_triangular(a, x)) * math.nan

    assert np.isnan(grad(f, 1)(np.eye(2), np.ones(2))).all()


def test_arguments_have_the_places_that_scipy_gives_them() -> None:
    a, b = np.array([[2.0, 1.0], [-1.0, 3.0]]), np.array([1.0, 2.0])

    def lower(a: Any, b: Any) -> Any:
        return linalg.solve(a, b, True)

    def checked(a: Any) -> Any:
        return np.sum(linalg.cholesky(a, False, False, True))

    assert np.array_equal(jvp(lower, (a, b), (0 * a, b))[1], linalg.solve(a, b))
    assert np.array_equal(value_and_grad(checked)(a @ a.T)[0], checked(a @ a.T))
