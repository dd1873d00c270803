"""Templates: which there are, and what a customer would read, with data that can be changed while one looks.

A mail is a document of its own in a sandboxed frame, which neither runs scripts nor loads anything. What was changed
travels to it in its URL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from notifyctl.access import Permission
from notifyctl.errors import InvalidInput, JobNotFound, NotifyError
from notifyctl.notification import Channel
from notifyctl.templates.samples import REQUIRED, VARIABLES, samples
from notifyctl.web.caller import Caller, signed_in
from notifyctl.web.context import Core
from notifyctl.web.dashboard.frames import framed
from notifyctl.web.dashboard.pages import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.app import App
    from notifyctl.templates.catalog import Catalog

__all__ = ["router"]

router = APIRouter()

Visitor = Annotated[Caller, Depends(signed_in(Permission.READ))]

#: What a field of the form is called: this, and the variable's name.
_FIELD = "var."
#: A URL holds no more than this of what was changed.
_MOST_CHANGED = 12_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A template with the data to fill it with.

    Attributes:
        name: The template.
        sample: Which data it started from.
        locale: In which language.
        data: The variables.
        changes: Those that are not as in the sample.
        faults: What is wrong with a variable, by its name.
    """

    name: str
    sample: str
    locale: str
    data: dict[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The same as parameters of a URL."""
        changes = {"changes": json.dumps(self.changes)} if self.changes else {}
        return urlencode({"sample": self.sample, "locale": self.locale, **changes})


@router.get("/templates", response_class=HTMLResponse)
def templates(request: Request, core: Core, caller: Visitor) -> HTMLResponse:
    """List all templates, ours and the shop's own."""
    catalog = core.catalog
    rows = [
        {
            "name": name,
            "channels": [channel.value for channel in _channels(catalog, name)],
            "languages": _languages(catalog, name),
            "own": any(part.own for channel in _channels(catalog, name) for part in catalog.parts(channel, name)),
            "expires_after": _expires(catalog, name),
        }
        for name in _names(catalog)
    ]
    return render(request, "templates.html.j2", caller, templates=rows)


@router.get("/templates/{name}", response_class=HTMLResponse)
def template(
    request: Request, name: str, core: Core, caller: Visitor, sample: str = "full", locale: str = ""
) -> HTMLResponse:
    """Show what a customer would read, with the data of a sample."""
    return _page(request, core, caller, _draft(core, name, sample, locale, {}))


@router.post("/templates/{name}", response_class=HTMLResponse)
async def changed_template(
    request: Request,
    name: str,
    core: Core,
    caller: Visitor,
    sample: Annotated[str, Form()] = "full",
    locale: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Show the same with other data. Nothing is kept."""
    form = await request.form()
    given = {key.removeprefix(_FIELD): str(value) for key, value in form.items() if key.startswith(_FIELD)}
    return _page(request, core, caller, _draft(core, name, sample, locale, given))


@router.get("/templates/{name}/mail", response_class=HTMLResponse)
def mail(
    name: str, core: Core, caller: Visitor, sample: str = "full", locale: str = "", changes: str = "{}"
) -> HTMLResponse:
    """The HTML of a mail alone, for the frame of the page that shows it."""
    del caller
    draft = _draft(core, name, sample, locale, {})
    try:
        changed = json.loads(changes)
    except ValueError:
        changed = None
    if not isinstance(changed, dict):
        raise InvalidInput("changes are not one JSON object of variables")
    data = {**draft.data, **changed}
    return framed(core.catalog.email(name).render(_told(core, data, draft.locale), locale=draft.locale).html)


def _page(request: Request, core: App, caller: Caller, draft: Draft) -> HTMLResponse:
    channels = _channels(core.catalog, draft.name)
    shown: dict[str, Any] = {"mail": None, "chat": None, "fault": None}
    told = _told(core, draft.data, draft.locale)
    try:
        if Channel.EMAIL in channels:
            shown["mail"] = core.catalog.email(draft.name).render(told, locale=draft.locale)
        if Channel.WHATSAPP in channels:
            sids = core.settings.whatsapp.content_sids
            shown["chat"] = core.catalog.whatsapp(draft.name).render(told, locale=draft.locale, content_sids=sids)
    except NotifyError as error:
        shown["fault"] = error
    required = REQUIRED.get(draft.name, ())
    fields = [
        {
            "name": name,
            "value": value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False),
            "is_text": isinstance(value, str),
            "is_long": isinstance(value, list | dict)
            or (isinstance(value, str) and ("\n" in value or len(value) > 80)),
            "help": VARIABLES.get(name, "").replace("`", ""),
            "required": name in required,
            "fault": draft.faults.get(name, ""),
        }
        for name, value in draft.data.items()
    ]
    return render(
        request,
        "template.html.j2",
        caller,
        draft=draft,
        channels=[channel.value for channel in channels],
        samples=[*samples(core.catalog, draft.name)],
        languages=_languages(core.catalog, draft.name),
        fields=fields,
        too_long=len(draft.query) > _MOST_CHANGED,
        **shown,
    )


def _draft(core: App, name: str, sample: str, locale: str, given: Mapping[str, str]) -> Draft:
    """Return what to fill a template with: a sample's data, but for the fields that were changed."""
    catalog = core.catalog
    if name not in _names(catalog):
        raise JobNotFound(f"no template is named {name!r}", hint="The list of templates shows those that there are.")
    found = samples(catalog, name)
    data = found.get(sample) or found["full"]
    languages = _languages(catalog, name)
    draft = Draft(
        name, sample if sample in found else "full", locale if locale in languages else languages[0], {**data}
    )
    for variable, text in given.items():
        if variable not in data:
            continue
        try:
            value = text if isinstance(data[variable], str) else json.loads(text)
        except ValueError:
            draft.faults[variable] = 'Expected JSON, such as true, or ["a", "b"].'
            continue
        if value != data[variable]:
            draft.data[variable] = draft.changes[variable] = value
    return draft


def _told(core: App, data: Mapping[str, Any], locale: str) -> dict[str, Any]:
    return {**data, "shop": core.shop, "locale": locale}


def _names(catalog: Catalog) -> list[str]:
    return sorted({*catalog.email_names(), *catalog.whatsapp_names()})


def _channels(catalog: Catalog, name: str) -> list[Channel]:
    names = {Channel.EMAIL: catalog.email_names(), Channel.WHATSAPP: catalog.whatsapp_names()}
    return [channel for channel in Channel if name in names[channel]]


def _languages(catalog: Catalog, name: str) -> list[str]:
    found: dict[str, None] = {}
    for channel in _channels(catalog, name):
        if channel is Channel.WHATSAPP:
            found |= dict.fromkeys(catalog.whatsapp(name).texts)
        elif language := catalog.email(name).language:
            found[language] = None
        else:
            found |= dict.fromkeys(catalog.languages.tags())
    return [*found]


def _expires(catalog: Catalog, name: str) -> int:
    """For how long it is worth sending, in ms; 0: always."""
    for channel in _channels(catalog, name):
        template = catalog.email(name) if channel is Channel.EMAIL else catalog.whatsapp(name)
        if template.expires_after:
            return round(template.expires_after.total_seconds() * 1000)
    return 0
