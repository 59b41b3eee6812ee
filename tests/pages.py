"""A node with something on every page, and the pages, for tests that look at all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Role
from tests.browsers import sign_in
from tests.web_node import PASSWORD, TestNode, raise_signal

if TYPE_CHECKING:
    from playwright.sync_api import Page

MEET = (
    "target=2,-81&at=2026-03-01T09:00:00&course=4&speed=12&most=15&around=1"
    "&patrol=3,-81&patrol_speed=20&ready=2026-03-01T10:00:00&endurance=24"
)
BASIS = "Ley Orgánica de Navegación, art. 12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """Sign-in names by role, the addresses to look at by role, and the newest signal's own."""

    names: dict[str, str]
    pages: dict[str, tuple[str, ...]]
    signal: str


def live(node: TestNode, signals: int = 40, script: str = "") -> Lived:
    """Fill a node with signals, a decision, a task and an outcome; *script* is put into every text."""
    from ayni.casework.areas import NewArea, draw_area
    from ayni.casework.triage import dismiss
    from ayni.casework.watchlist import NewEntry, propose_entry
    from ayni.model.area import EntryWatch, SpeedWatch
    from ayni.model.outcome import Outcome, OutcomeKind
    from ayni.model.place import Polygon
    from ayni.model.task import Task
    from ayni.model.triage import Dismissal
    from ayni.node.doors import house_of
    from ayni.node.running import running
    from ayni.operations import watch_log
    from ayni.operations.results import record_outcome
    from ayni.operations.tasking import propose_task

    people = {
        "analyst": node.add(Role.ANALYST, name="Luz Andrade" + script),
        "coordinator": node.add(Role.COORDINATOR, name="Inés Vera" + script),
        "oversight": node.add(Role.OVERSIGHT, name="Dra. Marta Quishpe" + script),
    }
    records = [
        raise_signal(node, hour=hour, name=("Caleta Imaginaria", "Rosa del Viento", "Tres Palmas")[hour % 3] + script)
        for hour in range(signals)
    ]
    under = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis=BASIS + script)
    house, now = house_of(node.node.settings), datetime.now(UTC)
    officer = people["coordinator"].as_officer()
    with node.store.work() as work:
        for record in records[-3::-5]:
            words = "Pilot confirmed by radio" + script
            dismiss(record, why=Dismissal.POOR_RECEPTION, words=words, by=officer, under=under, work=work)
        task = propose_task(
            Task(
                what="Identify the vessel and report" + script,
                to="LG Isla de Prueba" + script,
                deadline=now + timedelta(hours=6),
                signals=(records[-1],),
            ),
            house=house,
            by=officer,
            under=under,
            work=work,
        )
        outcome = record_outcome(
            Outcome(
                kind=OutcomeKind.NOTHING_FOUND, at=now, words="Fishing gear on board" + script, signals=(records[-1],)
            ),
            house=house,
            by=officer,
            under=under,
            work=work,
        )
        watched = draw_area(
            NewArea(
                name="Boca del golfo" + script,
                instruction="Call the duty officer" + script,
                until=now + timedelta(days=30),
                shape=Polygon(coordinates=(((-81.2, -2.6), (-80.6, -2.6), (-80.7, -2.2), (-81.2, -2.6)),)),
                entry=EntryWatch(least_min=20),
                speed=SpeedWatch(low_kn=0.0, high_kn=3.0),
            ),
            house=house,
            by=officer,
            under=under,
            work=work,
        )
        listed = propose_entry(
            NewEntry(
                mmsi="299000001",
                name="Barco de Ejercicio" + script,
                ground="Exercise request 7" + script,
                instruction="Do not hail" + script,
                until=now + timedelta(days=30),
            ),
            house=house,
            by=officer,
            under=under,
            work=work,
        )
        post = "Sala de guardia" + script
        first = watch_log.begin(post, house=house, by=officer, under=under, work=work).header.id
        about = (records[-1],)
        watch_log.note(first, "Called the owner" + script, records=about, by=officer, under=under, work=work)
        watch_log.hand_over(first, "Fog until ten" + script, by=officer, under=under, work=work)
        second = watch_log.begin(post, house=house, by=officer, under=under, work=work).header.id
        work.commit()
    running().names.build()
    return Lived(
        signal=f"/signals/{records[-1]}/",
        names={"administrator": "first", **{role: account.username for role, account in people.items()}},
        pages={
            "": ("/sign-in/",),
            "analyst": (
                "/watch/",
                f"/watch/{first}/",
                f"/watch/{second}/?record={records[-1]}",
                "/watch/begin/",
                "/signals/",
                f"/signals/{records[-1]}/",
                f"/signals/{records[-3]}/?state=dismissed",
                "/report/",
                "/areas/",
                f"/areas/{watched.header.id}/",
                "/areas/draw/",
                f"/areas/{watched.header.id}/change/",
                "/watchlist/",
                f"/watchlist/{listed.header.id}/",
                "/watchlist/propose/",
                "/mandate/",
                "/me/",
                "/nowhere/",
                "/search/",
                "/search/?q=caleta",
                "/search/?q=%3Cscript%3Ewindow.taken%3D1%3C/script%3E",
                "/map/",
                f"/map/intercept/?signal={records[-1]}",
                f"/map/intercept/?{MEET}",
                "/subjects/maritime/100000001/?until=2026-03-05",
            ),
            "coordinator": (
                "/components/",
                "/tasks/",
                f"/tasks/{task.header.id}/",
                "/tasks/new/",
                "/outcomes/",
                f"/outcomes/{outcome.record.header.id}/",
                "/outcomes/new/",
                f"/outcomes/{outcome.record.header.id}/way/",
                "/results/?since=2026-02-20&last=2026-11-20",
                "/results/?since=soon&last=1",
            ),
            "oversight": ("/oversight/", "/results/", f"/signals/{records[-1]}/"),
            "administrator": ("/officers/", "/tokens/", "/node/"),
        },
    )


def enter(page: Page, address: str, username: str) -> None:
    """Sign in and state a mandate."""
    sign_in(page, address, username, PASSWORD)
    page.goto(f"{address}/mandate/")
    page.select_option("#id_purpose", "counter-narcotics")
    page.fill("#id_legal_basis", BASIS)
    page.locator("main button.first").click()
    page.wait_for_load_state()
