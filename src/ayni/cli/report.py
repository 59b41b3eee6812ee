"""`ayni report`: an officer's own sighting, contact or tip enters like a detector's signal."""

from __future__ import annotations

import click

from ayni.casework.reports import file_report
from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.output import show_json
from ayni.cli.places import place_option
from ayni.model.entity import Entity
from ayni.model.place import Point
from ayni.model.report import InformationCredibility, Report, ReportKind, SourceReliability


@click.command()
@click.option("--kind", type=click.Choice([kind.value for kind in ReportKind]), required=True)
@click.option("--words", required=True, help="What was perceived.")
@click.option("--at", required=True, metavar="WHEN", help="2026-03-01T12:00Z")
@place_option
@click.option("--uncertainty-m", type=click.FloatRange(min=0), required=True, help="How far off the place may be.")
@click.option("--source", type=click.Choice([grade.value for grade in SourceReliability]), required=True)
@click.option("--information", type=click.Choice([grade.value for grade in InformationCredibility]), required=True)
@click.option("--vessel", default="", metavar="MMSI")
@click.option("--distress", is_flag=True, help="Somebody may need help.")
@json_option
@acts
def report(
    desk: Desk,
    *,
    kind: str,
    words: str,
    at: str,
    place: Point | None,
    uncertainty_m: float,
    source: str,
    information: str,
    vessel: str,
    distress: bool,
    as_json: bool,
) -> None:
    """File an officer's own sighting, contact or tip.

    Source and information are graded on the Admiralty scale: A to F, 1 to 6.
    """
    if place is None:
        raise click.UsageError("say where: --place LAT,LON, with --uncertainty-m for how well it is known")
    subjects = (
        (Entity(id=f"vessel-mmsi-{vessel}", schema="Vessel", properties={"mmsi": (vessel,)}),) if vessel else ()
    )
    filed = Report(
        kind=ReportKind(kind),
        words=words,
        at=instant(at),
        place=place,
        uncertainty_m=uncertainty_m,
        source=SourceReliability(source),
        information=InformationCredibility(information),
        subjects=subjects,
        distress=distress,
    )
    with desk.work() as work:
        kept, raised = file_report(filed, house=desk.house, by=desk.by, under=desk.under, work=work)
        work.commit()
    if as_json:
        show_json({"id": kept.header.id, "signal": raised.new[0]})
    else:
        click.echo(f"filed as {kept.header.id}; its signal {raised.new[0]} waits for triage")
