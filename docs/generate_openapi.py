"""Writes the API's description: `notifyctl/web/openapi.json`, which `docs/reference/openapi.json` links to.

    python docs/generate_openapi.py

A test fails when the file is not what this would write.
"""

from __future__ import annotations

import json
from pathlib import Path

from notifyctl.app import App
from notifyctl.settings import Settings
from notifyctl.web import create_app
from notifyctl.web.description import described

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "notifyctl" / "web" / "openapi.json"
SCHEMA = ROOT / "docs" / "reference" / "output.schema.json"
EXAMPLES = ROOT / "docs" / "reference" / "output.examples.json"


def text() -> str:
    """The description, as the file should be."""
    records = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    web = create_app(App(Settings()))
    return json.dumps(described(web, records, examples), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
