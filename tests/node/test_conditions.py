"""A condition on clear columns selects the same rows in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from ayni.model.columns import (
    ALWAYS,
    MOST_DAYS,
    NEVER,
    ORDER,
    All,
    AnyOf,
    ColumnTest,
    Condition,
    Not,
    Where,
    may_match,
)
from ayni.model.handling import PAP, TLP, Category, HandlingCode, Purpose
from ayni.model.record import Header, Record
from ayni.model.store import Query, Store
from tests.agreements.headers import NOON, OURS, THEIRS, a_random_header
from tests.node.stores import a_record, keep

ROWS, TRIALS = 60, 150
RULES = ("maritime.gap/1", "maritime.gap/2", "maritimes.gap/1", "maritime", "air.unlisted_landing/1", "")
WORDS = {
    "kind": ("signal", "report", "nothing"),
    "desk": ("maritime", "air", "", "MARITIME", "mari"),
    "rule": RULES,
    "state": ("pending", "validated", ""),
    "originator": (OURS, THEIRS, "xx.stranger"),
    "tlp": tuple(TLP),
    "pap": tuple(PAP),
    "agreement": ("", "AGR-1", "A_R-%"),
}
SETS = {
    "purposes": tuple(Purpose),
    "codes": tuple(HandlingCode),
    "categories": tuple(Category),
    "lineage": ("AGR-1",),
}
NUMBERS = {"ageDays": (-1, 0, 1, 89, 90, 91, MOST_DAYS, MOST_DAYS + 1), "priority": (-1, 0, 1, 29, 57, 58, 100, 101)}


def a_test(source: random.Random) -> ColumnTest:
    """Return any test of any attribute."""
    attribute = source.choice([*WORDS, *SETS, *NUMBERS, "expired", "recalled", "held"])
    if attribute in WORDS:
        known = WORDS[attribute]
        return ColumnTest(
            attribute=attribute, operator="in", values=tuple(source.sample(known, source.randint(1, len(known))))
        )
    if attribute in SETS:
        return ColumnTest(attribute=attribute, operator="has", values=(str(source.choice(SETS[attribute])),))
    if attribute in NUMBERS:
        operator = source.choice(sorted(ORDER))
        return ColumnTest(attribute=attribute, operator=operator, values=(source.choice(NUMBERS[attribute]),))
    return ColumnTest(attribute=attribute, operator="is", values=(source.choice([True, False]),))


def a_condition(source: random.Random, depth: int = 3) -> Condition:
    """Return any tree of tests, nothing and everything among its leaves."""
    sort = source.choice(["test", "all", "any", "not"]) if depth else "test"
    if sort == "test":
        leaves: list[Condition] = [ALWAYS, NEVER, *(a_test(source) for _ in range(8))]
        return source.choice(leaves)
    if sort == "not":
        return Not(part=a_condition(source, depth - 1))
    parts = tuple(a_condition(source, depth - 1) for _ in range(source.randint(0, 3)))
    return All(parts=parts) if sort == "all" else AnyOf(parts=parts)


def a_row(source: random.Random) -> Record[object]:
    """Return a record whose header is unusual in anything a policy reads."""
    header = replace(
        a_random_header(source),
        state=source.choice(WORDS["state"]),
        rule=source.choice(RULES),
        priority=source.choice([0.0, 0.29, 0.57, 0.58, 1.0, 1.5, source.random()]),
        agreement=source.choice(["", "AGR-1", "A_R-%"]),
        parents=(),
    )
    return Record(header=header, body=a_record().body)


@pytest.fixture
def rows(store: Store) -> tuple[Header, ...]:
    """Put random rows into the store, one exactly at the end of its retention and one a day and an instant old."""
    source = random.Random(11)
    records = [a_row(source) for _ in range(ROWS)]
    edge = replace(records[0].header, keep_until=NOON, made_at=NOON - timedelta(days=90))
    records[0] = replace(records[0], header=edge)
    for record in records:
        keep(store, record)
    return tuple(record.header for record in records)


def test_every_store_selects_the_rows_that_may_match(store: Store, rows: tuple[Header, ...]) -> None:
    """For random trees; what no column tells selects more, under a negation too."""
    source = random.Random(12)
    chosen = 0
    with store.work() as work:
        for _ in range(TRIALS):
            where = Where(condition=a_condition(source), at=NOON)
            found = {header.id for header in work.find(Query(where=where, limit=2 * ROWS))}
            assert found == {header.id for header in rows if may_match(where, header)}, where
            chosen += 0 < len(found) < ROWS
    assert chosen > TRIALS / 10, "most trees select everything or nothing: the trial shows little"


def test_what_no_column_tells_is_left_open(store: Store, rows: tuple[Header, ...]) -> None:
    """The agreements of a record's parents lie in other rows: neither the test nor its negation leaves a row out."""
    lineage = ColumnTest(attribute="lineage", operator="has", values=("AGR-1",))
    everything = {header.id for header in rows}
    with store.work() as work:
        for condition in (lineage, Not(part=lineage), Not(part=Not(part=lineage)), All(parts=(lineage,))):
            where = Where(condition=condition, at=NOON)
            assert {header.id for header in work.find(Query(where=where, limit=2 * ROWS))} == everything
