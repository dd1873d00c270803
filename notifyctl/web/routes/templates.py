"""Templates: the texts that customers read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from notifyctl.access import Permission
from notifyctl.views.templates import (
    channel_of,
    known_template,
    preview_record,
    template_names,
    template_record,
    whole_template_record,
)
from notifyctl.web.answers import many, one, problem, record_of, records_of
from notifyctl.web.caller import Caller, allowed
from notifyctl.web.context import Core
from notifyctl.web.problems import RESPONSES

__all__ = ["router"]

router = APIRouter(prefix="/api/admin/templates", tags=["templates"], responses=RESPONSES)

Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
Name = Annotated[str, Path(description="The template's name.", examples=["order_confirmation"], max_length=200)]

_MISSING = problem(404, "There is no such template, or it has no text for this channel.")


class Preview(BaseModel):
    """What a preview is to be made of."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"locale": "de-AT", "data": {"customer_name": "Ada"}}]}
    )

    channel: Annotated[
        Literal["email", "whatsapp"] | None, Field(description="Null: the first that the template has.")
    ] = None
    sample: Annotated[str, Field(description="Which made-up data; its page lists them.", max_length=200)] = "full"
    locale: Annotated[str, Field(description="The customer's language and country.", max_length=35)] = "en"
    data: Annotated[dict[str, Any], Field(description="Variables instead of the sample's.")] = {}


@router.get("", summary="List templates", responses=records_of("template", "All templates."))
def list_templates(caller: Reader, app: Core) -> Response:
    """List the templates that there are, ours and the shop's own."""
    del caller
    return many(template_record(app.catalog, name) for name in template_names(app.catalog))


@router.get("/{name}", summary="Show a template", responses=record_of("template_page", "The template.") | _MISSING)
def show_template(caller: Reader, app: Core, name: Name) -> Response:
    """Show what a template needs, and which files it is made of."""
    del caller
    return one(whole_template_record(app.catalog, known_template(app.catalog, name)))


@router.post("/{name}/preview", summary="Preview a template", responses=record_of("preview", "The message.") | _MISSING)
def preview_template(caller: Reader, app: Core, name: Name, body: Preview | None = None) -> Response:
    """Show a message as a customer would get it, with made-up data. Sends nothing."""
    del caller
    wanted = body or Preview()
    channel = channel_of(app.catalog, known_template(app.catalog, name), wanted.channel)
    record = preview_record(app, name, channel, sample=wanted.sample, locale=wanted.locale, data=wanted.data)
    return one(record)
