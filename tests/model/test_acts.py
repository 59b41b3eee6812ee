"""Laws of acts over the store in memory: no change without its entry, no entry without its change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import (
    ChangedMeanwhileError,
    HeldError,
    InvalidValueError,
    NotEntitledError,
    UnknownError,
    UnreadableError,
)
from ayni.model.act import Act, Acting, Entry, Leaf, Touched, acting, check_entitled, leaf_of
from ayni.model.handling import Hold, Purpose
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer, Role
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.model.triage import TriagedSignal
from tests.model import values
from tests.people import ANALYST, DESK, HOUSE, LIAISON, MANDATE, NOON, a_signal

RAISE = Act(name="signal.raise", machine=True)
VALIDATE = Act(name="signal.validate", roles=frozenset({Role.ANALYST}))


def a_record(number: int = 1) -> Record[object]:
    """Return a signal as a record."""
    header = HOUSE.header("signal", under=MANDATE, now=NOON)
    return Record(header=header, body=TriagedSignal(signal=a_signal(number)))


def next_version(record: Record[object]) -> Record[object]:
    """Return the same record, changed once more."""
    return replace(record, header=replace(record.header, version=record.header.version + 1))


def test_a_change_and_its_entry_appear_together() -> None:
    """After commit both are there, before it neither."""
    store, record = MemoryStore(lambda: NOON), a_record()
    with store.work() as work:
        with acting(RAISE, by=DESK, under=MANDATE, work=work) as acts:
            acts.put(record, replacing=None)
            acts.note(why="seen")
        assert len(store.entries) == 0
        work.commit()
    assert len(store.entries) == 1
    entry = store.entries[0]
    assert (entry.act, entry.by, entry.answerable, entry.facts) == (
        "signal.raise",
        "desk:maritime",
        "ana",
        {"why": "seen"},
    )
    assert entry.touched == (Touched(record=record.header.id, version=1),)
    with store.work() as work:
        assert work.get(record.header.id) == record


def test_without_commit_nothing_happened() -> None:
    """Leaving the block undoes everything."""
    store, record = MemoryStore(lambda: NOON), a_record()
    with store.work() as work, acting(RAISE, by=DESK, under=MANDATE, work=work) as acts:
        acts.put(record, replacing=None)
    assert store.entries == ()
    with store.work() as work, pytest.raises(UnknownError):
        work.get(record.header.id)


def test_an_act_that_fails_writes_no_entry() -> None:
    """An exception inside the block leaves no entry, so that commit refuses what was half done."""
    store, record = MemoryStore(lambda: NOON), a_record()
    with store.work() as work:
        with pytest.raises(UnknownError), acting(RAISE, by=DESK, under=MANDATE, work=work) as acts:
            _put_then_fail(acts, record)
        with pytest.raises(ValueError, match="without an entry"):
            work.commit()
    assert store.entries == ()


def _put_then_fail(acts: Acting, record: Record[object]) -> None:
    acts.put(record, replacing=None)
    acts.get("another")


def test_who_is_not_entitled_touches_nothing() -> None:
    """The block is never entered."""
    store = MemoryStore(lambda: NOON)
    entered = False
    with store.work() as work:
        with pytest.raises(NotEntitledError), acting(VALIDATE, by=LIAISON, under=MANDATE, work=work):
            entered = True
        work.commit()
    assert not entered
    assert store.entries == ()


@given(
    roles=st.frozensets(st.sampled_from(Role)),
    may=st.frozensets(st.sampled_from(Role)),
    machine=st.booleans(),
)
def test_a_machine_never_does_what_asks_for_a_role(
    *, roles: frozenset[Role], may: frozenset[Role], machine: bool
) -> None:
    """A machine may do what is open to machines and nothing else; a person what one of their roles allows."""
    act = Act(name="any", roles=may, machine=machine)
    try:
        check_entitled(act, DESK)
    except NotEntitledError:
        assert not machine
    else:
        assert machine
    if not roles or (Role.OVERSIGHT in roles and len(roles) > 1):
        with pytest.raises(InvalidValueError):
            Officer(id="x", name="X", roles=roles)
        return
    person = Officer(id="x", name="X", roles=roles)
    try:
        check_entitled(act, person)
    except NotEntitledError:
        assert not roles & may
    else:
        assert roles & may


def test_machines_have_no_roles_and_someone_answers_for_them() -> None:
    """A machine with a role, or with nobody, does not exist."""
    with pytest.raises(InvalidValueError):
        Officer(id="m", name="m", machine=True, answerable="ana", roles=frozenset({Role.ANALYST}))
    with pytest.raises(InvalidValueError):
        Officer(id="m", name="m", machine=True)


Step = tuple[str, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "change", "stale", "tombstone", "open", "silent", "false entry"]), st.integers(0, 3)
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(plan=steps)
def test_whatever_is_done_entries_and_changes_agree(plan: list[Step]) -> None:
    """Replaying the entries gives the versions in the store, whatever was tried, in whatever order."""
    store = MemoryStore(lambda: NOON)
    records = [a_record(number) for number in range(4)]
    for what, which in plan:
        _try(store, records[which], what)
    told: dict[str, int] = {}
    for entry in store.entries:
        for touched in entry.touched:
            if touched.opened:
                assert told[touched.record] == touched.version
            else:
                assert touched.version in {told.get(touched.record, 0) + 1, 0}
                told[touched.record] = touched.version
    with store.work() as work:
        assert {header.id: header.version for header in work.find(Query())} == {
            record: version for record, version in told.items() if version
        }


def _try(store: MemoryStore, record: Record[object], what: str) -> None:
    name = record.header.id
    with store.work() as work:
        try:
            if what == "silent":
                work.put(record, replacing=None)
            elif what == "false entry":
                false = Touched(record=name, version=7)
                work.append_entry(replace(_entry(), touched=(false,)))
            else:
                with acting(RAISE, by=DESK, under=MANDATE, work=work) as acts:
                    if what == "put":
                        acts.put(record, replacing=None)
                    elif what == "tombstone":
                        acts.tombstone(name, why="expired")
                    elif what == "open":
                        acts.open(name)
                    else:
                        found = acts.get(name)
                        back = what == "stale"
                        acts.put(next_version(found), replacing=found.header.version - (1 if back else 0))
            work.commit()
        except (ChangedMeanwhileError, UnknownError):
            pass
        except ValueError:
            assert what in {"silent", "false entry"}
        else:
            assert what not in {"silent", "false entry", "stale"}


def _entry() -> Entry:
    return Entry(
        id="0",
        act="signal.raise",
        at=NOON,
        by="desk:maritime",
        purpose=Purpose.COUNTER_NARCOTICS,
        legal_basis="x",
        salt="00" * 16,
    )


def test_a_held_record_is_not_deleted() -> None:
    """A court's hold outlives every act."""
    store, record = MemoryStore(lambda: NOON), a_record()
    held = replace(
        record, header=replace(record.header, hold=Hold(court="Exercise court", ground="g", review_on=NOON))
    )
    with store.work() as work:
        with acting(RAISE, by=DESK, under=MANDATE, work=work) as acts:
            acts.put(held, replacing=None)
        work.commit()
    with store.work() as work, pytest.raises(HeldError), acting(RAISE, by=DESK, under=MANDATE, work=work) as acts:
        acts.tombstone(record.header.id, why="expired")


