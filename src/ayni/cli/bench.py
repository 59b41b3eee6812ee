"""`ayni bench`: every promise measured against its named peer, one after the other, in this checkout."""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from ayni.cli.output import table
from ayni.errors import UnknownError, UnreadableError

FOLDER = Path(__file__).parents[3] / "benchmarks"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--json", "out", type=click.Path(path_type=Path), help="File for all figures.")
@click.option("--list", "only_list", is_flag=True, help="Name what can be measured.")
def bench(*, names: tuple[str, ...], out: Path | None, only_list: bool) -> None:
    """Measure every promise, or those NAMED, side by side with its peer.

    Exits with 1 when a promise is not kept.
    """
    known = _known()
    if only_list:
        click.echo("\n".join(known))
        return
    for name in names:
        if name not in known:
            raise UnknownError(kind="benchmark", name=name)
    rows: list[tuple[str, str, str]] = []
    figures: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
    }
    with tempfile.TemporaryDirectory(prefix="ayni-bench-") as scratch:
        for name in names or tuple(known):
            click.echo(f"── {name}")
            answer = Path(scratch) / f"{name}.json"
            before = _spent_s()
            done = subprocess.run([sys.executable, str(known[name]), "--json", str(answer)], check=False)  # noqa: S603 -- ours
            measured = answer.exists()
            figures[name] = json.loads(answer.read_text(encoding="utf-8")) if measured else None
            says = "kept" if done.returncode == 0 else "NOT KEPT" if measured else "FAILED"
            rows.append((name, says, f"{_spent_s() - before:,.1f}"))
            click.echo(f"   {says}\n")
    click.echo(table(("benchmark", "promise", "CPU s"), rows))
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if any(says != "kept" for _, says, _ in rows):
        raise SystemExit(1)


def _spent_s() -> float:
    """Return the CPU seconds of every command run so far: on a busy machine the clock says little."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _known() -> dict[str, Path]:
    if not FOLDER.is_dir():
        raise UnreadableError(file=FOLDER, why="benchmarks come with a checkout, not with an installed package")
    return {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.name.startswith("_")}
