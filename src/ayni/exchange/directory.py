"""Partners that two officers have pinned, their key histories replayed once for each card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ayni.exchange.key_events import Known
from ayni.exchange.keys import PublicIdentity
from ayni.exchange.partners import KIND, MOST, PINNED, Partner
from ayni.model.store import Query, Work


class Directory:
    """Gives the partners of today. Reuse it: replaying a history checks two signatures an event."""

    def __init__(self) -> None:
        self._seen: Mapping[str, int] = {}
        self._partners: Mapping[str, Partner] = {}
        self._known: Mapping[str, Known] = {}

    def refresh(self, work: Work) -> bool:
        """Read what has changed; say whether anything had."""
        headers = work.find(Query(kind=KIND, states=(PINNED,), limit=MOST))
        seen = {header.id: header.version for header in headers}
        if seen == self._seen:
            return False
        bodies = [cast("Partner", work.get(header.id).body) for header in headers]
        self._partners = {body.card.node: body for body in bodies}
        self._known = {node: body.card.known for node, body in self._partners.items()}
        self._seen = seen
        return True

    @property
    def partners(self) -> Mapping[str, Partner]:
        """Pinned partners, by node."""
        return self._partners

    @property
    def histories(self) -> Mapping[str, Known]:
        """What their key histories say, by node."""
        return self._known

    @property
    def identities(self) -> Mapping[str, PublicIdentity]:
        """Identities in use, by node."""
        return {node: known.identity for node, known in self._known.items()}