def test_reading_is_written_down() -> None:
    """A consultation is an entry that says opened."""
    store, record = MemoryStore(lambda: NOON), a_record()
    with store.work() as work:
        with acting(RAISE, by=DESK, under=MANDATE, work=work) as acts:
            acts.put(record, replacing=None)
        with acting(VALIDATE, by=ANALYST, under=MANDATE, work=work) as acts:
            acts.open(record.header.id)
        work.commit()
    assert store.entries[-1].touched == (Touched(record=record.header.id, version=1, opened=True),)


GOLDEN_LEAF = (
    b"ayni-leaf/1\n0197f3a0-0000-7000-8000-000000000001\nsignal.raise\n1772366400000\n"
    b"48424576899b686c8ee11a3d5f1fb72da8e52f85b3cad12f123d0216dcb47ca2\n"
)
"""The digest was computed with sha256sum over 16 zero bytes and the JSON of the entry."""


def test_the_leaf_format_is_fixed() -> None:
    """These bytes are in ledgers already written; a change of them breaks every proof."""
    entry = replace(_entry(), id="0197f3a0-0000-7000-8000-000000000001")
    assert leaf_of(entry).to_bytes() == GOLDEN_LEAF


@settings(max_examples=50, deadline=None)
@given(entry=values.entries, other=values.entries)
def test_a_leaf_reads_back_and_tells_entries_apart(entry: Entry, other: Entry) -> None:
    """Bytes to leaf and back; another entry or another salt has another digest."""
    leaf = leaf_of(entry)
    assert Leaf.from_bytes(leaf.to_bytes()) == leaf
    assert (leaf_of(other).digest == leaf.digest) is (other == entry)
    salted = replace(entry, salt="f" * 32 if entry.salt != "f" * 32 else "0" * 32)
    assert leaf_of(salted).digest != leaf.digest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOLDEN_LEAF + b"\n",
        GOLDEN_LEAF.replace(b"leaf/1", b"leaf/2"),
        GOLDEN_LEAF.replace(b"1772", b"01772"),
        b"\xff",
    ],
)
def test_bytes_that_are_no_leaf_are_refused(data: bytes) -> None:
    """Exactly the format, or nothing."""
    with pytest.raises(UnreadableError):
        Leaf.from_bytes(data)
