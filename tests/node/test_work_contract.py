"""One body over memory, SQLite and PostgreSQL: what every `Work` promises."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ayni.errors import ChangedMeanwhileError, HeldError, UnknownError
from ayni.model.act import acting
from ayni.model.handling import TLP, Category, Handling, HandlingCode, Hold
from ayni.model.record import Record
from ayni.model.store import Outgoing, Place, Query, Store
from tests.node.stores import KEEP, MANDATE, NOON, OFFICER, a_record, delete, keep


def next_version(record: Record[object], **changes: object) -> Record[object]:
    """Return the next version of a record."""
    header = replace(record.header, version=record.header.version + 1, **changes)  # type: ignore[arg-type]
    return replace(record, header=header)


def test_what_was_put_comes_back_equal(store: Store) -> None:
    """Header and body, every field."""
    record = a_record(
        handling=Handling(codes=(HandlingCode.H1, HandlingCode.H3), tlp=TLP.RED, caveats="Ask the liaison."),
        hold=Hold(court="Juzgado Primero", ground="causa de prueba", review_on=NOON + timedelta(days=90)),
        cell=(-22, -810),
        agreement="AGR-1",
        parents=("p1", "p2"),
        priority=0.75,
        categories=(Category.MINOR, Category.HEALTH),
        recalled_at=NOON + timedelta(days=1),
        ended_at=NOON + timedelta(microseconds=1),
        identifiers=("mmsi:100000001", "signal:" + "0" * 32),
    )
    keep(store, record)
    with store.work() as work:
        assert work.get(record.header.id) == record
        assert list(work.find(Query())) == [record.header]


def test_get_sees_what_this_work_put(store: Store) -> None:
    """Before the commit, in the same work."""
    record = a_record()
    with store.work() as work:
        work.put(record, replacing=None)
        assert work.get(record.header.id) == record
        assert list(work.find(Query(kind="signal"))) == [record.header]


def test_leaving_without_commit_undoes_everything(store: Store) -> None:
    """Record, entry, message, arrival: none of it happened."""
    record = a_record()
    message = Outgoing(id="m", to="pe", type="data", control=False, payload=b"x", expires_at=NOON)
    with store.work() as work, acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
        acts.put(record, replacing=None)
        acts.enqueue(message)
        assert acts.take_in("pe", "1")
        acts.put_blob(record.header.id, [b"never"])
    with store.work() as work:
        assert not work.find(Query())
        assert work.take_in("pe", "1")
    assert not store.entries  # type: ignore[attr-defined]  # every implementation has it, the protocol need not
    assert not store.outbox  # type: ignore[attr-defined]


def test_an_error_inside_undoes_everything(store: Store) -> None:
    """The exception passes through, nothing stays."""
    record = a_record()

    def fail() -> None:
        with store.work() as work:
            work.put(record, replacing=None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.work() as work, pytest.raises(UnknownError):
        work.get(record.header.id)


def test_a_change_without_entry_is_refused(store: Store) -> None:
    """A defect of the act, caught before anything is durable."""
    record = a_record()
    with store.work() as work:
        work.put(record, replacing=None)
        with pytest.raises(ValueError, match="without an entry"):
            work.commit()
    with store.work() as work:
        assert not work.find(Query())


def test_an_entry_without_its_change_is_refused(store: Store) -> None:
    """The history never claims what did not happen."""
    record = a_record()
    with store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            acts.put(record, replacing=None)
        entry = acts.entry(KEEP, OFFICER, MANDATE)
    with store.work() as work:
        work.append_entry(entry)
        with pytest.raises(ValueError, match="entered without a change"):
            work.commit()
    assert not store.entries  # type: ignore[attr-defined]


def test_the_next_version_replaces_the_one_read(store: Store) -> None:
    """Optimistic locking: who comes second must read again."""
    record = a_record()
    keep(store, record)
    second = next_version(record, state="validated", identifiers=("imo:9999999",))
    keep(store, second, replacing=1)
    with store.work() as work:
        assert work.get(record.header.id) == second
        assert list(work.find(Query(identifier="imo:9999999"))) == [second.header]
        assert not work.find(Query(identifier="mmsi:100000001"))
    with pytest.raises(ChangedMeanwhileError):
        keep(store, next_version(record, state="dismissed"), replacing=1)
    with store.work() as work:
        assert work.get(record.header.id) == second


def test_an_id_is_taken_once(store: Store) -> None:
    """A new record never overwrites another."""
    record = a_record()
    keep(store, record)
    with pytest.raises(ChangedMeanwhileError):
        keep(store, record)


@pytest.mark.parametrize("replacing", [1, 2])
def test_replacing_what_is_not_there_is_refused(store: Store, replacing: int) -> None:
    """No version to replace."""
    record = a_record(version=replacing + 1)
    with pytest.raises(ChangedMeanwhileError):
        keep(store, record, replacing=replacing)


def test_a_version_never_jumps(store: Store) -> None:
    """1, 2, 3: a hole would be a change nobody accounts for."""
    record = a_record()
    keep(store, record)
    with pytest.raises(ChangedMeanwhileError):
        keep(store, replace(record, header=replace(record.header, version=3)), replacing=1)


def test_what_is_deleted_is_gone_and_its_id_never_returns(store: Store) -> None:
    """A late copy does not bring it back."""
    record = a_record()
    keep(store, record)
    delete(store, record.header.id)
    with store.work() as work:
        with pytest.raises(UnknownError):
            work.get(record.header.id)
        assert not work.find(Query())
        assert not work.find(Query(identifier="mmsi:100000001"))
    with pytest.raises(ChangedMeanwhileError):
        keep(store, record)
    with pytest.raises(UnknownError):
        delete(store, record.header.id)


def test_a_deletion_undone_leaves_the_record_readable(store: Store) -> None:
    """The key is destroyed by the commit, not before."""
    record = a_record()
    keep(store, record)
    with store.work() as work:
        work.tombstone(record.header.id, why="a slip")
        with pytest.raises(UnknownError):
            work.get(record.header.id)
    with store.work() as work:
        assert work.get(record.header.id) == record


def test_put_and_delete_in_one_work(store: Store) -> None:
    """Both are accounted for; nothing stays."""
    record = a_record()
    with store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            acts.put(record, replacing=None)
            acts.tombstone(record.header.id, why="test")
        work.commit()
    with store.work() as work:
        assert not work.find(Query())


def test_a_held_record_is_not_deleted(store: Store) -> None:
    """By order of a court, until it lifts the hold."""
    hold = Hold(court="Juzgado Primero", ground="causa de prueba", review_on=NOON + timedelta(days=90))
    record = a_record(hold=hold)
    keep(store, record)
    with pytest.raises(HeldError, match="Juzgado Primero"):
        delete(store, record.header.id)
    lifted = next_version(record, hold=None)
    keep(store, lifted, replacing=1)
    delete(store, record.header.id)


def test_a_message_arrives_once_per_sender(store: Store) -> None:
    """Delivered again by a weak link: harmless."""
    with store.work() as work:
        assert work.take_in("pe", "m1")
        assert not work.take_in("pe", "m1")
        assert work.take_in("co", "m1")
        work.commit()
    with store.work() as work:
        assert not work.take_in("pe", "m1")
        assert work.take_in("pe", "m2")


def test_a_stream_comes_as_far_as_was_noted(store: Store) -> None:
    """Each partner's streams apart; what was undone did not happen."""
    with store.work() as work:
        assert work.place_of("pe", "data/1") == Place()
        work.move_on("pe", "data/1", Place(seq=1, digest="a" * 64))
        work.move_on("pe", "data/1", Place(seq=2, digest="b" * 64))
        work.take_in("pe", "m1")
        work.commit()
    with store.work() as work:
        assert work.place_of("pe", "data/1") == Place(seq=2, digest="b" * 64)
        assert work.place_of("co", "data/1") == Place()
        assert work.has_taken_in("pe", "m1")
        assert not work.has_taken_in("co", "m1")
        work.move_on("pe", "data/1", Place(seq=3, digest="c" * 64))
    with store.work() as work:
        assert work.place_of("pe", "data/1").seq == 2


