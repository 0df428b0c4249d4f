"""Shared by all tests: golden files, and how to rewrite them (`pytest --bless`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite golden files that differ")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the tests emit away from the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path_factory.mktemp("cache") / "entries"))
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a golden file; under `--bless`, write it there instead."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--bless"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"{path.name} is not there yet: run `make bless` and review it"
        assert text == path.read_text(encoding="utf-8")

    return check
