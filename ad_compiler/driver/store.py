"""Keeps emitted text on disk, under a hash of all that it depends on.

Nothing here ever fails: an entry that cannot be read, is damaged or is not ours counts as absent,
and a folder that cannot be written to means that nothing is kept. The environment variable
AD_COMPILER_CACHE_DIR moves the folder; AD_COMPILER_CACHE=0 switches the store off.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

import numpy as np

MOST_BYTES = 64 * 2**20
"""How much is kept; the entries that were used least recently go first."""


@functools.cache
def compiler_digest() -> str:
    """A hash of this compiler's own source, and of the versions that its output depends on."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(f"{sys.version}\0{np.__version__}".encode())
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def key_of(*parts: str) -> str:
    """The name of an entry: a hash of what it is made from, and by which compiler."""
    whole = "\0".join(f"{len(part)}:{part}" for part in (compiler_digest(), *parts))
    return hashlib.sha256(whole.encode()).hexdigest()


def folder() -> Path | None:
    """Where entries are kept: a private folder of the user's; None if there is none."""
    if os.environ.get("AD_COMPILER_CACHE") == "0":
        return None
    named = os.environ.get("AD_COMPILER_CACHE_DIR")
    if named:
        path = Path(named)
    else:
        import platformdirs

        path = platformdirs.user_cache_path("ad_compiler")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except (OSError, RuntimeError):
        return None
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022
    return path if private and status.st_uid == _user() else None


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def load(key: str) -> str | None:
    """The text of an entry; None if it is absent or damaged."""
    place = folder()
    if place is None:
        return None
    path = place / f"{key}.py"
    try:
        head, _, text = path.read_bytes().decode().partition("\n")
        os.utime(path)
    except (OSError, UnicodeDecodeError):
        return None
    return text if head == _head(text) else None


def save(key: str, text: str) -> None:
    """Keep a text; others see the whole of it or nothing."""
    place = folder()
    if place is None:
        return
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=place, prefix=f".{key[:8]}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(f"{_head(text)}\n{text}".encode())
            Path(name).replace(place / f"{key}.py")
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _evict(place)


def _head(text: str) -> str:
    return f"# emitted by ad_compiler, sha256 {hashlib.sha256(text.encode()).hexdigest()}"


def _evict(place: Path) -> None:
    entries = [(path.stat(), path) for path in place.glob("*.py")]
    total = sum(status.st_size for status, _ in entries)
    for status, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
        if total <= MOST_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= status.st_size


def clear() -> int:
    """Remove all entries; gives their number."""
    place = folder()
    entries = list(place.glob("*.py")) if place is not None else []
    for path in entries:
        path.unlink(missing_ok=True)
    return len(entries)
