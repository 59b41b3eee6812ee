"""How commands print: aligned tables for people, JSON where a program may read, progress only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import click

from ayni.model.codec import to_json

MAX_CELL = 60


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as aligned columns; numbers to the right, long cells cut with an ellipsis."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(title), *(len(row[i]) for row in cells)]) for i, title in enumerate(head)]
    numeric = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(head))]
    heading = "  ".join(title.ljust(width) for title, width in zip(head, widths, strict=True)).rstrip()
    lines = [heading] if heading else []
    for row in cells:
        aligned = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        ]
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def show_json(value: object) -> None:
    """Print one value of ours, or plain data, as one line of JSON."""
    click.echo(to_json(value).decode())


def show_rows(head: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool, empty: str) -> None:
    """Print rows as a table or as a JSON list of objects; *empty* says what it means when there are none."""
    if as_json:
        click.echo(json.dumps([dict(zip(head, row, strict=True)) for row in rows], default=str, ensure_ascii=False))
    elif rows:
        click.echo(table(head, rows))
    else:
        click.echo(empty)


class Advance(Protocol):
    """Tells how much of the work is done."""

    def __call__(self, steps: int) -> None:
        """Note that *steps* more are done."""
        ...


@contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """Show a progress bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _steps: None
        return
    with click.progressbar(length=total, label=what, file=sys.stderr) as bar:

        def advance(steps: int) -> None:
            bar.update(steps)

        yield advance


def _cell(value: object) -> str:
    text = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    text = text.replace("\n", " ")
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("-", "").isdigit()
