"""A cache that is damaged, or on a disk that fails, and processes that share one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ad_compiler import grad
from ad_compiler.driver import store
from tests.depth import thorough
from tests.driver.conftest import SUBJECT, Load

ROOT = Path(__file__).parents[2]


def entries(place: Path, suffix: str) -> list[Path]:
    return sorted(place.glob(f"*{suffix}"))


@pytest.mark.parametrize("suffix", store.SUFFIXES)
@pytest.mark.parametrize("length", [0, 10, 100, -1])
def test_entries_that_are_cut_short(
    load: Load, place: Path, compiled: list[str], suffix: str, length: int
) -> None:
    expected = grad(load(SUBJECT).f)(1.3)
    for path in entries(place, suffix):
        path.write_bytes(path.read_bytes()[:length])
    assert grad(load(SUBJECT).f)(1.3) == expected
    assert len(compiled) == 2
    assert grad(load(SUBJECT).f)(1.3) == expected
    assert len(compiled) == 2


NONSENSE = ["", "[]", "{}", "{'steps': []}", "1 +", "None", "__import__('os')", "[" * 9999]


@pytest.mark.parametrize("said", NONSENSE, ids=lambda said: said[:20])
def test_manifests_that_say_nothing(
    load: Load, place: Path, compiled: list[str], said: str
) -> None:
    expected = grad(load(SUBJECT).f)(1.3)
    (path,) = entries(place, ".txt")
    store.save(path.stem, said, ".txt")
    assert grad(load(SUBJECT).f)(1.3) == expected
    assert len(compiled) == 2


def test_a_manifest_that_names_another_text(load: Load, place: Path, compiled: list[str]) -> None:
    expected = grad(load(SUBJECT).f)(1.3)
    (manifest,), (own,) = entries(place, ".txt"), entries(place, ".py")
    grad(load(SUBJECT).f, "scale")(1.3, 2.0)
    (other,) = (path for path in entries(place, ".py") if path != own)
    said = store.load(manifest.stem, ".txt")
    assert said is not None
    store.save(manifest.stem, said.replace(own.stem, other.stem), ".txt")
    assert grad(load(SUBJECT).f)(1.3) == expected
    assert len(compiled) == 3


@pytest.mark.parametrize(
    "error", [PermissionError("no"), OSError(28, "disk full"), OSError(30, "read only")]
)
@pytest.mark.parametrize("where", ["os.open", "os.replace", "os.makedirs", "os.lstat", "open"])
def test_a_disk_that_fails(
    load: Load, monkeypatch: pytest.MonkeyPatch, place: Path, where: str, error: OSError
) -> None:
    module = load(SUBJECT)
    expected = grad(module.f)(1.3)
    for path in place.glob("*.txt"):
        path.unlink()

    def fails(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        if where == "open":
            patch.setattr(store, "open", fails, raising=False)
        else:
            patch.setattr(os, where.removeprefix("os."), fails)
        assert grad(module.f)(1.3) == expected
    assert not list(place.glob(".*.tmp"))


class Full:
    """A file on a disk that has room for five bytes."""

    def __init__(self, handle: int, _mode: str) -> None:
        self.handle = handle

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)

    def write(self, text: bytes) -> None:
        os.write(self.handle, text[:5])
        raise OSError(28, "disk full")


def test_a_write_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    store.compiler_digest()
    with monkeypatch.context() as patch:
        patch.setattr(store, "open", Full, raising=False)
        store.save("key", "text")
    assert list(place.iterdir()) == []
    assert store.load("key") is None


def test_without_a_home(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AD_COMPILER_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", str)  # which leaves ~ as it is, without a home
    assert store.folder() is None
    assert grad(load(SUBJECT).f)(1.3) != 0.0


SCRIPT = """\
import sys
import ad_compiler
from subject import f
print(repr(ad_compiler.grad(f)(1.3)))
print("ad_compiler.ir.nodes" in sys.modules)
"""


def start(folder: Path, cache: Path, seed: str = "random") -> subprocess.Popen[str]:
    own = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONHASHSEED": seed}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | own | {"AD_COMPILER_CACHE_DIR": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return out.split()


def test_a_hit_does_not_load_the_compiler(tmp_path: Path) -> None:
    (tmp_path / "subject.py").write_text(SUBJECT)
    value, loaded = answer(start(tmp_path, tmp_path / "cache"))
    assert loaded == "True"
    assert answer(start(tmp_path, tmp_path / "cache")) == [value, "False"]


@thorough
def test_processes_at_once_agree(tmp_path: Path) -> None:
    (tmp_path / "subject.py").write_text(SUBJECT)
    running = [start(tmp_path, tmp_path / "cache") for _ in range(4)]
    assert len({answer(process)[0] for process in running}) == 1
    assert store.damaged() == []
    assert answer(start(tmp_path, tmp_path / "cache"))[1] == "False"


def test_what_is_kept_does_not_depend_on_hashes(tmp_path: Path) -> None:
    (tmp_path / "subject.py").write_text(SUBJECT)
    kept: list[dict[str, str]] = []
    for seed in ("1", "2"):
        answer(start(tmp_path, tmp_path / seed, seed))
        kept.append({path.name: path.read_text() for path in (tmp_path / seed).iterdir()})
    assert kept[0] == kept[1]
    assert len(kept[0]) == 2
