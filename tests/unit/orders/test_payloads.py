"""Reading files of orders, broken ones among them."""

from __future__ import annotations

import io
import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from notifyctl.errors import InvalidOrder
from notifyctl.orders import load_payload, payloads, read_payloads


def read(text: str | bytes) -> list[tuple[int, Any]]:
    """What a file of this content holds: line and id of each order, or line and message of each error."""
    stream = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return [
        (number, found.message if isinstance(found, InvalidOrder) else found.get("id"))
        for number, found in read_payloads(stream)
    ]


def pretty(*ids: int) -> str:
    """Orders over several lines each."""
    return "".join(json.dumps({"id": number, "items": [{"n": 1}, {}]}, indent=2) + "\n" for number in ids)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("\n \n", []),
        ('{"id": 1}', [(1, 1)]),
        ('{"id": 1}\n{"id": 2}\n', [(1, 1), (2, 2)]),
        ('\ufeff\n{"id": 1}\r\n\r\n{"id": 2}\r\n', [(2, 1), (4, 2)]),
        (pretty(1), [(1, 1)]),
        (pretty(1, 2), [(1, 1), (10, 2)]),
        (pretty(1).rstrip("\n"), [(1, 1)]),
        ("\n" + pretty(1) + '{"id": 2}\n', [(2, 1), (11, 2)]),
        ('{"id": 1,\n "a": {}\n}\n', [(1, 1)]),
        ('  {\n    "id": 1\n  }\n', [(1, 1)]),
        ('{\n"a": {\n"b": 1\n},\n"id": 1\n}\n', [(1, 1)]),
        ("[]", []),
        ("[ ]\n", []),
        ('[{"id": 1}]', [(1, 1)]),
        ('\n [{"id": 1},\n{"id": 2}\n,\n\n{"id": 3}]\n', [(2, 1), (3, 2), (6, 3)]),
        (json.dumps([{"id": 1}, {"id": 2}], indent=1), [(2, 1), (5, 2)]),
    ],
)
def test_payloads_of_every_layout_are_found(text: str, found: list[tuple[int, int]]) -> None:
    """One object, lines, objects over several lines, arrays: each order comes with its first line."""
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "orders", "errors"),
    [
        ('{"id": 1}\nnonsense\n{"id": 3}\n', [1, 3], [2]),
        ('{"id": 1}\n{"id": nope}\n{"id": 3}\n', [1, 3], [2]),
        ('{"id": 1}\n{"id": 2, "items": [\n{"id": 3}\n', [1, 3], [2]),
        ('{"id": 1,\n{"id": 2,\n{"id": 3}\n', [3], [1, 2]),
        ('{"id": 1}\n{"id": 2, "na\n{"id": 3}\n', [1, 3], [2]),
        ('{"id": 1}\n42\n"text"\nnull\n{"id": 5}\n', [1, 5], [2, 3, 4]),
        ('{"id": 1}\n{"id": 2} {"id": 2}\n', [1], [2]),
        ('{"id": 1}\n[{"id": 2}]\n', [1], [2]),
        ('{"id": 1}\n{"id": 2', [1], [2]),
        (pretty(0).replace("},", "} oops,") + pretty(10), [10], [1]),
        ('{"id": oops,\n  "a": 1\n}\n{"id": 4}\n', [4], [1]),
        ('[{"id": 1},\n{"id": oops},\n{"id": 3}]', [1], [2]),
        ('[{"id": 1},\n5,\n{"id": 3}]', [1, 3], [2]),
        ('[{"id": 1}\n{"id": 2}]', [1], [2]),
        ('[{"id": 1},\n]', [1], [2]),
        ('[{"id": 1}\n', [1], [2]),
        ('[{"id": 1}] x', [1], [1]),
        ('[{"id": 1},\n{"n": NaN}]', [1], [2]),
    ],
)
def test_payloads_after_a_broken_one_still_come(text: str, orders: list[int], errors: list[int]) -> None:
    """Every broken order is one error with its line; all others, whose ids are their lines here, are read."""
    found = read(text)

    assert [(number, what) for number, what in found if isinstance(what, int)] == [(n, n) for n in orders]
    assert [number for number, what in found if isinstance(what, str)] == errors
    assert [number for number, _ in found] == sorted(orders + errors)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'{"n": NaN}',
        b'{"n": -Infinity}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"n": 1e99999999999999999999}',
        b"\xff\xfe{}",
        b'{"a": "\xff"}',
        b'{"a": ' + b"[" * 100_000,
        b'{"a": 1} trailing',
    ],
)
def test_payload_that_is_no_object_is_refused(body: bytes) -> None:
    """Whatever arrives, the answer is an InvalidOrder, and it repeats nothing of it."""
    with pytest.raises(InvalidOrder) as caught:
        load_payload(body)

    assert "trailing" not in str(caught.value)


