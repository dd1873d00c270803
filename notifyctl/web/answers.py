"""What routes of the API answer, and how its description says so.

Records are those that commands print with `-o json`; `docs/reference/output.schema.json` describes them, and becomes
part of the API's own description.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import Response

from notifyctl.views import versioned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Described", "many", "one", "page_of", "problem", "record_of", "records_of"]

Described = dict[int | str, dict[str, Any]]


def one(record: Mapping[str, Any], status: int = 200) -> Response:
    """Answer with one record."""
    return _json(versioned(record), status)


def many(records: Iterable[Mapping[str, Any]], cursor: str | None = None) -> Response:
    """Answer with some records, and where a list goes on; None for one that has no pages."""
    found: dict[str, Any] = {"items": [versioned(record) for record in records]}
    return _json(found if cursor is None else {**found, "cursor": cursor or None}, 200)


def _json(content: Any, status: int) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(errors="replace"), status, media_type="application/json")


def record_of(kind: str, description: str, status: int = 200) -> Described:
    """Describe an answer of one record."""
    return _described(status, description, {"$ref": f"#/components/schemas/{kind}"})


def records_of(kind: str, description: str) -> Described:
    """Describe an answer of some records."""
    return _described(200, description, _list_of(kind))


def page_of(kind: str, description: str) -> Described:
    """Describe an answer that is a page of a list."""
    cursor = {"type": ["string", "null"], "description": "Pass it as `cursor` to go on; null: these were the last."}
    found = _list_of(kind)
    found["properties"]["cursor"] = cursor
    found["required"].append("cursor")
    return _described(200, description, found)


def problem(status: int, description: str) -> Described:
    """Describe an answer that says what is wrong."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
    return {status: {"description": description, "content": content}}


def _list_of(kind: str) -> dict[str, Any]:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{kind}"}}
    return {"type": "object", "required": ["items"], "properties": {"items": items}}


def _described(status: int, description: str, schema: dict[str, Any]) -> Described:
    return {status: {"description": description, "content": {"application/json": {"schema": schema}}}}
