"""The code in generated/ is what the compiler emits, and computes what the compiler computes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.depth import spread

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("script", spread(["gallery.py", "rules_page.py", "peers.py"], 3))
def test_what_scripts_write_is_current(script: str) -> None:
    done = subprocess.run(
        [sys.executable, f"scripts/{script}", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_generated_code_holds_no_paths_or_dates() -> None:
    for path in (ROOT / "generated").glob("*.py"):
        text = path.read_text()
        assert "/home" not in text
        assert str(ROOT) not in text
