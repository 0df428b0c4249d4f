"""The command line, run as a person runs it."""

from __future__ import annotations

import math
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ad_compiler import UsageError
from ad_compiler.cli import main
from ad_compiler.driver import store
from ad_compiler.frontend.declared import parse_type
from ad_compiler.ir.types import shown

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


def process(*args: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ad_compiler", *map(str, args)],
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def run(*args: object) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has the compiler already."""
    given = list(map(str, args))
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = main(given)
    return subprocess.CompletedProcess(given, code, out.getvalue(), err.getvalue())


def namespace(text: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile(text, "<emitted>", "exec"), names)
    return names


def test_it_emits_a_module_that_stands_alone(file: Path) -> None:
    done = process("grad", f"{file}:f", "--argnums", "x,w", "--value")
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
    done = process("grad", "-:g", "--simplify", "sympy", stdin=file.read_text())
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


def test_the_code_is_that_of_the_process(file: Path) -> None:
    done = process("grad", f"{file}:bad")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no end" in done.stderr


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


SHAPES = """\
import math
import numpy as np

W = np.array([1.0, 2.0])
S = np.array([1.0, 0.5], dtype=np.float32)
BIG = np.zeros(5000)


def f(x, mode="a", fn=math.sin, c=[1.0, math.inf], n=-2, k=2**3, p=math.pi):
    return fn(x) * W.sum() * c[0] + p * x**n if mode == "a" else x


def vec(x):
    return x[0] * x[1]


def single(x, s=np.float32(2.0)):
    return np.sum(x * S) * s


def large(x):
    return x * np.sum(BIG)


def wrong(x: complex):
    return x


long = lambda x: SUM
"""


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    path = tmp_path / "shapes.py"
    path.write_text(SHAPES.replace("SUM", "+".join(["x"] * 10_000)))
    return path


def test_defaults_and_arrays_are_kept(shapes: Path) -> None:
    done = run("grad", f"{shapes}:f")
    assert (done.returncode, done.stderr) == (0, "")
    assert 'mode="a", fn=math.sin, c=[1.0, math.inf], n=-2, k=8, p=math.pi' in done.stdout
    assert "W = np.array([1.0, 2.0])" in done.stdout
    names = namespace(done.stdout)
    gradient: Any = names["f_grad"]
    expected = math.cos(0.7) * 3 - 2 * math.pi * 0.7**-3
    assert gradient(0.7) == pytest.approx(expected)
    with pytest.raises(ValueError, match="made for mode='a'"):
        gradient(0.7, mode="b")
    with pytest.raises(ValueError, match=r"made for fn=math\.sin"):
        gradient(0.7, fn=math.cos)


def test_single_precision_stays(shapes: Path) -> None:
    done = run("grad", f"{shapes}:single", "--type", "x=f4[:]")
    gradient: Any = namespace(done.stdout)["single_grad"]
    slope = gradient(np.ones(2, np.float32))
    assert slope.dtype == np.float32
    assert slope.tolist() == [2.0, 1.0]


def test_ten_thousand_terms(shapes: Path) -> None:
    done = run("grad", f"{shapes}:long")
    assert done.returncode == 0
    assert "return 10000.0" in done.stdout


def test_products_of_a_sparse_jacobian(tmp_path: Path) -> None:
    path = tmp_path / "band.py"
    path.write_text("import numpy as np\ndef f(x): return np.sin(x[1:]) * x[:-1]\n")
    x, seeds = np.array([0.5, 1.0, 2.0]), np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    expected = np.array([[np.sin(x[1]), x[1] * np.cos(x[2])], [x[0] * np.cos(x[1]), np.sin(x[2])]])
    for mode, given in (("fwd", seeds), ("rev", np.eye(2))):
        done = run("jacobian", f"{path}:f", "--compressed", "--type", "x=f8[:]", "--mode", mode)
        products: Any = namespace(done.stdout)["f_compressed_jacobian"]
        found = products(x, given)
        matrix = np.array(
            [[expected[0, 0], expected[1, 0], 0], [0, expected[1, 1], expected[0, 1]]]
        )
        np.testing.assert_allclose(found, given @ (matrix.T if mode == "fwd" else matrix))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["grad", "{}:vec"], '--type x="float64[:]"'),
        (["grad", "{}:wrong"], "annotation `complex`"),
        (["grad", "{}:large"], "too many to be written"),
        (["jvp", "{}:f", "--value"], "--value does not go with jvp"),
        (["grad", "{}:f", "--mode", "fwd"], "--mode does not go with grad"),
        (["grad", "{}:f", "--compressed"], "--compressed does not go with grad"),
        (["grad", "{}:f", "--fastmath"], "add --backend numba"),
        (["jacobian", "{}:f", "--compressed"], "is float, not an array"),
        (["jacobian", "{}:f", "--compressed", "--argnums", "x,x"], "name one argument"),
        (["grad", "-:f", "--import"], "--import runs a file"),
        (["compare", "{}:vec", "--at", "x=[[1],[2,3]]"], "lists of equal length"),
        (["trace", "{}:vec", "--at", "x=1,x=2"], "not of the form"),
        (["trace", "{}:f", "--at", "x=[1.0]", "--type", "x=float"], "it is float"),
        (["grad", "{}:f", "--check"], "name it with -o"),
    ],
)
def test_nothing_is_ignored_in_silence(shapes: Path, args: list[str], message: str) -> None:
    done = run(*(a.format(shapes) for a in args))
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("float", "float"),
        ("int", "int"),
        ("bool", "bool"),
        ("float32", "float32"),
        ("f4[:]", "float32[:]"),
        ("f8[:,:]", "float64[:,:]"),
        ("float64[:, :]", "float64[:,:]"),
        ("np.float64[:, ::1]", "float64[:,:]"),
        ("int64[:]", "int64[:]"),
        ("float64[]", "float64[]"),
    ],
)
def test_types_are_spelled_as_numba_spells_them(text: str, spelled: str) -> None:
    assert shown(parse_type(text, "x")) == spelled


@pytest.mark.parametrize("text", ["float64[;]", "float64[:", "f16", "float64[3.0]", "complex", ""])
def test_other_types_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not known"):
        parse_type(text, "x")


def test_texts_in_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes("# -*- coding: latin-1 -*-\n# \xe4\ndef f(x): return x*x\n".encode("latin-1"))
    assert run("grad", f"{path}:f").returncode == 0
    path.write_bytes(b"\xef\xbb\xbfdef f(x): return x*x\r\n")
    assert run("grad", f"{path}:f").returncode == 0
    path.write_bytes(b"def f(x): return x*x # \xff\xfe\n")
    done = run("grad", f"{path}:f")
    assert (done.returncode, "cannot be read as text" in done.stderr) == (2, True)


def test_a_file_that_raises_is_its_own_fault(tmp_path: Path) -> None:
    path = tmp_path / "boom.py"
    path.write_text("def f(x): return x\nraise ValueError('boom')\n")
    done = run("grad", f"{path}:f", "--import")
    assert done.returncode == 2
    assert "line 2: ValueError: boom" in done.stderr


def test_import_runs_the_file(tmp_path: Path) -> None:
    path = tmp_path / "runs.py"
    path.write_text("K = [1.0]\nK.append(2.0)\ndef f(x): return x * K[1]\n")
    assert run("grad", f"{path}:f").returncode == 2
    assert "return 2.0" in run("grad", f"{path}:f", "--import").stdout
