"""What there is to translate: the texts that templates mark with ``{% trans %}`` and ``_("…")``.

Also makes the file that translators begin with. Knows no language but English.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, NamedTuple

from notifyctl.notification import Channel

if TYPE_CHECKING:
    from notifyctl.templates.catalog import Catalog

__all__ = ["Message", "messages_of", "pot"]


class Message(NamedTuple):
    """A text to translate.

    Attributes:
        text: In English, with gaps as in ``%(amount)s``.
        plural: For another number than one; empty where there is none.
        context: Where two texts are the same in English and not elsewhere; usually empty.
    """

    text: str
    plural: str = ""
    context: str = ""

    @classmethod
    def of(cls, function: str, texts: str | tuple[str | None, ...]) -> Message:
        """Return what a call of one of gettext's functions marks."""
        given = [texts] if isinstance(texts, str) else [text for text in texts if text is not None]
        context = given.pop(0) if function in ("pgettext", "npgettext") else ""
        plural = given[1] if function in ("ngettext", "npgettext") else ""
        return cls(given[0], plural, context)


def messages_of(catalog: Catalog, channel: Channel, name: str) -> dict[Message, list[str]]:
    """Return the texts of a template that are to be translated, and the files that each is in.

    Raises:
        RenderError: If a file cannot be read as a template.
    """
    found: dict[Message, list[str]] = {}
    for part in catalog.parts(channel, name):
        for message in catalog.marked(part):
            places = found.setdefault(message, [])
            if part.path not in places:
                places.append(part.path)
    return found


def pot(catalog: Catalog) -> str:
    """Return what translators begin with: every text once, none translated. GNU gettext's format."""
    from babel.messages.catalog import Catalog as Messages  # noqa: PLC0415 - only translators need it
    from babel.messages.pofile import write_po  # noqa: PLC0415

    messages = Messages(charset="utf-8", fuzzy=False)
    names = [(Channel.EMAIL, name) for name in catalog.email_names()]
    names += [(Channel.WHATSAPP, name) for name in catalog.whatsapp_names()]
    for channel, name in names:
        for message, places in messages_of(catalog, channel, name).items():
            text = (message.text, message.plural) if message.plural else message.text
            flags = ["python-format"] if "%(" in message.text else []
            messages.add(text, locations=[(path, 0) for path in places], flags=flags, context=message.context or None)
    written = io.BytesIO()
    write_po(written, messages, width=120, omit_header=True, include_lineno=False)
    return _HEADER + written.getvalue().decode().strip() + "\n"


_HEADER: Final = """\
# The texts of notifyctl's templates. Copy this to languages/<tag>.po in your folder of templates, such as fr.po.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
