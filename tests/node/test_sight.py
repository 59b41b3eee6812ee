"""Of a list, a partner could see exactly what the agreements permit row by row; pages neither repeat nor skip."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from ayni.agreements.book import Book
from ayni.agreements.drafting import TEMPLATES
from ayni.agreements.request import Ask, in_force
from ayni.agreements.sight import could_see
from ayni.agreements.vocabulary import Action
from ayni.errors import UnknownError
from ayni.model.handling import Mandate, Purpose
from ayni.model.record import Header, Record
from ayni.model.store import Query, Store
from tests.agreements.headers import OURS, THEIRS, a_header, a_random_header, an_ask
from tests.agreements.texts import a_text
from tests.node.stores import a_record, keep

ROWS = 60
PURPOSES = (Purpose.COUNTER_NARCOTICS, Purpose.SAFETY, Purpose.ILLEGAL_FISHING)
BETWEEN = "EC-PE-maritime-bilateral"


@pytest.fixture(scope="module")
def book() -> Book:
    """Every template in force at once; all but the regional one between the same two institutions."""
    book = Book()
    for template in TEMPLATES:
        text = a_text(template, f"EC-PE-{template}")
        book.enter(text, in_force(text))
    return book


@pytest.fixture
def rows(store: Store) -> Mapping[str, Header]:
    """Random rows: ours, theirs, strangers'; some made from others, some arrived under an agreement."""
    source = random.Random(21)
    made: list[Header] = []
    for _ in range(ROWS):
        parents = tuple(header.id for header in source.sample(made, min(len(made), source.choice([0, 0, 1, 2]))))
        agreement = source.choice(["", "", BETWEEN, "EC-XX-unknown"])
        made.append(replace(a_random_header(source), parents=parents, agreement=agreement, priority=0.5))
    for header in made:
        keep(store, Record(header=header, body=a_record().body))
    return {header.id: header for header in made}


def walked(store: Store, ask: Ask, book: Book, *, limit: int, agreement: str = "", kind: str = "") -> list[str]:
    """Walk every page and return what was seen, in order."""
    found, after = list[str](), ""
    while True:
        with store.work() as work:
            query = Query(kind=kind, after=after, limit=limit)
            page = could_see(query, ask, book=book, work=work, agreement=agreement)
        assert len(page.seen) <= limit
        found += [one.header.id for one in page.seen]
        after = page.after
        if not after:
            return found


@pytest.mark.parametrize("agreement", ["", BETWEEN])
def test_it_shows_exactly_what_each_row_alone_would_be_permitted(
    store: Store, rows: Mapping[str, Header], book: Book, agreement: str
) -> None:
    """For every purpose and use, at any length of page; under one agreement, or under any between the two."""
    shown = 0
    names = [agreement] if agreement else [held.text.id for held in book.between(OURS, THEIRS)]
    for purpose in PURPOSES:
        for action in (Action.SHARE, Action.USE, Action.FORWARD):
            ask = replace(an_ask(action), under=Mandate(purpose=purpose, legal_basis="article 1"))
            wanted = {
                header.id
                for header in rows.values()
                if any(book.decide(ask, header, under=name, parents=rows.get).permitted for name in names)
            }
            for limit in (1, 7, ROWS):
                seen = walked(store, ask, book, limit=limit, agreement=agreement)
                assert len(seen) == len(set(seen))
                assert set(seen) == wanted
            shown += len(wanted)
    assert shown > ROWS / 4, "hardly anything is permitted: the trial shows little"


def test_nobody_sees_anything_without_an_agreement(store: Store, rows: Mapping[str, Header], book: Book) -> None:
    """A stranger sees nothing; an agreement that is not ours and theirs is named."""
    assert rows
    ask = replace(an_ask(), principal="xx.stranger")
    assert walked(store, ask, book, limit=5) == []
    with store.work() as work, pytest.raises(UnknownError, match="EC-XX-1"):
        could_see(Query(), an_ask(), book=book, work=work, agreement="EC-XX-1")


def test_each_record_names_the_articles_that_let_it(store: Store, book: Book) -> None:
    """And the list keeps to what was asked: another kind is not shown."""
    plain = a_header()
    keep(store, Record(header=plain, body=a_record().body))
    with store.work() as work:
        (seen,) = could_see(Query(kind="signal", limit=5), an_ask(), book=book, work=work, agreement=BETWEEN).seen
    assert (seen.header.id, seen.agreement) == (plain.id, BETWEEN)
    assert seen.verdict.articles
    assert walked(store, an_ask(), book, limit=5, kind="task") == []
