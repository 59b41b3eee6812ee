"""`ayni area`: draw an area to be watched, change it, end it; and see which are watched."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from ayni.casework.areas import NewArea, area_of, change_area, draw_area, end_area
from ayni.casework.consult import consult
from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.output import show_json, show_rows
from ayni.cli.places import Spot
from ayni.errors import UnreadableError
from ayni.model.area import AreaState, EntryWatch, SpeedWatch
from ayni.model.place import Point, Polygon
from ayni.model.record import Record
from ayni.model.store import Query

SPEEDS = re.compile(r"^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$")


@click.group()
def area() -> None:
    """Draw areas to be watched, change and end them.

    Every area has an instruction, an owner (whoever draws it), a legal basis and an end.
    """


def _drawing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what an area is."""
    for option in reversed(
        (
            click.option("--name", required=True, help="What the watch calls it."),
            click.option("--instruction", required=True, help="What to do when a vessel comes in."),
            click.option("--until", required=True, metavar="WHEN", help="2026-04-01T00:00Z, or 30d."),
            click.option(
                "--corner", "corners", type=Spot(), multiple=True, help="A corner; three or more, in order."
            ),
            click.option(
                "--geojson",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="A file with a Polygon.",
            ),
            click.option("--entry/--no-entry", default=True, show_default=True, help="Tell which vessels come in."),
            click.option("--stay-min", type=click.IntRange(0), default=0, help="Only stays of so many minutes."),
            click.option(
                "--speed", default="", metavar="LOW-HIGH", help="Tell speeds in a range inside, knots: 0-3."
            ),
            click.option(
                "--speed-min", type=click.IntRange(1), default=10, show_default=True, help="For so many minutes."
            ),
        )
    ):
        command = option(command)
    return command


def _new(
    *,
    name: str,
    instruction: str,
    until: str,
    corners: tuple[Point, ...],
    geojson: Path | None,
    entry: bool,
    stay_min: int,
    speed: str,
    speed_min: int,
) -> NewArea:
    if bool(corners) == (geojson is not None):
        raise click.UsageError("say where: --corner three times or more, or --geojson FILE")
    watched = None
    if speed:
        found = SPEEDS.match(speed)
        if found is None:
            raise click.BadParameter(f"{speed!r} is not like 0-3 (knots)", param_hint="--speed")
        watched = SpeedWatch(low_kn=float(found[1]), high_kn=float(found[2]), least_min=speed_min)
    ring = tuple(corner.coordinates for corner in corners)
    return NewArea(
        name=name,
        instruction=instruction,
        until=instant(until),
        shape=Polygon(coordinates=((*ring, ring[0]),)) if geojson is None else polygon_in(geojson),
        entry=EntryWatch(least_min=stay_min) if entry else None,
        speed=watched,
    )


@area.command()
@_drawing
@json_option
@acts
def draw(desk: Desk, *, as_json: bool, **said: Any) -> None:  # noqa: ANN401 -- click gives each option its type
    """Have an area watched from now on."""
    drawn = _new(**said)
    with desk.work() as work:
        done = draw_area(drawn, house=desk.house, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@area.command()
@click.argument("record")
@_drawing
@click.option("--words", default="", help="Why it is changed.")
@json_option
@acts
def change(desk: Desk, *, record: str, words: str, as_json: bool, **said: Any) -> None:  # noqa: ANN401 -- as above
    """Give an area another shape, name, instruction, expiry or limits."""
    drawn = _new(**said)
    with desk.work() as work:
        done = change_area(record, drawn, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@area.command()
@click.argument("record")
@click.option("--words", default="", help="Why it is no longer watched.")
@json_option
@acts
def end(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Stop watching an area; what it found stays."""
    with desk.work() as work:
        done = end_area(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@area.command("list")
@click.option("--state", type=click.Choice([state.value for state in AreaState]), multiple=True, help="Repeatable.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def list_areas(desk: Desk, *, state: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List areas, newest first. Names are read with `ayni area show`."""
    with desk.work() as work:
        headers = work.find(Query(kind="area", states=state, limit=limit))
    rows = [
        (header.id, header.state, f"{header.made_at:%Y-%m-%d %H:%MZ}", f"{header.ended_at:%Y-%m-%d %H:%MZ}")
        for header in headers
    ]
    show_rows(("id", "state", "made", "until"), rows, as_json=as_json, empty="No areas match.")


@area.command()
@click.argument("record")
@json_option
@acts
def show(desk: Desk, *, record: str, as_json: bool) -> None:
    """Open an area, and name the signals that it gave. The consultation is written down."""
    with desk.work() as work:
        found = consult(record, by=desk.by, under=desk.under, work=work)
        body = area_of(found)
        signals = work.find(Query(kind="signal", made_from=record, limit=100))
        work.commit()
    if as_json:
        show_json({"id": record, "state": found.header.state, "area": body, "signals": [one.id for one in signals]})
        return
    corners = " ".join(f"{lat:g},{lon:g}" for lon, lat in body.outline.shape.coordinates[0][:-1])
    asked = [f"entries of at least {body.outline.entry.least_min} min"] if body.outline.entry else []
    if body.outline.speed:
        speed = body.outline.speed
        asked.append(f"{speed.low_kn:g} to {speed.high_kn:g} kn for at least {speed.least_min} min")
    click.echo(f"{body.name}: {found.header.state}, until {body.until:%Y-%m-%d %H:%MZ}, owner {body.owner}")
    click.echo(f"instruction: {body.instruction}")
    click.echo(f"legal basis: {found.header.legal_basis}")
    click.echo(f"watched: {'; '.join(asked)}")
    click.echo(f"corners: {corners}")
    for one in signals:
        click.echo(f"signal {one.id}  {one.rule}  {one.state}")


def polygon_in(file: Path) -> Polygon:
    """Return the polygon of a GeoJSON file: a geometry, a feature, or a collection of one.

    Raises:
        UnreadableError: if it holds anything else.
    """
    try:
        value = msgspec.json.decode(file.read_bytes())
        if isinstance(value, dict) and value.get("type") == "FeatureCollection" and len(value["features"]) == 1:
            value = value["features"][0]
        if isinstance(value, dict) and value.get("type") == "Feature":
            value = value["geometry"]
        return msgspec.convert(value, Polygon)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise UnreadableError(file=str(file), why=f"not a GeoJSON polygon: {error}") from error


def _say(record: Record[object], *, as_json: bool) -> None:
    header = record.header
    if as_json:
        show_json({"id": header.id, "version": header.version, "state": header.state})
    else:
        click.echo(f"{header.id} is {header.state} (version {header.version})")
