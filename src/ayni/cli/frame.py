"""The frame of the command line: groups found by name and imported when called.

A desk's commands come from its card, so a new desk needs no edit here.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping

import click

import ayni as package
from ayni.errors import AyniError

GROUPS: Mapping[str, tuple[str, str]] = {
    "demo": ("ayni.cli.demo:demo", "What Ayni does, on real data, in a minute."),
    "node": ("ayni.cli.node:node", "Create, serve, look at, back up and restore a node."),
    "officer": ("ayni.cli.officer:officer", "Who may act, and in which role."),
    "desk": ("ayni.cli.desk:desk", "Which desks there are and what they ask."),
    "signal": ("ayni.cli.signal:signal", "List, read and decide about signals."),
    "report": ("ayni.cli.report:report", "File an officer's own sighting, contact or tip."),
    "area": ("ayni.cli.area:area", "Draw areas to be watched, change and end them."),
    "watchlist": ("ayni.cli.watchlist:watchlist", "Propose vessels to be watched for, and confirm them."),
    "task": ("ayni.cli.task:task", "Task a patrol and follow it."),
    "watch": ("ayni.cli.watch:watch", "Keep the watch log, and hand over to the next shift."),
    "outcome": ("ayni.cli.outcome:outcome", "Write down what came of it."),
    "agreement": ("ayni.cli.agreement:agreement", "Check, prove, compare and sign agreements."),
    "key": ("ayni.cli.key:key", "Rotate and revoke the node's keys."),
    "partner": ("ayni.cli.partner:partner", "Add partners, and pin their keys with paper."),
    "exchange": ("ayni.cli.exchange:exchange", "Share records with partners, and see what arrived where."),
    "evaluation": ("ayni.cli.evaluation:evaluation", "Say what it was good for, in figures that reconcile."),
    "ledger": ("ayni.cli.ledger:ledger", "Export and verify the history."),
    "bench": ("ayni.cli.bench:bench", "Measure every promise against its named peer."),
}
"""Command name to where it is and its one line of help; the module is imported only when it is called."""


class Frame(click.Group):
    """The top of the tree: built-in groups, then one group a desk."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name what can be called."""
        del ctx
        return [name for name in GROUPS if _exists(GROUPS[name][0])] + _desk_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import what was called."""
        del ctx
        if cmd_name in GROUPS and _exists(GROUPS[cmd_name][0]):
            return load(GROUPS[cmd_name][0])
        if cmd_name in _desk_names():
            from ayni.cli.desk import commands_of  # noqa: PLC0415 -- only a desk's command needs its card

            return commands_of(cmd_name)
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands by their one line of help, without importing any of them."""
        rows = [(name, GROUPS[name][1]) for name in self.list_commands(ctx) if name in GROUPS]
        rows += [(name, f"Read and search with the {name} desk.") for name in _desk_names()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command(cls=Frame, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package.__version__, prog_name="ayni")
def ayni() -> None:
    """Ayni: watch together, share exactly what was agreed, prove it.

    \b
    Try:
      ayni demo
      ayni maritime detect FILES --out signals.ndjson
      ayni node init ./node --name "Estación de ejercicio" --country EC
    """  # noqa: D301 -- \b keeps click from re-flowing the examples


def run(command: click.Command) -> int:
    """Run *command* and return its exit code; errors of ours end as one sentence on standard error."""
    try:
        code = command.main(standalone_mode=False, prog_name="ayni")
    except click.exceptions.Abort:
        click.echo("interrupted; what had been confirmed is kept", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except AyniError as error:
        click.echo(f"ayni: {_in_reader_language(error)}", err=True)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output left (`| head`): that is its right, and no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0


def load(where: str) -> click.Command:
    """Import the command at `module:name`."""
    module, name = where.split(":")
    found = getattr(importlib.import_module(module), name)
    if not isinstance(found, click.Command):
        message = f"{where} is not a command"
        raise TypeError(message)
    return found


def language() -> str:
    """Return the reader's language from AYNI_LANG or LANG: es, pt, en or fr; English when neither says."""
    for name in ("AYNI_LANG", "LC_ALL", "LANG"):
        value = os.environ.get(name, "")[:2].lower()
        if value in {"es", "pt", "en", "fr"}:
            return value
    return "en"


def _in_reader_language(error: AyniError) -> str:
    from ayni.toolkit.phrases import render_error  # noqa: PLC0415 -- Babel is imported only when there is an error

    return render_error(error, language()).text


def _exists(where: str) -> bool:
    return importlib.util.find_spec(where.partition(":")[0]) is not None


def _desk_names() -> list[str]:
    from ayni.desks import desk_names  # noqa: PLC0415 -- discovery reads folders, not desks

    return list(desk_names())
