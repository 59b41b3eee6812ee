"""One subject in the node's observations: where it was heard, what it said of itself, where it stopped.

Only the rows of that subject are read, day by day; nothing of it is kept. What the retention
of observations has deleted is not there any more, and the answer says since when it looked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from ayni.engine.detect import Request, detect, shared
from ayni.engine.duckdb import DuckDBEngine
from ayni.model.desk import Desk, History
from ayni.model.signal import Signal
from ayni.node.observations import Observations

MOST_POSITIONS: Final = 2_000
"""Positions of a trail that are told: some 30 kB compressed, and more than a screen can show. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One position of a trail, degrees and knots."""

    at: datetime
    lat: float
    lon: float
    knots: float | None
    begins: bool
    """True where nothing connects it to the position before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing a subject said of itself, by its FollowTheMoney property."""

    what: str
    value: str
    first: datetime
    last: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the observations tell of one subject."""

    positions: int = 0
    """How many were heard; the trail holds fewer of a long one."""
    trail: Sequence[Spot] = ()
    claims: Sequence[Claim] = ()
    stops: Sequence[Signal] = ()
    """Ordinary events: calls at ports, stops away from any."""
    sharers: Sequence[tuple[str, str, str]] = ()
    """What should be one subject's alone, and who else sent it: property, value, the other's number."""
    damaged: int = 0
    """Files that could not be read."""


def told(desk: Desk, folder: Path, subject: int, *, since: date, until: date) -> Told:
    """Return what the observations from *since* to *until*, both included, tell of *subject*.

    Raises:
        DetectorError: if a table of the desk failed.
    """
    history = desk.history
    if history is None:
        return Told()
    observations = Observations(folder=folder)
    tables: dict[str, pa.Table] = {}
    damaged = 0
    files: dict[str, tuple[Path, ...]] = {}
    for table in desk.tables:
        if table.subject and table.day_column:
            kept = observations.find(desk.name, table, since=since, until=until)
            damaged += len(kept.damaged)
            files[table.name] = kept.files
            tables[table.name] = _rows(kept.files, pc.field(table.subject) == subject)
    given = {name: rows for name, rows in tables.items() if rows.num_rows}
    if not given:
        return Told(damaged=damaged)
    engine = DuckDBEngine()
    trail = shared(desk, given, engine=engine, name=history.trail)
    said = shared(desk, given, engine=engine, name=history.said)
    rules = tuple(sorted(desk.context_rules))
    stops = detect(desk, given, engine=engine, request=Request(made_at=datetime.now(UTC), rules=rules)).signals
    spots = _trail(trail) if trail is not None else []
    return Told(
        positions=len(spots),
        trail=thinned(spots),
        claims=_claims(said) if said is not None else (),
        stops=stops,
        sharers=_sharers(desk, history, given, files, subject),
        damaged=damaged,
    )


def thinned(spots: Sequence[Spot], most: int = MOST_POSITIONS) -> Sequence[Spot]:
    """Return at most about *most* positions: the ends of every stretch, and every so many in between."""
    step = -(-len(spots) // most) if spots else 1
    return [
        one
        for n, one in enumerate(spots)
        if one.begins or n % step == 0 or n + 1 == len(spots) or spots[n + 1].begins
    ]


def stretches(trail: Sequence[Spot]) -> Iterator[tuple[datetime, datetime]]:
    """Yield when each stretch of a trail without a break began and ended."""
    first: datetime | None = None
    before: datetime | None = None
    for spot in trail:
        if spot.begins or first is None or before is None:
            if first is not None and before is not None:
                yield first, before
            first = spot.at
        before = spot.at
    if first is not None and before is not None:
        yield first, before


def _rows(files: Sequence[Path], wanted: pc.Expression) -> pa.Table:
    if not files:
        return pa.table({})
    return pads.dataset([str(path) for path in files], format="parquet").to_table(filter=wanted)


def _trail(rows: pa.Table) -> list[Spot]:
    ordered = rows.sort_by([("ship", "ascending"), ("at_ms", "ascending")]) if "ship" in rows.column_names else rows
    return [
        Spot(
            at=_instant(row["at_ms"]),
            lat=row["lat_udeg"] / 1e6,
            lon=row["lon_udeg"] / 1e6,
            knots=row["speed_kn"],
            begins=bool(row["begins"]),
        )
        for row in ordered.to_pylist()
    ]


def _claims(rows: pa.Table) -> Sequence[Claim]:
    found = [
        Claim(
            what=row["what"],
            value=row["value"],
            first=_instant(row["first_ms"]),
            last=_instant(row["last_ms"]),
            times=row["times"],
        )
        for row in rows.to_pylist()
    ]
    return sorted(found, key=lambda one: (one.what, one.first, one.value))


def _sharers(
    desk: Desk, history: History, given: dict[str, pa.Table], files: dict[str, tuple[Path, ...]], subject: int
) -> Sequence[tuple[str, str, str]]:
    found = []
    for name, column, prop in history.same:
        table = next(one for one in desk.tables if one.name == name)
        if name not in given or column not in given[name].column_names:
            continue
        mine = [value for value in pc.unique(given[name].column(column)).to_pylist() if value is not None]
        if not mine:
            continue
        wanted = pc.field(column).isin(mine) & (pc.field(table.subject) != subject)
        others = _rows(files[name], wanted).select([column, table.subject])
        pairs = others.group_by([column, table.subject]).aggregate([]).to_pylist()
        found += [(prop, str(row[column]), str(row[table.subject])) for row in pairs]
    return sorted(found)


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
