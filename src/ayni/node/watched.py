"""What officers asked to have watched, as the tables that rules read: areas, and the watchlist.

A desk that declares a table `area` is given the node's areas, a row a corner; one that
declares `watch`, the entries that a second officer confirmed. What ended within the last
two days stays in the table with the instant at which it ceased, because what was said
under it still stands; what ended earlier is gone.

Feeds look every few seconds, and unseal only what changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from ayni.casework.consult import CONSULT
from ayni.engine.evidence import EPOCH
from ayni.model.act import acting
from ayni.model.area import Area, AreaState, Outline, corners_udeg, outline_number
from ayni.model.desk import Desk, Table
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.store import Query, Work
from ayni.model.watch_entry import WatchEntry, WatchState, entry_number

if TYPE_CHECKING:
    from ayni.node.opening import OpenNode

AREA: Final = "area"
WATCH: Final = "watch"
STAYS: Final = timedelta(hours=48)
"""How long an ended area stays in the table: longer than the window that streams look back (36 h)."""
LOOK_EVERY: Final = timedelta(seconds=5)
"""How soon a feed takes over what an officer drew: ours, within the ten seconds a signal may take."""
PAGE: Final = 500
MS: Final = timedelta(milliseconds=1)
ARROW: Final[Mapping[str, pa.DataType]] = {
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
}

Value = str | int | float | bool | None
Row = dict[str, Value]


class Watched(Mapping[str, pa.Table]):
    """The tables of what is watched, read again when they are asked for and some seconds have passed."""

    def __init__(self, node: OpenNode, desk: Desk) -> None:
        """Ask *node* for whatever *desk* has a table for."""
        self._node = node
        self._shapes = {table.name: table for table in desk.tables if table.name in READERS}
        self._lock = threading.Lock()
        self._bodies: dict[str, tuple[int, object]] = {}
        self._tables: dict[str, pa.Table] = {}
        self._looked: datetime | None = None

    def __getitem__(self, name: str) -> pa.Table:
        """Return one table."""
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        """Name the tables that have a row."""
        return iter(self._now())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._now())

    def _now(self) -> dict[str, pa.Table]:
        with self._lock:
            with self._node.store.work() as work:
                if self._looked is None or abs(work.now - self._looked) >= LOOK_EVERY:
                    self._tables = watched_tables(self._shapes, work, self._bodies)
                    self._looked = work.now
            return self._tables


def watched_tables(
    shapes: Mapping[str, Table], work: Work, bodies: dict[str, tuple[int, object]] | None = None
) -> dict[str, pa.Table]:
    """Return the tables of what is watched now, without those that would be empty.

    *bodies* keeps what was unsealed from one time to the next, by record and version.
    """
    known = {} if bodies is None else bodies
    found = {name: READERS[name](work, known) for name in shapes if name in READERS}
    return {name: as_table(shapes[name], rows) for name, rows in found.items() if rows}


def consult_watched(desk: Desk, *, by: Officer, under: Mandate, work: Work) -> dict[str, pa.Table]:
    """Return what is watched for an officer who asks it of files; every record read is written down.

    The caller commits.

    Raises:
        NotEntitledError: if the officer may not read records. Nothing is opened.
    """
    with acting(CONSULT, by=by, under=under, work=work) as acts:
        bodies: dict[str, tuple[int, object]] = {}
        shapes = {table.name: table for table in desk.tables if table.name in READERS}
        found = watched_tables(shapes, work, bodies)
        for record in bodies:
            acts.open(record)
        acts.note(watched=len(bodies))
        return found


def as_table(shape: Table, rows: list[Row]) -> pa.Table:
    """Return rows as a table of *shape*; what a row lacks is null."""
    return pa.table(
        {
            column.name: pa.array([row.get(column.name) for row in rows], ARROW[column.type])
            for column in shape.columns
        }
    )


def area_rows(record: str, body: Area, *, until: datetime) -> list[Row]:
    """Return the corners of an area's outlines that counted until *until* or later."""
    return [
        row
        for outline in body.outlines
        if outline.until_at is None or outline.until_at >= until
        for row in _corners(record, body, outline)
    ]


def _corners(record: str, body: Area, outline: Outline) -> list[Row]:
    ends = outline.until_at or body.until
    said: Row = {
        "area_id": outline_number(record, outline),
        "name": body.name,
        "record": record,
        "entry": outline.entry is not None,
        "least_min": outline.entry.least_min if outline.entry else None,
        "low_kn": outline.speed.low_kn if outline.speed else None,
        "high_kn": outline.speed.high_kn if outline.speed else None,
        "speed_min": outline.speed.least_min if outline.speed else None,
        "from_ms": None if outline.from_at is None else (outline.from_at - EPOCH) // MS,
        "until_ms": (ends - EPOCH) // MS,
    }
    corners = corners_udeg(outline.shape.coordinates[0])
    return [said | {"seq": seq, "lat_udeg": lat, "lon_udeg": lon} for seq, (lon, lat) in enumerate(corners, start=1)]


def _areas(work: Work, bodies: dict[str, tuple[int, object]]) -> list[Row]:
    rows: list[Row] = []
    since = work.now - STAYS
    for record, body in _recent("area", tuple(AreaState), work, bodies):
        if isinstance(body, Area):
            rows += area_rows(record, body, until=since)
    return rows


def _recent(
    kind: str, states: tuple[str, ...], work: Work, bodies: dict[str, tuple[int, object]]
) -> Iterator[tuple[str, object]]:
    """Give our own records of *kind* that are live or changed lately; a partner's are nobody's watch here."""
    after = ""
    while page := work.find(Query(kind=kind, states=states, after=after, limit=PAGE)):
        for header in page:
            lately = header.state == AreaState.LIVE.value or header.changed_at >= work.now - STAYS
            if header.agreement or not lately:
                bodies.pop(header.id, None)
                continue
            if bodies.get(header.id, (0, None))[0] != header.version:
                bodies[header.id] = (header.version, work.get(header.id).body)
            yield header.id, bodies[header.id][1]
        after = page[-1].id


def _entries(work: Work, bodies: dict[str, tuple[int, object]]) -> list[Row]:
    """Give what two officers listed: as the desk at sea compares it, each in its plain form."""
    from ayni.desks.maritime.callings import call_key, figures, name_key  # noqa: PLC0415 -- only who lists vessels

    states = (WatchState.LIVE.value, WatchState.ENDED.value, WatchState.EXPIRED.value)
    rows: list[Row] = []
    for record, body in _recent("watch_entry", states, work, bodies):
        if isinstance(body, WatchEntry) and body.confirmed_by:
            key = name_key(body.name)
            rows.append(
                {
                    "entry_id": entry_number(record),
                    "record": record,
                    "listed_mmsi": int(body.mmsi) if body.mmsi else None,
                    "listed_imo": int(body.imo) if body.imo else None,
                    "call_key": call_key(body.call_sign) or None,
                    "name_key": key or None,
                    "figures": figures(key) if key else None,
                    "name_edits": body.name_edits,
                    "until_ms": ((body.ended_at or body.until) - EPOCH) // MS,
                }
            )
    return rows


READERS: Final = {AREA: _areas, WATCH: _entries}
"""Name of a desk's table to what fills it."""
