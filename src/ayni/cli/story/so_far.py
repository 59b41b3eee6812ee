"""The story so far: its nodes, and what was seen, shared, asked and recorded until now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ayni.cli.story.posts import CO, EC, PA, Post
from ayni.cli.story.telling import Telling, wait_until
from ayni.model.record import Header, Record
from ayni.model.store import Query


@dataclass(slots=True)
class Story:
    """The story so far."""

    folder: Path
    posts: Mapping[str, Post]
    tell: Telling
    consents: bool = True
    """What the flag State answers."""
    signals: dict[str, str] = field(default_factory=dict[str, str])
    """Records of M/V Brisa's signals at the first node, by rule."""
    task: str = ""
    request: str = ""
    """Panama's request to the flag State."""
    started: bool = False
    """Whether the patrol set out."""
    outcome: str = ""
    caught: bool = False
    """Whether the rewritten ledger was found out."""
    audited: bool = False
    """Whether the ledgers of all were verified."""

    @property
    def place(self) -> str:
        """Where its nodes lie, for whoever must read their logs."""
        return str(self.folder)

    @property
    def ec(self) -> Post:
        """The naval centre that sees it first."""
        return self.posts[EC.id]

    @property
    def pa(self) -> Post:
        """The service that boards."""
        return self.posts[PA.id]

    @property
    def co(self) -> Post:
        """The coast guard that is off the line until late."""
        return self.posts[CO.id]

    def find(self, post: Post, query: Query) -> Sequence[Header]:
        """Return headers that a node holds."""
        with post.node.store.work() as work:
            return work.find(query)

    def get(self, post: Post, record: str) -> Record[object]:
        """Return a record of a node."""
        with post.node.store.work() as work:
            return work.get(record)

    def wait_for(self, post: Post, query: Query, count: int, what: str) -> None:
        """Wait until a node holds so many records."""
        wait_until(lambda: len(self.find(post, query)) >= count, what, self.place)
