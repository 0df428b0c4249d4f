"""The text of derivatives of ordinary functions, as files to be read; `--bless` rewrites them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ad_compiler.driver.derivative import Derivative
from tests.emitted import programs

EXPECTED = Path(__file__).parent / "expected"
X, V, M, W = np.ones(3), np.ones(5), np.ones((5, 3)), np.ones((2, 3))
LAYERS = (np.ones((3, 4)), np.ones(4), np.ones((4, 2)), np.ones(2), M, np.ones((5, 2)))
PARAMETERS = {"scale": 1.0, "shift": X}

CASES: list[tuple[str, str, tuple[Any, ...], Any]] = [
    ("polynomial", "grad", (1.0,), 0),
    ("polynomial", "jacobian", (X,), 0),
    ("horner", "grad", (X, 1.0), (0, 1)),
    ("horner", "value_and_grad", (X, 1.0), 1),
    ("logistic", "value_and_grad", (X, M, V), 0),
    ("logistic", "hessian", (X, M, V), 0),
    ("ridge", "value_and_grad", (X, M, V, 1.0), (0, 3)),
    ("ridge", "hvp", (X, M, V, 1.0), 0),
    ("rk4_step", "grad", (1.0, 1.0, 1.0), (0, 1, 2)),
    ("pairwise", "grad", (M,), 0),
    ("softmax", "vjp", (X,), 0),
    ("softmax", "jvp", (X,), 0),
    ("softmax", "jacobian", (X,), 0),
    ("mlp", "value_and_grad", LAYERS, (0, 1, 2, 3)),
    ("kepler", "grad", (1.0, 1.0), 0),
    ("kepler", "grad", (1.0, 1.0), (0, 1)),
    ("orbit_energy", "grad", (X, X, 1.0), (0, 1, 2)),
    ("black_scholes", "grad", (1.0,) * 5, (0, 4)),
    ("logsumexp", "value_and_grad", (X,), 0),
    ("huber", "grad", (1.0, 1.0), (0, 1)),
    ("piecewise", "grad", (1.0,), 0),
    ("rosenbrock", "value_and_grad", (X,), 0),
    ("rosenbrock", "hessian", (X,), 0),
    ("heat", "value_and_grad", (V, 1.0, 3), (0, 1)),
    ("heat", "jvp", (V, 1.0, 3), 0),
    ("euler", "grad", (1.0, 1.0, 3), (0, 1)),
    ("euler", "grad", (1.0, 1.0, 3), 0),
    ("trapezoid", "grad", (V, 1.0), (0, 1)),
    ("moving_sum", "grad", (V, X), (0, 1)),
    ("prefix_product", "grad", (V,), 0),
    ("gaussian", "value_and_grad", (V, 1.0, 1.0), (0, 1, 2)),
    ("cosine", "grad", (X, X), 0),
    ("attention", "vjp", (M, M, M), (0, 1, 2)),
    ("polar", "jacobian", (1.0, 1.0), (0, 1)),
    ("parameters", "jacobian", (PARAMETERS, X), 0),
    ("quadratic_form", "grad", (X, np.ones((3, 3)), X), 0),
    ("quadratic_form", "hessian", (X, np.ones((3, 3)), X), 0),
    ("elementwise_chain", "elementwise_grad", (X,), 0),
    ("elementwise_chain", "jacobian", (X,), 0),
    ("affine", "jacobian", (X, W, np.ones(2)), (0, 1, 2)),
    ("layer", "jacobian", (X, W, np.ones(2)), 0),
    ("newton", "grad", (1.0, 1.0, 3), (0, 1)),
    ("newton", "value_and_grad", (1.0, 1.0, 3), 0),
    ("positive_scan", "grad", (V, 1.0), (0, 1)),
    ("first_pair", "value_and_grad", (V, 1.0), (0, 1)),
    ("first_pair", "primal", (V, 1.0), 0),
    ("settle", "grad", (1.0, 1.0), (0, 1)),
    ("settle", "hessian", (1.0, 1.0), 1),
    ("first_above", "grad", (V, 1.0), (0, 1)),
    ("first_above", "primal", (V, 1.0), 0),
    ("guarded", "value_and_grad", (1.0, 1.0), (0, 1)),
    ("last_index", "grad", (1.0, 1.0, 3), (0, 1)),
    ("fractions", "grad", (1.0, 1.0), (0, 1)),
    ("fixed_point", "grad", (1.0,), 0),
    ("fixed_point", "vjp", (1.0,), 0),
]


def file_of(function: str, kind: str, argnums: Any) -> Path:
    """The file of a case."""
    which = "".join(map(str, argnums)) if isinstance(argnums, tuple) else argnums
    return EXPECTED / f"{function}_{kind}_{which}.txt"


@pytest.mark.parametrize(
    ("function", "kind", "args", "argnums"),
    CASES,
    ids=[file_of(f, k, a).stem for f, k, _, a in CASES],
)
def test_the_text_is_as_expected(
    function: str, kind: str, args: tuple[Any, ...], argnums: Any, request: pytest.FixtureRequest
) -> None:
    text = Derivative(getattr(programs, function), kind, argnums).source(*args)
    path = file_of(function, kind, argnums)
    if request.config.getoption("--bless"):
        path.write_text(text)
    assert path.read_text() == text


def test_no_file_is_left_over() -> None:
    files = {file_of(function, kind, argnums) for function, kind, _, argnums in CASES}
    assert files == set(EXPECTED.glob("*.txt"))
