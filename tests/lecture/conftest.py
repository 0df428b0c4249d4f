"""The lecture's examples are loaded from their files, as a student would run them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LECTURE = Path(__file__).parents[2] / "scripts" / "lecture"


@pytest.fixture
def lecture() -> Callable[[str], Any]:
    """Load an example by the name of its file."""

    def load(name: str) -> Any:
        label = f"lecture_{name}"
        if label not in sys.modules:
            spec = importlib.util.spec_from_file_location(label, LECTURE / f"{name}.py")
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[label] = module
            spec.loader.exec_module(module)
        return sys.modules[label]

    return load