def test_messages_leave_in_order(store: Store) -> None:
    """As they were enqueued, unchanged."""
    sent = [
        Outgoing(id=f"m{n}", to="pe", type="data", control=n == 2, payload=bytes([n]), expires_at=NOON)
        for n in range(3)
    ]
    with store.work() as work:
        for message in sent:
            work.enqueue(message)
        work.commit()
    assert list(store.outbox) == sent  # type: ignore[attr-defined]


def filed(
    store: Store, record: Record[object], *contents: Sequence[bytes], replacing: int | None = None
) -> list[str]:
    """Put a record with files; return what they are named by."""
    with store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            digests = [acts.put_blob(record.header.id, chunks) for chunks in contents]
            acts.put(record, replacing=replacing)
        work.commit()
    return digests


def content_of(store: Store, record: Record[object], digest: str) -> bytes:
    """Return a file of a record."""
    return b"".join(store.read_blob(record.header.id, digest))  # type: ignore[attr-defined]  # every implementation has it


def test_bytes_are_named_by_their_hash(store: Store) -> None:
    """However they are cut into chunks; stored twice for a record is stored once; nothing is a file too."""
    content, record = bytes(range(256)) * 1000, a_record()
    (digest,) = filed(store, record, [content[:5], content[5:70_000], content[70_000:]])
    assert digest == hashlib.sha256(content).hexdigest()
    again, empty = filed(store, next_version(record), [content], [], replacing=1)
    assert (again, empty) == (digest, hashlib.sha256(b"").hexdigest())
    assert (content_of(store, record, digest), content_of(store, record, empty)) == (content, b"")


