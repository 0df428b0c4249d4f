"""The command line: `ad-compiler VERB FILE.py:FUNCTION`.

The file is read, not run, unless `--import` says so. The result goes to standard output, messages
to standard error. Exit codes: 0 fine, 1 a file differs or a comparison fails, 2 the request
cannot be met, 123 a defect of the compiler.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ad_compiler import __version__
from ad_compiler.cli_messages import report
from ad_compiler.cli_output import MARK, STDIN, Destination
from ad_compiler.errors import UsageError

VERBS = {
    "grad": "The gradient of a function that returns one number (reverse mode).",
    "jvp": "The value and the derivative along given tangents (forward mode).",
    "vjp": "The cotangents of the arguments for a given cotangent of the result (reverse mode).",
    "jacobian": "All first derivatives.",
    "hessian": "All second derivatives of a function that returns one number.",
    "hvp": "The Hessian times a vector.",
}
"""The verbs that emit a function, and what it computes."""

WITH_VALUE = {"grad": "value_and_grad", "vjp": "value_and_vjp"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Derivatives of Python functions, as readable Python source. Right or refused."""


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every verb takes: the function, and the types of its parameters."""
    options = (
        click.argument("target", metavar="FILE.py:FUNCTION"),
        click.option(
            "--type", "types", multiple=True, metavar='NAME="TYPE"',
            help='Type of a parameter: float, int, bool, float64, "float64[:,:]", "float64[n,m]". '
            "Lengths of one name are equal. Repeatable.",
        ),
        click.option("--import", "run_file", is_flag=True, help="Run the file to find its names."),
        click.option("--stdin-filename", default=STDIN, help="Name of the text read from `-`."),
    )  # fmt: skip
    return functools.reduce(lambda inner, option: option(inner), reversed(options), command)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the emitted text goes."""
    options = (
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to a file."),
        click.option("--check", is_flag=True, help="Exit with 1 if the file differs."),
        click.option("--diff", is_flag=True, help="Show how the file differs."),
        click.option("--force", is_flag=True, help="Overwrite a file that was not emitted."),
        click.option("-q", "--quiet", is_flag=True, help="No messages."),
    )
    return functools.reduce(lambda inner, option: option(inner), reversed(options), command)


def _emitter(verb: str) -> None:
    """Add a verb that emits a function."""

    @cli.command(verb, help=VERBS[verb], short_help=VERBS[verb])
    @target_options
    @click.option("--argnums", default="0", help="Names or positions, with commas between them.")
    @click.option("--value", is_flag=True, help="Return the value of the function, too.")
    @click.option("--mode", type=click.Choice(["auto", "fwd", "rev"]), default="auto",
                  help="Mode of a Jacobian.")  # fmt: skip
    @click.option(
        "--compressed",
        is_flag=True,
        help="Products of a sparse Jacobian or Hessian with several seeds at once.",
    )
    @click.option("--simplify", type=click.Choice(["sympy"]), help="Simplify with SymPy.")
    @click.option("--backend", type=click.Choice(["python", "numba"]), default="python",
                  help="Plain Python, or functions that Numba compiles.")  # fmt: skip
    @click.option("--fastmath", is_flag=True, help="Numba may reorder sums and products.")
    @click.option("--memory", type=click.Choice(["store", "auto", "recompute"]), default="auto",
                  help="What a backward sweep does with the values that it needs.")  # fmt: skip
    @output_options
    def command(
        target: str, types: Sequence[str], run_file: bool, stdin_filename: str, argnums: str,
        value: bool, mode: str, compressed: bool, simplify: str | None, backend: str,
        fastmath: bool, memory: str, output: Path | None, check: bool, diff: bool, force: bool,
        quiet: bool,
    ) -> int:  # fmt: skip
        from ad_compiler.cli_emit import emitted
        from ad_compiler.driver.program import Options

        destination = Destination(output, check, diff, force, quiet)
        destination.refuse_nonsense()
        _refuse_ignored(verb, value, mode, compressed)
        _refuse_memory(verb, memory)
        if fastmath and backend != "numba":
            raise UsageError("--fastmath is for what Numba compiles: add --backend numba")
        kind = WITH_VALUE.get(verb, verb) if value else verb
        kind = f"compressed_{verb}" if compressed else kind
        lowered = _lowered(target, _pairs(types, "--type"), run_file, stdin_filename)
        options = Options(simplify, backend, memory, fastmath)
        return destination.deliver(emitted(lowered, kind, argnums, mode, options, MARK))


def _refuse_ignored(verb: str, value: bool, mode: str, compressed: bool) -> None:
    """No option is silently without effect."""
    if value and verb not in WITH_VALUE:
        more = "it gives the value anyway" if verb == "jvp" else "emit the function beside it"
        raise UsageError(f"--value does not go with {verb}: {more}")
    if mode != "auto" and verb != "jacobian":
        raise UsageError(f"--mode does not go with {verb}: it is the mode of a Jacobian")
    if compressed and verb not in ("jacobian", "hessian"):
        raise UsageError(f"--compressed does not go with {verb}: only Jacobians and Hessians do")


