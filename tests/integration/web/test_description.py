"""The API's description: that it is fresh, whole and true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from docs import generate_openapi
from tests.fuzz.run import fuzz

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.server import Server
    from tests.support.serving import Serving

DESCRIPTION: dict[str, Any] = json.loads(generate_openapi.FILE.read_text())
EXAMPLES: dict[str, Any] = json.loads(generate_openapi.EXAMPLES.read_text())


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation, and where it is."""
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_description_is_fresh() -> None:
    """`python docs/generate_openapi.py` would change nothing."""
    assert generate_openapi.FILE.read_text() == generate_openapi.text()
    assert (generate_openapi.ROOT / "docs/reference/openapi.json").resolve() == generate_openapi.FILE


def test_description_is_served_to_programs_and_browsers_that_are_let_in(
    serving: Serving, operator: httpx.Client
) -> None:
    """And to nobody else."""
    with serving.client(None) as nobody, serving.browser("viewer") as browser:
        assert nobody.get("/openapi.json").status_code == 401
        assert browser.get("/openapi.json").json() == DESCRIPTION
    assert operator.get("/openapi.json").json() == DESCRIPTION


@pytest.mark.parametrize(
    ("name", "operation"), list(operations()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_operation_is_described_in_full(name: str, operation: dict[str, Any]) -> None:
    """What it does, its parameters, what it takes with an example, and what it answers with one."""
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert operation["operationId"]
    assert all(parameter["description"] for parameter in operation.get("parameters", ())), name
    if "security" in operation:
        assert {"401", "403", "429"} <= set(operation["responses"])
        assert operation["x-permissions"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert _example(content), name
    for response in operation["responses"].values():
        assert response["description"]
        for content in response.get("content", {}).values():
            assert _example(content), name


def _example(content: dict[str, Any]) -> bool:
    """Whether a content or its schema shows one, or what it is a list of."""
    schema = content.get("schema", {})
    return bool(content.get("example") or content.get("examples")) or _shows(schema)


def _shows(schema: dict[str, Any]) -> bool:
    if reference := schema.get("$ref"):
        schema = DESCRIPTION["components"]["schemas"][reference.rpartition("/")[2]]
    if "example" in schema or "examples" in schema or "const" in schema:
        return True
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), schema.get("items", {})]
    return any(_shows(part) for part in parts if part)


def test_description_can_be_read_in_a_browser(serving: Serving) -> None:
    """Each operation with a command to try it, by whoever is signed in."""
    with serving.browser("viewer") as browser:
        page = browser.get("/api").text

    for _, operation in operations():
        assert f'id="{operation["operationId"]}"' in page
    assert "curl -X POST -H &#34;Authorization: Bearer $TOKEN&#34;" in page


@pytest.mark.parametrize("kind", EXAMPLES)
def test_example_is_a_record_of_its_kind(kind: str) -> None:
    """As output.schema.json describes it."""
    records = json.loads(generate_openapi.SCHEMA.read_text())["$defs"]

    jsonschema.validate(EXAMPLES[kind], {"$ref": f"#/$defs/{kind}", "$defs": records})


def test_made_up_requests_find_no_failure_and_no_answer_that_is_not_described(server: Server) -> None:
    """A thousand of them; `make fuzz` makes up five thousand."""
    outcome = fuzz(server.url, cases=100, seed=20)

    assert outcome.clean, outcome.told
    assert outcome.cases >= 1_000
