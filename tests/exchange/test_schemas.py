"""What nodes keep of their exchange meets the schemas that are published for every record kind."""

from __future__ import annotations

import json
from datetime import timedelta

import jsonschema_rs
import pytest

from ayni.exchange.recall import recall
from ayni.exchange.request_words import Urgency
from ayni.exchange.requests import Question, ask
from ayni.exchange.sharing import Terms, share
from ayni.model.codec import published_schemas, to_json
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.node.kinds import ALL_KINDS
from tests.exchange.two_nodes import BETWEEN, EC, LIA, PE, UNDER, Node, World

SCHEMAS = published_schemas(ALL_KINDS)
KEPT = {"agreement", "signal", "exposure", "holding", "request", "recall", "recalled", "recall-answer"}


def kept(node: Node) -> list[Record[object]]:
    """Return every record a node has."""
    with node.store.work() as work:
        return [work.get(header.id) for header in work.find(Query(limit=1_000))]


def test_every_record_of_a_share_a_request_and_a_recall_meets_its_schema() -> None:
    """On both sides; and not one with a field that is not published."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    signal = ec.a_signal()
    with ec.working() as work:
        share(
            signal, PE, terms=Terms(agreement=BETWEEN), by=LIA, under=UNDER, work=work, house=ec.house, book=ec.book()
        )
    world.deliver()
    with pe.working() as work:
        question = Question(question="Is the vessel known?", urgency=Urgency.URGENT, records=(signal,))
        ask(question, EC, agreement=BETWEEN, by=LIA, under=UNDER, work=work, house=pe.house, book=pe.book())
    world.deliver()
    records = kept(ec) + kept(pe)
    with ec.working() as work:
        recall(
            signal,
            why="exercise over",
            answer_within=timedelta(hours=1),
            by=LIA,
            under=UNDER,
            work=work,
            house=ec.house,
            identity=ec.identity,
        )
    world.deliver()
    records += kept(ec) + kept(pe)
    assert {record.header.kind for record in records} == KEPT
    for record in records:
        validator = jsonschema_rs.validator_for(SCHEMAS[f"record-{record.header.kind}"])
        body = json.loads(to_json(record.body))
        validator.validate(body)
        assert not validator.is_valid({**body, "strange": 1})


@pytest.mark.parametrize("kind", sorted(ALL_KINDS))
def test_every_kind_has_a_closed_schema(kind: str) -> None:
    """Each with words for whoever reads it without the code."""
    schema = SCHEMAS[f"record-{kind}"]
    name = schema["$ref"].rsplit("/", 1)[-1]
    assert schema["$defs"][name]["additionalProperties"] is False
    assert schema["$defs"][name]["description"]
