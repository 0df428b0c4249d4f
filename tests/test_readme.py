"""The README's claims: its example output, and its library example."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ad_compiler import grad, value_and_grad

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_main_command_prints_what_the_readme_shows() -> None:
    command = blocks("sh")[0].strip().rpartition("&& ")[2]
    words = shlex.split(command)
    assert words[0] == ".venv/bin/ad-compiler"
    done = subprocess.run(
        [sys.executable, "-m", "ad_compiler", *words[1:]],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == blocks("python")[0]


def test_the_library_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "readme_example.py").write_text(blocks("python")[1])
    monkeypatch.syspath_prepend(tmp_path)
    loss = __import__("readme_example").loss
    x = np.array([0.5, -1.0, 2.0])
    value, gradient = value_and_grad(loss)(1.5, x)
    assert value == loss(1.5, x)
    assert gradient == pytest.approx(0.5 * np.cos(0.75) + 2 * np.cos(3.0))
    assert grad(loss, "x")(1.5, x) == pytest.approx([1.5 * np.cos(0.75), 2.0, 1.5 * np.cos(3.0)])


def test_the_loops_are_what_stands_in_generated() -> None:
    emitted = (ROOT / "generated" / "cholesky_log_determinant_value_and_grad.py").read_text()
    assert blocks("python")[2].rstrip() in emitted


def test_documents_name_files_that_exist() -> None:
    for name in re.findall(r"\]\(([\w/.]+)\)", README):
        assert (ROOT / name).exists(), name


def test_the_marked_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "readme_marked.py").write_text("import math\n" + blocks("python")[3])
    monkeypatch.syspath_prepend(tmp_path)
    energy = __import__("readme_marked").energy
    assert energy(0.1, 0.2) == 0.5 * 0.2 * 0.2 + 1.0 - np.cos(0.1)
    assert energy.grad(0.1, 0.2) == pytest.approx(np.sin(0.1))
    assert energy.hessian(0.1, 0.2) == pytest.approx(np.cos(0.1))
