"""`notifyctl template`: the texts that customers read, ours and the shop's own."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from notifyctl.cli._complete import template_names as known_names
from notifyctl.cli._context import load_app
from notifyctl.cli._errors import Code, Refused
from notifyctl.cli._group import examples, noun
from notifyctl.cli._options import DryRunOption, OutputOption, TableOption
from notifyctl.cli._output import Column, Output, View, say, write
from notifyctl.views.templates import (
    channel_of,
    faults,
    files_of,
    known_template,
    preview_record,
    template_names,
    template_record,
    whole_template_record,
)
from notifyctl.views.times import duration

__all__ = ["app"]

app = noun(
    "template",
    "Templates: the texts that customers read.",
    "notifyctl template list",
    "notifyctl template preview order_shipped --locale de",
    "notifyctl template check",
)

_COLUMNS = (
    Column("name"),
    Column("channels"),
    Column("languages"),
    Column("expires_after_ms", "worth sending for", duration),
)
_PAGE_COLUMNS = (
    *_COLUMNS,
    Column("required", "needs", width=80),
    Column("optional", "may have", width=80),
    Column("samples"),
)
_FILE_COLUMNS = (Column("path", "file"), Column("from"))
_MAIL_COLUMNS = (Column("channel"), Column("sample"), Column("language"), Column("bytes"), Column("subject"))
_FAULT_COLUMNS = (
    Column("template"),
    Column("channel"),
    Column("language"),
    Column("detail", width=60),
    Column("remedy", width=40),
)
_COPY_COLUMNS = (Column("path", "file"), Column("result"))

NameArgument = Annotated[str, typer.Argument(metavar="NAME", autocompletion=known_names, help="The template's name.")]
SomeNameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", autocompletion=known_names, help="One alone; all by default.")
]
ChannelOption = Annotated[
    Literal["email", "whatsapp"] | None, typer.Option("--channel", help="Where it has both: email, by default.")
]
VariablesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--var", metavar="NAME=VALUE", help="Instead of the sample's; a list or true as JSON; again for more."
    ),
]
LocaleOption = Annotated[str, typer.Option(metavar="TAG", help="The customer's language and country, as de-AT.")]


@app.command("list", epilog=examples("notifyctl template list", "notifyctl template list -o json"))
def list_(*, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """List the templates that there are, ours and the shop's own."""
    catalog = load_app().catalog
    records = [template_record(catalog, name) for name in template_names(catalog)]
    View(output, table).many(records, _COLUMNS, id_key="name")


