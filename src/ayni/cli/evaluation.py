"""`ayni evaluation`: what a period was good for, and how one result came about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.frame import language
from ayni.cli.output import show_json, table
from ayni.evaluation.chain import Chain, Gap, follow
from ayni.evaluation.figures import Portion, Spread
from ayni.evaluation.partners import Asking
from ayni.evaluation.report import Period, PeriodEvaluation, evaluate
from ayni.model.triage import TriageState
from ayni.toolkit.phrases import Catalogue, render


@click.group()
def evaluation() -> None:
    """Say what it was good for, in figures that reconcile."""


@evaluation.command()
@click.option("--since", required=True, metavar="WHEN", help="2026-03-01T00:00Z")
@click.option("--until", required=True, metavar="WHEN", help="2026-04-01T00:00Z; does not belong to it.")
@json_option
@acts
def report(desk: Desk, *, since: str, until: str, as_json: bool) -> None:
    """Count what was raised, decided, shared and achieved in a period."""
    period = Period(since=instant(since), until=instant(until))
    with desk.work() as work:
        made = evaluate(period, by=desk.by, under=desk.under, work=work, house=desk.house)
        work.commit()
    if as_json:
        show_json(made)
        return
    click.echo("\n\n".join(_sections(made)))


@evaluation.command()
@click.argument("outcome_id")
@json_option
@acts
def trace(desk: Desk, *, outcome_id: str, as_json: bool) -> None:
    """Trace one result back to the first position that led to it."""
    with desk.work() as work:
        chain = follow(outcome_id, by=desk.by, under=desk.under, work=work, house=desk.house)
        work.commit()
    if as_json:
        show_json(chain)
        return
    click.echo(_way(chain))
    for line in _gaps(chain.gaps):
        click.echo(line, err=True)


def _sections(made: PeriodEvaluation) -> Iterator[str]:
    found = made.something_found
    yield f"{made.node}, {made.period.since:%Y-%m-%d %H:%MZ} to {made.period.until:%Y-%m-%d %H:%MZ}"
    rules = [
        (
            rule.rule,
            rule.raised,
            rule.by_state.get(TriageState.VALIDATED, 0),
            rule.by_state.get(TriageState.DISMISSED, 0),
            _rate(rule.useful),
        )
        for rule in made.rules
    ]
    head = ("rule", "signals", "validated", "dismissed", "validated of decided")
    yield table(head, rules) if rules else "no signals began in it"
    kinds = [(kind.value, count) for kind, count in sorted(made.outcomes.items())]
    yield table(("result", "times"), kinds) if kinds else "no results in it"
    if found.out_of:
        yield f"something was found in {_rate(found)} of results"
    if made.totals:
        totals = [(one.of, one.value, one.confirmed, one.unit.value, len(one.outcomes)) for one in made.totals]
        yield table(("what", "in all", "weighed or tested", "unit", "results"), totals)
    if made.legs:
        legs = [(f"{leg.start} to {leg.end}", leg.took.count, *_times(leg.took)) for leg in made.legs]
        yield table(("how long it took", "results", "half within", "nine tenths within"), legs)
    if made.partners:
        rows = [
            (
                row.partner,
                sum(row.given.values()),
                sum(row.received.values()),
                _asked(row.we_asked),
                _asked(row.it_asked),
                len(row.our_results),
                len(row.its_results),
            )
            for row in made.partners
        ]
        sides = ("given", "received", "we asked", "it asked", "our results on theirs", "theirs on ours")
        yield table(("partner", *sides), rows)
    if made.counted_once:
        yield f"counted once, as the same exhibit stands in another result: {', '.join(made.counted_once)}"
    gaps = list(_gaps(made.gaps))
    yield "\n".join(["what does not reconcile:", *gaps]) if gaps else "every result reconciles with what led to it"


def _way(chain: Chain) -> str:
    start = chain.steps[0].at
    rows = [
        (step.mark.value, f"{step.at:%Y-%m-%d %H:%M:%SZ}", _span((step.at - start).total_seconds()), step.partner)
        for step in chain.steps
    ]
    return table(("step", "at", "after", "partner"), rows)


def _gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    words = Catalogue.load("ayni.evaluation.phrases")
    for gap in gaps:
        yield f"  {gap.outcome}: {render(gap.why, language=language(), catalogue=words).text}"


def _rate(portion: Portion) -> str:
    if portion.rate is None:
        return f"{portion.of} of {portion.out_of}"
    low, high = portion.interval
    return f"{portion.of} of {portion.out_of}: {portion.rate:.0%} ({low:.0%} to {high:.0%})"


def _asked(asking: Asking) -> str:
    if not asking.asked:
        return "none"
    late = f", {asking.late} late" if asking.late else ""
    half = "" if asking.took.median is None else f", half within {_span(asking.took.median)}"
    return f"{asking.answered} of {asking.asked} answered{half}{late}"


def _times(took: Spread) -> tuple[str, str]:
    half, tenth = took.median, took.slowest_tenth
    return "" if half is None else _span(half), "too few" if tenth is None else _span(tenth)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
