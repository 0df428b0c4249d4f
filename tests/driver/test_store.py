"""The store of emitted text: content addressed, atomic, and never in the way."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from ad_compiler import grad
from ad_compiler.driver import store
from ad_compiler.driver.load import foreign

ROOT = Path(__file__).parents[2]


def cube(x: float) -> float:
    return x**3


def test_what_is_saved_is_loaded(place: Path) -> None:
    key = store.key_of("a", "b")
    assert store.load(key) is None
    store.save(key, "text\n")
    assert store.load(key) == "text\n"
    assert store.key_of("ab", "") != key
    assert place.stat().st_mode & 0o077 == 0
    assert store.clear() == 1


@pytest.mark.parametrize("damage", [b"", b"# emitted", b"\xff\xfe", b"import os\n"])
def test_damaged_entries_are_absent(place: Path, damage: bytes) -> None:
    key = store.key_of("a")
    store.save(key, "text\n")
    (place / f"{key}.py").write_bytes(damage)
    assert store.load(key) is None
    store.save(key, "text\n")
    assert store.load(key) == "text\n"


def test_a_folder_that_cannot_be_used_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path / "file"))
    store.save("key", "text")
    assert store.load("key") is None
    assert grad(cube)(2.0) == 12.0
    monkeypatch.setenv("AD_COMPILER_CACHE", "0")
    assert store.folder() is None


def test_a_folder_that_others_may_write_to_is_not_trusted(place: Path) -> None:
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    assert store.folder() is None


def test_gradients_come_from_the_store(place: Path) -> None:
    assert grad(cube)(2.0) == 12.0
    (entry,) = place.glob("*.py")
    before = entry.stat().st_mtime_ns
    assert grad(cube)(2.0) == 12.0
    assert entry.stat().st_mtime_ns >= before
    text = entry.read_text().split("\n", 1)[1].replace("3 *", "__import__('os').getpid() *")
    entry.write_text(f"{store._head(text)}\n{text}")  # pyright: ignore[reportPrivateUsage]
    assert grad(cube)(2.0) == 12.0


def test_the_least_recently_used_go_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_BYTES", 400)
    for k in range(10):
        store.save(f"key{k}", "x" * 50)
    assert len(list(place.glob("*.py"))) == 10  # nobody has looked at all of them yet
    store.save("00", "x" * 50)
    left = {path.stem for path in place.glob("*.py")}
    assert "00" in left
    assert len(left) < 10


def write_often(key: str, text: str) -> None:
    for _ in range(100):
        store.save(key, text)
        assert store.load(key) in (text, None)


def test_writers_at_once_leave_a_whole_entry() -> None:
    workers = [multiprocessing.Process(target=write_often, args=("k", "text" * 999)) for _ in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert store.load("k") == "text" * 999


@pytest.mark.parametrize(
    "text",
    ["import os\n", "def f():\n    return ().__class__\n", "x = 1\n", "def f(:\n", "eval('1')\n",
     "def f(x):\n    return open(x)\n", "class C:\n    pass\n"],
)  # fmt: skip
def test_text_that_is_not_ours_is_recognised(text: str) -> None:
    assert foreign(text) is not None


def test_all_emitted_text_is_within_the_subset() -> None:
    texts = [*(ROOT / "generated").glob("*.py"), *(ROOT / "tests" / "emitted").rglob("*.txt")]
    assert len(texts) > 20
    assert {path.name: foreign(path.read_text()) for path in texts} == {
        path.name: None for path in texts
    }
