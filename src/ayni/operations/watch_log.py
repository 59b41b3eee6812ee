"""The watch log: what one shift leaves to the next, which reads it first.

    begin       an officer takes the watch at a post, having read what the last one left
    note        words on what happens, with the records they speak of; nothing is struck out
    hand over   a summary, and with it what is still open: tasks, requests, silences, pending signals
    relieve     the watch of somebody who could not hand over is ended, saying why

One watch at a time is open at a post. What remains is gathered by the node, so that a tired
officer forgets nothing; the summary is the officer's own. The log holds ids and words: whoever
opens what it points to does so with their own purpose, and that is written down as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from ayni.casework.triage import signal_of
from ayni.errors import InvalidValueError, UnknownError, WrongStateError
from ayni.exchange.request_words import WAITS
from ayni.exchange.requests import listed
from ayni.model.act import Act, acting
from ayni.model.checks import aware, require
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record, next_version
from ayni.model.store import Query, Work
from ayni.model.task import TaskState
from ayni.model.triage import TriageState
from ayni.operations.tasking import task_of

WATCH = "watch-log"
_KEEPERS = frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR, Role.LIAISON})
BEGIN = Act(name="watch.begin", roles=_KEEPERS)
NOTE = Act(name="watch.note", roles=_KEEPERS)
HAND_OVER = Act(name="watch.hand-over", roles=_KEEPERS)
RELIEVE = Act(name="watch.relieve", roles=_KEEPERS)
READ = Act(name="watch.read", roles=_KEEPERS)

MAX_WORDS = 4_000
MAX_POST = 100
MOST_NOTES = 500
MOST_LEFT = 20
"""Records of each sort that a handover lists; beyond, it says how many more."""
MOST_COUNTED = 1_000
WAKES_WITHIN = timedelta(hours=12)
"""Silences that end within the next watch are part of the handover. Ours: the longest usual watch."""


class WatchState(StrEnum):
    """Where a watch stands."""

    OPEN = "open"
    HANDED_OVER = "handed-over"
    """Its officer has left it, and nobody has taken it yet."""
    TAKEN = "taken"
    """The next has read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the log."""

    at: datetime
    by: str
    name: str
    words: str
    records: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        aware(self.at, "at")
        require(bool(self.words.strip()) and len(self.words) <= MAX_WORDS, "words", f"1 to {MAX_WORDS} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Records of one sort that are still open, the most urgent first, and how many there are in all."""

    records: tuple[str, ...] = ()
    in_all: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is still open when a watch ends."""

    signals: Left = Left()
    """Waiting for a decision, the highest weight first."""
    waking: Left = Left()
    """Silenced, and awake again within twelve hours, the soonest first."""
    tasks: Left = Left()
    """Proposed, accepted or under way, the earliest deadline first."""
    requests: Left = Left()
    """Asked or answered in part, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One shift at one post.

    Raises:
        InvalidValueError: without a post or an officer, or with an end before its beginning.
    """

    post: str
    """Where the watch is kept: "sala de guardia", "muelle norte"."""
    officer: str
    name: str
    began_at: datetime
    state: WatchState = WatchState.OPEN
    notes: tuple[Note, ...] = ()
    ended_at: datetime | None = None
    summary: str = ""
    """What its officer leaves in words; of a relieved watch, why it was relieved."""
    relieved_by: str = ""
    """Who ended it in its officer's place."""
    remains: Remains = Remains()
    taken_by: str = ""
    taken_at: datetime | None = None

    def __post_init__(self) -> None:
        require(bool(self.post.strip()) and len(self.post) <= MAX_POST, "post", f"1 to {MAX_POST} characters")
        require(bool(self.officer), "officer", "a watch is somebody's")
        require(len(self.notes) <= MOST_NOTES, "notes", f"at most {MOST_NOTES}; hand over and begin anew")
        require(len(self.summary) <= MAX_WORDS, "summary", f"at most {MAX_WORDS} characters")
        require(self.state is WatchState.OPEN or bool(self.summary.strip()), "summary", "a handover says something")
        aware(self.began_at, "began_at")
        for name in ("ended_at", "taken_at"):
            value = getattr(self, name)
            if value is not None:
                aware(value, name)
                require(value >= self.began_at, name, "a watch ends after it begins")


KINDS: Mapping[str, type[object]] = {WATCH: Watch}
"""Record kinds of this module and the type of their body."""


