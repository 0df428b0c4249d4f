"""The command line, run as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ad_compiler.cli import main
from ad_compiler.driver import store

PROGRAM = """\
import math
import numpy as np

RATE = 2.0 * 3.0


def helper(u):
    return math.sin(u) * RATE


def f(x, w: "float64[:]", n=3):
    s = 0.0
    for i in range(n):
        s += helper(x) * w[i]
    return s


def g(x):
    return x * math.exp(x)


def bad(x):
    while True:
        x = x / 2
    return x
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(PROGRAM)
    return path


def run(*args: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ad_compiler", *map(str, args)],
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def namespace(text: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile(text, "<emitted>", "exec"), names)
    return names


def test_it_emits_a_module_that_stands_alone(file: Path) -> None:
    done = run("grad", f"{file}:f", "--argnums", "x,w", "--value")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ad_compiler" not in done.stdout.split("\n", 1)[1]
    code = "import sys; sys.modules['ad_compiler'] = None\n" + done.stdout
    code += "\nprint(f_value_and_grad(0.5, np.ones(3))[0])"
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(alone.stdout) == pytest.approx(18 * 0.479425538604203)


@pytest.mark.parametrize("verb", ["grad", "jvp", "vjp", "jacobian", "hessian", "hvp"])
def test_every_verb_emits_its_function(file: Path, verb: str) -> None:
    done = run(verb, f"{file}:g")
    assert done.returncode == 0
    assert f"g_{verb}" in namespace(done.stdout)


def test_standard_input_and_simplification(file: Path) -> None:
    done = run("grad", "-:g", "--simplify", "sympy", stdin=file.read_text())
    assert done.returncode == 0
    assert "def g_grad(x):" in done.stdout


def test_files_are_written_checked_and_kept(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.py"
    assert run("grad", f"{file}:g", "-o", target).returncode == 0
    assert run("grad", f"{file}:g", "-o", target, "--check").returncode == 0
    assert run("jvp", f"{file}:g", "-o", target, "--check").returncode == 1
    target.write_text("mine\n")
    assert run("grad", f"{file}:g", "-o", target).returncode == 2
    assert target.read_text() == "mine\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["grad", "{}:bad"], "no end"),
        (["grad", "{}:nope"], "no function"),
        (["grad", "{}"], "FILE.py:FUNCTION"),
        (["grad", "missing.py:f"], "missing.py"),
        (["grad", "{}:g", "--argnums", "q"], "no such argument"),
        (["grad", "{}:g", "--type", "x=complex"], "not known"),
        (["frobnicate", "{}:g"], "No such command"),
    ],
)
def test_what_cannot_be_met_exits_with_2(file: Path, args: list[str], message: str) -> None:
    done = run(*(a.format(file) for a in args))
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_compare_and_trace(file: Path) -> None:
    done = run("compare", f"{file}:g", "--at", "x=0.5")
    assert done.returncode == 0
    for method in ("symbolic", "forward", "reverse", "numerical"):
        assert method in done.stdout
    assert "math.exp(x)" in run("trace", f"{file}:g", "--at", "x=0.5").stdout


def test_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path / "cache"))
    store.save("one", "text")
    store.save("two", "text", ".txt")
    assert main(["cache", "verify"]) == 0
    (tmp_path / "cache" / "two.txt").write_text("other")
    assert main(["cache", "verify"]) == 1
    assert main(["cache", "info"]) == 0
    assert main(["cache", "clear"]) == 0
    assert main(["cache", "info"]) == 0
    monkeypatch.setenv("AD_COMPILER_CACHE", "0")
    assert main(["cache", "info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "two.txt"
    assert ": 2 entries" in lines[1]
    assert lines[2] == "2 entries removed"
    assert ": 0 entries" in lines[3]
    assert lines[4].startswith("nothing is kept")
