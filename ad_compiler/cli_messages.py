"""What the command line says when it refuses or fails, and the exit codes that go with it."""

from __future__ import annotations

import os
import traceback

import click

from ad_compiler.errors import AdCompilerError, InternalError

REFUSED, BROKEN = 2, 123
"""Exit codes: the request cannot be met; the compiler broke one of its own rules."""


def report(error: Exception) -> int:
    """Say on standard error what went wrong; the exit code."""
    match error:
        case click.ClickException():
            error.show()
            return error.exit_code
        case InternalError():
            return _broken(error)
        case AdCompilerError() | SyntaxError():
            click.echo(_colored(error), err=True, nl=False)
            return REFUSED
        case OSError():
            click.echo(f"{_red('error')}: {error}", err=True)
            return REFUSED
        case _:
            return _broken(error)


def _broken(error: Exception) -> int:
    click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    click.echo(f"{_red('internal error')}: please report this, with your function", err=True)
    return BROKEN


def _colored(error: Exception) -> str:
    """As Python prints it, with the place, the caret and the hint; the class in its short form."""
    *place, last = _parts(error)
    _, _, reason = last.partition(": ")
    label = "unsupported" if place else "error"
    if isinstance(error, SyntaxError) and not isinstance(error, AdCompilerError):
        label = "syntax error"
    notes = "".join(f"  {note}\n" for note in getattr(error, "__notes__", ()))
    return f"{''.join(place)}{_red(label)}: {reason.rstrip()}\n{notes}"


def _parts(error: Exception) -> list[str]:
    """The lines that Python prints for an exception, without its notes."""
    bare = traceback.TracebackException.from_exception(error)
    bare.__notes__ = None
    return list(bare.format_exception_only())


def _red(text: str) -> str:
    return text if os.environ.get("NO_COLOR") else click.style(text, fg="red", bold=True)
