"""The watchlist: one officer proposes a vessel, a second one confirms, and it ends by itself when its time is over.

Whoever proposes owns the entry: answers for it, and is told of hits. Until a second
officer has confirmed it, nothing is watched for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ayni.errors import InvalidValueError, NotEntitledError, UnknownError, WrongStateError
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, House, Record, next_version
from ayni.model.store import Query, Work
from ayni.model.watch_entry import WatchEntry, WatchState
from ayni.toolkit.codes.vessels import check_imo, check_mmsi
from ayni.toolkit.names import vessel_key

_WATCHERS = frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR})
PROPOSE = Act(name="watch.propose", roles=_WATCHERS)
CONFIRM = Act(name="watch.confirm", roles=_WATCHERS)
REFUSE = Act(name="watch.refuse", roles=_WATCHERS)
END = Act(name="watch.end", roles=_WATCHERS)
EXPIRE = Act(name="watch.expire", machine=True)

LONGEST: Final = timedelta(days=366)
"""Looked at anew once a year: ours, after the yearly review of Directive (EU) 2016/680, article 5."""
PAGE: Final = 500
LEAST_LETTERS: Final = {0: 3, 1: 5, 2: 8}
"""Shortest name by the letters that may differ: ours; `Mar` with one letter free is every second boat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """Whom an officer wants watched for, why, what to do, and until when."""

    mmsi: str = ""
    imo: str = ""
    call_sign: str = ""
    name: str = ""
    name_edits: int = 0
    ground: str
    instruction: str
    until: datetime


def propose_entry(
    new: NewEntry, *, house: House, by: Officer, under: Mandate, work: Work, parents: tuple[str, ...] = ()
) -> Record[object]:
    """Put a vessel up for the watchlist; a second officer decides. The caller commits.

    *parents* names what it was made from: the entry that a partner shared.

    Raises:
        NotEntitledError: if the officer may not propose entries. Nothing is written.
        InvalidValueError: for numbers that cannot be, a name too short for its tolerance, an expiry that is
            past or more than a year away, or a vessel that is listed already.
    """
    with acting(PROPOSE, by=by, under=under, work=work) as acts:
        body = _checked(new, by, acts.now)
        named = identifiers_of(body)
        for identifier in named:
            for header in acts.find(Query(kind="watch_entry", identifier=identifier, limit=PAGE)):
                if header.state in {WatchState.PROPOSED.value, WatchState.LIVE.value} and not header.agreement:
                    raise InvalidValueError(field=identifier.partition(":")[0], why=f"listed already, in {header.id}")
        header = house.header("watch_entry", under=under, now=acts.now, identifiers=(*named, f"owner:{by.id}"))
        header = replace(
            header,
            state=WatchState.PROPOSED.value,
            parents=parents,
            ended_at=body.until,
            keep_until=max(header.keep_until, body.until),
        )
        record: Record[object] = Record(header=header, body=body)
        acts.put(record, replacing=None)
        acts.note(until=body.until.isoformat())
    return record


def confirm_entry(
    record: str, *, by: Officer, under: Mandate, work: Work, version: int | None = None
) -> Record[object]:
    """Have a proposed vessel watched for from now on, as the second officer. The caller commits.

    Raises:
        NotEntitledError: if the officer may not confirm, or proposed it. Nothing is written.
        WrongStateError: if it is not proposed, or its time is over.
        ChangedMeanwhileError: if it is not at *version*, the one the officer read.
    """
    return _decide(
        CONFIRM,
        record,
        WatchState.LIVE,
        lambda body, now: replace(body, confirmed_by=by.id, confirmed_at=now),
        by=by,
        under=under,
        work=work,
        version=version,
    )


def refuse_entry(
    record: str, *, words: str, by: Officer, under: Mandate, work: Work, version: int | None = None
) -> Record[object]:
    """Turn a proposed entry down, saying why, as the second officer. The caller commits.

    Raises:
        NotEntitledError, WrongStateError, ChangedMeanwhileError: as `confirm_entry`.
        InvalidValueError: if there are no words.
    """
    if not words.strip():
        raise InvalidValueError(field="words", why="say why it is turned down")
    return _decide(
        REFUSE,
        record,
        WatchState.REFUSED,
        lambda body, now: replace(body, words=words, ended_at=now),
        by=by,
        under=under,
        work=work,
        version=version,
    )


def end_entry(
    record: str, *, words: str = "", by: Officer, under: Mandate, work: Work, version: int | None = None
) -> Record[object]:
    """Stop watching for a vessel, or take a proposal back. What was found before stays. The caller commits.

    Raises:
        NotEntitledError: if the officer may not end entries. Nothing is written.
        WrongStateError: if it is neither proposed nor live.
        ChangedMeanwhileError: if it is not at *version*.
    """
    with acting(END, by=by, under=under, work=work) as acts:
        stored = acts.get(record)
        body = entry_of(stored)
        _in_state(stored, END, WatchState.LIVE, WatchState.PROPOSED)
        ended = replace(body, ended_at=acts.now, words=words)
        after = next_version(stored, ended, now=acts.now, state=WatchState.ENDED.value)
        acts.put(after, replacing=stored.header.version if version is None else version)
    return after


