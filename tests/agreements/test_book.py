"""Lineage, both ends, consent: every agreement a record came through must permit what is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ayni.agreements.book import Book, both_ends, who_could_see
from ayni.agreements.request import Consent, ConsentKind, Standing, in_force
from ayni.agreements.vocabulary import Action, State
from ayni.model.handling import Category, Handling, Mandate, Purpose
from ayni.model.record import Header
from tests.agreements.headers import MANDATE, NOON, OURS, THEIRS, a_header, an_ask
from tests.agreements.texts import a_text

EC_PE = a_text()
REGION = a_text("regional-multilateral", "REGION-1")


def a_book() -> Book:
    """Return a book with a bilateral and a regional agreement in force."""
    book = Book()
    book.enter(EC_PE, in_force(EC_PE))
    book.enter(REGION, in_force(REGION))
    return book


def test_our_own_record_is_ours_to_use_and_theirs_only_under_an_agreement() -> None:
    """Without a named agreement a partner gets nothing; under one the article is named."""
    book, header = a_book(), a_header()
    assert book.decide(an_ask(Action.USE, OURS), header).permitted
    assert not book.decide(an_ask(), header).permitted
    shared = book.decide(an_ask(), header, under="EC-PE-1")
    assert shared.permitted
    assert shared.articles == ("EC-PE-1/4", "EC-PE-1/6")


def test_an_agreement_nobody_knows_permits_nothing() -> None:
    """Also when the record claims to have arrived under it."""
    verdict = a_book().decide(an_ask(), a_header(), under="EC-XX-9")
    assert not verdict.permitted
    assert "there is no agreement EC-XX-9" in verdict.explain("en")[0]
    assert not a_book().decide(an_ask(Action.USE, OURS), a_header(THEIRS, agreement="EC-XX-9")).permitted


def consent(header: Header, to: str) -> Consent:
    """Return the originator's consent to pass a record on, for a day."""
    return Consent(
        kind=ConsentKind.ONWARD,
        record=header.id,
        originator=header.originator,
        to=to,
        purpose=MANDATE.purpose,
        until=NOON + timedelta(days=1),
    )


def test_passing_on_needs_both_agreements_and_the_originators_consent() -> None:
    """Received under the regional agreement, shared under the bilateral one."""
    book, header = a_book(), a_header("br.marinha", agreement="REGION-1")
    bare = book.decide(an_ask(), header, under="EC-PE-1")
    assert not bare.permitted
    assert "core/onward" in bare.articles
    consented = replace(an_ask(), consents=(consent(header, THEIRS),))
    verdict = book.decide(consented, header, under="EC-PE-1")
    assert verdict.permitted, verdict.explain("en")
    assert {name.split("/")[0] for name in verdict.articles} == {"EC-PE-1", "REGION-1"}
    for wrong in (
        replace(consent(header, THEIRS), to="xx.stranger"),
        replace(consent(header, THEIRS), purpose=Purpose.TRAINING),
        replace(consent(header, THEIRS), until=NOON),
        replace(consent(header, THEIRS), record="another"),
        replace(consent(header, THEIRS), originator=OURS),
    ):
        assert not book.decide(replace(an_ask(), consents=(wrong,)), header, under="EC-PE-1").permitted


def test_a_record_made_from_a_partners_record_carries_its_agreement() -> None:
    """Our report quotes their signal: sharing it passes their signal on; a suspended agreement stops its use."""
    book, source = a_book(), a_header("br.marinha", agreement="REGION-1")
    ours = replace(a_header(parents=(source.id,)), kind="report")
    known = {source.id: source}
    assert book.decide(an_ask(Action.USE, OURS), ours, parents=known.get).permitted
    shared = book.decide(an_ask(), ours, under="EC-PE-1", parents=known.get)
    assert not shared.permitted
    assert "core/onward" in shared.articles
    assert shared.reasons
    book.enter(REGION, Standing(state=State.SUSPENDED, signatures=2, term=REGION.term))
    used = book.decide(an_ask(Action.USE, OURS), ours, parents=known.get)
    assert not used.permitted
    assert "core/suspended" in used.articles


def test_a_parent_that_is_gone_is_a_refusal_not_a_guess() -> None:
    """Also two steps back, and a circle of parents ends."""
    middle = a_header(parents=("gone",))
    ours = a_header(parents=(middle.id,))
    verdict = a_book().decide(an_ask(Action.USE, OURS), ours, parents={middle.id: middle}.get)
    assert not verdict.permitted
    assert "record gone" in verdict.explain("en")[0]
    circle = replace(middle, parents=(ours.id,))
    assert a_book().decide(an_ask(Action.USE, OURS), ours, parents={middle.id: circle}.get).permitted


def test_both_ends_decide_under_one_text() -> None:
    """Sender and receiver permit; a receiver with another version of the text refuses."""
    sender, receiver = a_book().find("EC-PE-1"), a_book().find("EC-PE-1")
    assert sender is not None
    assert receiver is not None
    assert both_ends(sender, receiver, an_ask(), a_header()).permitted
    book = Book()
    changed = replace(EC_PE, version=2)
    book.enter(changed, in_force(changed))
    other = book.find("EC-PE-1")
    assert other is not None
    verdict = both_ends(sender, other, an_ask(), a_header())
    assert not verdict.permitted
    assert "different texts" in verdict.explain("en")[0]
    suspended = replace(receiver, standing=Standing(state=State.SUSPENDED, signatures=2, term=EC_PE.term))
    assert not both_ends(sender, suspended, an_ask(), a_header()).permitted


def test_who_could_see_names_every_partner_under_every_agreement() -> None:
    """Two agreements, three partnerships; an excluded category closes all of them."""
    answers = who_could_see(a_book(), an_ask(), a_header())
    assert {key: verdict.permitted for key, verdict in answers.items()} == {
        ("EC-PE-1", "pe.dicapi"): True,
        ("REGION-1", "pe.dicapi"): True,
        ("REGION-1", "br.marinha"): True,
    }
    delicate = replace(a_header(), categories=(Category.HEALTH,))
    assert not any(verdict.permitted for verdict in who_could_see(a_book(), an_ask(), delicate).values())


def test_court_needs_permission_for_h1() -> None:
    """With and without the originator's permission."""
    from ayni.model.handling import PAP, TLP, HandlingCode

    marked = Handling(codes=(HandlingCode.H1,), tlp=TLP.CLEAR, pap=PAP.CLEAR)
    header = replace(a_header(agreement="EC-PE-1"), handling=marked)
    ask = an_ask(Action.COURT, THEIRS, THEIRS)
    assert "core/h1" in a_book().decide(ask, header).articles
    permission = replace(consent(header, THEIRS), kind=ConsentKind.COURT)
    assert a_book().decide(replace(ask, consents=(permission,)), header).permitted


def test_no_purpose_no_answer() -> None:
    """A legal basis of blanks is none: the mandate itself refuses it, and so does the core."""
    ask = replace(an_ask(), under=Mandate(purpose=Purpose.TRAINING, legal_basis="x"))
    assert not a_book().decide(ask, a_header(), under="EC-PE-1").permitted
