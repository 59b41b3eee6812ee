"""Given: shared under an article, refused under another, passed on, carried by hand, put right, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from ayni.agreements.shelf import Shelf
from ayni.casework.triage import signal_of
from ayni.cli.story.posts import CO, EC, PA, UNDER, Post, serve_all
from ayni.cli.story.so_far import Story
from ayni.cli.story.telling import say, wait_until
from ayni.engine.absence import DEAF
from ayni.exchange import consent
from ayni.exchange.correction import Change, correct
from ayni.exchange.post import NotSentError
from ayni.exchange.recall import URGENT, Stand, recall, tree
from ayni.exchange.sharing import Terms, preview, share
from ayni.model.handling import Mandate, Purpose
from ayni.model.signal import Reason
from ayni.model.store import Query
from ayni.node.couriers import read_file, write_file
from ayni.node.ledger import exchange_keys
from ayni.toolkit.phrases import phrase

BILATERAL, REGIONAL = "EC-PA-1", "REG-1"
"""The agreements of the exercise: one between two of them, one among three."""

FIRST = 8
"""Fields of the preview that are shown."""
WAITING = ("maritime.gap/1", "maritime.loitering/1")
"""Rules of the signals that wait for the partner that is off the line."""
PASSED_ON = "maritime.destination_change/1"
"""Rule of the signal that one partner passes on to the other, and that is recalled in the end."""

SHARING = phrase("Lia, liaison, shares with {node} what the agreement allows")
LEAVES = phrase("{count:integer} fields would leave, under {articles}, and stay until {until:instant} at most:")
SENT = phrase("shared; {node} has it and signed for it")
WAITS = phrase("shared with {node} too, which is not reachable: it waits in the outbox")
REFUSAL = phrase("A share that the agreement refuses: the same ship, for the purpose {purpose:term}")
REFUSED = phrase("refused, nothing left:")
PASSED = phrase("{node} passes a record on to {to}, with the signed consent of {originator}; it waits for the line")
COURIER = phrase("{node} has been off the line the whole time: a courier carries it a sealed file")
CARRIED = phrase("the file holds {messages:integer} messages; {node} takes in {count:integer} and signs for them")
RETURNS = phrase("{node} is back on the line")
CAUGHT_UP = phrase("it caught up over the network: {count:integer} records in all, each once")
OFF_AIR_S = 1_500.0
"""For how long the station of the exercise was off the air, as it finds out later. Invented."""
RIGHT = phrase("Something is put right: {node} finds that its own station was off the air, and tells each holder")
OFF_AIR = phrase("EXERCISE: our own station was off the air for a part of that time")
CORRECTED = phrase("corrected along the way it went: {why}")
READS = phrase("{node} now reads in it: {words}")
WRONG = phrase("EXERCISE: the station's clock was wrong when it heard that")
RECALL = phrase("A mistake: {node} recalls what it shared, and each holder has to prove that it is gone")
RECALLED = phrase("recalled along the way it went: {why}")
PROVEN = phrase("{node} has destroyed the record's key, and its signed, witnessed ledger proves it")


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
    for rule in WAITING:
        give(post, story.signals[rule], CO.id, REGIONAL)
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


def pass_on(story: Story) -> None:
    """Let Panama pass a record on to Colombia, which it may with the originator's consent alone."""
    record, ec, pa = story.signals[PASSED_ON], story.ec, story.pa
    give(ec, record, PA.id, REGIONAL)
    wait_until(lambda: bool(story.find(pa, Query(kind="signal", among=(record,)))), "delivery", story.place)
    with ec.working() as work:
        consent.give(
            record,
            consent.Onward(via=PA.id, to=CO.id, until=work.now + timedelta(days=30), agreement=REGIONAL),
            by=ec.officers["lia"],
            under=UNDER,
            work=work,
            house=ec.house,
            book=Shelf().book(work),
            identity=exchange_keys(ec.node).current,
        )
    story.wait_for(pa, Query(kind=consent.CONSENT), 1, "delivery")
    give(pa, record, CO.id, REGIONAL)
    story.tell.line(PASSED, node=pa.institution.name, to=CO.id, originator=EC.id)


