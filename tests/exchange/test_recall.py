"""A record is taken back: destroyed at the holder, answered, proven; or refused in the name of a court."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from ayni.errors import NotAgreedError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.holdings import EXPOSURE, HOLDING, exposures
from ayni.exchange.payload import About, Type
from ayni.exchange.post import Draft, post
from ayni.exchange.recall import URGENT, OrderBody, Stand, Tree, recall, tree
from ayni.exchange.recall_records import answer_in, answers_on, recall_in, recall_of, recalled_by, recalled_in
from ayni.exchange.recall_words import Answer, Did, Order, Told, check_proof, read_answer
from ayni.exchange.recalled import prove, resume
from ayni.exchange.receipt import Item, Outcome
from ayni.exchange.refusals import Cause
from ayni.exchange.settling import settle
from ayni.exchange.signed_word import Word, heard, say
from ayni.model.act import Act, Entry, acting
from ayni.model.codec import to_json
from ayni.model.handling import Hold
from ayni.model.officer import Officer, Role
from ayni.model.record import Record
from ayni.model.store import Query
from tests.exchange.proofs import proof_of, prove_all
from tests.exchange.test_delivery import causes, send
from tests.exchange.two_nodes import ANA, BR, EC, INBOX, LIA, PE, UNDER, Node, World
from tests.people import NOON

WHY = "The vessel was mistaken for another."
OTI = Officer(id="oti", name="Oti", roles=frozenset({Role.OVERSIGHT}))
WRITE = Act(name="report.write", roles=frozenset({Role.ANALYST}))
HOLD = Hold(court="Juzgado Penal 2", ground="Evidence for the defence", review_on=NOON + timedelta(days=90))


def take_back(node: Node, record: str, by: Officer = LIA) -> None:
    """Recall one of a node's records."""
    with node.working() as work:
        recall(
            record,
            why=WHY,
            answer_within=URGENT,
            by=by,
            under=UNDER,
            work=work,
            house=node.house,
            identity=node.identity,
        )


def tree_of(node: Node, record: str) -> Tree:
    """Return the tree of a recall."""
    with node.working() as work:
        return tree(record, by=LIA, under=UNDER, work=work)


def change(node: Node, record: str, **changes: object) -> None:
    """Change the header of a record here, as an act of this node might."""
    with node.working() as work, acting(WRITE, by=ANA, under=UNDER, work=work) as acts:
        stored = acts.get(record)
        header = replace(stored.header, version=stored.header.version + 1, **changes)  # type: ignore[arg-type]
        acts.put(replace(stored, header=header), replacing=stored.header.version)


def note_from(node: Node, parent: str) -> str:
    """Write a record of this node's own, made from another."""
    with node.working() as work, acting(WRITE, by=ANA, under=UNDER, work=work) as acts:
        body = acts.open(parent).body
        header = replace(node.house.header("signal", under=UNDER, now=acts.now), parents=(parent,))
        acts.put(Record(header=header, body=body), replacing=None)
    return header.id


def told(node: Node, to: str, type_: Type, body: bytes, record: str, originator: str) -> str:
    """Post a message as a node that does not keep to the rules would; return its id."""
    with (
        node.working() as work,
        acting(Act(name="test.post", roles=LIA.roles), by=LIA, under=UNDER, work=work) as acts,
    ):
        draft = Draft(
            type=type_,
            to=(to,),
            purpose=UNDER.purpose,
            legal_basis=UNDER.legal_basis,
            body=body,
            record=About(id=record, sha256="0" * 64, originator=originator),
        )
        return post(acts, draft, node.house)[0]


def refused(items: dict[str, Item], message: str, cause: Cause) -> bool:
    """Say whether a message was refused for one cause."""
    item = items[message]
    return item.outcome is Outcome.REFUSED and causes(item.reasons) == {cause}


def test_recalled_destroyed_answered_and_proven() -> None:
    """Key and evidence are gone at once; the answer is signed; the proof verifies with public keys alone."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    send(ec, record := ec.a_signal())
    world.deliver()
    take_back(ec, record)
    assert tree_of(ec, record).counts[Stand.SILENT] == 1
    assert {item.outcome for item in world.deliver().values()} == {Outcome.ACCEPTED}
    with pe.store.work() as there:
        with pytest.raises(UnknownError):
            there.get(record)
        assert not there.find(Query(kind=HOLDING))
        assert not there.find(Query(kind="signal"))
    (branch,) = tree_of(ec, record).branches
    assert (branch.holder, branch.stand) == (PE, Stand.DELETED)
    assert prove_all(pe) == 1
    assert prove_all(pe) == 0
    world.deliver()
    (branch,) = tree_of(ec, record).branches
    assert (branch.stand, branch.made_from_it, branch.late) == (Stand.PROVEN, 0, False)
    with ec.store.work() as work:
        kept = answer_in(answers_on(work, record)[0])
        assert [one.state for one in work.find(Query(kind=EXPOSURE))] == ["recalled"]
    signer, answer = heard(kept.answer, Word.RECALL_ANSWER, Answer, {PE: pe.identity.public})
    proven = check_proof(answer, base64.b64decode(kept.proof), pe.identity.public)
    assert (signer, proven.size, answer.did) == (PE, kept.size, Did.DELETED)


def test_the_tombstone_wins_over_a_record_that_comes_later() -> None:
    """The recall overtakes the record; when the record comes it is refused, and nothing is kept of it."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    shared = send(ec, record := ec.a_signal())
    take_back(ec, record)
    items = world.deliver()
    assert refused(items, shared.message, Cause.RECALLED)
    with pe.store.work() as there:
        assert not there.find(Query(kind="signal"))
    (branch,) = tree_of(ec, record).branches
    assert branch.stand is Stand.NEVER_HERE