def _refuse_memory(verb: str, memory: str) -> None:
    """There must be something to store."""
    if memory != "auto" and verb == "jvp":
        raise UsageError("--memory does not go with jvp: there is no backward sweep")


for _verb in VERBS:
    _emitter(_verb)


def _lowered(target: str, types: dict[str, str], run_file: bool, stdin_filename: str) -> Any:
    from ad_compiler.cli_emit import lowered

    return lowered(target, types, run_file, stdin_filename)


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """`NAME=TEXT` options as a dict."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE", param_hint=option)
        pairs[name.strip()] = value.strip().strip("\"'")
    return pairs


@cli.command()
@target_options
@click.option("--at", "point", required=True, metavar="x=1.5,y=2", help="Where to compare.")
def compare(
    target: str, types: Sequence[str], run_file: bool, stdin_filename: str, point: str
) -> int:
    """Symbolic, automatic and numerical derivatives side by side."""
    from ad_compiler.cli_emit import compared

    text, agree = compared(target, _pairs(types, "--type"), run_file, stdin_filename, point)
    click.echo(text)
    return 0 if agree else 1


@cli.command()
@target_options
@click.option("--at", "point", required=True, metavar="x=1.5,y=2", help="Where to evaluate.")
def trace(
    target: str, types: Sequence[str], run_file: bool, stdin_filename: str, point: str
) -> int:
    """Each step of the computation with its value and its adjoint."""
    from ad_compiler.cli_emit import traced

    click.echo(traced(target, _pairs(types, "--type"), run_file, stdin_filename, point))
    return 0


@cli.command()
@target_options
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), default="mermaid",
              help="The language of the picture.")  # fmt: skip
def graph(target: str, types: Sequence[str], run_file: bool, stdin_filename: str, form: str) -> int:
    """The computation graph, as text that Mermaid or Graphviz draws."""
    from ad_compiler.cli_emit import drawn

    click.echo(drawn(_lowered(target, _pairs(types, "--type"), run_file, stdin_filename), form))
    return 0


@cli.command()
@click.argument("name", required=False)
def rules(name: str | None) -> int:
    """What has a derivative; with a NAME (np.gradient, sin, +), its rule and its code."""
    from ad_compiler.cli_rules import explained, listed

    click.echo(listed() if name is None else explained(name))
    return 0


@cli.command()
@click.option("--count", default=1000, show_default=True, help="How many programs.")
@click.option("--seed", type=int, help="The first seed; a fresh one, which is printed, if absent.")
@click.option("--minutes", type=float, help="Begin no more programs after so long.")
@click.option("--jobs", default=0, help="How many processes; one for each processor, if absent.")
@click.option("--keep", "folder", type=click.Path(path_type=Path), default="fuzz-failures",
              show_default=True, help="Where failing programs go, made small.")  # fmt: skip
def fuzz(count: int, seed: int | None, minutes: float | None, jobs: int, folder: Path) -> int:
    """Test the compiler itself: derivatives of random programs, judged."""
    from ad_compiler.cli_fuzz import fuzzed

    return fuzzed(count, seed, minutes, jobs, folder)


@cli.group()
def cache() -> None:
    """What the compiler keeps on disk: emitted text, and what it depends on."""


@cache.command()
def info() -> int:
    """Where the cache is, and how much is in it."""
    from ad_compiler.driver import store

    place = store.folder()
    if place is None:
        click.echo("nothing is kept: there is no folder for it, or AD_COMPILER_CACHE is 0")
        return 0
    sizes = [entry.stat().st_size for entry in store.entries()]
    click.echo(f"{place}: {len(sizes)} entries, {sum(sizes)} of {store.MOST_BYTES} bytes")
    return 0


@cache.command()
def clear() -> int:
    """Remove all entries."""
    from ad_compiler.driver import store

    click.echo(f"{store.clear()} entries removed")
    return 0


@cache.command()
def verify() -> int:
    """Name the entries that are damaged; the exit code is 1 if there are any."""
    from ad_compiler.driver import store

    damaged = store.damaged()
    for name in damaged:
        click.echo(name)
    return 1 if damaged else 0


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    given = [re.sub(r"^-:", f"{STDIN}:", arg) for arg in (sys.argv[1:] if args is None else args)]
    try:
        result = cli.main(given, prog_name="ad-compiler", standalone_mode=False)
    except click.exceptions.Abort:
        return 1
    except Exception as error:  # every error becomes a message and an exit code
        return report(error)
    return result if isinstance(result, int) else 0
