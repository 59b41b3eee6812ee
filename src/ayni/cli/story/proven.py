"""Proven: a rewritten history is found out, and the ledgers of all hold without their nodes."""

from __future__ import annotations

import contextlib
import io
import shutil
from datetime import timedelta
from pathlib import Path

from ayni.casework.consult import consult
from ayni.cli.frame import language
from ayni.cli.story.posts import UNDER, Post
from ayni.cli.story.so_far import Story
from ayni.evaluation.chain import Mark, follow
from ayni.evaluation.report import Period, evaluate
from ayni.ledger import verifier
from ayni.ledger.witnessing import Outcome as Answered
from ayni.model.store import Query
from ayni.node.opening import OpenNode, open_node
from ayni.node.witnesses import ask_witnesses, export_history, witnessed_ledger
from ayni.toolkit.phrases import phrase

REWRITE = phrase("Somebody rewrites the history of {node}, with all its keys")
CAUGHT = phrase("its witnesses refuse: what it shows contradicts what they signed before")
COUNTED = phrase("What it was good for, as {node} counts it from its own records")
SIGNALLED = phrase("from the first position of the silence to the signal: {took_s:duration}")
SHARED = phrase("to the share: {took_s:duration}")
ENDED = phrase("to the boarding: {took_s:duration}")
LEGS = ((Mark.SIGNALLED, SIGNALLED), (Mark.SHARED, SHARED), (Mark.RESULT, ENDED))
REPLAYED = phrase("(forty hours of traffic were replayed at once; in service a position is seconds old)")
GAVE = phrase("{node} gave {partner} records: {given:integer}; received: {received:integer}")
AUDIT = phrase("The ledgers of all, verified without their nodes")
VERIFIED = phrase("{node}: {entries:integer} entries, everything holds")
BROKEN = phrase("{node}: does not hold")


def rewrite(story: Story) -> bool:
    """Let a copy of the first node go another way, and its witnesses find out; say whether they did."""
    post, copy = story.ec, story.folder / "rewritten"
    story.tell.heading(REWRITE, node=post.institution.name)
    _signed_and_shown(post.node)
    shutil.copytree(post.folder, copy, ignore=shutil.ignore_patterns("*.lock", "serve.log"))
    try:
        _consult(post.node, post)
        _signed_and_shown(post.node)
        with open_node(copy) as forged:
            _consult(forged, post)
            answers = _signed_and_shown(forged)
    finally:
        shutil.rmtree(copy)
    caught = Answered.FORK in answers
    if caught:
        story.tell.line(CAUGHT)
    return caught


def audit(story: Story) -> bool:
    """Verify what every node exports, with the program that needs no node; say whether all of it holds."""
    story.tell.heading(AUDIT)
    good = True
    for post in story.posts.values():
        to = story.folder / "exports" / f"{post.id}.zip"
        to.parent.mkdir(exist_ok=True)
        _signed_and_shown(post.node)
        signed = export_history(post.node, to).checkpoint
        holds = not _quietly(to)
        story.tell.line(VERIFIED if holds else BROKEN, node=post.id, entries=signed.size)
        good = good and holds
    return good


def _consult(node: OpenNode, post: Post) -> None:
    """One act more: an analyst looks at a record."""
    with node.store.work() as work:
        (header,) = work.find(Query(kind="signal", limit=1))
        consult(header.id, by=post.officers["ana"], under=UNDER, work=work)
        work.commit()


def _signed_and_shown(node: OpenNode) -> set[Answered]:
    ledger = witnessed_ledger(node)
    ledger.step()
    ledger.sequencer.sign_now()
    return {heard.outcome for heard in ask_witnesses(node)}


def _quietly(export: Path) -> int:
    with contextlib.redirect_stdout(io.StringIO()):
        return verifier.main([str(export), "--lang", language()])


def count(story: Story) -> None:
    """Show how long it took from the first position, and what each gave and received."""
    post, lia = story.ec, story.ec.officers["lia"]
    story.tell.heading(COUNTED, node=post.institution.name)
    with post.working() as work:
        (told,) = work.find(Query(kind="outcome", limit=1))
        chain = follow(told.id, by=lia, under=UNDER, work=work, house=post.house)
    for mark, sentence in LEGS:
        took = chain.took(Mark.SEEN, mark)
        if took is not None:
            story.tell.line(sentence, took_s=took.total_seconds())
    story.tell.line(REPLAYED)
    for each in story.posts.values():
        with each.working() as work:
            period = Period(since=work.now - timedelta(days=7), until=work.now)
            made = evaluate(period, by=each.officers["lia"], under=UNDER, work=work, house=each.house)
        for one in made.partners:
            given, received = sum(one.given.values()), sum(one.received.values())
            story.tell.line(GAVE, node=each.id, partner=one.partner, given=given, received=received)
