"""Measure what a user waits for: import, the first gradient, and each call."""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ad_compiler import grad

clock = time.perf_counter

LINEAR = 2.5 * 1.5
"""How much longer 2.5 times the statements may take."""


def program(statements: int) -> str:
    """A function of that many statements: one math call, two products and a sum each, all live."""
    names = ("sin", "cos", "exp", "tanh")
    lines = ["import math", "", "", "def f(x, y):", "    t0 = x"]
    lines += [
        f"    t{k} = math.{names[k % 4]}(t{k - 1} * y) * 0.5 + t{k - 1}"
        for k in range(1, statements + 1)
    ]
    return "\n".join([*lines, f"    return t{statements}", ""])


def straight_line(statements: int, folder: Path) -> Callable[..., Any]:
    """The function, imported from a file."""
    name = f"straight_line_{statements}_{time.perf_counter_ns()}"
    path = folder / f"{name}.py"
    path.write_text(program(statements))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f


def first_gradient(statements: int, folder: Path, times: int) -> float:
    """Seconds from a new function to its compiled gradient, the best of several."""

    def once() -> float:
        gradient = grad(straight_line(statements, folder), (0, 1))
        start = clock()
        gradient.program(0.5, 0.7)
        return clock() - start

    return min(once() for _ in range(times))


def per_call(call: Callable[[], Any], number: int = 20_000) -> float:
    """Seconds a call, the best of several rounds."""
    best = float("inf")
    for _ in range(7):
        start = clock()
        for _ in range(number):
            call()
        best = min(best, (clock() - start) / number)
    return best


def square(x: float) -> float:
    """The cheapest function."""
    return x * x


PUBLIC = "from ad_compiler import grad"
COMPILER = "import ad_compiler.driver.build"


def in_new_process(setup: str, timed: str, folder: Path, times: int = 9) -> float:
    """Seconds that code takes in a process of its own, the best of several.

    NumPy is loaded before, the compiler's modules lie there as bytecode, and its cache is warm.
    """
    code = (
        f"import numpy\nfrom time import {clock.__name__} as clock\n{setup}\n"
        f"start = clock()\n{timed}\nprint(clock() - start)"
    )
    own = {
        "AD_COMPILER_CACHE_DIR": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join((str(folder), str(Path(__file__).parents[1]))),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True, env=os.environ | own,
        )
        for _ in range(times + 1)
    ]  # fmt: skip
    return min(float(run.stdout) for run in runs[1:])


def warm_hit(statements: int, folder: Path) -> float:
    """Seconds from the first call of a gradient to its result, the emitted text being on disk.

    `ad_compiler` is imported, but all that it loads when it is first used counts.
    """
    (folder / "straight.py").write_text(program(statements))
    setup = "import ad_compiler\nfrom straight import f"
    return in_new_process(setup, "ad_compiler.grad(f, (0, 1))(0.5, 0.01)", folder)


def main() -> int:
    """Print the table; with `--check`, the exit code is 1 if a promise is broken."""
    global clock  # noqa: PLW0603
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--cpu", action="store_true", help="processor time: on a busy machine")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["AD_COMPILER_CACHE_DIR"] = str(folder / "own cache")
        first_gradient(10, folder, 1)
        hundred = first_gradient(100, folder, 15)
        thousand, ten_thousand = first_gradient(1000, folder, 2), first_gradient(2500, folder, 2)
        warm = warm_hit(100, folder)
        package = in_new_process("", "import ad_compiler", folder)
        public = in_new_process("import ad_compiler", PUBLIC, folder)
        compiler = in_new_process(PUBLIC, COMPILER, folder)
    gradient = grad(square)
    gradient(3.0)
    direct = gradient.direct(3.0)
    wrapped = per_call(lambda: gradient(3.0)) - per_call(lambda: direct(3.0))
    rows = [
        ("first gradient, 100 statements, compiler loaded", hundred, 50e-3),
        ("the same in a new process, found on disk", warm, 20e-3),
        ("first gradient, 1,000 statements", thousand, None),
        ("first gradient, 2,500 statements (10,000 operations)", ten_thousand, LINEAR * thousand),
        ("import ad_compiler, on top of NumPy", package, 50e-3),
        ("the public functions, when first used", public, None),
        ("the compiler itself, when first used", compiler, None),
        ("a call, on top of the emitted function", wrapped, 2e-6),
    ]
    broken = False
    for what, seconds, bound in rows:
        broken |= bound is not None and seconds > bound
        promise = "" if bound is None else f"  (promised: {1e3 * bound:.4g} ms)"
        print(f"{what:55} {1e3 * seconds:10.4g} ms{promise}")
    return 1 if options.check and broken else 0


if __name__ == "__main__":
    sys.exit(main())
