"""`ayni ledger`: export the history, and verify an export without trusting whoever made it."""

from __future__ import annotations

from pathlib import Path

import click

from ayni.cli.acting import json_option, node_option
from ayni.cli.frame import language
from ayni.cli.output import show_json
from ayni.ledger import verifier


@click.group()
def ledger() -> None:
    """Export and verify the history."""


@ledger.command("export")
@click.argument("to", type=click.Path(path_type=Path))
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Witnesses and quorum to demand."
)
@node_option
@json_option
def write_export(*, to: Path, policy: Path | None, folder: Path, as_json: bool) -> None:
    """Write the history to TO, a new folder or a .zip file, with the program that verifies it.

    It holds hashes, times and names of acts, and no personal data.

    \b
    Example:
      ayni ledger export --node ./node history.zip
    """  # noqa: D301 -- \b keeps click from re-flowing the example
    from ayni.ledger.policy import Policy  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.node.opening import open_node  # noqa: PLC0415 -- needs Django configured
    from ayni.node.witnesses import export_history  # noqa: PLC0415 -- as above

    demanded = None if policy is None else Policy.parse(policy.read_bytes())
    with open_node(folder) as node:
        signed = export_history(node, to, demanded).checkpoint
    if as_json:
        show_json({"origin": signed.origin, "entries": signed.size, "root": signed.root.hex(), "export": str(to)})
        return
    click.echo(f"exported {signed.origin}: {signed.size:,} entries, root {signed.root.hex()}")
    click.echo(f"next: ayni ledger verify {to}")


@ledger.command("policy")
@click.argument("agreement")
@click.option("--of", default="", metavar="PARTY", help="Whose ledger is to be witnessed; ours without it.")
@click.option("--quorum", type=click.IntRange(min=0), help="How many other parties; more than half without it.")
@node_option
def write_policy(*, agreement: str, of: str, quorum: int | None, folder: Path) -> None:
    """Print which parties to AGREEMENT must have witnessed a ledger, as a file for --policy.

    \b
    Example:
      ayni ledger policy EC-PE-BR-1 --quorum 2 > witnesses.policy
      ayni ledger export --policy witnesses.policy history.zip
    """  # noqa: D301 -- as above
    from ayni.node.opening import open_node  # noqa: PLC0415 -- as above
    from ayni.node.witnesses import policy_under  # noqa: PLC0415 -- as above

    with open_node(folder) as node:
        click.echo(policy_under(node, agreement, of=of, quorum=quorum).to_bytes().decode(), nl=False)


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
