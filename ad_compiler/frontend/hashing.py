"""SHA-256, from the module of Python's that loads fastest: OpenSSL's takes longer than a hit."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _found() -> Callable[[bytes], Any]:
    for name in ("_sha2", "_sha256"):  # since 3.12, and before
        try:
            return import_module(name).sha256
        except ImportError:
            continue
    return import_module("hashlib").sha256


sha256 = _found()
"""A hash of bytes, as `hashlib.sha256`."""