def test_files_go_with_their_record_and_with_no_other(store: Store) -> None:
    """The same content filed with two records lies there twice; a later version keeps what an earlier one had."""
    one, other = a_record(), a_record()
    for record in (one, other):
        (digest,) = filed(store, record, [b"photograph"])
    (second,) = filed(store, next_version(one), [b"chart"], replacing=1)
    assert (content_of(store, one, digest), content_of(store, one, second)) == (b"photograph", b"chart")
    delete(store, one.header.id)
    for name in (digest, second):
        with pytest.raises(UnknownError):
            content_of(store, one, name)
    assert content_of(store, other, digest) == b"photograph"
    with pytest.raises(UnknownError):
        content_of(store, other, second)


def test_a_file_without_its_record_is_refused(store: Store) -> None:
    """A defect of the act: nobody could ever delete such a file."""
    record = a_record()
    keep(store, record)
    for name in (record.header.id, a_record().header.id):
        with store.work() as work:
            work.put_blob(name, [b"stray"])
            with pytest.raises(ValueError, match="not put"):
                work.commit()
    with pytest.raises(UnknownError):
        content_of(store, record, hashlib.sha256(b"stray").hexdigest())


def test_a_deletion_undone_leaves_the_files(store: Store) -> None:
    """They go with the commit, not before."""
    record = a_record()
    (digest,) = filed(store, record, [b"photograph"])
    with store.work() as work:
        work.tombstone(record.header.id, why="a slip")
    assert content_of(store, record, digest) == b"photograph"


def test_entries_keep_their_order_and_content(store: Store) -> None:
    """Act, officer, purpose, what was touched, and time never runs back."""
    records = [a_record() for _ in range(3)]
    for record in records:
        keep(store, record)
    entries = store.entries  # type: ignore[attr-defined]
    assert [entry.touched[0].record for entry in entries] == [record.header.id for record in records]
    assert all(entry.by == OFFICER.id and entry.purpose is MANDATE.purpose for entry in entries)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def test_the_instant_of_a_work_is_aware_and_never_before_the_last_entry(store: Store) -> None:
    """Also when a second work begins in the same microsecond."""
    keep(store, a_record())
    with store.work() as work:
        assert work.now.utcoffset() == timedelta()
        assert work.now >= store.entries[-1].at  # type: ignore[attr-defined]


