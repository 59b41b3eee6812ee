"""The boarding story from beginning to end, on four nodes that are made for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ayni.cli.story.boarded import board, go_there
from ayni.cli.story.given import (
    BILATERAL,
    REGIONAL,
    carry,
    come_back,
    pass_on,
    put_right,
    refuse_it,
    share_it,
    take_back,
)
from ayni.cli.story.posts import (
    CO,
    EC,
    OVERSIGHT,
    PA,
    Post,
    agree,
    all_built,
    connect,
    free_port,
    heard_at,
    serve_all,
)
from ayni.cli.story.proven import audit, count, rewrite
from ayni.cli.story.seen import decide, stream_in
from ayni.cli.story.so_far import Story
from ayni.cli.story.telling import Telling
from ayni.toolkit.phrases import phrase

STAGE = phrase("Four institutions of an exercise, each with its own process, storage, keys and officers")
INVENTED = phrase(
    "Everything from here on is synthetic: no real ship, no real officer, and numbers that no ship can bear"
)
AGREED = phrase(
    "{agreement} is in force: text checked and proven, signed by two officers of each of {parties:integer} parties"
)


@contextmanager
def staged(folder: Path, password: str, *, tell: Telling, feed: str) -> Iterator[dict[str, Post]]:
    """Make the four nodes in *folder*, which must be empty: connected, agreed, and not served yet."""
    tell.heading(STAGE)
    tell.line(INVENTED)
    with all_built((EC, PA, CO, OVERSIGHT), folder, password, feed=feed) as posts:
        connect(list(posts.values()))
        for agreement, template, parties in (
            (BILATERAL, "maritime-bilateral", (EC, PA)),
            (REGIONAL, "regional-multilateral", (EC, PA, CO)),
        ):
            agree([posts[one.id] for one in parties], template, agreement)
            tell.line(AGREED, agreement=agreement, parties=len(parties))
        yield posts


@contextmanager
def played(folder: Path, password: str, *, tell: Telling, consents: bool = True) -> Iterator[Story]:
    """Play the story in *folder*, which must be empty, and yield it with every node still served.

    With *consents* false the flag State refuses, and nobody boards.
    """
    feed_port = free_port()
    with staged(folder, password, tell=tell, feed=heard_at(feed_port)) as posts:
        serve_all([post for post in posts.values() if post.id != CO.id])
        story = Story(folder=folder, posts=posts, tell=tell, consents=consents)
        until_back(story, feed_port)
        put_right(story)
        take_back(story)
        story.caught = rewrite(story)
        story.audited = audit(story)
        if story.outcome:
            count(story)
        yield story


def until_back(story: Story, feed_port: int) -> None:
    """Play from the first position until the partner that was off the line has caught up."""
    stream_in(story, feed_port, until=datetime.now(UTC))
    decide(story)
    share_it(story)
    refuse_it(story)
    if go_there(story):
        board(story)
    carry(story)
    pass_on(story)
    come_back(story)
