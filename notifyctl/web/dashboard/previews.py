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

from notifyctl.errors import InvalidInput, NotifyError
from notifyctl.notification import Channel
from notifyctl.templates.samples import VARIABLES, samples
from notifyctl.views.templates import faults, files_of, known_template, preview_record, template_names, template_record
from notifyctl.web.context import Core
from notifyctl.web.dashboard.callers import Visitor
from notifyctl.web.dashboard.frames import framed
from notifyctl.web.dashboard.pages import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifyctl.app import App
    from notifyctl.web.caller import Caller

__all__ = ["router"]

router = APIRouter()

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
    catalog, has_own = core.catalog, core.settings.templates_dir is not None
    rows = [
        {**template_record(catalog, name), "own": has_own and any(part.own for part in files_of(catalog, name))}
        for name in template_names(catalog)
    ]
    return render(request, "templates.html.j2", caller, templates=rows)


@router.get("/templates/{name}", response_class=HTMLResponse)
def template(
    request: Request, name: str, core: Core, caller: Visitor, sample: str = "full", locale: str = ""
) -> HTMLResponse:
    """Show what a customer would read, with the data of a sample."""
    return _page(request, core, caller, _draft(core, name, sample, locale, {}))


async def _typed(request: Request) -> dict[str, str]:
    """The form's fields for variables, by the variable's name."""
    form = await request.form()
    fields = {key.removeprefix(_FIELD): value for key, value in form.items() if key.startswith(_FIELD)}
    return {name: value.replace("\r\n", "\n") for name, value in fields.items() if isinstance(value, str)}


@router.post("/templates/{name}", response_class=HTMLResponse)
def changed_template(
    request: Request,
    name: str,
    core: Core,
    caller: Visitor,
    typed: Annotated[dict[str, str], Depends(_typed)],
    sample: Annotated[str, Form()] = "full",
    locale: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Show the same with other data. Nothing is kept."""
    return _page(request, core, caller, _draft(core, name, sample, locale, typed))


@router.get("/templates/{name}/mail", response_class=HTMLResponse)
def mail(
    name: str, core: Core, caller: Visitor, sample: str = "full", locale: str = "", changes: str = "{}"
) -> HTMLResponse:
    """The HTML of a mail alone, for the frame of the page that shows it."""
    del caller
    draft = _draft(core, name, sample, locale, {})
    try:
        changed = _read_json(changes)
    except ValueError:
        changed = None
    if not isinstance(changed, dict):
        raise InvalidInput("changes are not one JSON object of variables")
    return framed(_preview(core, draft, Channel.EMAIL, changed)["html"])


def _page(request: Request, core: App, caller: Caller, draft: Draft) -> HTMLResponse:
    record = template_record(core.catalog, draft.name)
    typed = "x-live" in request.headers  # only what is previewed is looked at, and soon
    shown: dict[str, Any] = {"email": None, "whatsapp": None, "fault": None}
    try:
        for channel in record["channels"]:
            shown[channel] = _preview(core, draft, Channel(channel), draft.changes)
    except NotifyError as error:
        shown["fault"] = error
    fields = [
        {
            "name": name,
            "value": value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False),
            "is_text": isinstance(value, str),
            "is_long": isinstance(value, list | dict)
            or (isinstance(value, str) and ("\n" in value or len(value) > 80)),
            "help": VARIABLES.get(name, "").replace("`", ""),
            "fault": draft.faults.get(name, ""),
        }
        for name, value in draft.data.items()
    ]
    return render(
        request,
        "template.html.j2",
        caller,
        draft=draft,
        record=record,
        fields=fields,
        too_long=len(draft.query) > _MOST_CHANGED,
        samples=[*samples(core.catalog, draft.name)],
        files=[] if typed else files_of(core.catalog, draft.name),
        faults=[] if typed else faults(core, draft.name),
        **shown,
    )


def _draft(core: App, name: str, sample: str, locale: str, given: Mapping[str, str]) -> Draft:
    """Return what to fill a template with: a sample's data, but for the fields that were changed."""
    catalog = core.catalog
    record = template_record(catalog, known_template(catalog, name))
    found = samples(catalog, name)
    data = found.get(sample) or found["full"]
    languages = record["languages"]
    draft = Draft(
        name, sample if sample in found else "full", locale if locale in languages else languages[0], {**data}
    )
    for variable, text in given.items():
        if variable not in data:
            continue
        try:
            value = text if isinstance(data[variable], str) else _read_json(text)
        except ValueError:
            draft.faults[variable] = 'Expected JSON, such as true, or ["a", "b"].'
            continue
        if value != data[variable]:
            draft.data[variable] = draft.changes[variable] = value
    return draft


def _read_json(text: str) -> Any:
    """Return what a JSON text says.

    Raises:
        ValueError: It is none, or nothing that can be written down: half a character, or nested without end.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _preview(core: App, draft: Draft, channel: Channel, changes: Mapping[str, Any]) -> dict[str, Any]:
    return preview_record(core, draft.name, channel, sample=draft.sample, locale=draft.locale, data=changes)