def test_a_recalled_record_is_shared_with_nobody_again() -> None:
    """Its originator's own agreement refuses."""
    world = World(EC, PE)
    take_back(world[EC], record := world[EC].a_signal())
    with pytest.raises(NotAgreedError):
        send(world[EC], record)
    assert not tree_of(world[EC], record).branches


def test_a_court_keeps_what_it_holds() -> None:
    """The holder signs court, ground and review; freezes; and destroys once the court lets go."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    send(ec, record := ec.a_signal())
    world.deliver()
    change(pe, record, hold=HOLD)
    take_back(ec, record)
    world.deliver()
    (branch,) = tree_of(ec, record).branches
    assert (branch.stand, branch.court, branch.review_on) == (Stand.COURT, HOLD.court, HOLD.review_on)
    assert prove_all(pe) == 1
    with pe.store.work() as there:
        assert there.get(record).header.recalled_at is not None
    world.deliver()
    assert tree_of(ec, record).branches[0].stand is Stand.COURT
    with pe.working() as work:
        assert resume(by=INBOX, work=work, house=pe.house, identity=pe.identity) == 0
    change(pe, record, hold=None)
    with pe.working() as work:
        assert resume(by=INBOX, work=work, house=pe.house, identity=pe.identity) == 1
    prove_all(pe)
    world.deliver()
    with pe.store.work() as there, pytest.raises(UnknownError):
        there.get(record)
    assert tree_of(ec, record).branches[0].stand is Stand.PROVEN


def test_own_records_made_from_it_are_left_to_a_person() -> None:
    """However far down they were made; the originator hears how many, the holder which."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    send(ec, record := ec.a_signal())
    world.deliver()
    child = note_from(pe, record)
    grandchild = note_from(pe, child)
    take_back(ec, record)
    world.deliver()
    assert tree_of(ec, record).branches[0].made_from_it == 2
    with pe.store.work() as there:
        stored = recalled_by(there, record, EC)
        assert stored is not None
        assert set(recalled_in(stored).made_from_it) == {child, grandchild}
        assert there.get(child).header.parents == (record,)
    with pe.working() as work:
        assert set(settle(record, words="Rewritten without it.", by=ANA, under=UNDER, work=work)) == {
            child,
            grandchild,
        }
    with pe.working() as work, pytest.raises(WrongStateError):
        settle(record, words="Again.", by=ANA, under=UNDER, work=work)


def test_recalled_twice_is_answered_twice_and_done_once() -> None:
    """The same order; who has answered is not asked again."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    send(ec, record := ec.a_signal())
    world.deliver()
    take_back(ec, record)
    ec.pack()
    take_back(ec, record)
    world.deliver()
    entries = [entry for entry in pe.store.entries if entry.act == "recall.obey"]
    assert len(entries) == 1
    take_back(ec, record)
    assert not world.deliver()
    with ec.store.work() as work:
        stored = recall_of(work, record)
        assert stored is not None
        assert recall_in(stored).to == (PE,)


def test_only_the_originator_recalls() -> None:
    """Neither its holder, nor a partner with a word of its own, nor an officer without the role."""
    world = World(EC, PE, BR)
    ec, pe, br = world[EC], world[PE], world[BR]
    send(ec, record := ec.a_signal())
    world.deliver()
    with pytest.raises(NotEntitledError):
        take_back(pe, record)
    with pytest.raises(NotEntitledError):
        take_back(ec, record, by=ANA)
    mine = Order(record=record, originator=BR, why=WHY, at=NOON, deadline=NOON + URGENT)
    theirs = replace(mine, originator=EC)
    before = pe.store.entries
    for order, originator in ((mine, BR), (mine, EC), (theirs, EC)):
        body = to_json(OrderBody(order=say(br.identity, Word.RECALL, order)))
        message = told(br, PE, Type.RECALL, body, record, originator)
        items = world.deliver()
        assert refused(items, message, Cause.NOT_ORIGINATOR)
    assert len(pe.store.entries) == len(before) + 3, "only the refusals were written down"
    with pe.store.work() as there:
        assert there.get(record).header.recalled_at is None
        assert exposures(there, record=record) == []


def test_an_order_that_was_changed_is_not_obeyed() -> None:
    """A word is believed as it was signed, or not at all."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    send(ec, record := ec.a_signal())
    world.deliver()
    order = Order(record=record, originator=EC, why=WHY, at=NOON, deadline=NOON + URGENT)
    word = say(pe.identity, Word.RECALL, order)
    for body, cause in (
        (OrderBody(order=say(ec.identity, Word.ONWARD_CONSENT, order)), Cause.WORD),
        (OrderBody(order=say(ec.identity, Word.RECALL, order).replace("A", "B", 1)), Cause.WORD),
        (OrderBody(order=word), Cause.NOT_ORIGINATOR),
    ):
        message = told(ec, PE, Type.RECALL, to_json(body), record, EC)
        assert refused(world.deliver(), message, cause)
    with pe.store.work() as there:
        assert there.get(record).header.recalled_at is None


