"""Compare the backends: on ordinary programs, on every rule, on random programs.

    backends.py COUNT [SEED] [--rules NAME …]

Numba takes seconds for a program, so this is no part of the tests.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ad_compiler.errors import Unsupported
from ad_compiler.fuzz.backends import REFUSED, judge_backends
from ad_compiler.fuzz.generate import program
from ad_compiler.fuzz.oracles import Verdict
from tests.emitted.test_emitted import CASES
from tests.nopython.ordinary import judged
from tests.nopython.sampled import judged as of_sample
from tests.nopython.sampled import samples

LONGEST = 5.0
"""Seconds that Numba may take for an ordinary program."""


def ordinary() -> Counter[str]:
    """The programs whose text is expected."""
    outcomes: Counter[str] = Counter()
    for function, kind, args, argnums in CASES:
        start = time.perf_counter()
        try:
            verdict = judged(function, kind, args, argnums)
        except Unsupported as refusal:
            verdict = Verdict("refused", refusal.reason)
        took = time.perf_counter() - start
        if took > LONGEST:
            verdict = Verdict("slow", f"{took:.1f} s")
        report(f"{function} {kind}", verdict, outcomes)
    return outcomes


def fuzzed(first: int, count: int) -> Counter[str]:
    """Random programs."""
    outcomes: Counter[str] = Counter()
    for seed in range(first, first + count):
        try:
            verdict = judge_backends(program(seed, without=REFUSED))
        except Exception as error:
            verdict = Verdict("wrong", f"crash: {error!r}"[:1000])
        report(f"seed {seed}", verdict, outcomes)
    return outcomes


def ruled(wanted: list[str]) -> Counter[str]:
    """Every rule at its samples, or those of some names."""
    outcomes: Counter[str] = Counter()
    for name, sample in samples():
        if wanted and name not in wanted:
            continue
        try:
            verdict = of_sample(sample) if sample.moving else Verdict("undecided", "no derivative")
        except Unsupported as refusal:
            verdict = Verdict("refused", refusal.reason)
        except Exception as error:
            verdict = Verdict("wrong", f"crash: {error!r} at {sample.operands}"[:1000])
        report(name, verdict, outcomes)
    return outcomes


def report(what: str, verdict: Verdict, outcomes: Counter[str]) -> None:
    """Count a verdict; say what is not right."""
    outcomes[verdict.outcome] += 1
    if verdict.outcome != "right":
        print(f"{what}: {verdict.outcome}: {verdict.detail}", flush=True)


def main() -> int:
    """Print the verdicts; the exit code is 1 if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--rules", nargs="*", metavar="NAME", help="only these rules; all if none")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.rules is not None:
        outcomes = ruled(given.rules)
    else:
        outcomes = ordinary() + ruled([]) + fuzzed(given.seed, given.count)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
    return 1 if outcomes["wrong"] or outcomes["slow"] else 0


if __name__ == "__main__":
    sys.exit(main())
