"""Keeps text on disk, under a hash of all that it depends on.

Nothing here ever fails: an entry that cannot be read, is damaged or is not ours counts as absent,
and a folder that cannot be written to means that nothing is kept. The environment variable
AD_COMPILER_CACHE_DIR moves the folder; AD_COMPILER_CACHE=0 switches the store off.

Paths are strings here, since `pathlib` takes longer to load than an entry to read.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import sys
from collections.abc import Iterator

import numpy as np

from ad_compiler.frontend.hashing import sha256

MOST_BYTES = 64 * 2**20
"""How much is kept; the entries that were used least recently go first."""

SUFFIXES = (".py", ".txt")
"""The kinds of entries: emitted text, and manifests."""

MODULES = "numba"
"""The folder of modules that Numba compiles, and of what it makes of them."""


@functools.cache
def compiler_digest() -> str:
    """A hash that tells compilers apart, and the versions that their output depends on.

    The files of this one are told by name, size and time of change, as `make` does it: to read
    them all would take longer than a hit.
    """
    package = os.path.dirname(os.path.dirname(__file__))
    files = sorted(_files(package))
    return digest_of(f"{sys.version}\0{sys.platform}\0{np.__version__}\0{files}")


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    """The source files in a folder and below: path, size, nanosecond of the last change."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _files(entry.path)


def digest_of(text: str) -> str:
    """The hash of a text."""
    return sha256(text.encode()).hexdigest()


def key_of(*parts: str) -> str:
    """The name of an entry: a hash of what it is made from, and by which compiler."""
    return digest_of("\0".join(f"{len(part)}:{part}" for part in (compiler_digest(), *parts)))


def folder() -> str | None:
    """Where entries are kept: a private folder of the user's; None if there is none."""
    if os.environ.get("AD_COMPILER_CACHE") == "0":
        return None
    path = os.environ.get("AD_COMPILER_CACHE_DIR") or _user_folder()
    if path is None:
        return None
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        status = os.lstat(path)
    except OSError:
        return None
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022
    return path if private and status.st_uid == _user() else None


def _user_folder() -> str | None:
    """The user's own cache; None for a user without a home."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "ad_compiler") if base and os.path.isabs(base) else None


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def load(key: str, suffix: str = ".py") -> str | None:
    """The text of an entry; None if it is absent or damaged."""
    place = folder()
    if place is None:
        return None
    path = os.path.join(place, key + suffix)
    text = _whole(path)
    if text is not None:
        with contextlib.suppress(OSError):
            os.utime(path)
    return text


def _whole(path: str) -> str | None:
    """The text of a file, if it is what its first line says."""
    try:
        with open(path, "rb") as file:
            head, _, text = file.read().decode().partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if head == _head(text) else None


def save(key: str, text: str, suffix: str = ".py") -> None:
    """Keep a text; others see the whole of it or nothing."""
    place = folder()
    if place is None:
        return
    path = os.path.join(place, key + suffix)
    with contextlib.suppress(OSError):
        _write(path, f"{_head(text)}\n{text}".encode())
        if key.startswith("00"):  # one time in 256: a look at all entries takes long
            _evict(place)


def module_file(digest: str, text: str) -> str | None:
    """A file of its own for the text of a module, beside which Numba keeps machine code.

    None if there is no folder to write to.
    """
    place = folder()
    if place is None:
        return None
    path = os.path.join(place, MODULES, f"module_{digest[:32]}.py")
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            if file.read() == text.encode():
                return path
        _write(path, text.encode())
    except OSError:
        return None
    return path


def _write(path: str, content: bytes) -> None:
    """Write a file such that others see the whole of it or nothing."""
    place, name = os.path.split(path)
    draft = os.path.join(place, f".{name[:8]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


def _head(text: str) -> str:
    return f"# emitted by ad_compiler, sha256 {digest_of(text)}"


def entries() -> Iterator[os.DirEntry[str]]:
    """The entries on disk."""
    place = folder()
    if place is not None:
        with contextlib.suppress(OSError):
            yield from (e for e in os.scandir(place) if e.name.endswith(SUFFIXES))


def _evict(place: str) -> None:
    """Remove the oldest entries, if there is too much of them."""
    own = [entry.path for entry in os.scandir(place) if entry.name.endswith(SUFFIXES)]
    kept = [(os.stat(path), path) for path in [*own, *_compiled(place)]]
    total = sum(status.st_size for status, _ in kept)
    for status, path in sorted(kept, key=lambda entry: entry[0].st_mtime):
        if total <= MOST_BYTES:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)
        total -= status.st_size


def _compiled(place: str) -> list[str]:
    """The modules that Numba compiles, and what it made of them."""
    return [
        os.path.join(at, file)
        for at, _, files in os.walk(os.path.join(place, MODULES))
        for file in files
    ]


def clear() -> int:
    """Remove all entries; gives their number."""
    removed = 0
    for path in _compiled(folder() or os.devnull):
        with contextlib.suppress(OSError):
            os.unlink(path)
    for entry in list(entries()):
        with contextlib.suppress(OSError):
            os.unlink(entry.path)
            removed += 1
    return removed


def damaged() -> list[str]:
    """The names of the entries that are not whole."""
    return sorted(entry.name for entry in entries() if _whole(entry.path) is None)
