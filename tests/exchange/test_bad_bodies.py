"""Whatever a pinned partner writes is done as it says, or refused; and a refusal changes nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ayni.exchange.consent import Given, Token
from ayni.exchange.correction import Corrects
from ayni.exchange.effects import ALL_EFFECTS
from ayni.exchange.lease import Asking, Lent
from ayni.exchange.payload import About, Type, Under
from ayni.exchange.post import Draft, post
from ayni.exchange.recall import OrderBody
from ayni.exchange.recall_words import Order, Told
from ayni.exchange.receipt import Outcome
from ayni.exchange.request_words import CLOCKS, Asked, Reply, RequestKind, Says, Urgency
from ayni.exchange.room_words import Entry, Spoken
from ayni.exchange.signed_word import Word, say
from ayni.exchange.wire import leaving
from ayni.model.act import Act, acting
from ayni.model.codec import to_json
from ayni.model.memory import MemoryStore
from tests.exchange.test_delivery import send
from tests.exchange.test_onward import REGION
from tests.exchange.two_nodes import BETWEEN, EC, LIA, PE, UNDER, World, keys_of
from tests.people import NOON

LOST = "00000000-0000-7000-8000-000000000000"
TYPES = sorted(set(ALL_EFFECTS) - {Type.AGREEMENT_STEP})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def world() -> World:
    """Two nodes, one of which holds a record of the other."""
    world = World(EC, PE)
    send(world[EC], world[EC].a_signal(1, REGION))
    world.deliver()
    return world


def right(world: World, type_: Type) -> dict[str, Any]:
    """Return a body of a type as an honest partner would write it."""
    identity, until = keys_of(EC)[0], NOON + timedelta(days=1)
    with world[EC].store.work() as work:
        record = work.get(
            next(name for name in world[EC].store._shelves.records if _is_signal(world[EC].store, name))
        )
    wire = leaving(replace(record, header=replace(record.header, version=2)))
    digest = hashlib.sha256(to_json(wire)).hexdigest()
    name = record.header.id
    order = Order(record=LOST, originator=EC, why="mistaken", at=NOON, deadline=until)
    token = Token(
        record=name, sha256=digest, originator=EC, via=PE, to="br", purpose=UNDER.purpose, at=NOON, until=until
    )
    entry = Entry(room=LOST, founder=EC, author=EC, seq=1, prev="", at=NOON, name="Marea", members=(EC, PE))
    asked = Asked(
        id=LOST,
        kind=RequestKind.INFORMATION,
        question="Who?",
        urgency=Urgency.SOON,
        asked_at=NOON,
        due_at=NOON + CLOCKS[Urgency.SOON],
    )
    values: dict[Type, object] = {
        Type.SHARE: wire,
        Type.TIP_OFF: wire,
        Type.CORRECTION: wire,
        Type.REQUEST: asked,
        Type.ANSWER: Reply(request=LOST, says=Says.ANSWERED, words="Nobody.", at=NOON),
        Type.RECALL: OrderBody(order=say(identity, Word.RECALL, order)),
        Type.RECALL_ANSWER: Told(answer=say(identity, Word.RECALL_ANSWER, order)),
        Type.ONWARD_CONSENT: Given(token=say(identity, Word.ONWARD_CONSENT, token)),
        Type.ROOM: Spoken(entry=say(identity, Word.ROOM_ENTRY, entry)),
        Type.LEASE: Asking(record=name, sha256=digest),
        Type.LEASE_KEY: Lent(record=name, sha256=digest, key="AAAA", until=until),
    }
    found: dict[str, Any] = json.loads(to_json(values[type_]))
    return found


def _is_signal(store: MemoryStore, name: str) -> bool:
    return store._shelves.records[name].header.kind == "signal"


def tells(world: World, type_: Type, body: dict[str, Any]) -> str:
    """Post a body, with all around it in order; return the message."""
    held = world[EC].book().find(BETWEEN)
    assert held is not None
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.sha256(data).hexdigest()
    record = str(body.get("record") or body.get("id") or LOST)
    about = record if record.isascii() and record.isprintable() and " " not in record else LOST
    word = ""
    if type_ is Type.CORRECTION:
        said = Corrects(record=about[:200], sha256=digest, version=2, originator=EC, why="mistaken", at=NOON)
        word = say(keys_of(EC)[0], Word.CORRECTION, said)
    act = Act(name="test.post", roles=LIA.roles)
    with world[EC].working() as work, acting(act, by=LIA, under=UNDER, work=work) as acts:
        draft = Draft(
            type=type_,
            to=(PE,),
            purpose=UNDER.purpose,
            legal_basis=UNDER.legal_basis,
            body=data,
            record=About(id=about[:200], sha256=digest, originator=EC),
            onward_consent=(word,) if word else (),
            under=Under(id=BETWEEN, version=held.text.version, sha256=held.slice.sha256),
            articles=("R-1/1",),
        )
        return post(acts, draft, world[EC].house)[0]


@pytest.mark.parametrize("type_", TYPES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_is_refused_changes_nothing(world: World, type_: Type, data: st.DataObject) -> None:
    """A field taken away, put in, or put in the place of another: never an error of ours, never a half-done thing."""
    body = right(world, type_)
    field = data.draw(st.sampled_from([*body, "strange"]))
    if data.draw(st.booleans()) and field in body:
        del body[field]
    else:
        body[field] = data.draw(json_values)
    before = dict(world[PE].store._shelves.records)
    message = tells(world, type_, body)
    told = world.deliver()[message]
    assert told.outcome in {Outcome.REFUSED, Outcome.ACCEPTED}
    if told.outcome is Outcome.REFUSED:
        assert told.reasons
        assert world[PE].store._shelves.records == before


@pytest.mark.parametrize("type_", TYPES)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_any_object_is_refused(world: World, type_: Type, body: dict[str, Any]) -> None:
    """Whatever JSON it is, if it is not the body of its type."""
    before = dict(world[PE].store._shelves.records)
    message = tells(world, type_, body)
    assert world.deliver()[message].outcome is Outcome.REFUSED
    assert world[PE].store._shelves.records == before


@pytest.mark.parametrize("type_", [Type.SHARE, Type.CORRECTION, Type.REQUEST, Type.RECALL, Type.ROOM])
def test_as_an_honest_partner_writes_it_it_is_done(type_: Type) -> None:
    """What the other tests change is right as it is."""
    fresh = World(EC, PE)
    fresh[EC].a_signal(1, REGION)
    message = tells(fresh, type_, right(fresh, type_))
    assert fresh.deliver()[message].outcome is Outcome.ACCEPTED
