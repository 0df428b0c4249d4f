"""Shared by all tests: a cache of their own, and `--bless`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the files of expected text")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the tests emit away from the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path_factory.mktemp("cache") / "entries"))
        yield
