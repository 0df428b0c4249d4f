"""Shared by all tests: a cache of their own, and `--bless`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from ad_compiler.driver.load import foreign


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the files of expected text")


SLOW = tuple(Path(__file__).with_name("slow.txt").read_text(encoding="utf-8").split())
"""How the names begin of tests that Numba compiles for more than five seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        deep = item.get_closest_marker("thorough") is not None
        if deep and item.nodeid.startswith(SLOW):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """What was imported stays. To look through it for garbage, again and again, takes long."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the tests emit away from the user's own cache. All of it must be recognised."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("cache") / "entries"
        patch.setenv("AD_COMPILER_CACHE_DIR", str(place))
        patch.setenv("AD_COMPILER_VERIFY", "1")
        yield
        for path in place.glob("*.py"):
            assert foreign(path.read_text(encoding="utf-8")) is None, path.read_text()
