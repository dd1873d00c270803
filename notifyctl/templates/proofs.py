"""Proofs of templates: each is tried in every language with several sets of data, and what is wrong is told.

Sends nothing. Knows no command line; a fault names templates, variables and files.

Sources: Gmail cuts mails that are longer than 102 kB; the form of WhatsApp's texts is Meta's
(developers.facebook.com, message templates, "common rejection reasons").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from notifyctl.errors import NotifyError
from notifyctl.notification import Channel
from notifyctl.templates.language import SOURCE_LANGUAGE
from notifyctl.templates.messages import messages_of
from notifyctl.templates.samples import samples
from notifyctl.templates.whatsapp_template import MAX_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from babel.messages.catalog import Message as Translated

    from notifyctl.templates.catalog import Catalog
    from notifyctl.templates.messages import Message
    from notifyctl.templates.whatsapp_template import WhatsAppTemplate

__all__ = ["MAX_HTML_BYTES", "Fault", "proofs", "strays"]

#: Where Gmail cuts a mail, and hides the rest behind a link.
MAX_HTML_BYTES: Final = 102 * 1024

_GAP: Final = r"\{\{\d+\}\}"
_ANY_SID: Final = "HX" + "0" * 32
_SHOWN_TEXTS: Final = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a template.

    Attributes:
        template: Its name.
        channel: Which of the two that have this name; None: it is about a file that belongs to no template.
        language: In which it is wrong; empty: in all.
        detail: What is wrong.
        remedy: What to do about it; may be empty.
    """

    template: str
    channel: Channel | None
    language: str
    detail: str
    remedy: str = ""


class _Suspect(NamedTuple):
    """What may be a fault that was told already; `sample` is the data that showed it."""

    language: str
    detail: str
    remedy: str
    sample: str = ""


def proofs(
    catalog: Catalog,
    channel: Channel,
    name: str,
    *,
    shop: Mapping[str, Any],
    content_sids: Mapping[str, str] | None = None,
) -> Iterator[Fault]:
    """Yield what is wrong with a template.

    Args:
        catalog: Where it is.
        channel: Its channel.
        name: Its name.
        shop: As in `render_email`.
        content_sids: Twilio's ids from the settings; None: nothing goes to Twilio, so that none is needed.
    """
    found = _mail(catalog, name, shop) if channel is Channel.EMAIL else _chat(catalog, name, shop, content_sids)
    told: set[str] = set()
    try:
        for suspect in found:
            if suspect.detail not in told:  # what is wrong in one language, or with one sample, is often wrong in all
                told.add(suspect.detail)
                where = f" (sample: {suspect.sample})" if suspect.sample else ""
                yield Fault(name, channel, suspect.language, suspect.detail + where, suspect.remedy)
    except NotifyError as error:
        if error.message not in told:
            yield Fault(name, channel, "", error.message, error.hint)


def strays(catalog: Catalog) -> Iterator[Fault]:
    """Yield the files of the shop's own folder that nothing uses.

    Raises:
        RenderError: If a template cannot be read.
    """
    for path in catalog.unused():
        yield Fault("", None, "", f"{path} is not used by any template", "Mend its name, or take it away.")


def _mail(catalog: Catalog, name: str, shop: Mapping[str, Any]) -> Iterator[_Suspect]:
    template = catalog.email(name)
    for language in [template.language] if template.language else catalog.languages.tags():
        for kind, data in samples(catalog, name).items():
            variables = {**data, "shop": shop, "locale": language}
            try:
                size = len(template.render(variables, locale=language).html.encode())
            except NotifyError as error:
                yield _Suspect(language, error.message, error.hint, kind)
                continue
            if size > MAX_HTML_BYTES:
                detail = "the HTML is longer than 102 kB, where Gmail cuts it"
                yield _Suspect(language, detail, "Show fewer rows, or shorten the styles.", kind)
        yield from _untranslated(catalog, Channel.EMAIL, name, language)


