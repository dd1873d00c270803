"""`notifyctl dlq edit`: a dead letter's content is changed, and checked as that of a new message."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli._complete import dead_ids
from notifyctl.cli._context import connected, operator
from notifyctl.cli._errors import Refused
from notifyctl.cli._group import examples
from notifyctl.cli._options import DryRunOption, OutputOption, ReasonOption, TableOption
from notifyctl.cli._output import Column, Output, View, say, write
from notifyctl.cli.dlq import app
from notifyctl.engine.states import State
from notifyctl.errors import InvalidInput, WrongState
from notifyctl.views.contents import changes, content, edited, with_value
from notifyctl.views.personal import without_personal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notifyctl.notification import Notification

__all__ = ["app"]


@app.command(
    epilog=examples(
        "notifyctl dlq edit 3r9k2m4p8t6w1x5z",
        "notifyctl dlq edit 3r9k2m4p8t6w1x5z --set to=grace@example.com --reason 'a typo'",
        "notifyctl dlq edit 3r9k2m4p8t6w1x5z --set data.total='29.35' --dry-run",
        "notifyctl dlq edit 3r9k2m4p8t6w1x5z --from content.json",
    )
)
def edit(
    job_id: Annotated[str, typer.Argument(metavar="ID", autocompletion=dead_ids, help="Which one.")],
    *,
    file: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="Take its content from this JSON file; - for input.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set one value: to=…, data.total=…; again for more."),
    ] = None,
    dry_run: DryRunOption = False,
    reason: ReasonOption = "",
    output: OutputOption = Output.TABLE,
    table: TableOption = "simple",
) -> None:
    """Change what a dead letter says or to whom it goes; it is checked as a new message is, and stays dead.

    Without --set or --from, its content opens in $VISUAL or $EDITOR, addresses and all. What it was stays in its
    history. Its order and its channel cannot be changed. Then send it: `dlq retry`.
    """
    from notifyctl.notification import Notification

    if file is not None and assignments:
        raise typer.BadParameter("take --from or --set, not both", param_hint="--from")
    core = connected()
    job = core.inspector.job(job_id)
    if job.state is not State.DEAD:
        raise WrongState(f"job {job_id} is {job.state}, not dead", hint=f"See 'notifyctl job show {job_id}'.")
    before = Notification.decode(job.payload)

    def checked(document: Any) -> Notification:
        return core.notifier.check(edited(before, document))

    if file is None and not assignments:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise Refused("nothing can be edited: this is no terminal", hint="Pass --set NAME=VALUE or --from FILE.")
        core.inspector.note("revealed", job_id, by=operator(), why="to be edited")
        after = _by_hand(content(before), checked)
    else:
        after = checked(_read(file) if file is not None else _assigned(content(before), assignments or ()))
    changed = changes(content(before), content(after))
    if not changed:
        raise Refused("nothing was changed: its content is the same")
    if not dry_run:
        core.notifier.edit(job_id, after, before=job.payload, by=operator(), why=reason)
    record = {"id": job_id, "result": "would be edited" if dry_run else "edited", "changed": changed}
    if output is Output.TABLE:
        write(f"{record['result']}: {', '.join(changed)}\n")
    else:
        View(output, table).one(record, [Column(name) for name in record])
    if not dry_run:
        say(f"it is still dead: 'notifyctl dlq retry {job_id}' sends it")


def _read(file: str) -> Any:
    try:
        return json.loads(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--from") from None
    except ValueError as error:
        raise InvalidInput(f"{file} is no JSON: {error}") from None


def _assigned(document: dict[str, Any], assignments: "Sequence[str]") -> dict[str, Any]:
    for assignment in assignments:
        document = with_value(document, assignment)
    return document


def _by_hand(document: dict[str, Any], checked: "Callable[[Any], Notification]") -> "Notification":
    """Let a person edit the content until it can be used.

    Raises:
        Refused: They gave up.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    while True:
        text = _in_editor(text)
        try:
            return checked(json.loads(text))
        except ValueError as error:
            say(f"this is no JSON: {error}")
        except InvalidInput as error:
            say(without_personal(error.message) + (f" {error.hint}" if error.hint else ""))
        if not typer.confirm("Edit it again?", default=True, err=True):
            raise Refused("nothing was changed")


def _in_editor(text: str) -> str:
    """The text as the person's editor leaves it; no copy stays behind.

    Raises:
        Refused: The editor cannot be started, or failed.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="notifyctl-") as folder:  # nobody else may look into it
        file = Path(folder) / "message.json"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise Refused(f"the editor {editor!r} failed", hint="Set EDITOR, or pass --set NAME=VALUE.") from error
        return file.read_text(encoding="utf-8")
