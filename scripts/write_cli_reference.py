"""Write docs/reference/commands.md from the commands themselves; a test keeps the two equal.

python scripts/write_cli_reference.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ayni.cli.frame import ayni

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
HEAD = """# Commands

Made from the commands themselves by `scripts/write_cli_reference.py`; `ayni COMMAND --help` says more.

**Exit codes.** 0 done; 1 refused or found wrong, with the reason on standard error; 2 wrong usage.

**Language.** `AYNI_LANG`, else `LANG`: es, pt, en or fr.

**Acting.** A command that acts needs `--node`, `--as`, `--purpose` and `--legal-basis`, or `AYNI_NODE`,
`AYNI_OFFICER`, `AYNI_PURPOSE` and `AYNI_LEGAL_BASIS`. The password is asked for on the
terminal, or read from `--password-file` (`AYNI_PASSWORD_FILE`).

**Programs.** `--json` prints one JSON value; its keys do not change without a new version. Long work shows progress
on a terminal and none in a pipe.

**Completion.** `eval "$(_AYNI_COMPLETE=bash_source ayni)"` in bash; `zsh_source` and `fish_source` likewise.

"""


def commands(command: click.Command, path: str, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield each command's words and its first line of help."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from commands(found, f"{path} {name}", context)
        return
    arguments = [
        parameter.make_metavar(context) for parameter in command.params if isinstance(parameter, click.Argument)
    ]
    yield " ".join([path, *arguments]), command.get_short_help_str(limit=120)


def page() -> str:
    """Return the whole page."""
    context = click.Context(ayni, info_name="ayni")
    lines = [f"| `{words.replace('|', chr(92) + '|')}` | {says} |" for words, says in commands(ayni, "ayni", context)]
    return HEAD + "\n".join(["| command | what it does |", "|---|---|", *lines]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
