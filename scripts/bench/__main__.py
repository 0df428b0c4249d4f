"""Time emitted gradients beside others: `python -m scripts.bench [--write] [NAME …]`.

Every gradient of a workload is compared with the others before any is timed. All take turns, on
one core and in one thread; minimum and median are kept, and the peak of memory of one call.
`--write` puts the tables into docs/benchmark.md and the README, and the picture into docs/.
"""

import argparse
import importlib
import importlib.util
import os
import sys
import warnings

SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "AD_COMPILER_CACHE": "0",
}
"""What must be set before NumPy and its like are imported, so by `main` alone."""

FILES = ("rk4", "stencils", "mixture", "bundle", "lstm", "rosenbrock", "classifier", "small")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names of workloads")
    parser.add_argument("--styles", default="python,numba")
    parser.add_argument("--peers", default="autograd,jax")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    os.environ.update(SURROUNDINGS | os.environ)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")
    peers = [p for p in given.peers.split(",") if p and importlib.util.find_spec(p)]
    if "jax" in peers:
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    sys.setrecursionlimit(100_000)
    from scripts.bench.run import run
    from scripts.bench.table import report

    found = [
        workload
        for file in FILES
        for workload in importlib.import_module(f"scripts.bench.{file}").workloads()
        if not given.names or any(name in workload.name for name in given.names)
    ]
    outcomes = []
    for workload in found:
        print(f"{workload.name} …", file=sys.stderr, flush=True)
        outcomes.append(run(workload, peers, given.styles.split(",")))
    report(outcomes, write=given.write)


if __name__ == "__main__":
    main()