def test_payload_numbers_stay_exact() -> None:
    """Decimals keep their decimals, and whole numbers all their digits."""
    payload = load_payload(b'{"total": 2.000, "price": 11.333333333333334, "id": 820982911946154508}')

    assert str(payload["total"]) == "2.000"
    assert payload["price"] == Decimal("11.333333333333334")
    assert payload["id"] == 820982911946154508


def test_payload_too_long_for_one_order_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line, an object or a body beyond the limit is one error, and the next order is read."""
    monkeypatch.setattr(payloads, "MAX_PAYLOAD_BYTES", 50)
    long_line = json.dumps({"id": 2, "a": "x" * 500})
    long_object = "{\n" + '  "a": 1,\n' * 20 + '  "id": 2\n}'

    for middle, after in ((long_line, 3), (long_object, 25), ("{\n" + f"  {long_line}\n" + "}", 5)):
        found = read(f'{{"id": 1}}\n{middle}\n{{"id": 3}}\n')

        assert [(number, what) for number, what in found if isinstance(what, int)] == [(1, 1), (after, 3)]
        assert [number for number, what in found if isinstance(what, str)] == [2]
    with pytest.raises(InvalidOrder, match="longer than"):
        load_payload(long_line.encode())


def test_payload_element_too_long_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An element of an array beyond the limit is one error that says how to write it instead."""
    monkeypatch.setattr(payloads, "MAX_PAYLOAD_BYTES", 50)

    array = b'[\n{"id": 1},\n{"id": 2, "a": "' + b"x" * 600_000 + b'"}]'
    first, (number, found) = read_payloads(io.BytesIO(array))

    assert first == (2, {"id": 1})
    assert number == 3
    assert isinstance(found, InvalidOrder)
    assert "jq" in found.hint


def test_payload_array_takes_constant_memory() -> None:
    """An array of 20,000 orders on one line, 20 MB, is read in a small part of its size."""
    one = json.dumps({"id": 1, "note": "é" * 500}, ensure_ascii=False).encode()

    class Endless(io.BytesIO):
        """A stream that makes its content when asked."""

        sent = 0
        ahead = b"["

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            while len(self.ahead) < size and self.sent < 20_000:
                self.sent += 1
                self.ahead += one + (b"," if self.sent < 20_000 else b"]")
            chunk, self.ahead = self.ahead[:size], self.ahead[size:]
            return chunk

        def readline(self, size: int | None = -1, /) -> bytes:
            return self.read(size)

    tracemalloc.start()
    try:
        count = sum(1 for _ in read_payloads(Endless()))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 20_000
    assert peak_bytes < 3_000_000


def test_payload_array_that_is_not_utf8_is_an_error() -> None:
    """An array in another encoding is one error at its first line."""
    ((number, message),) = read(b'\n[{"a": "\xff"}]')

    assert number == 2
    assert "UTF-8" in message


def test_payload_lines_take_constant_memory() -> None:
    """A file of 20,000 lines, 20 MB, is read in a small part of its size."""
    line = json.dumps({"id": 1, "note": "x" * 1000}).encode() + b"\n"

    class Endless(io.BytesIO):
        """A stream that makes its lines when asked."""

        left = 20_000

        def readline(self, _size: int | None = -1, /) -> bytes:
            self.left -= 1
            return line if self.left >= 0 else b""

    tracemalloc.start()
    try:
        count = sum(1 for _ in read_payloads(Endless()))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 20_000
    assert peak_bytes < 1_000_000


def test_payload_without_indents_is_not_parsed_for_every_brace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flat object of many inner braces is parsed a handful of times."""
    parsed: list[int] = []
    load = payloads.load_payload

    def counting(body: bytes) -> dict[str, Any]:
        parsed.append(len(body))
        return load(body)

    monkeypatch.setattr(payloads, "load_payload", counting)
    text = "{\n" + '"a": {\n"b": 1\n},\n' * 2000 + '"id": 1\n}\n'

    assert read(text) == [(1, 1)]
    assert len(parsed) < 20
