"""Runs it: `python -m tests.fuzz --cases 5000 --seed 1`."""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.run import fuzz
from tests.support.server import Server


def main() -> int:
    """Run, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5_000, help="so many at least")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = Server()
    try:
        outcome = fuzz(server.url, cases=options.cases, seed=options.seed)
    finally:
        server.close()
    print(outcome.told)
    print(f"{outcome.cases} cases, seed {options.seed}: {'clean' if outcome.clean else 'see above'}")
    return 0 if outcome.clean else 1


if __name__ == "__main__":
    sys.exit(main())
