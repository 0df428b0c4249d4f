"""Named tuples and dataclasses of files that are read or run, and on disk."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from ad_compiler import Unsupported, UsageError
from ad_compiler.cli_emit import emitted, lowered
from ad_compiler.driver.program import Options

MODULE = """
from collections import namedtuple
from dataclasses import dataclass, field, replace
from typing import NamedTuple
import numpy as np

class P(NamedTuple):
    w: "float64[:]"
    b: float = 2.0
    def norm(self): return self.b

@dataclass(frozen=True)
class M:
    p: P
    rate: float = 0.5

@dataclass
class S:
    x: float
    v: float = 0.0
    xs: list = field(default_factory=list)

Q = namedtuple("Q", "a b", defaults=(3.0,))
fixed = M(P(1.0), 2.0)

def f(m: M, x: "float64[:]"):
    return np.sum(m.p.w * x) * m.p.b * fixed.rate

def g(x):
    s = S(x)
    s.x *= 2.0
    return s.x, Q(a=x)

def any_fields(q):
    return q.a * q.b

def method(p: P):
    return p.norm()
"""


class Layer(NamedTuple):
    w: Any
    b: float = 2.0


@dataclasses.dataclass
class Other:
    p: Layer
    rate: float


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "records_of_a_file.py"
    path.write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return path


@pytest.mark.parametrize("run_file", [False, True])
def test_files_are_read_and_run(module: Path, run_file: bool) -> None:
    program = lowered(f"{module}:f", {}, run_file, "")
    text = emitted(program, "grad", "m", "auto", Options(), "generated")
    assert "records_of_a_file\n" not in text
    names: dict[str, Any] = {}
    exec(compile(text, "<emitted>", "exec"), names)
    x = np.arange(1.0, 4.0)
    bars = names["f_grad"](Other(Layer(x), 0.5), x)
    np.testing.assert_allclose(bars.p.w, x * 4.0)
    assert (bars.p.b, bars.rate) == (np.sum(x * x) * 2.0, 0.0)

    program = lowered(f"{module}:g", {}, run_file, "")
    text = emitted(program, "jvp", "0", "auto", Options(), "generated")
    assert "import records_of_a_file" in text
    module.with_name("emitted_here.py").write_text(text)
    code = "import emitted_here; print(emitted_here.g_jvp(1.5, 1.0))"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=module.parent, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "((3.0, Q(a=1.5, b=3.0)), (2.0, Q(a=1.0, b=0.0)))"


def test_types_of_files_are_given_by_class_and_by_field(module: Path) -> None:
    program = lowered(f"{module}:any_fields", {"q": "Q", "q.a": "float64[:]"}, False, "")
    text = emitted(program, "jvp", "q", "auto", Options(), "generated")
    assert "return a * b, b * q_dot.a + a * q_dot.b" in text
    with pytest.raises(UsageError, match=r"no parameter or field `q\.c`"):
        lowered(f"{module}:any_fields", {"q": "Q", "q.c": "float"}, False, "")
    with pytest.raises(Unsupported, match="`norm` is a method of the class `P`"):
        lowered(f"{module}:method", {}, False, "")


def test_programs_on_disk(tmp_path: Path) -> None:
    code = (
        "from records_of_a_file import *; from ad_compiler import grad, jvp; import sys\n"
        "print(grad(f)(M(P(np.ones(2))), np.ones(2)), jvp(g, (1.5,), (1.0,)))\n"
        "print('ad_compiler.frontend.lower' in sys.modules)"
    )
    (tmp_path / "records_of_a_file.py").write_text(MODULE)
    path = ":".join(sys.path)
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
            env={"AD_COMPILER_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": path},
        ).stdout.split("\n")
        for _ in range(2)
    ]  # fmt: skip
    assert runs[0][0] == runs[1][0]
    assert [run[1] for run in runs] == ["True", "False"]
