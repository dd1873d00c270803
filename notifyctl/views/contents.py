"""What a message is about, as people edit it: to whom it goes, its template, its variables. Nothing is masked."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import InvalidInput
from notifyctl.notification import Notification, Recipient

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["changes", "content", "edited", "with_value"]

#: The parts, each with what its value must be.
_PARTS: Final[Mapping[str, type]] = {"to": str, "name": str, "template": str, "locale": str, "data": dict}


def content(notification: Notification) -> dict[str, Any]:
    """What people may change of a message: its channel and its order are not among it."""
    return {
        "to": notification.to.address,
        "name": notification.to.name,
        "template": notification.template,
        "locale": notification.locale,
        "data": dict(notification.data),
    }


def edited(notification: Notification, document: Mapping[str, Any]) -> Notification:
    """Return the message with this content; what the document lacks stays as it was.

    Raises:
        InvalidInput: It has a part that there is not, or a value of the wrong kind.
    """
    if not isinstance(document, dict):
        raise InvalidInput(f"expected a JSON object with the parts {', '.join(_PARTS)}")
    for name, value in document.items():
        if name not in _PARTS:
            raise InvalidInput(
                f"a message has no part {name!r} that can be changed", hint=f"Its parts: {', '.join(_PARTS)}."
            )
        if not isinstance(value, _PARTS[name]):
            kind = "an object" if _PARTS[name] is dict else "a text"
            raise InvalidInput(f"the part {name!r} of a message is {kind}, not {type(value).__name__}")
    whole = content(notification) | dict(document)
    return replace(
        notification,
        to=Recipient(whole["to"], whole["name"]),
        template=whole["template"],
        locale=whole["locale"],
        data=whole["data"],
    )


def with_value(document: Mapping[str, Any], assignment: str) -> dict[str, Any]:
    """Return the document with one value changed, as in `to=ada@example.com` or `data.total="29.35"`.

    The value is JSON, or else a text as it stands; a name with dots goes into an object, or a list by number.

    Raises:
        InvalidInput: There is no `=`, or nothing of that name to go into.
    """
    path, separator, text = assignment.partition("=")
    if not separator or not path:
        raise InvalidInput(f"expected NAME=VALUE, such as to=ada@example.com, not {assignment!r}")
    value: Any = text
    with suppress(ValueError):
        value = json.loads(text)
    if isinstance(_PARTS.get(path, dict)(), str):
        value = text
    changed: dict[str, Any] = json.loads(json.dumps(document))
    place: Any = changed
    *parents, last = path.split(".")
    try:
        for parent in parents:
            place = place[int(parent) if isinstance(place, list) else parent]
        place[int(last) if isinstance(place, list) else last] = value
    except (KeyError, IndexError, TypeError, ValueError):
        raise InvalidInput(
            f"the message has nothing named {'.'.join(parents) or path!r} to put {last!r} into"
        ) from None
    return changed


def changes(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The names of the values that differ, with dots; nothing of what they are."""
    names: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            names += changes(old, new, f"{prefix}{name}.")
        elif old != new:
            names.append(prefix + name)
    return names
