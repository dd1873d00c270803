"""The code blocks of a Markdown page: in fences or indented, with what the comments above them say.

<!-- not run: needs a SendGrid account -->        the block cannot be run, and why
<!-- file: notifyctl.toml -->                     the block is this file, in the folder that the page works in
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
_COMMENT = re.compile(r"^ *<!-- (?P<word>not run|file): (?P<said>.+?) -->$")
_ITEM = re.compile(r"^ *([-*]|\d+\.) ")
#: An indented block has no language, so it is told by how it begins.
_INDENTED = (
    (r"(\$ |#)", "console"),
    (r"(from|import) ", "python"),
    (r"(notifyctl|make) ", "bash"),
    (r".*[►│]", "drawing"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One code block.

    Attributes:
        page: Its page, from the top of the repository.
        line: Where it begins.
        language: What its fence says; of an indented one, what it looks like.
        text: Its lines, without the indentation of the whole.
        not_run: Why it cannot be run; empty: it can.
        file: The file that it is; empty: none.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    file: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.language or 'no language'})"


@dataclass(slots=True)
class _Reader:
    """Goes through a page line by line."""

    page: str
    found: list[Block] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    in_list: bool = False

    def add(self, line: int, language: str, lines: list[str]) -> None:
        indent = min((len(text) - len(text.lstrip(" ")) for text in lines if text.strip()), default=0)
        text = "\n".join(text[indent:] for text in lines).strip("\n") + "\n"
        not_run, file = self.comments.get("not run", ""), self.comments.get("file", "")
        self.found.append(Block(self.page, line, language, text, not_run, file))
        self.comments = {}

    def add_indented(self, start: int, lines: list[str]) -> None:
        """Add each language of an indented block; paragraphs that look like nothing go on with the one before."""
        begin, kind = 0, ""
        for number, line in enumerate(lines):
            found = next((kind for pattern, kind in _INDENTED if re.match(pattern, line.strip())), "")
            if found and number and not lines[number - 1].strip() and found != kind:
                self.add(start + begin + 1, kind, lines[begin:number])
                begin = number
            kind = found if number == begin else kind or found
        self.add(start + begin + 1, kind, lines[begin:])

    def read(self, lines: list[str]) -> None:
        position = 0
        while position < len(lines):
            start, text = position, lines[position]
            position += 1
            if fence := _FENCE.match(text):
                while lines[position].strip() != "```":
                    position += 1
                self.add(start + 1, fence["language"], lines[start + 1 : position])
                position += 1
            elif text.startswith("    ") and not self.in_list and not lines[start - 1].strip():
                while position < len(lines) and (lines[position].startswith("    ") or not lines[position].strip()):
                    position += 1
                self.add_indented(start, lines[start:position])
            elif comment := _COMMENT.match(text):
                self.comments[comment["word"]] = comment["said"]
            elif text.strip():
                self.comments = {}
                self.in_list = bool(_ITEM.match(text)) or (self.in_list and text.startswith(" "))


def pages() -> list[str]:
    """Every page of the documentation, from the top of the repository."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(path.relative_to(ROOT)) for path in found]


def blocks(page: str) -> list[Block]:
    """The code blocks of a page, in their order."""
    reader = _Reader(page)
    reader.read((ROOT / page).read_text(encoding="utf-8").split("\n"))
    return reader.found


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as a page shows it, and the lines that are shown after it."""

    command: str
    shown: list[str]


def typed(block: Block) -> list[Typed]:
    """The commands of a `console` block; of any other, the whole block is one."""
    if block.language != "console":
        return [Typed(block.text, [])]
    commands: list[Typed] = []
    unfinished = False
    for line in block.text.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            commands.append(Typed(line[2:], []))
        elif unfinished and commands:
            commands[-1] = Typed(f"{commands[-1].command}\n{line.removeprefix('> ')}", [])
        else:
            assert commands, f"{block} does not begin with a command"
            commands[-1].shown.append(line)
        unfinished = line.endswith("\\") or bool(commands and _in_here_document(commands[-1].command))
    for command in commands:
        while command.shown and not command.shown[-1].strip():
            command.shown.pop()
    return commands


def _in_here_document(command: str) -> bool:
    found = re.search(r"<<'?(\w+)'?", command)
    return found is not None and not re.search(rf"^{found[1]}$", command, re.MULTILINE)
