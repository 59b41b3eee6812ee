"""An officer draws an area to be watched, changes it, ends it; and it ends by itself when its time is over.

Whoever draws it owns it: answers for it, and is told of what it finds. Nothing is
watched without a purpose, a legal basis and an end. Vessels that were inside in the
day before it was drawn are told too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ayni.errors import InvalidValueError, UnknownError, WrongStateError
from ayni.model.act import Act, acting
from ayni.model.area import FORMER, Area, AreaState, EntryWatch, Outline, SpeedWatch
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.place import Polygon
from ayni.model.record import Header, House, Record, cell_of, next_version
from ayni.model.store import Query, Work

_WATCHERS = frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR})
DRAW = Act(name="area.draw", roles=_WATCHERS)
CHANGE = Act(name="area.change", roles=_WATCHERS)
END = Act(name="area.end", roles=_WATCHERS)
EXPIRE = Act(name="area.expire", machine=True)

PAGE: Final = 500
LONGEST: Final = timedelta(days=366)
"""A watch is looked at anew once a year: ours, after the yearly review of Directive (EU) 2016/680, article 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArea:
    """What an officer says of an area: its name, what to do, until when, its shape and what is asked inside."""

    name: str
    instruction: str
    until: datetime
    shape: Polygon
    entry: EntryWatch | None = None
    speed: SpeedWatch | None = None


def draw_area(
    drawn: NewArea, *, house: House, by: Officer, under: Mandate, work: Work, parents: tuple[str, ...] = ()
) -> Record[object]:
    """Have an area watched from now on. The caller commits.

    *parents* names what it was made from: the area that a partner shared.

    Raises:
        NotEntitledError: if the officer may not have areas watched. Nothing is written.
        InvalidValueError: for a shape that cannot be watched, or an expiry that is past or more than a year away.
    """
    with acting(DRAW, by=by, under=under, work=work) as acts:
        _check_until(drawn.until, acts.now)
        body = Area(
            name=drawn.name.strip(),
            instruction=drawn.instruction.strip(),
            owner=by.id,
            until=drawn.until,
            outline=Outline(shape=drawn.shape, entry=drawn.entry, speed=drawn.speed),
        )
        header = house.header("area", under=under, now=acts.now, identifiers=(f"owner:{by.id}",))
        header = replace(
            header,
            state=AreaState.LIVE.value,
            parents=parents,
            ended_at=body.until,
            keep_until=max(header.keep_until, body.until),
            cell=cell_of(body.outline.shape),
        )
        record: Record[object] = Record(header=header, body=body)
        acts.put(record, replacing=None)
        acts.note(until=body.until.isoformat())
    return record


def change_area(
    record: str,
    drawn: NewArea,
    *,
    words: str = "",
    by: Officer,
    under: Mandate,
    work: Work,
    version: int | None = None,
) -> Record[object]:
    """Give an area another shape, name, instruction, expiry or limits; its owner stays. The caller commits.

    What was said under the outline before stays said.

    Raises:
        NotEntitledError: if the officer may not change areas. Nothing is written.
        WrongStateError: if it is no longer watched.
        InvalidValueError: as `draw_area`.
        ChangedMeanwhileError: if it is not at *version*, the one the officer read.
    """
    with acting(CHANGE, by=by, under=under, work=work) as acts:
        stored = acts.get(record)
        body = _live(stored, "change")
        _check_until(drawn.until, acts.now)
        outline, former = Outline(shape=drawn.shape, entry=drawn.entry, speed=drawn.speed), body.former
        if replace(body.outline, from_at=None) == outline:
            outline = body.outline
        else:
            outline = replace(outline, from_at=acts.now)
            former = (replace(body.outline, until_at=acts.now), *former)[:FORMER]
        changed = replace(
            body,
            name=drawn.name.strip(),
            instruction=drawn.instruction.strip(),
            until=drawn.until,
            outline=outline,
            former=former,
            words=words,
        )
        after = next_version(stored, changed, now=acts.now, state=AreaState.LIVE.value)
        header = replace(
            after.header,
            ended_at=changed.until,
            keep_until=max(after.header.keep_until, changed.until),
            cell=cell_of(outline.shape),
        )
        after = Record(header=header, body=changed)
        acts.put(after, replacing=stored.header.version if version is None else version)
        acts.note(until=changed.until.isoformat(), redrawn=outline is not body.outline)
    return after


def end_area(
    record: str, *, words: str = "", by: Officer, under: Mandate, work: Work, version: int | None = None
) -> Record[object]:
    """Stop watching an area. What it found before stays. The caller commits.

    Raises:
        NotEntitledError: if the officer may not end areas. Nothing is written.
        WrongStateError: if it is no longer watched.
        ChangedMeanwhileError: if it is not at *version*.
    """
    with acting(END, by=by, under=under, work=work) as acts:
        stored = acts.get(record)
        body = _live(stored, "end")
        ended = replace(body, outline=replace(body.outline, until_at=acts.now), words=words)
        after = next_version(stored, ended, now=acts.now, state=AreaState.ENDED.value)
        acts.put(after, replacing=stored.header.version if version is None else version)
    return after


def expire_areas(*, by: Officer, under: Mandate, work: Work) -> tuple[str, ...]:
    """Stop watching every area whose time is over; return their records. The caller commits."""
    over: list[str] = []
    for header in live_areas(work):
        if header.ended_at is None or header.ended_at > work.now:
            continue
        with acting(EXPIRE, by=by, under=under, work=work) as acts:
            stored = acts.get(header.id)
            body = area_of(stored)
            expired = replace(body, outline=replace(body.outline, until_at=body.until))
            acts.put(
                next_version(stored, expired, now=acts.now, state=AreaState.EXPIRED.value), replacing=header.version
            )
        over.append(header.id)
    return tuple(over)


def live_areas(work: Work) -> list[Header]:
    """Return the headers of every area that is watched, newest first."""
    found: list[Header] = []
    while page := work.find(
        Query(kind="area", states=(AreaState.LIVE.value,), after=found[-1].id if found else "", limit=PAGE)
    ):
        found += page
    return found


def area_of(record: Record[object]) -> Area:
    """Return the body of a record of kind `area`.

    Raises:
        UnknownError: if the record is of another kind.
    """
    if not isinstance(record.body, Area):
        raise UnknownError(kind="area", name=record.header.id)
    return record.body


def _live(stored: Record[object], act: str) -> Area:
    body = area_of(stored)
    if stored.header.state != AreaState.LIVE.value:
        raise WrongStateError(
            thing=f"area {stored.header.id}", state=stored.header.state, act=act, needs=AreaState.LIVE.value
        )
    return body


def _check_until(until: datetime, now: datetime) -> None:
    if until <= now:
        raise InvalidValueError(field="until", why=f"{until.isoformat()} is not in the future")
    if until - now > LONGEST:
        raise InvalidValueError(field="until", why=f"a watch lasts {LONGEST.days} days at most, and is renewed then")
