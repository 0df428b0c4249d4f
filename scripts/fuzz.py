"""Differentiate random programs and judge the derivatives: `fuzz.py COUNT [SEED]`."""

import argparse
import sys
import time
from collections import Counter

from ad_compiler.fuzz.generate import program
from ad_compiler.fuzz.oracles import Verdict, judge

MOST_REFUSED = 0.08
"""The share of programs that may be refused: writes to what may or may not be an alias."""


def main() -> int:
    """Print the verdicts; the exit code is 1 if one is wrong, or too many are refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=None)
    given = parser.parse_args()
    first = given.seed if given.seed is not None else int(time.time()) % 10**6 * 1000
    print(f"seeds {first} to {first + given.count - 1}")
    outcomes: Counter[str] = Counter()
    for seed in range(first, first + given.count):
        try:
            verdict = judge(program(seed))
        except Exception as error:
            verdict = Verdict("wrong", f"crash: {error!r}")
        outcomes[verdict.outcome] += 1
        if verdict.outcome in ("wrong", "refused"):
            print(f"seed {seed}: {verdict.outcome}: {verdict.detail}")
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
    return 1 if outcomes["wrong"] or outcomes["refused"] > MOST_REFUSED * given.count else 0


if __name__ == "__main__":
    sys.exit(main())
