"""Compare the memory modes on random programs: `memory_modes.py COUNT [SEED]`."""

import argparse
import sys
import warnings
from collections import Counter

from ad_compiler.fuzz.generate import program
from ad_compiler.fuzz.memory import judge_memory


def main() -> int:
    """Print the verdicts; the exit code is 1 if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    outcomes: Counter[str] = Counter()
    for seed in range(given.seed, given.seed + given.count):
        verdict = judge_memory(program(seed))
        outcomes[verdict.outcome] += 1
        if verdict.failed:
            print(f"seed {seed}: {verdict.detail}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
    return 1 if outcomes["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
