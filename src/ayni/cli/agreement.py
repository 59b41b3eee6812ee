"""`ayni agreement`: draft, check, prove, compare and carry agreements through their life.

    ayni agreement new maritime-bilateral --id EC-PE-1 --party … --party … --starts 2026-01-01 > text.toml
    ayni agreement check text.toml     what a jurist and a machine would object to
    ayni agreement prove text.toml     no request slips through, or this one does
    ayni agreement diff old.toml new.toml

The first four need no node. The rest are acts of an officer at a node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ayni.agreements import commands, life_cycle
from ayni.agreements.drafting import TEMPLATES
from ayni.agreements.standing import Agreement, Did, Verify
from ayni.agreements.text import read_file, sha256
from ayni.agreements.writing import as_document, write_text
from ayni.cli.acting import Desk, acts, json_option
from ayni.cli.frame import language
from ayni.cli.output import show_json, show_rows
from ayni.errors import UnknownError
from ayni.model.record import Record
from ayni.model.store import Query, Work

if TYPE_CHECKING:
    from ayni.exchange.keys import Identity
    from ayni.exchange.signatures import SentStep

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Answer = commands.Checked | commands.Proven | commands.Compared


@click.group()
def agreement() -> None:
    """Check, prove, compare and sign agreements."""


@agreement.command()
@click.argument("template", type=click.Choice(TEMPLATES))
@click.option("--id", "name", required=True, help="Id of the agreement, e.g. EC-PE-1.")
@click.option("--party", "parties", required=True, multiple=True, metavar="ID=NAME[@CC][^PARENT]", help="Repeatable.")
@click.option("--starts", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First day of the term.")
@click.option(
    "--ends", type=click.DateTime(["%Y-%m-%d"]), help="Day after the last; without it, as the template says."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of printing.")
def new(
    *, template: str, name: str, parties: tuple[str, ...], starts: datetime, ends: datetime | None, out: Path | None
) -> None:
    """Make a complete draft from TEMPLATE, for counsel to read and change."""
    ends_on: date | None = ends.date() if ends is not None else None
    text = commands.new(template, agreement=name, parties=parties, starts_on=starts.date(), ends_on=ends_on)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@agreement.command()
@click.argument("file", type=FILE)
@json_option
def check(*, file: Path, as_json: bool) -> None:
    """Say what in FILE does not validate, contradicts itself or is missing."""
    _answer(commands.check_file(file), as_json=as_json)


@agreement.command()
@click.argument("file", type=FILE)
@json_option
def prove(*, file: Path, as_json: bool) -> None:
    """Prove that nothing slips through FILE, or show the request that does."""
    _answer(commands.prove_file(file), as_json=as_json)


@agreement.command()
@click.argument("old", type=FILE)
@click.argument("changed", metavar="NEW", type=FILE)
@json_option
def diff(*, old: Path, changed: Path, as_json: bool) -> None:
    """Say which requests NEW allows or forbids that OLD did not."""
    _answer(commands.diff_files(old, changed), as_json=as_json)


@agreement.command()
@click.argument("file", type=FILE)
def read(*, file: Path) -> None:
    """Print FILE as a document in your language, marked authentic or unofficial."""
    click.echo(as_document(read_file(file), language()), nl=False)


def _answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        show_json(answer.as_json(language()))
    else:
        click.echo(answer.as_text(language()))
    if not answer.good:
        raise SystemExit(1)


@agreement.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def list_agreements(desk: Desk, *, limit: int, as_json: bool) -> None:
    """List the agreements of this node and where each stands."""
    with desk.work() as work:
        bodies = [_body(work.get(header.id)) for header in work.find(Query(kind=life_cycle.KIND, limit=limit))]
    rows = [
        (
            body.text.id,
            body.text.version,
            body.state.value,
            body.standing.signatures,
            body.text.term.ends_on.isoformat(),
            sha256(body.text)[:16],
        )
        for body in bodies
    ]
    head = ("agreement", "version", "state", "signatures", "ends", "sha256")
    show_rows(head, rows, as_json=as_json, empty="No agreements yet.")


@agreement.command()
@click.argument("name")
@acts
def show(desk: Desk, *, name: str) -> None:
    """Print the text of an agreement this node holds, as the TOML file that is signed."""
    with desk.work() as work:
        click.echo(write_text(_body(life_cycle.find(name, work)).text), nl=False)


@agreement.command()
@click.argument("file", type=FILE)
@json_option
@acts
def propose(desk: Desk, *, file: Path, as_json: bool) -> None:
    """Propose the text in FILE in the name of this node."""
    text = read_file(file)
    with desk.work() as work:
        record = life_cycle.propose(text, by=desk.by, under=desk.under, work=work, house=desk.house)
        told = _tell(desk, record, work)
        work.commit()
    _shown(record, told, as_json=as_json)


@agreement.command()
@click.argument("file", type=FILE)
@click.option("--words", default="", help="What changed and why.")
@json_option
@acts
def counter(desk: Desk, *, file: Path, words: str, as_json: bool) -> None:
    """Answer a proposal with the next version of its text, in FILE."""
    text = read_file(file)
    with desk.work() as work:
        record = life_cycle.counter(
            text.id, text, words=words, by=desk.by, under=desk.under, work=work, house=desk.house
        )
        told = _tell(desk, record, work)
        work.commit()
    _shown(record, told, as_json=as_json)


@agreement.command()
@click.argument("name")
@json_option
@acts
def accept(desk: Desk, *, name: str, as_json: bool) -> None:
    """Accept the text as it stands."""
    _take(desk, Did.ACCEPT, name, as_json=as_json)


@agreement.command()
@click.argument("name")
@json_option
@acts
def sign(desk: Desk, *, name: str, as_json: bool) -> None:
    """Sign the text as an officer of this node, once all parties have accepted; two officers sign a party."""
    _take(desk, Did.SIGN, name, as_json=as_json)


@agreement.command()
@click.argument("name")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@acts
def send(desk: Desk, *, name: str, out: Path) -> None:
    """Write this node's steps, signed, into a file for the other parties."""
    from ayni.exchange.signatures import send_steps  # noqa: PLC0415 -- as above
    from ayni.node.ledger import exchange_keys  # noqa: PLC0415 -- as above

    keys = exchange_keys(desk.node).current
    with desk.work() as work:
        steps = send_steps(_body(life_cycle.find(name, work)), desk.house.node, keys)
    out.write_text("".join(f"{step}\n" for step in steps), encoding="ascii")
    click.echo(f"wrote {len(steps)} steps to {out}; each party takes them in with `ayni agreement hear`")


