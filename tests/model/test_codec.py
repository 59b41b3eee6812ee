"""Laws of the vocabulary: to JSON and back without loss, and nothing strange comes in."""

from __future__ import annotations

import json
import math
import runpy
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import InvalidValueError, UnreadableError
from ayni.model.act import Entry
from ayni.model.area import Area
from ayni.model.codec import KINDS, from_json, from_own_json, published_schemas, to_json
from ayni.model.handling import Hold, Mandate
from ayni.model.outcome import Outcome
from ayni.model.record import Header, Record
from ayni.model.report import Report
from ayni.model.signal import Reason, Signal
from ayni.model.task import Task
from ayni.model.triage import TriagedSignal
from ayni.model.watch_entry import WatchEntry
from tests.model import values
from tests.people import a_signal

ROOT = Path(__file__).parents[2]
EVERY: list[tuple[type[object], st.SearchStrategy[object]]] = [
    (Signal, values.signals),
    (TriagedSignal, values.triaged),
    (Report, values.reports),
    (Task, values.tasks),
    (Outcome, values.outcomes),
    (Area, values.areas),
    (WatchEntry, values.watch_entries),
    (Header, values.headers),
    (Record[TriagedSignal], values.records),
    (Entry, values.entries),
    (Mandate, values.mandates),
    (Hold, values.holds),
]


@pytest.mark.parametrize(("kind", "made"), EVERY, ids=lambda case: getattr(case, "__name__", "values"))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_there_and_back_without_loss(
    kind: type[object], made: st.SearchStrategy[object], data: st.DataObject
) -> None:
    """Equal value, and equal bytes when written again: hashes and signatures over it stay good."""
    value = data.draw(made)
    written = to_json(value)
    assert from_json(written, kind) == value
    assert to_json(from_own_json(written, kind)) == written


def test_every_kind_is_among_them() -> None:
    """A new record kind without a law fails here."""
    assert set(KINDS.values()) <= {kind for kind, _ in EVERY}


@settings(max_examples=40, deadline=None)
@given(signal=values.signals)
def test_signals_meet_their_published_schema(signal: Signal) -> None:
    """What we write is what we publish."""
    jsonschema_rs.validator_for(published_schemas()["signal"]).validate(json.loads(to_json(signal)))


@pytest.mark.parametrize("name", sorted(KINDS))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_bodies_meet_their_published_schema(name: str, data: st.DataObject) -> None:
    """Every kind of record too; and a strange field does not."""
    made = dict(EVERY)[KINDS[name]]
    body = json.loads(to_json(data.draw(made)))
    validator = jsonschema_rs.validator_for(published_schemas()[f"record-{name}"])
    validator.validate(body)
    assert not validator.is_valid({**body, "strange": 1})


def test_published_schemas_equal_the_code() -> None:
    """Run `python scripts/write_schemas.py` after a change of the vocabulary."""
    folder = ROOT / "docs" / "reference" / "schemas"
    wanted = runpy.run_path(str(ROOT / "scripts" / "write_schemas.py"))["rendered"]()
    assert {file.name: file.read_text("utf-8") for file in folder.glob("*.json")} == wanted


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"strange": 1}, "$.strange"),
        ({"place": {"type": "Point", "coordinates": [0, 0], "bbox": []}}, "$.place.bbox"),
        ({"revision": "1"}, "$.revision"),
        ({"place": {"type": "Point", "coordinates": [181, 0]}}, "longitude"),
        ({"made_at": "2026-03-01T12:00:00"}, "made_at"),
        ({"subjects": []}, "subjects"),
        ({"state": "perhaps"}, "$.state"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(change: dict[str, object], named: str) -> None:
    """Unknown fields, other types, values outside their range, instants without a zone."""
    text = json.dumps({**json.loads(to_json(a_signal())), **change})
    with pytest.raises(UnreadableError) as refused:
        from_json(text, Signal)
    assert named in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"id": NaN}', b"\xff\xfe", b'{"id":"\xed\xa0\x80"}'])
def test_what_is_no_json_of_ours_is_refused(text: str | bytes) -> None:
    """Never another exception."""
    with pytest.raises(UnreadableError):
        from_json(text, Signal)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_number_is_refused(number: float) -> None:
    """JSON would turn it into null and the next reader could not read it."""
    with pytest.raises(InvalidValueError):
        Reason(says="at {speed_kn:kn}", facts={"speed_kn": number}, weight=0.1)
    with pytest.raises(InvalidValueError):
        Reason(says="at sea", weight=number)
    with pytest.raises(InvalidValueError):
        replace(a_signal(), uncertainty_m=number)
    with pytest.raises(InvalidValueError):
        replace(a_signal(), parameters={"silence_h": number})