def carry(story: Story) -> None:
    """Carry by hand what the line does not reach."""
    file, ec, co = story.folder / "courier.ayni", story.ec, story.co
    story.tell.heading(COURIER, node=co.institution.name)
    written = write_file(ec.exchange(), CO.id, file, by=ec.officers["lia"], under=UNDER)
    brought = read_file(co.exchange(), file, by=co.officers["lia"], under=UNDER)
    story.tell.line(CARRIED, messages=written.messages, node=CO.id, count=brought.accepted)
    file.unlink()


def come_back(story: Story) -> None:
    """Bring the partner that was off the line back; what still waited arrives, and what was carried not twice."""
    story.tell.heading(RETURNS, node=story.co.institution.name)
    serve_all([story.co])
    held = Query(kind="holding")
    story.wait_for(story.co, held, len(WAITING) + 1, "delivery")
    story.wait_for(story.ec, Query(kind="exposure", identifier=f"partner:{CO.id}", states=("held",)), 2, "receipt")
    story.tell.line(CAUGHT_UP, count=len(story.find(story.co, held)))


def put_right(story: Story) -> None:
    """Correct the record that was passed on, and wait until both who hold it read what it says now."""
    post, record = story.ec, story.signals[PASSED_ON]
    _settled(story)
    story.tell.heading(RIGHT, node=post.institution.name)
    off_air = Reason(says=DEAF, facts={"deaf_s": OFF_AIR_S}, weight=0.0)
    body = signal_of(story.get(post, record))
    right = replace(body, signal=replace(body.signal, quality=(*body.signal.quality, off_air)))
    post.does(
        lambda work: correct(
            record,
            Change(why=say(OFF_AIR), body=right),
            by=post.officers["lia"],
            under=UNDER,
            work=work,
            house=post.house,
            book=Shelf().book(work),
            identity=exchange_keys(post.node).current,
        )
    )
    story.tell.line(CORRECTED, why=say(OFF_AIR))
    for holder in (story.pa, story.co):
        wait_until(partial(_reads, story, holder, record, off_air), "correction", story.place)
        story.tell.line(READS, node=holder.id, words=say(off_air))


def _reads(story: Story, holder: Post, record: str, words: Reason) -> bool:
    """Say whether a holder's copy of a record says this of itself."""
    return words in signal_of(story.get(holder, record)).signal.quality


def _settled(story: Story) -> None:
    """Wait until each receipt for the record that was passed on is there."""
    unsettled = Query(kind="exposure", identifier=f"record:{story.signals[PASSED_ON]}", states=("sent", "correcting"))
    wait_until(lambda: not story.find(story.ec, unsettled), "receipt", story.place)


def take_back(story: Story) -> None:
    """Recall the record that was passed on, and wait for the proof of both who hold it."""
    post, record = story.ec, story.signals[PASSED_ON]
    _settled(story)
    story.tell.heading(RECALL, node=post.institution.name)
    post.does(
        lambda work: recall(
            record,
            why=say(WRONG),
            answer_within=URGENT,
            by=post.officers["lia"],
            under=UNDER,
            work=work,
            house=post.house,
            identity=exchange_keys(post.node).current,
        )
    )
    story.tell.line(RECALLED, why=say(WRONG))
    for holder in (PA.id, CO.id):
        wait_until(partial(_proven, story, record, holder), "proof", story.place)
        story.tell.line(PROVEN, node=holder)


def _proven(story: Story, record: str, holder: str) -> bool:
    """Say whether a holder has proven, as the one who recalled sees it."""
    post = story.ec
    seen = post.does(lambda work: tree(record, by=post.officers["lia"], under=UNDER, work=work))
    return any(one.holder == holder and one.stand is Stand.PROVEN for one in seen.holders)


def give(post: Post, record: str, to: str, agreement: str, *, under: Mandate = UNDER) -> None:
    """Share a record under an agreement, as the liaison officer."""
    post.does(
        lambda work: share(
            record,
            to,
            terms=Terms(agreement=agreement),
            by=post.officers["lia"],
            under=under,
            work=work,
            house=post.house,
            book=Shelf().book(work),
        )
    )
