"""Emit the derivatives of the examples in lecture/, loops/ and kernels/ into generated/.

With `--check`: are they current?
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ad_compiler.backend import emit_module
from ad_compiler.driver.derivative import Derivative
from ad_compiler.transform.pipeline import finish

ROOT = Path(__file__).parents[1]
GENERATED = ROOT / "generated"

V3, V4, M23 = np.zeros(3), np.zeros(4), np.zeros((2, 3))
PARAMETERS = {
    "w1": np.zeros((4, 3)), "b1": np.zeros(3), "w2": np.zeros((3, 2)), "b2": np.zeros(2),
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A derivative of an example's function, for arguments of certain types."""

    file: str
    function: str
    kind: str
    args: tuple[Any, ...]
    argnums: Any = 0
    order: int = 1
    outputs: tuple[str, ...] = ()
    backend: str = "python"

    @property
    def name(self) -> str:
        """The name of the emitted file."""
        number = f"_{self.order}" if self.order > 1 else ""
        suffix = "_numba" if self.backend == "numba" else ""
        return f"{self.file}_{self.function}_{self.kind}{number}{suffix}"


V5, M22, M33 = np.zeros(5), np.zeros((2, 2)), np.zeros((3, 3))

LECTURE = [
    Example("wikipedia", "f", "grad", (1.0, 1.0), (0, 1)),
    Example("wikipedia", "f", "jvp", (1.0, 1.0), (0, 1)),
    Example("computation_graph", "loss", "value_and_grad", (1.0,) * 4, ("w", "b")),
    Example("chain_rule", "composed", "grad", (1.0,)),
    Example("chain_rule", "composed_vectors", "jacobian", (V3,)),
    Example("newton", "valley", "grad", (V3,)),
    Example("newton", "valley", "hessian", (V3,)),
    Example("newton", "square_root", "grad", (2.0,)),
    Example("gradient_descent", "loss", "value_and_grad", (V3, np.zeros((5, 3)), np.zeros(5))),
    Example("linear_layer", "layer", "jacobian", (V3, M23)),
    Example("link_functions", "sigmoid", "grad", (1.0,)),
    Example("link_functions", "sigmoid", "grad", (1.0,), order=2),
    Example("link_functions", "tanh", "grad", (1.0,)),
    Example("link_functions", "tanh", "grad", (1.0,), order=2),
    Example("link_functions", "relu", "grad", (1.0,)),
    Example("link_functions", "softplus", "grad", (1.0,)),
    Example("link_functions", "softplus", "grad", (1.0,), order=2),
    Example("link_functions", "logsumexp", "grad", (V4,)),
    Example("link_functions", "logsumexp", "hessian", (V4,)),
    Example("cross_entropy", "cross_entropy", "grad", (V4, 2)),
    Example("tanh_derivatives", "tanh", "elementwise_grad", (V3,), order=6),
    Example("digits", "loss", "value_and_grad", (PARAMETERS, np.zeros((5, 4)), np.zeros((5, 2)))),
]
LOOPS = [
    Example("cholesky", "log_determinant", "value_and_grad", (M33,)),
    Example("clipping", "remaining", "value_and_grad", (V5, 1.0, 1.0, 1.0, 3), (0, 1, 2)),
    Example("heat", "misfit", "value_and_grad", (V5, 1.0, V5, 3), ("u0", "kappa")),
    Example("kepler", "eccentric_anomaly", "value_and_grad", (1.0, 1.0), (0, 1)),
    Example("kernel", "distances", "vjp", (np.zeros((4, 2)), np.zeros(2), V4), (0, 1, 2),
            outputs=("out",)),
    Example("lu", "log_abs_determinant", "value_and_grad", (M33,)),
    Example("recurrence", "loss", "value_and_grad", (M22, M23, np.zeros((5, 3)), np.zeros((5, 2))),
            (0, 1)),
]  # fmt: skip
NUMBA = [
    replace(example, backend="numba")
    for example in (
        Example("rk4", "rk4", "grad", (1.0, 1.0, 1.0, 3), ("y", "k")),
        Example("heat", "heat", "grad", (M33, 1.0, 3)),
        Example("allen_cahn", "allen_cahn", "grad", (M33, 1.0, 3)),
        Example("mixture", "mixture", "grad", (V3, M33, M33, M33, 1.0, 1), (0, 1, 2)),
        Example("bundle", "residual", "jacobian", (1.0,) * 17, tuple(range(15))),
        Example("lstm", "lstm", "grad",
                (np.zeros((2, 4, 3)), np.zeros((2, 4, 3)), M33, M23, M23, M33), (0, 1, 2)),
        Example("rosenbrock", "rosenbrock", "grad", (V3,)),
    )
]  # fmt: skip
EXAMPLES = {"lecture": LECTURE, "loops": LOOPS, "kernels": NUMBA}
"""The examples, by the folder that their files are in."""


def load(folder: str, file: str) -> Any:
    """The file of an example as a module."""
    spec = importlib.util.spec_from_file_location(file, ROOT / "scripts" / folder / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def emitted(folder: str, example: Example) -> str:
    """The text of the example's module."""
    function: Callable[..., Any] = getattr(load(folder, example.file), example.function)
    for _ in range(example.order - 1):
        function = Derivative(function, example.kind, example.argnums)
    derivative = Derivative(function, example.kind, example.argnums, outputs=example.outputs)
    args = (*example.args, *(None,) * derivative.extra_count())
    lowered = derivative.lowered(derivative.arguments(args, {}))
    title = f"`{example.kind}` of `{example.function}`, generated by ad_compiler."
    finished = finish(lowered.function, arrays=example.backend == "numba")
    return emit_module([finished], title, dialect=example.backend, black=True)


def main() -> int:
    """Write or compare the files; the exit code is 1 if one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    texts = {
        f"{example.name}.py": emitted(folder, example)
        for folder, examples in EXAMPLES.items()
        for example in examples
    }
    stale = [
        name
        for name, text in texts.items()
        if not (GENERATED / name).exists() or (GENERATED / name).read_text() != text
    ]
    strange = [path.name for path in GENERATED.glob("*.py") if path.name not in texts]
    if check:
        for name in (*stale, *strange):
            print(f"generated/{name} is not current: run `make generated`")
        return 1 if stale or strange else 0
    GENERATED.mkdir(exist_ok=True)
    for name in strange:
        (GENERATED / name).unlink()
    for name in stale:
        (GENERATED / name).write_text(texts[name])
    print(f"{len(texts)} files in generated/, {len(stale)} of them new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