def shelf() -> list[Record[object]]:
    """Return thirty records that differ in whatever a query can ask."""
    return [
        a_record(
            at=NOON + timedelta(minutes=(n * 7) % 30 // 2),
            kind="signal",
            state=("pending", "validated", "dismissed")[n % 3],
            rule=("maritime.gap/1", "maritime.loitering/1")[n % 2],
            originator=("ec-test", "pe-test")[n % 2],
            agreement=("", "AGR-1")[n % 2],
            started_at=None if n % 5 == 0 else NOON + timedelta(minutes=n // 2),
            keep_until=NOON + timedelta(days=n),
            cell=None if n % 7 == 0 else (n - 15, 1795 + n if n < 5 else -1800 + n),
            identifiers=(f"mmsi:{n % 4}", f"imo:{n}"),
        )
        for n in range(30)
    ]


QUERIES = [
    Query(),
    Query(kind="signal", limit=7),
    Query(kind="task"),
    Query(states=("pending", "dismissed")),
    Query(rule="maritime.loitering/1", states=("validated",)),
    Query(originator="pe-test", agreement="AGR-1"),
    Query(identifier="mmsi:2"),
    Query(identifier="mmsi:2", states=("pending",), limit=2),
    Query(identifier="nothing:0"),
    Query(identified=("mmsi:2", "imo:3", "nothing:0"), kind="signal"),
    Query(identified=("mmsi:1", "mmsi:2"), limit=3),
    Query(identified=()),
    Query(since=NOON + timedelta(minutes=5), until=NOON + timedelta(minutes=10)),
    Query(expired_at=NOON + timedelta(days=9)),
    Query(south_west=(-20, -1800), north_east=(0, -1780)),
    Query(south_west=(-20, 1790), north_east=(20, -1780)),
    Query(kind="signal", states=("pending",), rule="maritime.gap/1", since=NOON, limit=3),
]


def test_every_query_answers_as_the_plain_implementation(store: Store) -> None:
    """SQL selects exactly what a walk over all headers selects, page by page."""
    from ayni.model.memory import MemoryStore

    records = shelf()
    oracle = MemoryStore()
    keep(oracle, *records)
    keep(store, *records)
    with oracle.work() as right, store.work() as work:
        for query in QUERIES:
            page, pages = query, 0
            while True:
                found = list(work.find(page))
                assert found == list(right.find(page)), page
                pages += 1
                if len(found) < query.limit:
                    break
                page = replace(page, after=found[-1].id)
            assert pages < 20


def test_only_the_records_asked_for_are_found(store: Store) -> None:
    """Among none there is none; unknown ids are passed over; the order stays newest first."""
    records = shelf()[:6]
    keep(store, *records)
    wanted = {record.header.id for record in records[1::2]}
    with store.work() as work:
        every = [header.id for header in work.find(Query())]
        found = [header.id for header in work.find(Query(among=(*sorted(wanted), "nobody")))]
        assert found == [record for record in every if record in wanted]
        assert len(found) == len(wanted)
        assert not work.find(Query(among=()))


def test_instants_survive_to_the_microsecond(store: Store) -> None:
    """Also before 1970 and with another zone's offset."""
    at = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    record = a_record(at=at)
    keep(store, record)
    with store.work() as work:
        assert work.get(record.header.id).header.made_at == at


def test_what_was_made_from_a_record_is_found(store: Store) -> None:
    """By any of its parents, and nothing else."""
    first, second = a_record(), a_record()
    child = a_record(parents=(first.header.id, second.header.id))
    keep(store, first, second, child)
    with store.work() as work:
        assert list(work.find(Query(made_from=second.header.id))) == [child.header]
        assert not work.find(Query(made_from=child.header.id))
