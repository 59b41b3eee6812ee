"""Given: shared under an article with a preview, refused with another, taken back with proof, caught up later."""

from __future__ import annotations

from dataclasses import replace

from ayni.agreements.shelf import Shelf
from ayni.cli.story.posts import CO, PA, UNDER, Post, serve_all
from ayni.cli.story.so_far import Story
from ayni.cli.story.telling import say, wait_until
from ayni.exchange.post import NotSentError
from ayni.exchange.recall import URGENT, Stand, recall, tree
from ayni.exchange.sharing import Terms, preview, share
from ayni.model.handling import Mandate, Purpose
from ayni.model.store import Query
from ayni.node.ledger import exchange_keys
from ayni.toolkit.phrases import phrase

BILATERAL, REGIONAL = "EC-PA-1", "REG-1"
"""The agreements of the exercise: one between two of them, one among three."""

FIRST = 8
"""Fields of the preview that are shown."""
WAITING = 2
"""Records that wait for the partner that is off the line."""

SHARING = phrase("Lia, liaison, shares with {node} what the agreement allows")
LEAVES = phrase("{count:integer} fields would leave, under {articles}, and stay until {until:instant} at most:")
SENT = phrase("shared; {node} has it and signed for it")
WAITS = phrase("shared with {node} too, which is not reachable: it waits in the outbox")
REFUSAL = phrase("A share that the agreement refuses: the same ship, for the purpose {purpose:term}")
REFUSED = phrase("refused, nothing left:")
WRONG = phrase("EXERCISE: the station's clock was wrong when it heard that")
RECALL = phrase("A mistake is taken back: what was shared is recalled, and each holder has to prove that it is gone")
RECALLED = phrase("recalled from {node}: {why}")
PROVEN = phrase("{node} has destroyed the record's key, and its signed, witnessed ledger proves it")
SILENT = phrase("{node} has not been reached: what waited for it is emptied, and the recall goes first")
NEVER_HERE = phrase("the recalled record never reached it, and it signed that it will refuse it")
RETURNS = phrase("{node} was off the line the whole time; now it is back")
CAUGHT_UP = phrase("it caught up: {count:integer} records, each once")


def share_it(story: Story) -> None:
    """Show what would leave, share it with both partners; one of them cannot be reached."""
    post, lia, record = story.ec, story.ec.officers["lia"], story.signals["maritime.gap/1"]
    story.tell.heading(SHARING, node=story.pa.institution.name)
    with post.working() as work:
        book = Shelf().book(work)
        seen = preview(record, PA.id, under=UNDER, work=work, house=post.house, book=book, by=lia)
    option = next(one for one in seen.options if one.agreement == BILATERAL)
    articles = ", ".join(option.verdict.articles)
    story.tell.line(LEAVES, count=len(seen.fields), articles=articles, until=option.keep_until)
    for one in seen.fields[:FIRST]:
        story.tell.detail(f"{one.path} = {one.value[:80]}")
    story.tell.reasons(option.verdict.reasons)
    give(post, record, PA.id, BILATERAL)
    story.wait_for(story.pa, Query(kind="signal"), 1, "delivery")
    story.wait_for(post, Query(kind="exposure", states=("held",)), 1, "receipt")
    story.tell.line(SENT, node=story.pa.institution.name)
    for each in (record, story.signals["maritime.loitering/1"]):
        give(post, each, CO.id, REGIONAL)
    story.tell.line(WAITS, node=story.co.institution.name)


def refuse_it(story: Story) -> None:
    """Try to share for a purpose that nobody agreed on, and be told the article."""
    other = replace(UNDER, purpose=Purpose.CUSTOMS_OPERATION)
    story.tell.heading(REFUSAL, purpose=other.purpose.value)
    try:
        give(story.ec, story.signals["maritime.loitering/1"], PA.id, BILATERAL, under=other)
    except NotSentError as refused:
        story.tell.line(REFUSED)
        story.tell.reasons(refused.reasons)


def take_back(story: Story) -> None:
    """Recall a record that one partner holds and another was never reached with; wait for the proof."""
    post, lia, record = story.ec, story.ec.officers["lia"], story.signals["maritime.destination_change/1"]
    story.tell.heading(RECALL)
    give(post, record, PA.id, BILATERAL)
    give(post, record, CO.id, REGIONAL)
    wait_until(lambda: bool(story.find(story.pa, Query(kind="signal", among=(record,)))), "delivery", story.place)
    with post.working() as work:
        recall(
            record,
            why=say(WRONG),
            answer_within=URGENT,
            by=lia,
            under=UNDER,
            work=work,
            house=post.house,
            identity=exchange_keys(post.node).current,
        )
    story.recalled = record
    story.tell.line(RECALLED, node=story.pa.institution.name, why=say(WRONG))
    wait_until(lambda: stands(story).get(PA.id) is Stand.PROVEN, "proof", story.place)
    story.tell.line(PROVEN, node=PA.id)
    story.tell.line(SILENT, node=CO.id)


def stands(story: Story) -> dict[str, Stand]:
    """Return how each holder stands to the recall, as the one who recalled sees it."""
    post = story.ec
    with post.working() as work:
        seen = tree(story.recalled, by=post.officers["lia"], under=UNDER, work=work)
    return {one.holder: one.stand for one in seen.holders}


def come_back(story: Story) -> None:
    """Bring the partner that was off the line back; what waited for it arrives, and what was taken back does not."""
    story.tell.heading(RETURNS, node=story.co.institution.name)
    serve_all([story.co])
    held = Query(kind="holding")
    story.wait_for(story.co, held, WAITING, "delivery")
    story.tell.line(CAUGHT_UP, count=len(story.find(story.co, held)))
    wait_until(lambda: stands(story)[CO.id] is Stand.NEVER_HERE, "answer", story.place)
    story.tell.line(NEVER_HERE)


def give(post: Post, record: str, to: str, agreement: str, *, under: Mandate = UNDER) -> None:
    """Share a record under an agreement, as the liaison officer."""
    with post.working() as work:
        share(
            record,
            to,
            terms=Terms(agreement=agreement),
            by=post.officers["lia"],
            under=under,
            work=work,
            house=post.house,
            book=Shelf().book(work),
        )