def begin(post: str, *, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Take the watch at a post; what the last one left counts as read. The caller commits.

    Raises:
        NotEntitledError: if the officer may not keep a watch.
        InvalidValueError: without a post.
        WrongStateError: if a watch is open there: it is handed over, or relieved, first.
    """
    with acting(BEGIN, by=by, under=under, work=work) as acts:
        last = latest(post, work=work)
        parents: tuple[str, ...] = ()
        if last is not None:
            before = watch_in(last)
            if before.state is WatchState.OPEN:
                raise WrongStateError(
                    thing=f"watch {last.header.id} of {before.name}",
                    state=before.state.value,
                    act=BEGIN.name,
                    needs=WatchState.HANDED_OVER.value,
                )
            parents = (last.header.id,)
            if before.state is WatchState.HANDED_OVER:
                taken = replace(before, state=WatchState.TAKEN, taken_by=by.id, taken_at=acts.now)
                acts.put(
                    next_version(last, taken, now=acts.now, state=taken.state.value), replacing=last.header.version
                )
        body = Watch(post=post.strip(), officer=by.id, name=by.name, began_at=acts.now)
        header = replace(
            house.header(WATCH, under=under, now=acts.now, identifiers=(_post(post),)),
            state=body.state.value,
            started_at=acts.now,
            parents=parents,
        )
        record: Record[object] = Record(header=header, body=body)
        acts.put(record, replacing=None)
        return record


def note(
    watch: str, words: str, *, records: Sequence[str] = (), by: Officer, under: Mandate, work: Work
) -> Record[object]:
    """Write a line into an open watch; any officer at the post may. The caller commits.

    Raises:
        NotEntitledError: if the officer may not.
        InvalidValueError: without words, with too many, or when the log is full.
        UnknownError: if the watch, or a record it speaks of, is not here.
        WrongStateError: if the watch is over.
    """
    with acting(NOTE, by=by, under=under, work=work) as acts:
        stored = _open(watch, NOTE, work)
        for record in records:
            acts.get(record)
        body = watch_in(stored)
        line = Note(at=acts.now, by=by.id, name=by.name, words=words.strip(), records=tuple(records))
        changed = next_version(
            stored, replace(body, notes=(*body.notes, line)), now=acts.now, state=stored.header.state
        )
        acts.put(changed, replacing=stored.header.version)
        return changed


def hand_over(watch: str, summary: str, *, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """End one's own watch: a summary, and all that is still open. The caller commits.

    Raises:
        NotEntitledError: if the officer may not.
        InvalidValueError: without a summary.
        WrongStateError: if it is over already, or somebody else's (that is `relieve`).
    """
    with acting(HAND_OVER, by=by, under=under, work=work) as acts:
        stored = _open(watch, HAND_OVER, work)
        body = watch_in(stored)
        if body.officer != by.id:
            raise WrongStateError(
                thing=f"watch {watch}", state=f"kept by {body.name}", act=HAND_OVER.name, needs="your own"
            )
        changed = _ended(stored, summary, "", work)
        acts.put(changed, replacing=stored.header.version)
        return changed


def relieve(watch: str, why: str, *, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """End the watch of an officer who could not hand it over, saying why. The caller commits.

    Raises:
        NotEntitledError: if the officer may not.
        InvalidValueError: without a reason.
        WrongStateError: if it is over already, or one's own.
    """
    with acting(RELIEVE, by=by, under=under, work=work) as acts:
        stored = _open(watch, RELIEVE, work)
        if watch_in(stored).officer == by.id:
            raise WrongStateError(thing=f"watch {watch}", state="your own", act=RELIEVE.name, needs="somebody else's")
        changed = _ended(stored, why, by.id, work)
        acts.put(changed, replacing=stored.header.version)
        acts.note(officer=watch_in(stored).officer)
        return changed


def read(watch: str, *, by: Officer, under: Mandate, work: Work) -> Watch:
    """Read a watch; the consultation is written down. The caller commits.

    Raises:
        NotEntitledError: if the officer may not.
        UnknownError: if there is none of that id.
    """
    with acting(READ, by=by, under=under, work=work) as acts:
        _find(watch, work)
        return watch_in(acts.open(watch))


def latest(post: str, *, work: Work) -> Record[object] | None:
    """Return the newest watch at a post, or None if there was none."""
    found = work.find(Query(kind=WATCH, identifier=_post(post), limit=1))
    return work.get(found[0].id) if found else None


def watch_in(record: Record[object]) -> Watch:
    """Return the body of a watch."""
    return cast("Watch", record.body)


def remaining(work: Work) -> Remains:
    """Gather what is still open at this node, the most urgent of each sort first."""
    pending = work.find(Query(kind="signal", states=(TriageState.PENDING.value,), limit=MOST_COUNTED))
    silenced = work.find(Query(kind="signal", states=(TriageState.SILENCED.value,), limit=MOST_COUNTED))
    until = [(signal_of(work.get(header.id)).triage.until, header.id) for header in silenced]
    waking = sorted((at, name) for at, name in until if at is not None and at <= work.now + WAKES_WITHIN)
    going = (TaskState.PROPOSED.value, TaskState.ACCEPTED.value, TaskState.UNDER_WAY.value)
    tasks = work.find(Query(kind="task", states=going, limit=MOST_COUNTED))
    due = sorted((task_of(work.get(header.id)).deadline, header.id) for header in tasks)
    requests = listed(work, states=WAITS)
    return Remains(
        signals=_left([header.id for header in sorted(pending, key=lambda header: -header.priority)]),
        waking=_left([name for _, name in waking]),
        tasks=_left([name for _, name in due]),
        requests=_left([header.id for header in requests]),
    )


def _left(records: Sequence[str]) -> Left:
    return Left(records=tuple(records[:MOST_LEFT]), in_all=len(records))


def _ended(stored: Record[object], summary: str, relieved_by: str, work: Work) -> Record[object]:
    if not summary.strip():
        raise InvalidValueError(field="summary", why="a handover says something, even that nothing happened")
    body = replace(
        watch_in(stored),
        state=WatchState.HANDED_OVER,
        ended_at=work.now,
        summary=summary.strip(),
        relieved_by=relieved_by,
        remains=remaining(work),
    )
    changed = next_version(stored, body, now=work.now, state=body.state.value)
    return replace(changed, header=replace(changed.header, ended_at=work.now))


def _open(watch: str, act: Act, work: Work) -> Record[object]:
    stored = _find(watch, work)
    if watch_in(stored).state is not WatchState.OPEN:
        raise WrongStateError(
            thing=f"watch {watch}", state=stored.header.state, act=act.name, needs=WatchState.OPEN.value
        )
    return stored


def _find(watch: str, work: Work) -> Record[object]:
    if not work.find(Query(kind=WATCH, among=(watch,), limit=1)):
        raise UnknownError(kind="watch", name=watch)
    return work.get(watch)


def _post(post: str) -> str:
    return f"post:{post.strip().casefold()}"