@pytest.fixture
def asked() -> tuple[World, str, Told]:
    """Return a world in which a recall was answered and not yet proven, the record, and the answer."""
    world = World(EC, PE, BR)
    ec = world[EC]
    send(ec, record := ec.a_signal())
    world.deliver()
    take_back(ec, record)
    world.deliver()
    with ec.store.work() as work:
        kept = answer_in(answers_on(work, record)[0])
    return world, record, Told(answer=kept.answer)


def lie(world: World, record: str, body: Told, by: str = PE) -> Item:
    """Let a node send an answer, and return what became of it."""
    message = told(world[by], EC, Type.RECALL_ANSWER, to_json(body), record, EC)
    return world.deliver()[message]


def proof(world: World, entry: str, node: str = PE, origin: str = "") -> str:
    """Return a proof of an entry under the ledger of a node."""
    made = proof_of(entry, world[PE].store.entries, world[node].identity, origin)
    assert made is not None
    return base64.b64encode(made).decode()


def test_answers_that_lie_change_nothing(asked: tuple[World, str, Told]) -> None:
    """Of another entry, another log, another's keys, without the deletion, or from one who was not asked."""
    world, record, answered = asked
    pe, br = world[PE], world[BR]
    answer, _ = read_answer(answered, world.known)
    other = pe.store.entries[0].id
    empty = replace(answer, did=Did.NEVER_HERE, entry=replace(answer.entry, touched=()))
    foreign = say(br.identity, Word.RECALL_ANSWER, replace(answer, holder=PE))
    lies = [
        (replace(answered, proof=proof(world, other)), PE),
        (replace(answered, proof=proof(world, answer.entry.id, origin="pe.ayni.example.other/ledger")), PE),
        (replace(answered, proof=proof(world, answer.entry.id, node=BR, origin="pe.ayni.example/ledger")), PE),
        (replace(answered, proof="not base64"), PE),
        (Told(answer=foreign), PE),
        (Told(answer=foreign), BR),
        (Told(answer=say(br.identity, Word.RECALL_ANSWER, replace(empty, holder=BR))), BR),
        (Told(answer=say(br.identity, Word.RECALL_ANSWER, replace(empty, holder=BR))), PE),
        (
            Told(
                answer=say(
                    pe.identity, Word.RECALL_ANSWER, replace(answer, order="0" * 64, entry=_of(answer, "0" * 64))
                )
            ),
            PE,
        ),
    ]
    for body, by in lies:
        item = lie(world, record, body, by)
        assert item.outcome is Outcome.REFUSED
        assert causes(item.reasons) <= {Cause.NOT_PROVEN, Cause.NOT_ASKED}, item.reasons
    assert tree_of(world[EC], record).branches[0].stand is Stand.DELETED
    prove_all(pe)
    world.deliver()
    assert tree_of(world[EC], record).branches[0].stand is Stand.PROVEN


def _of(answer: Answer, order: str) -> Entry:
    return replace(answer.entry, facts={**answer.entry.facts, "order": order})


def test_a_ledger_that_shrank_or_forked_is_found_out(asked: tuple[World, str, Told]) -> None:
    """A second proof under fewer entries, or under another root of the same size, is not believed."""
    world, record, answered = asked
    pe = world[PE]
    answer, _ = read_answer(answered, world.known)
    prove_all(pe)
    world.deliver()
    entries = list(pe.store.entries)
    place = next(number for number, one in enumerate(entries) if one.id == answer.entry.id)
    with world[EC].store.work() as work:
        size = answer_in(answers_on(work, record)[0]).size
    shorter = entries[: place + 1]
    forked = [*entries[:place], entries[place], *reversed(entries[place + 1 : size])]
    forked = [entries[1], entries[0], *forked[2:size]]
    for history in (shorter, forked):
        made = proof_of(answer.entry.id, history, pe.identity)
        assert made is not None
        item = lie(world, record, replace(answered, proof=base64.b64encode(made).decode()))
        assert causes(item.reasons) == {Cause.NOT_PROVEN}
    assert tree_of(world[EC], record).branches[0].stand is Stand.PROVEN


def test_nothing_is_proven_before_the_ledger_has_it() -> None:
    """Without a signed place there is no proof, and the next turn tries again."""
    world = World(EC, PE)
    send(world[EC], record := world[EC].a_signal())
    world.deliver()
    take_back(world[EC], record)
    world.deliver()
    with world[PE].working() as work:
        assert prove(lambda _entry: None, by=INBOX, work=work, house=world[PE].house) == 0
    assert prove_all(world[PE]) == 1
