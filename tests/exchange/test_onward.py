"""A record is passed on only with its originator's signed consent, and a recall follows it wherever it went."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest

from ayni.errors import InvalidValueError, NotAgreedError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.consent import Given, Onward, Token, give
from ayni.exchange.holdings import CONSENTED, exposure_in, exposures, holding_of
from ayni.exchange.payload import Payload, Type
from ayni.exchange.recall import Stand
from ayni.exchange.recall_records import answer_in, answers_on
from ayni.exchange.recall_words import Told, read_answer
from ayni.exchange.receipt import Outcome
from ayni.exchange.refusals import Cause
from ayni.exchange.sharing import Terms, share
from ayni.exchange.signed_word import Word, say
from ayni.model.codec import to_json
from ayni.model.handling import TLP, Handling, HandlingCode, Mandate, Purpose
from ayni.model.officer import Officer
from tests.exchange.proofs import prove_all
from tests.exchange.test_delivery import causes
from tests.exchange.test_recall import take_back, tree_of
from tests.exchange.test_requests import lies
from tests.exchange.two_nodes import AMONG, ANA, BR, EC, LIA, PE, UNDER, Node, World, keys_of
from tests.people import NOON

CL = "cl.ayni.example"
MONTH = timedelta(days=30)
REGION = Handling(codes=(HandlingCode.H2,), tlp=TLP.AMBER)


def passes(node: Node, record: str, to: str, under: Mandate = UNDER) -> str:
    """Share a record under the regional agreement; return the message."""
    with node.working() as work:
        terms = Terms(agreement=AMONG)
        return share(
            record, to, terms=terms, by=LIA, under=under, work=work, house=node.house, book=node.book()
        ).message


def consents(node: Node, record: str, via: str, to: str, by: Officer = LIA, lasts: timedelta = MONTH) -> Token:
    """Let the originator consent."""
    with node.working() as work:
        return give(
            record,
            Onward(via=via, to=to, until=work.now + lasts, agreement=AMONG),
            by=by,
            under=UNDER,
            work=work,
            house=node.house,
            book=node.book(),
            identity=node.identity,
        )


def along(world: World, *way: str, record: str = "") -> str:
    """Pass a record of the first node along a way, each hop with its consent; return its id."""
    first = world[way[0]]
    record = record or first.a_signal(1, REGION)
    for number, (via, to) in enumerate(pairwise(way)):
        if number:
            consents(first, record, via, to)
            world.deliver()
        message = passes(world[via], record, to)
        assert world.deliver()[message].outcome is Outcome.ACCEPTED
    return record


def test_passed_on_with_consent_and_with_nothing_else() -> None:
    """Without one it does not leave; with one it arrives in the originator's own bytes."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE)
    with pytest.raises(NotAgreedError):
        passes(world[PE], record, BR)
    consents(world[EC], record, PE, BR)
    world.deliver()
    message = passes(world[PE], record, BR)
    told = world.deliver()
    assert told[message].outcome is Outcome.ACCEPTED
    with world[PE].store.work() as here, world[BR].store.work() as there:
        ours, theirs = holding_of(here, record), holding_of(there, record)
        assert ours is not None
        assert theirs is not None
        assert ours.body.sha256 == theirs.body.sha256  # type: ignore[attr-defined]
        assert there.get(record).header.originator == EC
    with world[EC].store.work() as work:
        (header,) = exposures(work, record=record, states=(CONSENTED,))
        exposure = exposure_in(work.get(header.id))
    assert (exposure.to, exposure.via) == (BR, PE), "the originator knows where it may be"


def test_a_consent_is_for_one_recipient_purpose_and_time() -> None:
    """Not for another recipient, not for another purpose, not afterwards; and only the holder may use it."""
    world = World(EC, PE, BR, CL)
    record = along(world, EC, PE)
    consents(world[EC], record, PE, BR, lasts=timedelta(days=1))
    world.deliver()
    with pytest.raises(NotAgreedError):
        passes(world[PE], record, CL)
    other = Mandate(purpose=Purpose.ARMS_TRAFFICKING, legal_basis="Exercise law, article 1")
    with pytest.raises(NotAgreedError):
        passes(world[PE], record, BR, under=other)
    world.clock.now += timedelta(days=1)
    with pytest.raises(NotAgreedError):
        passes(world[PE], record, BR)


def test_who_may_not_consent() -> None:
    """An analyst, a holder for the originator, for what is not there, backwards in time, after a recall."""
    world = World(EC, PE, BR)
    record, unshared = along(world, EC, PE), world[EC].a_signal(2, REGION)
    for node, name, via, error in (
        (EC, unshared, PE, WrongStateError),
        (EC, record, BR, WrongStateError),
        (PE, record, EC, NotEntitledError),
        (EC, "00000000-0000-7000-8000-000000000000", PE, UnknownError),
    ):
        with pytest.raises(error):
            consents(world[node], name, via, BR)
    with pytest.raises(NotEntitledError):
        consents(world[EC], record, PE, BR, by=ANA)
    for to, lasts in ((BR, timedelta(0)), (EC, MONTH), (PE, MONTH)):
        with pytest.raises(InvalidValueError):
            consents(world[EC], record, PE, to, lasts=lasts)
    take_back(world[EC], record)
    with pytest.raises(WrongStateError):
        consents(world[EC], record, PE, BR)


