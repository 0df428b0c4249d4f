"""Time gradients that are emitted for Numba beside adjoints written by hand: `bench.py [NAME …]`.

Every gradient is compared with the one by hand before it is timed. Rounds are taken in turns, so
that what else the machine does meets all alike; minimum and median are shown.
"""

import argparse
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numba
import numpy as np

from ad_compiler import grad
from scripts.kernels import adjoints, workloads

ROUNDS, SECONDS = 9, 0.02
"""Rounds of each, and how long one takes at the least."""


def arguments() -> dict[str, tuple[tuple[Any, ...], Any]]:
    """The arguments of each workload, and in which of them it is differentiated."""
    random = np.random.default_rng(0)
    count, d, n = 25, 10, 1000
    mixture = (
        random.normal(size=count),
        random.normal(size=(count, d)),
        0.3 * random.normal(size=(count, d + d * (d - 1) // 2)),
        random.normal(size=(n, d)),
    )
    return {
        "rk4": ((1.0, 0.3, 0.001, 10_000), (0, 1)),
        "heat": ((random.normal(size=(64, 64)), 0.1, 100), 0),
        "rosenbrock": ((random.normal(size=10_000),), 0),
        "mixture": (mixture, (0, 1, 2)),
        "scalar": ((0.3, 0.7), (0, 1)),
    }


def numbers(value: Any) -> Any:
    """All numbers of a gradient in a row."""
    if isinstance(value, tuple):
        return np.concatenate([numbers(item) for item in value])
    return np.ravel(value)


def timed(functions: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Seconds a call of each function, in rounds, in turns."""
    repeats: dict[str, int] = {}
    for name, function in functions.items():
        start = time.perf_counter()
        function()
        repeats[name] = max(1, int(SECONDS / max(time.perf_counter() - start, 1e-7)))
    found: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                function()
            found[name].append((time.perf_counter() - start) / repeats[name])
    return found


def row(name: str, args: tuple[Any, ...], argnums: Any) -> str:
    """A line of the table."""
    primal = numba.njit(getattr(workloads, name), error_model="numpy")
    by_hand = getattr(adjoints, name)
    start = time.perf_counter()
    ours = grad(getattr(workloads, name), argnums, backend="numba").direct(*args)
    one, other = numbers(ours(*args)), numbers(by_hand(*args))
    compiled = time.perf_counter() - start
    assert np.allclose(one, other, rtol=1e-10, atol=1e-12 * np.max(np.abs(other))), name
    primal(*args)
    found = timed(
        {
            "primal": lambda: primal(*args),
            "ours": lambda: ours(*args),
            "hand": lambda: by_hand(*args),
        }
    )
    best = {key: min(times) for key, times in found.items()}
    cells = [f"{1e6 * best[k]:.4g} / {1e6 * statistics.median(found[k]):.4g}" for k in found]
    ratios = [f"{best[k] / best['primal']:.2f}" for k in ("ours", "hand")]
    return " | ".join(
        [name, *cells, *ratios, f"{best['ours'] / best['hand']:.2f}", f"{compiled:.1f}"]
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args().names
    warnings.simplefilter("ignore")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, one thread;")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}")
    head = ["workload", "primal", "ours", "by hand", "ours/primal", "hand/primal", "ours/hand", "s"]
    print(f"\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for name, (args, argnums) in arguments().items():
        if not chosen or name in chosen:
            print(f"| {row(name, args, argnums)} |", flush=True)
    print(
        "\nTimes in microseconds, minimum / median; s: the first call of ours and the one by hand."
    )


if __name__ == "__main__":
    main()
