"""Every example runs as it stands, and prints its check."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NAMES = sorted(p.stem for p in (Path(__file__).parents[2] / "scripts/lecture").glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_the_script_runs(
    name: str,
    lecture: Callable[[str], Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", [name])
    lecture(name).main()
    assert capsys.readouterr().out
