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
from ad_compiler.driver.build import build
from ad_compiler.driver.derivative import Derivative
from ad_compiler.driver.program import Options


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


def first_gradient(statements: int, folder: Path) -> float:
    """Seconds from a new function to its compiled gradient."""
    function = straight_line(statements, folder)
    gradient = Derivative(function, "grad", (0, 1))
    start = time.perf_counter()
    build(gradient.lowered(gradient.arguments((0.5, 0.7), {})), Options())
    return time.perf_counter() - start


def per_call(call: Callable[[], Any], number: int = 20_000) -> float:
    """Seconds a call, the best of several rounds."""
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(number):
            call()
        best = min(best, (time.perf_counter() - start) / number)
    return best


def square(x: float) -> float:
    """The cheapest function."""
    return x * x


PUBLIC = "from ad_compiler import grad"
COMPILER = "import ad_compiler.driver.build"


def in_new_process(setup: str, timed: str, folder: Path | None = None, times: int = 5) -> float:
    """Seconds that code takes in a process of its own, the best of several; NumPy is loaded."""
    code = (
        f"import numpy, time\n{setup}\nstart = time.perf_counter()\n{timed}\n"
        "print(time.perf_counter() - start)"
    )
    cache = (
        {
            "AD_COMPILER_CACHE_DIR": str(folder / "cache"),
            "PYTHONPATH": os.pathsep.join((str(folder), str(Path(__file__).parents[1]))),
        }
        if folder
        else {}
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True, env=os.environ | cache,
        )
        for _ in range(times)
    ]  # fmt: skip
    return min(float(run.stdout) for run in runs)


def warm_hit(statements: int, folder: Path) -> float:
    """Seconds from the first call of a gradient to its result, the emitted text being on disk.

    `ad_compiler` is imported, but all that it loads when it is first used counts.
    """
    (folder / "straight.py").write_text(program(statements))
    setup = "import ad_compiler\nfrom straight import f"
    timed = "ad_compiler.grad(f, (0, 1))(0.5, 0.01)"
    in_new_process(setup, timed, folder, times=1)
    return in_new_process(setup, timed, folder, times=10)


def main() -> int:
    """Print the table; with `--check`, the exit code is 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first_gradient(10, folder)
        hundred = min(first_gradient(100, folder) for _ in range(5))
        warm = warm_hit(100, folder)
        thousand, ten_thousand = first_gradient(1000, folder), first_gradient(2500, folder)
    gradient = grad(square)
    gradient(3.0)
    direct = gradient.direct(3.0)
    wrapped = per_call(lambda: gradient(3.0)) - per_call(lambda: direct(3.0))
    rows = [
        ("first gradient, 100 statements", hundred, 50e-3),
        ("first gradient, 1,000 statements", thousand, None),
        ("first gradient, 2,500 statements (10,000 operations)", ten_thousand, 10 * thousand),
        ("the same, in a new process, found on disk", warm, 20e-3),
        ("import ad_compiler, on top of NumPy", in_new_process("", "import ad_compiler"), 50e-3),
        ("the public functions, when first used", in_new_process("", PUBLIC), None),
        ("the compiler itself, when first used", in_new_process("", COMPILER), None),
        ("a call, on top of the emitted function", wrapped, 2e-6),
    ]
    broken = False
    for what, seconds, bound in rows:
        broken |= bound is not None and seconds > bound
        promise = "" if bound is None else f"  (promised: {1e3 * bound:.4g} ms)"
        print(f"{what:55} {1e3 * seconds:10.4g} ms{promise}")
    return 1 if check and broken else 0


if __name__ == "__main__":
    sys.exit(main())
