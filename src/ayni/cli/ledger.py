"""`ayni ledger`: export the history, and verify an export without trusting whoever made it."""

from __future__ import annotations

import click

from ayni.cli.frame import language
from ayni.ledger import verifier


@click.group()
def ledger() -> None:
    """Export and verify the history."""


@ledger.command()
@click.argument("export", type=click.Path(exists=True))
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False), help="Keys as the witnesses gave them to you."
)
@click.option("--receipt", type=click.Path(exists=True, dir_okay=False), help="A receipt to check besides.")
@click.option("--entry", type=click.Path(exists=True, dir_okay=False), help="An entry to find in the export.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def verify(*, export: str, policy: str | None, receipt: str | None, entry: str | None, as_json: bool) -> None:
    """Hash and check everything in EXPORT again: a folder or a zip file.

    The same program lies in the export as verifier.py and runs alone. Give --policy:
    without it the keys come from the export itself, and the verdict says so.
    """
    arguments = [export, "--lang", language()]
    for name, value in (("--policy", policy), ("--receipt", receipt), ("--entry", entry)):
        if value is not None:
            arguments += [name, value]
    code = verifier.main([*arguments, "--json"] if as_json else arguments)
    if code:
        raise SystemExit(code)
