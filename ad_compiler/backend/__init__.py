"""From a program to Python text: names, folding, statements, modules."""

from ad_compiler.backend.module import emit, emit_module, format_black

__all__ = ["emit", "emit_module", "format_black"]
