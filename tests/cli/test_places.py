"""Statements of a file have places in it: what they emit is what a live function emits."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from ad_compiler.cli import main

PROGRAM = """\
import numpy as np


def damped(x: "float64[:]", leak: float):
    s = 0.1 * x
    for k in range(len(x)):
        s[k] = (1.0 - leak) * s[k] + x[k]
    s[1:] *= 0.95
    return np.sum(s * s)
"""


def test_backward_sweeps_of_files_are_known_as_such(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(PROGRAM)
    with redirect_stdout(out := StringIO()):
        assert main(["grad", f"{path}:damped"]) == 0
    assert "s_bar[1:] *= 0.95" in out.getvalue()
    assert "s_bar[k] *= one_minus_leak" in out.getvalue()
    assert "= 0.0" not in out.getvalue()
