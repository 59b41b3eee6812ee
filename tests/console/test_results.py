"""What a period was good for, and the way of one result, as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ayni.casework.triage import dismiss, validate
from ayni.evaluation.figures import Portion
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Role
from ayni.model.outcome import Outcome, OutcomeKind, Quantity, Unit
from ayni.model.triage import Dismissal
from ayni.node.doors import house_of
from ayni.operations.results import record_outcome
from tests.console.test_search import someone
from tests.web_node import TestNode, fresh_node, raise_signal

UNDER = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis="Ley 1, art. 2")
MARCH = "/results/?since=2026-03-01&last=2026-03-02"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def a_night(node: TestNode) -> str:
    """Raise seven signals, decide six, record one seizure and one that names a signal unknown here."""
    by = node.add(Role.COORDINATOR, name="Inés Vera").as_officer()
    records = [raise_signal(node, hour=hour) for hour in range(7)]
    with node.store.work() as work:
        for record in records[:4]:
            validate(record, by=by, under=UNDER, work=work)
        for record in records[4:6]:
            dismiss(record, why=Dismissal.FISHING, by=by, under=UNDER, work=work)
        work.commit()
    now = datetime.now(UTC)
    with node.store.work() as work:
        kilos = Quantity(of="cocaine", value=12.5, unit=Unit.KILOGRAM, confirmed=True)
        made = record_outcome(
            Outcome(kind=OutcomeKind.SEIZURE, at=now, quantities=(kilos,), signals=(records[0],)),
            house=house_of(node.node.settings),
            by=by,
            under=UNDER,
            work=work,
        )
        record_outcome(
            Outcome(kind=OutcomeKind.NOTHING_FOUND, at=now - timedelta(minutes=1)),
            house=house_of(node.node.settings),
            by=by,
            under=UNDER,
            work=work,
        )
        work.commit()
    return made.record.header.id


def test_a_period_is_counted_with_its_intervals_and_its_gaps(node: TestNode) -> None:
    """Signals by rule with the rate and its range, results with quantities; what shows nothing is a gap."""
    seizure = a_night(node)
    client = someone(node, Role.COORDINATOR)
    march = client.get(MARCH).content.decode()
    assert '<dd class="num">7</dd>' in march
    assert "4 of 6 · 67% (30% … 90%)" in march
    assert "Fishing 2" in march
    assert "No result in it" in march
    now = client.get("/results/").content.decode()
    assert "1 of 2" in now
    assert '<td class="num">12.5</td>' in now
    assert f'href="/outcomes/{seizure}/way/"' in now
    assert "the result names no signal" in now
    entry = next(one for one in reversed(node.store.entries) if one.act == "evaluation.make")
    assert (entry.facts["outcomes"], entry.facts["gaps"]) == (2, 1)


def test_the_way_of_a_result_is_shown_step_by_step(node: TestNode) -> None:
    """From the first position on; the consultation is written down."""
    seizure = a_night(node)
    client = someone(node, Role.ANALYST)
    assert f'href="/outcomes/{seizure}/way/"' in client.get(f"/outcomes/{seizure}/").content.decode()
    seen = client.get(f"/outcomes/{seizure}/way/").content.decode()
    steps = [
        seen.index(f"<b>{what}</b>") for what in ("first position", "signal", "validated by an officer", "result")
    ]
    assert steps == sorted(steps)
    assert node.store.entries[-1].act == "evaluation.follow"


def test_an_absurd_period_is_refused_with_a_sentence(node: TestNode) -> None:
    """Garbage, backwards, endless and future: the last thirty days are shown, and why."""
    a_night(node)
    client = someone(node, Role.LIAISON)
    for since, last in (("soon", "now"), ("2026-03-02", "2026-03-01"), ("0001-01-01", "9999-12-31"), ("", "x")):
        answer = client.get("/results/", {"since": since, "last": last})
        assert answer.status_code == 200
        assert 'role="alert"' in answer.content.decode()


def test_figures_are_for_those_who_answer_for_them(node: TestNode) -> None:
    """Oversight counts and traces nothing, an analyst traces and does not count, an administrator does neither."""
    seizure = a_night(node)
    allowed = {Role.OVERSIGHT: (200, 403), Role.ANALYST: (403, 200), Role.ADMINISTRATOR: (403, 403)}
    for role, codes in allowed.items():
        client = someone(node, role)
        assert (client.get(MARCH).status_code, client.get(f"/outcomes/{seizure}/way/").status_code) == codes
    assert "What a period was good for" not in someone(node, Role.ANALYST).get("/outcomes/").content.decode()


def test_few_cases_give_no_rate(node: TestNode) -> None:
    """Nothing of nothing is a dash, three of four are just that."""
    del node  # Django is configured by it
    from ayni.console.views.results import rate

    assert rate(Portion(of=0, out_of=0)) == "—"
    assert rate(Portion(of=3, out_of=4)) == "3 of 4"
