"""`ayni <desk> detect` and `watch`: what is watched besides the lines, from a GeoJSON file or from a node.

Reading what a node has watched is a consultation: it needs an officer, a purpose and a
legal basis, and is written down with every record that was read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from ayni.cli.acting import acts
from ayni.errors import UnreadableError
from ayni.model.area import Area, EntryWatch, Outline, SpeedWatch
from ayni.model.desk import Desk as Card
from ayni.model.place import Polygon

if TYPE_CHECKING:
    import pyarrow as pa

    from ayni.cli.acting import Desk

Command = TypeVar("Command", bound=Callable[..., None])
AREA = "area"


class _Properties(msgspec.Struct):
    name: str = ""
    stay_min: int = 0
    low_kn: float | None = None
    high_kn: float | None = None
    speed_min: int = 10


class _Feature(msgspec.Struct):
    geometry: Polygon
    properties: _Properties = msgspec.field(default_factory=_Properties)


class _Collection(msgspec.Struct):
    features: list[_Feature]


def watched_options(card: Card) -> Callable[[Command], Command]:
    """Return what adds the options, for a desk that has tables of what is watched."""

    def add(command: Command) -> Command:
        if not _has_areas(card):
            return command
        return click.option(
            "--watched", is_flag=True, help="Also ask for what the node has watched (AYNI_NODE, AYNI_OFFICER…)."
        )(areas_option(card)(command))

    return add


def areas_option(card: Card) -> Callable[[Command], Command]:
    """Return what adds `--areas`, for a desk that has a table of them."""

    def add(command: Command) -> Command:
        if not _has_areas(card):
            return command
        return click.option(
            "--areas",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="GeoJSON of areas to be watched.",
        )(command)

    return add


def _has_areas(card: Card) -> bool:
    return AREA in {table.name for table in card.tables}


def watched_tables_of(card: Card, *, areas: Path | None = None, watched: bool = False) -> dict[str, pa.Table]:
    """Return the tables of what is watched.

    Raises:
        UnreadableError: if the file holds anything but polygons.
        NotEntitledError: if the officer may not read the node's records.
    """
    from ayni.node.watched import area_rows, as_table  # noqa: PLC0415 -- Arrow loads only when something runs

    if areas is not None and watched:
        raise click.UsageError("--areas or --watched, not both")
    shape = next((table for table in card.tables if table.name == AREA), None)
    if areas is not None and shape is not None:
        rows = [
            row | {"record": None, "until_ms": None}
            for number, body in enumerate(areas_in(areas), start=1)
            for row in area_rows(f"{areas.name} {number}", body, until=datetime.now(UTC))
        ]
        return {AREA: as_table(shape, rows)}
    return _of_the_node(card) if watched else {}


def areas_in(file: Path) -> list[Area]:
    """Return the areas of a GeoJSON file, one a feature.

    Raises:
        UnreadableError: naming the file and what is wrong in it.
    """
    try:
        data = file.read_bytes()
        features = msgspec.json.decode(data, type=_Collection).features
        return [_area(feature, number) for number, feature in enumerate(features, start=1)]
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableError(file=str(file), why=f"not a collection of polygons to watch: {error}") from error


def _area(feature: _Feature, number: int) -> Area:
    said = feature.properties
    speed = None
    if said.low_kn is not None or said.high_kn is not None:
        speed = SpeedWatch(low_kn=said.low_kn or 0.0, high_kn=said.high_kn or 102.0, least_min=said.speed_min)
    return Area(
        name=said.name or f"area {number}",
        instruction="as the file says",
        owner="file",
        until=datetime.now(UTC) + timedelta(days=1),
        outline=Outline(shape=feature.geometry, entry=EntryWatch(least_min=said.stay_min), speed=speed),
    )


def _of_the_node(card: Card) -> dict[str, pa.Table]:
    found: dict[str, pa.Table] = {}

    @click.command()
    @acts
    def read(desk: Desk) -> None:
        from ayni.node.watched import consult_watched  # noqa: PLC0415 -- needs Django configured

        with desk.work() as work:
            found.update(consult_watched(card, by=desk.by, under=desk.under, work=work))
            work.commit()

    read.main([], standalone_mode=False)
    return found