def _chat(
    catalog: Catalog, name: str, shop: Mapping[str, Any], content_sids: Mapping[str, str] | None
) -> Iterator[_Suspect]:
    template = catalog.whatsapp(name)
    approved = {f"{name}_{tag.lower().replace('-', '_')}": _ANY_SID for tag in template.texts}
    for language, text in template.texts.items():
        for kind, data in samples(catalog, name).items():
            variables = {**data, "shop": shop, "locale": language}
            try:
                template.render(variables, locale=language, content_sids=approved)
            except NotifyError as error:
                yield _Suspect(language, error.message, error.hint, kind)
        for detail in _breaches(template, text):
            yield _Suspect(language, detail, "Change the text, and submit it for approval again.")
        yield from _untranslated(catalog, Channel.WHATSAPP, name, language)

    if content_sids is not None and not any(template.sid(language, content_sids) for language in template.texts):
        remedy = f"Put the HX… id of the approved text into whatsapp/{name}.toml, or into the settings."
        yield _Suspect("", "there is no content_sid, and messages go to Twilio", remedy)


def _breaches(template: WhatsAppTemplate, text: str) -> Iterator[str]:
    """Yield which of Meta's rules for a template's text this one breaks."""
    if re.match(rf"\s*{_GAP}", text) or re.search(rf"{_GAP}\s*$", text):
        yield "the text begins or ends with a gap"
    if re.search(rf"{_GAP}\s*{_GAP}", text):
        yield "two gaps follow each other with nothing between them"
    if len(text) > MAX_CHARACTERS:
        yield f"the text has {len(text)} characters; WhatsApp takes {MAX_CHARACTERS}"
    if "\n\n\n" in text or re.search(r"[ \u00a0]{5,}|\t", text):
        yield "the text holds a tab, more than four blanks, or more than one empty line in a row"
    words = len(re.findall(r"\w+", re.sub(_GAP, " ", text)))
    if words < 2 * len(template.variables) + 1:
        yield f"the text has too few words ({words}) for its {len(template.variables)} gaps"


def _untranslated(catalog: Catalog, channel: Channel, name: str, language: str) -> Iterator[_Suspect]:
    if language == SOURCE_LANGUAGE:
        return
    catalogs = catalog.languages.catalogs(language)
    missing, wrong = [], []
    for message in messages_of(catalog, channel, name):
        identity = (message.text, message.plural) if message.plural else message.text
        entries = (messages.get(identity, message.context or None) for messages in catalogs)
        entry = next((entry for entry in entries if entry is not None and _texts(entry)), None)
        if entry is None:
            missing.append(message)
        elif not _fits(message, entry):
            wrong.append(message)
    remedy = f"Translate them in languages/{language}.po."
    if missing:
        yield _Suspect(language, f"{len(missing)} texts are not translated: {_named(missing)}", remedy)
    if wrong:
        detail = f"translations with other gaps than the text: {_named(wrong)}"
        yield _Suspect(language, detail, "Use each %(name)s of the text, and no other.")


def _texts(entry: Translated) -> list[str]:
    """Return an entry's translations; empty if it is not translated in full."""
    texts = [*entry.string] if isinstance(entry.string, tuple | list) else [entry.string]
    return [] if entry.fuzzy or not all(texts) else [str(text) for text in texts]


def _fits(message: Message, entry: Translated) -> bool:
    """Whether a translation fills in nothing that the text does not have, and all that it has."""
    wanted = _gaps(message.text) | _gaps(message.plural)
    found = [_gaps(text) for text in _texts(entry)]
    spare = {"count"} if message.plural else set()  # "one more" may do without the number
    return all(gaps | spare >= wanted and gaps <= wanted for gaps in found)


def _gaps(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def _named(messages: list[Message]) -> str:
    shown = "; ".join(message.text for message in messages[:_SHOWN_TEXTS])
    return shown + ("; …" if len(messages) > _SHOWN_TEXTS else "")
