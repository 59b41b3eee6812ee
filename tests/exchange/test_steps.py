"""Agreements are made between nodes without carrying a file: every step is heard by the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import cast

from ayni.agreements import life_cycle
from ayni.agreements.standing import Agreement
from ayni.agreements.vocabulary import State
from ayni.exchange.payload import Type
from ayni.exchange.post import Draft, post
from ayni.exchange.receipt import Outcome
from ayni.exchange.signatures import send_steps, signer, verifier
from ayni.exchange.steps import TELL, Steps, tell
from ayni.model.act import acting
from ayni.model.codec import to_json
from ayni.model.officer import Officer, Role
from ayni.model.record import Record
from tests.exchange.two_nodes import EC, LIA, PE, UNDER, Node, World, a_text

CORO = Officer(id="coro", name="Coro", roles=frozenset({Role.COORDINATOR}))
NAME = "EC-PE-9"


def does(node: Node, act: Callable[..., Record[object]], *args: object, by: Officer = LIA, **more: object) -> None:
    """Take a step and tell the others."""
    node.world.clock.now += timedelta(seconds=1)
    with node.working() as work:
        record = act(*args, by=by, under=UNDER, work=work, house=node.house, **more)
        tell(
            record,
            identity=node.identity,
            reachable=set(node.world.nodes),
            by=by,
            under=UNDER,
            work=work,
            house=node.house,
        )
    told = node.world.deliver()
    assert all(item.outcome is Outcome.ACCEPTED for item in told.values()), told


def state_of(node: Node, name: str = NAME) -> State:
    """Return where the agreement stands at a node."""
    with node.store.work() as work:
        return cast("Agreement", life_cycle.find(name, work).body).state


def signs(node: Node, by: Officer) -> None:
    """Sign for a party."""
    verify = verifier(node.world.known)
    does(node, life_cycle.sign, NAME, by=by, sign_bytes=signer(node.identity), verify=verify)


def test_from_proposal_to_force_and_to_suspension() -> None:
    """What one does, the other hears; a suspension counts at once at both."""
    world = World(EC, PE, agreements=False)
    ec, pe = world[EC], world[PE]
    does(ec, life_cycle.propose, a_text("maritime-bilateral", NAME, (EC, PE)))
    assert state_of(pe) is State.PROPOSED
    does(pe, life_cycle.accept, NAME)
    for node in (ec, pe):
        for by in (LIA, CORO):
            signs(node, by)
    assert (state_of(ec), state_of(pe)) == (State.SIGNED, State.SIGNED)
    does(ec, life_cycle.enter, NAME)
    assert (state_of(ec), state_of(pe)) == (State.IN_FORCE, State.IN_FORCE)
    with pe.store.work() as work:
        held = pe.shelf.book(work).find(NAME)
        assert held is not None
        assert held.standing.signatures == 2
    does(pe, life_cycle.suspend, NAME, words="an exercise")
    assert (state_of(ec), state_of(pe)) == (State.SUSPENDED, State.SUSPENDED)


def test_nobody_steps_for_another() -> None:
    """A party may tell what it did; what somebody else did it may not, however well signed."""
    world = World(EC, PE, "bo.ayni.example", agreements=False)
    ec, pe, bo = world[EC], world[PE], world["bo.ayni.example"]
    does(ec, life_cycle.propose, a_text("maritime-bilateral", NAME, (EC, PE)))

    with ec.store.work() as work:
        body = cast("Agreement", life_cycle.find(NAME, work).body)
    stolen = Steps(steps=tuple(send_steps(body, EC, ec.identity)))
    with bo.working() as theirs, acting(TELL, by=LIA, under=UNDER, work=theirs) as acts:
        draft = Draft(
            type=Type.AGREEMENT_STEP,
            to=(PE,),
            purpose=UNDER.purpose,
            legal_basis=UNDER.legal_basis,
            body=to_json(stolen),
        )
        (message,) = post(acts, draft, bo.house)
    before = state_of(pe)
    assert world.deliver()[message].outcome is Outcome.REFUSED
    assert state_of(pe) is before


def test_what_cannot_be_read_is_refused_and_holds_nothing_up() -> None:
    """A body of another kind: refused with the reason, and the next message is heard."""
    world = World(EC, PE, agreements=False)
    ec, pe = world[EC], world[PE]
    with ec.working() as work, acting(TELL, by=LIA, under=UNDER, work=work) as acts:
        draft = Draft(
            type=Type.AGREEMENT_STEP,
            to=(PE,),
            purpose=UNDER.purpose,
            legal_basis=UNDER.legal_basis,
            body=b'{"strange":1}',
        )
        (message,) = post(acts, draft, ec.house)
    item = world.deliver()[message]
    assert item.outcome is Outcome.REFUSED
    assert "strange" in str(item.reasons[0].facts["why"]) or "steps" in str(item.reasons[0].facts["why"])
    assert pe.store.entries[-1].facts["outcome"] == "refused"
    does(ec, life_cycle.propose, a_text("maritime-bilateral", NAME, (EC, PE)))
    assert state_of(pe) is State.PROPOSED
