"""Functions of files that are read, not run: right or refused, whatever else the file does.

Each program defines `f`. It is run for real, in a process of its own module, and the derivative
that is emitted from its text is compared with differences of what runs.
"""

from __future__ import annotations

import math
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from ad_compiler.cli_emit import emitted, lowered
from ad_compiler.driver.program import Options
from ad_compiler.errors import AdCompilerError

HERE = Path(__file__).parent


def sections(file: str) -> dict[str, str]:
    """The texts of a file, by the headings that stand before them."""
    parts = (HERE / file).read_text().split("=== ")[1:]
    return {heading: text for heading, _, text in (part.partition("\n") for part in parts)}


SIBLINGS = sections("files_siblings.txt")
RIGHT = sections("files_right.txt")
REFUSED = sections("files_refused.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SIBLINGS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def read(folder: Path, text: str, **types: str) -> str:
    """What the command line emits for `f`."""
    path = folder / "program.py"
    path.write_text(text)
    program = lowered(f"{path}:f", types, False, "")
    return emitted(program, "grad", "0", "auto", Options(), "generated")


def slope_of(text: str) -> float:
    """The emitted gradient at a point."""
    names: dict[str, Any] = {}
    exec(compile(text, "<emitted>", "exec"), names)
    return float(names["f_grad"](0.7))


def slope_when_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """Differences of the function, from a run of the file."""
    loaded = dict(sys.modules)
    monkeypatch.syspath_prepend(path.parent)
    f = runpy.run_path(str(path), run_name="program")["f"]
    for name in set(sys.modules) - set(loaded):
        if name in ("helper", "some"):
            del sys.modules[name]
    h = 1e-6
    return (float(f(0.7 + h)) - float(f(0.7 - h))) / (2 * h)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_certain_is_right(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emitted_slope = slope_of(read(folder, RIGHT[name]))
    expected = slope_when_run(folder / "program.py", monkeypatch)
    assert math.isclose(emitted_slope, expected, rel_tol=1e-6, abs_tol=1e-8)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(AdCompilerError) as caught:
        read(folder, REFUSED[name])
    assert "--import" in str(caught.value) + "".join(getattr(caught.value, "__notes__", ()))


def test_a_module_that_imports_what_imports_it(folder: Path) -> None:
    with pytest.raises(AdCompilerError, match="imports the file"):
        read(folder, "from circular import A, B\ndef f(x): return B * x * A\n")


def test_a_package(tmp_path: Path) -> None:
    inner = tmp_path / "pack" / "deep"
    inner.mkdir(parents=True)
    for place in (tmp_path / "pack", inner):
        (place / "__init__.py").write_text("")
    (tmp_path / "pack" / "base.py").write_text("K = 3.0\n")
    (inner / "near.py").write_text("from pack.base import K\ndef g(x): return K * x\n")
    (inner / "near.pyi").write_text("")
    text = "from . import near\nfrom ..base import K\ndef f(x): return near.g(x) * K\n"
    assert slope_of(read(inner, text)) == 9.0


def test_a_sibling_hides_an_installed_module(tmp_path: Path) -> None:
    (tmp_path / "scipy.py").write_text("def expit(x): return 8 * x\n")
    assert slope_of(read(tmp_path, "from scipy import expit\ndef f(x): return expit(x)\n")) == 8.0