def expire_entries(*, by: Officer, under: Mandate, work: Work) -> tuple[str, ...]:
    """Take off the list whatever's time is over, confirmed or not; return the records. The caller commits."""
    over: list[str] = []
    for header in standing_entries(work):
        if header.ended_at is None or header.ended_at > work.now:
            continue
        with acting(EXPIRE, by=by, under=under, work=work) as acts:
            stored = acts.get(header.id)
            body = entry_of(stored)
            expired = replace(body, ended_at=body.until)
            acts.put(
                next_version(stored, expired, now=acts.now, state=WatchState.EXPIRED.value), replacing=header.version
            )
        over.append(header.id)
    return tuple(over)


def standing_entries(work: Work) -> list[Header]:
    """Return the headers of every entry of ours that is proposed or live, newest first."""
    found: list[Header] = []
    states = (WatchState.PROPOSED.value, WatchState.LIVE.value)
    while page := work.find(
        Query(kind="watch_entry", states=states, after=found[-1].id if found else "", limit=PAGE)
    ):
        found += page
    return [header for header in found if not header.agreement]


def entry_of(record: Record[object]) -> WatchEntry:
    """Return the body of a record of kind `watch_entry`.

    Raises:
        UnknownError: if the record is of another kind.
    """
    if not isinstance(record.body, WatchEntry):
        raise UnknownError(kind="watch entry", name=record.header.id)
    return record.body


def identifiers_of(body: WatchEntry) -> tuple[str, ...]:
    """Return the numbers that the record of an entry is found by; its name lives in the body alone."""
    numbers = (("mmsi", body.mmsi), ("imo", body.imo), ("callsign", body.call_sign))
    return tuple(f"{prefix}:{value}" for prefix, value in numbers if value)


def _checked(new: NewEntry, by: Officer, now: datetime) -> WatchEntry:
    body = WatchEntry(
        mmsi=new.mmsi.replace(" ", ""),
        imo=new.imo.upper().removeprefix("IMO").replace(" ", ""),
        call_sign=new.call_sign.upper().replace(" ", "").replace("-", ""),
        name=new.name.strip(),
        name_edits=new.name_edits,
        ground=new.ground.strip(),
        instruction=new.instruction.strip(),
        owner=by.id,
        until=new.until,
    )
    if body.imo and check_imo(body.imo).wrong:
        raise InvalidValueError(field="imo", why=f"{body.imo} is no IMO number: its check digit is wrong")
    if body.mmsi and check_mmsi(body.mmsi).station.distress:
        raise InvalidValueError(field="mmsi", why=f"{body.mmsi} is a distress beacon: call the rescue centre instead")
    letters = len(vessel_key(body.name))
    if body.name and letters < LEAST_LETTERS[body.name_edits]:
        least = LEAST_LETTERS[body.name_edits]
        raise InvalidValueError(
            field="name", why=f"{letters} letters; with {body.name_edits} that may differ it needs {least}"
        )
    if new.until <= now:
        raise InvalidValueError(field="until", why=f"{new.until.isoformat()} is not in the future")
    if new.until - now > LONGEST:
        raise InvalidValueError(field="until", why=f"an entry lasts {LONGEST.days} days at most, and is renewed then")
    return body


def _decide(
    act: Act,
    record: str,
    state: WatchState,
    change: Callable[[WatchEntry, datetime], WatchEntry],
    *,
    by: Officer,
    under: Mandate,
    work: Work,
    version: int | None,
) -> Record[object]:
    with acting(act, by=by, under=under, work=work) as acts:
        stored = acts.get(record)
        body = entry_of(stored)
        if body.owner == by.id:
            raise NotEntitledError(officer=by.name, act=f"{act.name} of one's own proposal")
        _in_state(stored, act, WatchState.PROPOSED)
        if body.until <= acts.now:
            raise WrongStateError(
                thing=f"watch entry {record}", state=WatchState.EXPIRED.value, act=act.name, needs="proposed"
            )
        after = next_version(stored, change(body, acts.now), now=acts.now, state=state.value)
        acts.put(after, replacing=stored.header.version if version is None else version)
        acts.note(proposed_by=body.owner, after=state.value)
    return after


def _in_state(stored: Record[object], act: Act, *allowed: WatchState) -> None:
    header = stored.header
    if header.agreement or header.state not in {state.value for state in allowed}:
        raise WrongStateError(
            thing=f"watch entry {header.id}",
            state="received" if header.agreement else header.state,
            act=act.name,
            needs=" or ".join(state.value for state in allowed),
        )
