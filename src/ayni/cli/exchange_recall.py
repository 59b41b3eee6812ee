"""`ayni exchange consent|correct|recall|recalled|settle`: let a record be passed on, correct it, take it back.

ayni exchange consent RECORD --via pe-dicapi --to br-marinha --agreement R-1 --until 30d
ayni exchange correct RECORD --why "The time was local." --body report.json
ayni exchange recall RECORD --why "Mistaken for another vessel." --within 1h
ayni exchange recalled RECORD                  holder by holder: proven, answered, held by a court, silent
ayni exchange settle RECORD --words "Case closed without it."     ours, made from it
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import click

from ayni.cli.acting import Desk, acts, instant, json_option, span
from ayni.cli.output import show_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ayni.exchange.recall import Branch, Tree


@click.command()
@click.argument("record")
@click.option("--via", required=True, help="Partner that holds it, and may pass it on.")
@click.option("--to", required=True, help="To whom.")
@click.option("--agreement", required=True, help="Agreement under which the consent is told to the holder.")
@click.option("--until", required=True, metavar="WHEN", help="Until when: an instant, or 30d.")
@json_option
@acts
def consent(desk: Desk, *, record: str, via: str, to: str, agreement: str, until: str, as_json: bool) -> None:
    """Consent that a partner passes one of our RECORDs on, for the purpose of this act."""
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed
    from ayni.exchange.consent import Onward, give  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- needs Django configured

    with desk.work() as work:
        token = give(
            record,
            Onward(via=via, to=to, until=instant(until), agreement=agreement),
            by=desk.by,
            under=desk.under,
            work=work,
            house=desk.house,
            book=Shelf().book(work),
            identity=Exchange(desk.node).identity,
        )
        work.commit()
    if as_json:
        show_json(token)
    else:
        click.echo(f"{via} may pass it on to {to} for {token.purpose} until {token.until:%Y-%m-%d %H:%MZ}")


@click.command()
@click.argument("record")
@click.option("--why", required=True, help="What was wrong; every holder reads it.")
@click.option("--body", "file", type=click.File("rb"), help="JSON with all that the record says from now on.")
@json_option
@acts
def correct(desk: Desk, *, record: str, why: str, file: IO[bytes] | None, as_json: bool) -> None:
    """Tell everyone who was given one of our RECORDs what it says now; it overtakes everything else."""
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed
    from ayni.exchange.correction import Change, read_body  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.exchange.correction import correct as tell  # noqa: PLC0415 -- as above
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- needs Django configured

    with desk.work() as work:
        body = None if file is None else read_body(record, file.read(), work)
        done = tell(
            record,
            Change(why=why, body=body),
            by=desk.by,
            under=desk.under,
            work=work,
            house=desk.house,
            book=Shelf().book(work),
            identity=Exchange(desk.node).identity,
        )
        work.commit()
    if as_json:
        show_json({"record": record, "version": done.said.version, "to": list(done.to)})
    else:
        click.echo(f"version {done.said.version} is on its way to {', '.join(done.to) or 'nobody: none was told'}")


@click.command()
@click.argument("record")
@click.option("--why", required=True, help="Why it is taken back; every holder reads it.")
@click.option("--within", default="24h", show_default=True, metavar="SPAN", help="How soon an answer is due.")
@json_option
@acts
def recall(desk: Desk, *, record: str, why: str, within: str, as_json: bool) -> None:
    """Take one of our RECORDs back from everyone who was given it; it overtakes everything else."""
    from ayni.exchange.recall import recall as order  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.exchange.recall_records import recall_in  # noqa: PLC0415 -- as above
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- needs Django configured

    with desk.work() as work:
        done = order(
            record,
            why=why,
            answer_within=span(within),
            by=desk.by,
            under=desk.under,
            work=work,
            house=desk.house,
            identity=Exchange(desk.node).identity,
        )
        work.commit()
    body = recall_in(done)
    if as_json:
        show_json({"record": record, "to": list(body.to), "deadline": body.deadline})
        return
    whom = ", ".join(body.to)
    click.echo(f"recalled from {whom}; an answer is due by {body.deadline:%Y-%m-%d %H:%MZ}" if whom else "frozen")
    click.echo(f"who has proven what: ayni exchange recalled {record}" if whom else "nobody had been given it")


@click.command()
@click.argument("record")
@json_option
@acts
def recalled(desk: Desk, *, record: str, as_json: bool) -> None:
    """Show, for a RECORD that we recalled, what each holder has answered and proven."""
    from ayni.exchange.recall import tree  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.node.post_status import last_reached  # noqa: PLC0415 -- needs Django configured

    with desk.work() as work:
        found = tree(record, by=desk.by, under=desk.under, work=work, seen=last_reached(desk.node))
        work.commit()
    if as_json:
        show_json({"tree": found, "counts": {str(stand): count for stand, count in found.counts.items()}})
        return
    for line in _told(found):
        click.echo(line)


@click.command()
@click.argument("record")
@click.option("--words", required=True, help="What was decided about our records made from it.")
@json_option
@acts
def settle(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Say what was decided about our own records made from a RECORD that a partner recalled or corrected."""
    from ayni.exchange.settling import settle as decide  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        decided = decide(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    if as_json:
        show_json({"record": record, "decided": list(decided)})
    else:
        click.echo(f"decided about {', '.join(decided)}")


@click.command()
@click.argument("record")
@json_option
@acts
def lease(desk: Desk, *, record: str, as_json: bool) -> None:
    """Ask the originator for the key of a RECORD that it lent; the served node opens it while the key lasts."""
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed
    from ayni.exchange.lease import ask_key  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        book = Shelf().book(work)
        message = ask_key(record, by=desk.by, under=desk.under, work=work, house=desk.house, book=book)
        work.commit()
    if as_json:
        show_json({"record": record, "message": message})
    else:
        click.echo(f"asked for (message {message}); read it through the served node: GET /exchange/leases/{record}")


def _told(found: Tree) -> Iterator[str]:
    counts = ", ".join(f"{count} {stand}" for stand, count in found.counts.items() if count)
    yield f"{found.record}, recalled {found.at:%Y-%m-%d %H:%MZ}: {found.why}"
    yield f"{counts or 'nobody had been given it'}; deadline {found.deadline:%Y-%m-%d %H:%MZ}"
    for branch in found.branches:
        yield from _branch(branch, 1)


def _branch(branch: Branch, depth: int) -> Iterator[str]:
    late = ", LATE" if branch.late else ""
    court = f" ({branch.court}: {branch.ground}, review {branch.review_on:%Y-%m-%d})" if branch.review_on else ""
    made = f"; {branch.made_from_it} of its own were made from it" if branch.made_from_it else ""
    made += f"; {branch.copies} copies were taken out by hand" if branch.copies else ""
    yield f"{'  ' * depth}{branch.holder}: {branch.stand} since {branch.since:%Y-%m-%d %H:%MZ}{late}{court}{made}"
    for inner in branch.onward:
        yield from _branch(inner, depth + 1)
