"""What is shown, whoever shows it: jobs, queues, circuits and all else as records in the shape of their JSON.

A record is a dict with ISO 8601 times and string ids; addresses and numbers in it are masked unless somebody asked for
them. Commands, the HTTP API and pages print these and make no others. Knows no terminal, no HTTP and no HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["versioned"]

#: The version of all records: fields are only ever added to it.
_VERSION = 1


def versioned(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it leaves here, with the version of its shape."""
    return {**record, "v": _VERSION}
