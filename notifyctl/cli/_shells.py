"""The completion scripts of the shells, and where each shell looks for its own.

A script hands the words before the cursor to `notifyctl`, in whose answer each line is what could stand there, a tab,
and what it means. It ends with `FILES` where a file's name could stand there: shells know those best.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FILES", "SHELLS", "VARIABLE", "Shell"]

#: The shell sets this, to its name, when it asks what could come next.
VARIABLE = "_NOTIFYCTL_COMPLETE"
#: The exit code of an answer that is: a file.
FILES = 64

# bash breaks words at = and :, so that its own are of no use; a line is all that came before the cursor
_BASH = f"""\
_notifyctl() {{
    local IFS=$'\\n' answer
    COMPREPLY=()
    answer=$({VARIABLE}=bash command notifyctl "${{COMP_LINE:0:COMP_POINT}}" 2>/dev/null)
    if [ $? -eq {FILES} ]; then
        compopt -o default
    else
        COMPREPLY=($(cut -f 1 <<<"$answer"))
    fi
}}

complete -F _notifyctl notifyctl
"""

_ZSH = f"""\
#compdef notifyctl

_notifyctl() {{
    local answer line
    local -a before found
    before=("${{(@Q)words[2,CURRENT]}}")
    before[-1]=$PREFIX
    answer=$({VARIABLE}=zsh command notifyctl "${{before[@]}}" 2>/dev/null)
    if (( $? == {FILES} )); then
        _files
        return
    fi
    for line in "${{(f)answer}}"; do
        [[ -n $line ]] && found+=("${{${{line%%$'\\t'*}}//:/\\\\:}}:${{line#*$'\\t'}}")
    done
    _describe -V notifyctl found
}}

if [[ $funcstack[1] == _notifyctl ]]; then
    _notifyctl "$@"
else
    compdef _notifyctl notifyctl
fi
"""

_FISH = f"""\
function __notifyctl_answer
    set -l before (commandline --tokenize --cut-at-cursor --current-process)
    set -e before[1]
    set -l word (commandline --current-token --cut-at-cursor)
    set -l answer ({VARIABLE}=fish command notifyctl $before $word 2>/dev/null)
    if test $status -eq {FILES}
        __fish_complete_path $word
    else
        printf '%s\\n' $answer
    end
end

complete --command notifyctl --no-files --keep-order --arguments '(__notifyctl_answer)'
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell that can complete.

    Attributes:
        name: Its name.
        script: What makes it complete.
        variable: Which variable names the folder that all its files are in, if not `home`.
        home: That folder, below the user's own.
        file: Where the script goes, in that folder.
        start_file: What it reads when it starts, in that folder; empty where it finds the script by itself.
        line: What has to stand there.
    """

    name: str
    script: str
    variable: str
    home: str
    file: str
    start_file: str = ""
    line: str = ""

    @property
    def folder(self) -> Path:
        """The folder of its files."""
        named = os.environ.get(self.variable)
        return Path(named) if named else Path.home() / self.home

    def install(self) -> Path:
        """Put the script where the shell finds it; where that is."""
        path = self.folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.script, encoding="utf-8")
        if self.start_file:
            start = self.folder / self.start_file
            said = start.read_text(encoding="utf-8") if start.exists() else ""
            if self.line not in said.splitlines():
                start.write_text(said + "\n" * (bool(said) and not said.endswith("\n")) + self.line + "\n", "utf-8")
        return path


SHELLS = {
    shell.name: shell
    for shell in (
        Shell("bash", _BASH, "", "", ".bash_completions/notifyctl.sh", ".bashrc", ". ~/.bash_completions/notifyctl.sh"),
        Shell(
            "zsh", _ZSH, "ZDOTDIR", "", ".zfunc/_notifyctl", ".zshrc",
            'fpath+=("${ZDOTDIR:-$HOME}/.zfunc"); autoload -Uz compinit; compinit',
        ),
        Shell("fish", _FISH, "XDG_CONFIG_HOME", ".config", "fish/completions/notifyctl.fish"),
    )
}  # fmt: skip
