"""The book of agreements, kept in step with the records: a text is compiled once for each version of it."""

from __future__ import annotations

from typing import cast

from ayni.agreements.book import Book
from ayni.agreements.life_cycle import KIND
from ayni.agreements.standing import Agreement
from ayni.model.store import Query, Work

MOST = 1000
"""Agreements of one node at most. Ours; the specification measures with 200."""


class Shelf:
    """Gives the book of today. Reuse it: what has not changed is not read again."""

    def __init__(self) -> None:
        self._book = Book()
        self._seen: dict[str, int] = {}

    def book(self, work: Work) -> Book:
        """Return every agreement that this node holds, as it stands now.

        Raises:
            UnsoundAgreementError: if a stored text cannot be compiled.
        """
        headers = work.find(Query(kind=KIND, limit=MOST))
        if not self._seen.keys() <= {header.id for header in headers}:
            self._book, self._seen = Book(), {}
        for header in headers:
            if self._seen.get(header.id) != header.version:
                agreement = cast("Agreement", work.get(header.id).body)
                self._book.enter(agreement.text, agreement.standing)
                self._seen[header.id] = header.version
        return self._book