@agreement.command()
@click.argument("name")
@json_option
@acts
def tell(desk: Desk, *, name: str, as_json: bool) -> None:
    """Send this node's steps to the other parties once more; what they know already they pass over."""
    with desk.work() as work:
        record = life_cycle.find(name, work)
        told = _tell(desk, record, work)
        work.commit()
    _shown(record, told, as_json=as_json)


@agreement.command()
@click.argument("file", type=FILE)
@acts
def hear(desk: Desk, *, file: Path) -> None:
    """Take in the steps of a pinned partner; those known already are passed over."""
    from ayni.exchange.signatures import read_steps, unheard, verifier  # noqa: PLC0415 -- as above
    from ayni.node.partners import believed  # noqa: PLC0415 -- as above

    steps = read_steps(file.read_text(encoding="ascii").splitlines(), believed(desk.node, ourselves=False))
    verify, heard = verifier(believed(desk.node)), 0
    for step in steps:
        with desk.work() as work:
            if unheard(step, _held(step.agreement, work)):
                record = hear_step(desk, step, verify, work)
                work.commit()
                heard += 1
                _shown(record, (), as_json=False)
    click.echo(f"{heard} of {len(steps)} steps were new")


@agreement.command()
@click.argument("name")
@json_option
@acts
def enter(desk: Desk, *, name: str, as_json: bool) -> None:
    """Note that a signed agreement is in force."""
    _take(desk, Did.ENTER, name, as_json=as_json)


def _stops(did: Did, help_text: str) -> Callable[..., None]:
    """Return a command that needs a reason: suspend, resume, terminate."""

    @click.argument("name")
    @click.option("--words", required=True, help="The reason; partners read it.")
    @json_option
    @acts
    def command(desk: Desk, *, name: str, words: str, as_json: bool) -> None:
        _take(desk, did, name, words=words, as_json=as_json)

    command.__doc__ = help_text
    return command


agreement.command("suspend")(_stops(Did.SUSPEND, "Suspend at once: only recall and correction still pass."))
agreement.command("resume")(_stops(Did.RESUME, "Lift our own suspension."))
agreement.command("terminate")(_stops(Did.TERMINATE, "Give notice of termination."))


def hear_step(desk: Desk, step: SentStep, verify: Verify, work: Work) -> Record[object]:
    """Take in one step of a partner."""
    return life_cycle.hear(
        step.agreement, step.move, verify=verify, by=desk.by, under=desk.under, work=work, house=desk.house
    )


def _held(name: str, work: Work) -> Agreement | None:
    try:
        return _body(life_cycle.find(name, work))
    except UnknownError:
        return None


def _body(record: Record[object]) -> Agreement:
    return cast("Agreement", record.body)


def _take(desk: Desk, did: Did, name: str, *, words: str = "", as_json: bool) -> None:
    from ayni.exchange import steps  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        record, told = steps.take(
            did,
            name,
            words=words,
            identity=_identity(desk),
            by=desk.by,
            under=desk.under,
            work=work,
            house=desk.house,
        )
        work.commit()
    _shown(record, told, as_json=as_json)


def _tell(desk: Desk, record: Record[object], work: Work) -> Sequence[str]:
    """Let the other parties that are pinned hear our step; it leaves with the transaction."""
    from ayni.exchange import steps  # noqa: PLC0415 -- as above

    return steps.tell_pinned(
        record, identity=_identity(desk), by=desk.by, under=desk.under, work=work, house=desk.house
    )


def _identity(desk: Desk) -> Callable[[], Identity]:
    def current() -> Identity:
        from ayni.node.ledger import exchange_keys  # noqa: PLC0415 -- needs Django configured

        return exchange_keys(desk.node).current

    return current


def _shown(record: Record[object], told: Sequence[str], *, as_json: bool) -> None:
    body = _body(record)
    answer = {
        "agreement": body.text.id,
        "version": body.text.version,
        "state": body.state,
        "id": record.header.id,
        "told": list(told),
    }
    if as_json:
        show_json(answer)
        return
    click.echo(f"{body.text.id} v{body.text.version}: {body.state}")
    if told:
        click.echo(f"on its way to {', '.join(told)}")
