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
STEPS = np.array([0, 1, 1, 0])
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
    ("rosenbrock", "compressed_hessian", (X,), 0),
    ("heat", "value_and_grad", (V, 1.0, 3), (0, 1)),
    ("heat", "jvp", (V, 1.0, 3), 0),
    ("euler", "grad", (1.0, 1.0, 3), (0, 1)),
    ("euler", "grad", (1.0, 1.0, 3), 0),
    ("trapezoid", "grad", (V, 1.0), (0, 1)),
    ("moving_sum", "grad", (V, X), (0, 1)),
    ("canal", "grad", (V, 1.0, 3), (0, 1)),
    ("joined", "grad", (X, V), (0, 1)),
    ("first_of_the_sorted", "grad", (V,), 0),
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
    ("forward_algorithm", "value_and_grad", (X, np.ones((3, 3)), W.T, STEPS), (0, 1, 2)),
    ("burgers", "value_and_grad", (V, 1.0, 1.0, 1.0, 3), (0, 1, 2, 3)),
    ("descent", "grad", (X, M, V, 1.0, 3), (0, 3)),
    ("relaxed_chain", "value_and_grad", (V, 1.0, 1.0, 3), (0, 1, 2)),
    ("last_row", "value_and_grad", (M, X), (0, 1)),
    ("neighbour_products", "grad", (V,), 0),
    ("softmax_loss", "grad", (W.T, M, np.array([0, 1, 1, 0, 1])), 0),
    ("gates", "grad", (np.ones((2, 3, 3)), np.ones((2, 2, 3)), X), (0, 1)),
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


FUNCTIONS = {function: (args, argnums) for function, _, args, argnums in CASES}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_numbers_are_right(function: str) -> None:
    """Forward agrees with differences, backward with forward."""
    f = getattr(programs, function)
    models, argnums = FUNCTIONS[function]
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    random = np.random.default_rng(3)
    args = [random_like(a, random) for a in models]
    dots = [random_like(args[k], random) for k in chosen]

    def along(step: float) -> np.ndarray[Any, Any]:
        moved = dict(zip(chosen, dots, strict=True))
        return flat(
            f(*(stepped(a, moved[k], step) if k in moved else a for k, a in enumerate(args)))
        )

    value, dot = Derivative(f, "jvp", chosen)(*args, *dots)
    assert flat(dot) == pytest.approx((along(1e-5) - along(-1e-5)) / 2e-5, rel=1e-6, abs=1e-8)
    bar = random_like(value, random)
    bars = Derivative(f, "vjp", chosen)(*args, bar)
    assert flat(bars) @ flat(tuple(dots)) == pytest.approx(flat(bar) @ flat(dot), rel=1e-11)


def random_like(value: Any, random: np.random.Generator) -> Any:
    """Positive numbers that are in no particular order; integers as they are."""
    match value:
        case int():
            return value
        case tuple():
            return tuple(random_like(v, random) for v in value)
        case dict():
            return {k: random_like(v, random) for k, v in value.items()}
        case np.ndarray() if value.dtype.kind == "i":
            return value
        case np.ndarray():
            return random.uniform(0.3, 0.9, value.shape)
        case _:
            return float(random.uniform(0.3, 0.9))


def stepped(value: Any, direction: Any, step: float) -> Any:
    """The value, a step along a direction."""
    if isinstance(value, dict):
        return {k: stepped(v, direction[k], step) for k, v in value.items()}
    return value + step * direction


def flat(value: Any) -> np.ndarray[Any, Any]:
    """All numbers of a structure in a row."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return np.concatenate([flat(v) for v in value])
    return np.ravel(value)


def test_no_file_is_left_over() -> None:
    files = {file_of(function, kind, argnums) for function, kind, _, argnums in CASES}
    assert files == set(EXPECTED.glob("*.txt"))
