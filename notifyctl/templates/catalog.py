"""Where templates are found: those that come with notifyctl, and a shop's own folder that goes before them.

    email/<name>/subject.txt.j2, body.txt.j2, body.html.j2      (HTML may be absent)
    email/<name>/meta.toml                                      expires_after_h (may be absent)
    whatsapp/<name>.toml                                        see `WhatsAppTemplate`
    languages/<tag>.po                                          see `Languages`

The shop's folder has the same layout and may hold any part of it: each single file is looked for there first.
Files are read once per process. Knows no provider.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import FunctionLoader

from notifyctl.errors import RenderError
from notifyctl.notification import Channel
from notifyctl.templates.email_template import EmailTemplate
from notifyctl.templates.languages import Languages
from notifyctl.templates.messages import Message
from notifyctl.templates.renderer import Renderer
from notifyctl.templates.whatsapp_template import WhatsAppTemplate

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["Catalog", "Part"]

#: Also what keeps a name from leaving the folder. A leading underscore marks what other templates include.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

_EMAIL_FILES: Final = ("subject.txt.j2", "body.txt.j2", "body.html.j2")


@dataclass(frozen=True, slots=True)
class Part:
    """A file that a template is made of.

    Attributes:
        path: In the folder of templates.
        own: Whether it is the shop's own, and not ours.
        text: What is in it.
    """

    path: str
    own: bool
    text: str = field(repr=False)


class Catalog:
    """All templates by channel and name. Safe to use from several threads.

    Args:
        override: The shop's own folder of templates; may be absent.

    Attributes:
        languages: What texts can be in.

    Raises:
        RenderError: If the folder is given and does not exist.
    """

    def __init__(self, override: Path | None = None) -> None:
        if override is not None and not override.is_dir():
            raise RenderError(
                f"the templates folder {override} does not exist",
                hint="Create it with the parts email/ and whatsapp/, or unset it.",
            )
        self._override = override
        packaged = files("notifyctl.templates")
        self._roots: tuple[Traversable, ...] = (packaged,) if override is None else (override, packaged)
        self._renderer = Renderer(FunctionLoader(self.read))
        self.languages = Languages(self._roots)
        self._emails: dict[str, EmailTemplate] = {}
        self._whatsapps: dict[str, WhatsAppTemplate] = {}

    @property
    def has_own(self) -> bool:
        """Whether there is a folder of the shop's own: any part of any template may come from it."""
        return self._override is not None

    def email_names(self) -> list[str]:
        """Return the names of all mail templates, sorted."""
        return self._names("email", is_dir=True)

    def whatsapp_names(self) -> list[str]:
        """Return the names of all WhatsApp templates, sorted."""
        return self._names("whatsapp", is_dir=False)

    def email(self, name: str) -> EmailTemplate:
        """Return a mail template.

        Raises:
            RenderError: If there is none of this name, or its ``meta.toml`` is wrong.
        """
        if name not in self._emails:
            if not _NAME.fullmatch(name) or self.read(f"email/{name}/subject.txt.j2") is None:
                raise _unknown("email", name, self.email_names())
            meta = self._toml(f"email/{name}/meta.toml")
            has_html = self.read(f"email/{name}/body.html.j2") is not None
            self._emails[name] = EmailTemplate.load(name, meta, self._renderer, self.languages, has_html=has_html)
        return self._emails[name]

    def whatsapp(self, name: str) -> WhatsAppTemplate:
        """Return a WhatsApp template.

        Raises:
            RenderError: If there is none of this name, or its file is wrong.
        """
        if name not in self._whatsapps:
            fields = self._toml(f"whatsapp/{name}.toml") if _NAME.fullmatch(name) else {}
            if not fields:
                raise _unknown("WhatsApp", name, self.whatsapp_names())
            self._whatsapps[name] = WhatsAppTemplate.load(name, fields, self._renderer, self.languages)
        return self._whatsapps[name]

    def parts(self, channel: Channel, name: str) -> list[Part]:
        """Return the files that a template is made of, those that it extends, includes and imports last.

        Raises:
            RenderError: If one of them is not a template.
        """
        if channel is Channel.WHATSAPP:
            found = {f"whatsapp/{name}.toml": None}
        else:
            found = dict.fromkeys(f"email/{name}/{file}" for file in (*_EMAIL_FILES, "meta.toml"))
        waiting = [path for path in found if path.endswith(".j2")]
        while waiting:
            path = waiting.pop(0)
            references = self._renderer.references(self.read(path) or "", name=path)
            waiting += [reference for reference in references if reference not in found]
            found |= dict.fromkeys(references)
        return [part for part in map(self._find, found) if part is not None]

    def marked(self, part: Part) -> list[Message]:
        """Return the texts in a file that are to be translated.

        Raises:
            RenderError: If it is not a template.
        """
        return [Message.of(function, texts) for function, texts in self._renderer.marked(part.text, name=part.path)]

    def unused(self) -> list[str]:
        """Return the files of the shop's own folder that are a part of nothing: misspelt, or in the wrong place."""
        if self._override is None:
            return []
        names = {Channel.EMAIL: self.email_names(), Channel.WHATSAPP: self.whatsapp_names()}
        used = {part.path for channel in Channel for name in names[channel] for part in self.parts(channel, name)}
        used |= {f"samples/{name}.json" for name in (*names[Channel.EMAIL], *names[Channel.WHATSAPP])}
        used |= {f"languages/{tag}.po" for tag in self.languages.tags()} | {"languages/messages.pot"}
        found = (path for path in self._override.rglob("*") if path.is_file())
        paths = (path.relative_to(self._override) for path in found)
        return sorted(
            path.as_posix()
            for path in paths
            if path.as_posix() not in used and not any(part.startswith(".") for part in path.parts)
        )

    def read(self, path: str) -> str | None:
        """Return the text of the first file of this relative path, or nothing."""
        found = self._find(path)
        return found.text if found else None

    def _find(self, path: str) -> Part | None:
        for root in self._roots:
            file = root.joinpath(*path.split("/"))
            if file.is_file():
                return Part(path, own=root is not self._roots[-1], text=file.read_text(encoding="utf-8"))
        return None

    def _toml(self, path: str) -> dict[str, Any]:
        """Return a TOML file's content; empty if there is no such file."""
        try:
            return tomllib.loads(self.read(path) or "")
        except tomllib.TOMLDecodeError as error:
            raise RenderError(f"the template file {path} is not TOML: {error}") from error

    def _names(self, folder: str, *, is_dir: bool) -> list[str]:
        """Return the names in a folder of all roots."""
        found: set[str] = set()
        for root in self._roots:
            place = root / folder
            if place.is_dir():
                entries = (entry for entry in place.iterdir() if entry.is_dir() == is_dir)
                found |= {entry.name.removesuffix(".toml") for entry in entries}
        return sorted(name for name in found if _NAME.fullmatch(name))


def _unknown(channel: str, name: str, known: list[str]) -> RenderError:
    return RenderError(f"no {channel} template is named {name!r}", hint=f"Known names: {', '.join(known)}.")
