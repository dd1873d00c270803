"""A run from the command line: prints the figures, and names what broke a promise.

python -m tests.chaos --orders 10000 --kills 14 --groups 6 --restarts 3 --freezes 1 --freeze-s 15 --faults 0.05
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

from tests.chaos.run import run
from tests.chaos.scenario import Scenario


def main() -> int:
    """Run, and tell; the exit code: 1 where a promise was broken."""
    scenario = _scenario()
    print(f"seed {scenario.seed}", flush=True)  # noqa: T201
    folder = Path(tempfile.mkdtemp(prefix="notifyctl-chaos-"))
    outcome = run(scenario, folder)
    for name, figure in outcome.figures.items():
        print(f"{name:32}{figure}")  # noqa: T201
    if not outcome.breaches:
        shutil.rmtree(folder)
        return 0
    print(f"\n{len(outcome.breaches)} breaches; ledger and logs are in {folder}")  # noqa: T201
    for breach in outcome.breaches:
        print(f"{breach.rule}: {breach.queue} order {breach.order}, job {breach.job}: {breach.detail}")  # noqa: T201
    return 1


def _scenario() -> Scenario:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    for field in fields(Scenario):
        if field.name not in ("seed", "policy", "sentinel"):
            kind = type(field.default)
            parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=field.default)
    parser.add_argument("--policy", choices=["resend", "hold"], default="resend")
    parser.add_argument("--sentinel", action="store_true")
    return Scenario(**vars(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