def test_codes_of_the_originator_bind_also_with_consent() -> None:
    """What was marked for the recipient alone is passed on to nobody, whoever consents."""
    world = World(EC, PE, BR)
    for number, tlp in enumerate((TLP.RED, TLP.AMBER_STRICT)):
        record = world[EC].a_signal(number, Handling(codes=(HandlingCode.H2,), tlp=tlp))
        along(world, EC, PE, record=record)
        consents(world[EC], record, PE, BR)
        world.deliver()
        with pytest.raises(NotAgreedError):
            passes(world[PE], record, BR)


def forged(world: World, held: str, **changes: object) -> str:
    """Sign, as the originator or another, a consent with changes."""
    with world[PE].store.work() as work:
        holding = holding_of(work, held)
        assert holding is not None
        sha256 = holding.body.sha256  # type: ignore[attr-defined]
    signer = str(changes.pop("signer", EC))
    token = Token(
        record=held,
        sha256=sha256,
        originator=EC,
        via=PE,
        to=BR,
        purpose=UNDER.purpose,
        at=NOON,
        until=NOON + MONTH,
    )
    return say(keys_of(signer)[0], Word.ONWARD_CONSENT, replace(token, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"signer": PE},
        {"signer": CL},
        {"record": "00000000-0000-7000-8000-000000000000"},
        {"sha256": "0" * 64},
        {"originator": CL},
        {"via": CL},
        {"to": CL},
        {"purpose": Purpose.ARMS_TRAFFICKING},
        {"until": NOON + timedelta(seconds=1)},
        {"at": NOON + MONTH - timedelta(hours=1)},
    ],
    ids=str,
)
def test_a_consent_that_does_not_fit_is_none(changes: dict[str, object]) -> None:
    """Whoever passes a foreign record on with a consent for something else is refused, and nothing is kept."""
    world = World(EC, PE, BR, CL)
    record = along(world, EC, PE)
    consents(world[EC], record, PE, BR)
    world.deliver()
    message = passes(world[PE], record, BR)
    swap(world[PE], message, (forged(world, record, **dict(changes)),))
    world.clock.now += timedelta(minutes=1)
    told = world.deliver()[message]
    assert (told.outcome, causes(told.reasons)) == (Outcome.REFUSED, {Cause.NOT_THEIRS})
    with world[BR].store.work() as there, pytest.raises(UnknownError):
        there.get(record)


def swap(node: Node, message: str, tokens: tuple[str, ...]) -> None:
    """Let a message that waits carry other consents, as a node that does not keep to the rules would."""
    shelves = node.store._shelves
    shelves.outbox = [
        replace(
            one,
            payload=to_json(
                msgspec.structs.replace(msgspec.json.decode(one.payload, type=Payload), onward_consent=tokens)
            ),
        )
        if one.id == message
        else one
        for one in shelves.outbox
    ]


def test_consents_that_lie_are_not_kept() -> None:
    """Of another than the originator, for a record that we do not hold, or for another holder."""
    world = World(EC, PE, BR, CL)
    record = along(world, EC, PE)
    for by, token, cause in (
        (BR, forged(world, record, signer=BR), Cause.NOT_ORIGINATOR),
        (BR, forged(world, record), Cause.NOT_ORIGINATOR),
        (EC, forged(world, record, via=CL), Cause.NOT_HELD),
        (EC, forged(world, record, sha256="0" * 64), Cause.NOT_HELD),
        (EC, forged(world, record)[:-9], Cause.WORD),
    ):
        message = lies(world[by], PE, Type.ONWARD_CONSENT, Given(token=token))
        assert causes(world.deliver()[message].reasons) == {cause}
    with pytest.raises(NotAgreedError):
        passes(world[PE], record, BR)


def test_a_recall_follows_over_three_hops() -> None:
    """Every holder answers and proves; the originator verifies each proof with public keys alone."""
    world = World(EC, PE, BR, CL)
    record = along(world, EC, PE, BR, CL)
    take_back(world[EC], record)
    world.deliver()
    for name in (PE, BR, CL):
        assert prove_all(world[name]) == 1
    told = world.deliver()
    assert all(item.outcome is Outcome.ACCEPTED for item in told.values())
    (pe,) = tree_of(world[EC], record).branches
    ((br,),) = [pe.onward]
    ((cl,),) = [br.onward]
    assert [(one.holder, one.stand) for one in (pe, br, cl)] == [(name, Stand.PROVEN) for name in (PE, BR, CL)]
    with world[EC].store.work() as work:
        for kept in answers_on(work, record):
            body = answer_in(kept)
            answer, _ = read_answer(Told(answer=body.answer, proof=body.proof), world.known)
            assert answer.holder == body.holder
    for name in (PE, BR, CL):
        with world[name].store.work() as there, pytest.raises(UnknownError):
            there.get(record)