@app.command(
    epilog=examples("notifyctl template show order_confirmation", "notifyctl template show order_shipped -o json")
)
def show(name: NameArgument, *, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """Show what a template needs, and which files it is made of.

    Files of the shop's own folder (NOTIFYCTL_TEMPLATES_DIR) go before those that come with notifyctl, one by one.
    """
    catalog = load_app().catalog
    record = whole_template_record(catalog, known_template(catalog, name))
    View(output, table).one(record, _PAGE_COLUMNS, id_key="name")
    if output is Output.TABLE:
        write("\n")
        View(output, table).many(record["files"], _FILE_COLUMNS, id_key="path")


@app.command(
    epilog=examples(
        "notifyctl template preview order_confirmation",
        "notifyctl template preview order_shipped --channel whatsapp --locale de",
        "notifyctl template preview order_refunded --var refund_amount=12.00 --var currency=EUR --open",
        "notifyctl template preview order_confirmation --sample minimal --html",
    )
)
def preview(
    name: NameArgument,
    *,
    var: VariablesOption = None,
    locale: LocaleOption = "en",
    sample: Annotated[str, typer.Option(metavar="NAME", help="Which data; 'template show' lists them.")] = "full",
    channel: ChannelOption = None,
    html: Annotated[bool, typer.Option("--html", help="Print the mail's HTML alone.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the plain text alone.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Show the mail's HTML in the browser.")] = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Show a message as a customer would get it, with made-up data. Sends nothing."""
    from notifyctl.templates.samples import samples

    if html and text:
        raise typer.BadParameter("give either --html or --text, not both", param_hint="--html")
    app = load_app()
    where = channel_of(app.catalog, known_template(app.catalog, name), channel)
    if sample not in (known := samples(app.catalog, name)):
        raise typer.BadParameter(f"expected one of: {', '.join(known)}", param_hint="--sample")
    told = dict(map(_read_variable, var or ()))
    record = preview_record(app, name, where, sample=sample, locale=locale, data=told)
    if (html or open_) and not record["html"]:
        raise Refused(f"{where} template {name!r} has no HTML", hint="Leave out --html and --open.")
    if open_:
        _open(record["html"], name)
    elif html or text:
        write(record["html" if html else "text"].rstrip("\n") + "\n")
    else:
        View(output, table).one(record, _MAIL_COLUMNS, id_key="template")
        if output is Output.TABLE:
            write(f"\n{record['text'].rstrip()}\n")


@app.command(epilog=examples("notifyctl template check", "notifyctl template check order_shipped -o json"))
def check(name: SomeNameArgument = None, *, output: OutputOption = Output.TABLE, table: TableOption = "simple") -> None:
    """Try every template in every language, with all that it may be told and with the least.

    Finds what cannot be filled in, what mail programs would cut, what WhatsApp would refuse, a missing content_sid
    where Twilio is configured, texts that are not translated, and files in your folder that nothing uses. Ends with 7
    if something is wrong.
    """
    app = load_app()
    records = faults(app, name)
    View(output, table).many(records, _FAULT_COLUMNS, id_key="template")
    languages = ", ".join(app.catalog.languages.tags())
    tried = 1 if name else len(template_names(app.catalog))
    say(f"faults: {len(records) or 'none'}; templates: {tried}; mails in {languages}")
    if records:
        raise typer.Exit(Code.CONDITION)


@app.command(
    epilog=examples(
        "notifyctl template copy order_confirmation --to templates",
        "notifyctl template copy order_confirmation --shared --to templates --dry-run",
    )
)
def copy(
    name: NameArgument,
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="NOTIFYCTL_TEMPLATES_DIR by default; made if it is not there.")
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="Also what it shares with others: layout and styles.")
    ] = False,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Copy a template to the shop's own folder, to change it there. Files that are there already stay as they are.

    Copy only what you change: all else keeps up with notifyctl.
    """
    app = load_app()
    folder = to or app.settings.templates_dir
    if folder is None:
        raise typer.BadParameter("name a folder, as no NOTIFYCTL_TEMPLATES_DIR is set", param_hint="--to")
    records = []
    for part in files_of(app.catalog, known_template(app.catalog, name)):
        if not shared and part.path.split("/")[1].startswith("_"):
            continue
        target = folder / part.path
        there = target.exists()
        if not there and not dry_run:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(part.text, encoding="utf-8")
        result = "kept" if there else "would be copied" if dry_run else "copied"
        records.append({"path": str(target), "result": result})
    View(output, table).many(records, _COPY_COLUMNS, id_key="path")
    if app.settings.templates_dir is None:
        say(f"set NOTIFYCTL_TEMPLATES_DIR={folder} so that they are used")


def _read_variable(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter("expected a name and a value, such as customer_name=Ada", param_hint="--var")
    if value in ("true", "false") or value[:1] in ("[", "{"):
        try:
            return name, json.loads(value)
        except ValueError:
            raise typer.BadParameter(f"the value of {name} is not JSON", param_hint="--var") from None
    return name, value


def _open(html: str, name: str) -> None:
    """Show a page in the browser; it stays in the folder of temporary files, as browsers load it later."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=f"-{name}.html", encoding="utf-8", delete=False) as file:
        file.write(html)
    write(f"{file.name}\n")
    if typer.launch(file.name) != 0:
        say("no browser could be started here: open the file in one")
