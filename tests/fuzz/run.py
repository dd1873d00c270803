"""Runs schemathesis against a shop that is served here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from notifyctl.access import Role, guesses
from tests.fuzz.shop import described, filled, parts
from tests.support.serving import Serving

__all__ = ["Outcome", "fuzz"]

_SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
#: What a schema cannot say: which texts are a rate, a template's sample, somebody's number.
_TOO_STRICT = "positive_data_acceptance"
#: Wrong tokens are part of it, and their limit is tried elsewhere.
_NO_LIMIT = 10**9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        cases: So many requests were made up.
        clean: No failure, and no answer that is not described.
        told: What schemathesis said.
    """

    cases: int
    clean: bool
    told: str


def fuzz(redis_url: str, *, cases: int, seed: int) -> Outcome:
    """Make up so many requests at least, and judge what is answered.

    Args:
        redis_url: An empty server.
        cases: How many.
        seed: The same seed, the same requests.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(guesses, "MOST_OF_ONE", _NO_LIMIT),
        patch.object(guesses, "MOST_OF_ALL", _NO_LIMIT),
        patch.dict(os.environ, {"NOTIFYCTL_STATE_DIR": folder}),
        Serving(redis_url) as serving,
    ):
        description = described(filled(serving))
        examples = _examples(description, cases)
        outcomes = [
            _run(Path(folder), serving, role, part, examples, seed) for role, part in parts(description).items()
        ]
    return Outcome(
        sum(one.cases for one in outcomes),
        all(one.clean for one in outcomes),
        "\n".join(one.told for one in outcomes),
    )


def _examples(description: dict[str, Any], cases: int) -> int:
    """How many to make up for each operation; some of them take too little to make up much."""
    operations = sum(map(len, description["paths"].values()))
    return 1 + cases * 5 // (operations * 4)


def _run(folder: Path, serving: Serving, role: Role, description: dict[str, Any], examples: int, seed: int) -> Outcome:
    """Make up requests of somebody of this role."""
    schema, report = folder / f"{role}.json", folder / f"{role}-report.json"
    schema.write_text(json.dumps(description))
    done = subprocess.run(
        [
            _SCHEMATHESIS, "run", schema, "--url", serving.url,
            "--header", f"Authorization: Bearer {serving.token(role)}",
            "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples), "--seed", str(seed),
            "--exclude-checks", _TOO_STRICT, "--continue-on-failure", "--no-shrink", "--no-color",
            "--generation-database", "none", "--report", "json", "--report-json-path", report,
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = json.loads(report.read_text()) if report.exists() else {}
    return Outcome(told.get("test_cases", {}).get("generated", 0), done.returncode == 0, done.stdout + done.stderr)
