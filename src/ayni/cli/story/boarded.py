"""Boarded: the intercept, the flag State's consent on its clock, the patrol, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ayni.agreements.shelf import Shelf
from ayni.casework.triage import validate
from ayni.cli.story.given import BILATERAL
from ayni.cli.story.posts import EC, PA, UNDER
from ayni.cli.story.so_far import Story
from ayni.cli.story.telling import say
from ayni.cli.story.traffic import BRISA
from ayni.errors import WrongStateError
from ayni.exchange import requests
from ayni.exchange.request_words import Boarding, Measure, Reply, Says, Urgency
from ayni.model.outcome import Contribution, Outcome, OutcomeKind, Quantity, Unit
from ayni.model.place import Point
from ayni.model.store import Query
from ayni.model.task import Priority, Task
from ayni.operations.feedback import tell_contributors
from ayni.operations.results import outcome_of, record_outcome
from ayni.operations.tasking import accept_task, ask_consent, finish_task, propose_task, start_task
from ayni.toolkit.intercept import Asset, Meeting, Target, meet
from ayni.toolkit.phrases import phrase
from ayni.toolkit.units import METRES_A_NAUTICAL_MILE

PATROL, PATROL_KN, PATROL_AT = "PATRULLERA EJERCICIO 1", 24.0, (7.1, -80.9)
SEEN_AT = (6.0, -81.42)
"""Where Brisa is while Panama decides: northbound, off the Gulf of Panama."""
COURSE_DEG, SPEED_KN, MAX_SPEED_KN = 4.0, 12.5, 15.0
SEIZED_KG = 2_000.0
"""Invented."""

ACCEPTS = phrase("{node} stands behind it, and finds where a patrol meets the vessel")
MEETS = phrase("{patrol} meets it at {place} in {span_s:duration}, after {distance_nm:nm}")
ASKS = phrase(
    "It says that it flies the flag of {flag}: its consent to board is asked (UNCLOS 108, Vienna 1988 article 17), "
    "and an answer is due {due:instant}"
)
NOT_YET = phrase("the patrol would start, and may not: the consent of {flag} is not there yet")
GRANTED = phrase("{flag} consents on one condition: {condition}. The patrol starts")
DENIED = phrase("{flag} refuses, and says why: {ground}")
STAYS = phrase("the patrol stays in port: without the consent of {flag} it may not start")
BOARDING = phrase("Boarding, and what came of it")
OUTCOME = phrase("seized: {quantity:integer} kg of cocaine, of this exercise")
QUESTION = phrase("EXERCISE: may we board and search this vessel?")
GROUNDS = phrase("EXERCISE: silent for nine hours, then adrift for six, far out; another destination since")
CONDITION = phrase("EXERCISE: an officer of ours is told before the search begins")
GROUND = phrase("EXERCISE: our own ship is near and will board it")
TOLD = phrase("{node}, which contributed ({roles}), has learnt what came of it, under {articles}")


def go_there(story: Story) -> bool:
    """Let Panama task a patrol, which starts only with the flag State's consent; say whether it did."""
    post, coro = story.pa, story.pa.officers["coro"]
    record = story.signals["maritime.gap/1"]
    story.tell.heading(ACCEPTS, node=post.institution.name)
    with post.working() as work:
        validate(record, words="exercise", by=post.officers["ana"], under=UNDER, work=work)
    meeting = _meeting(story)
    task = Task(
        what=f"EXERCISE: meet and board M/V {BRISA.name}",
        to=PATROL,
        priority=Priority.IMMEDIATE,
        place=meeting.place,
        deadline=meeting.at + timedelta(hours=6),
        signals=(record,),
    )
    with post.working() as work:
        story.task = propose_task(task, house=post.house, by=coro, under=UNDER, work=work).header.id
    with post.working() as work:
        accept_task(story.task, by=coro, under=UNDER, work=work)
    _ask(story, record)
    if not _may_start(story):
        story.tell.line(NOT_YET, flag=EC.country)
    _answer(story)
    story.started = _may_start(story)
    if not story.started:
        story.tell.line(STAYS, flag=EC.country)
    return story.started


def board(story: Story) -> None:
    """Record what came of it, and let it reach those who contributed."""
    post, coro = story.pa, story.pa.officers["coro"]
    story.tell.heading(BOARDING)
    with post.working() as work:
        finish_task(story.task, words="boarded without incident", by=coro, under=UNDER, work=work)
    seized = Quantity(of="cocaine hydrochloride (EXERCISE)", value=SEIZED_KG, unit=Unit.KILOGRAM)
    result = Outcome(
        kind=OutcomeKind.SEIZURE,
        at=datetime.now(UTC),
        place=Point(coordinates=(-81.35, 6.9)),
        quantities=(seized,),
        words="EXERCISE",
        task=story.task,
        signals=(story.signals["maritime.gap/1"],),
        contributions=(Contribution(node=PA.id, role="boarded"),),
        double_count_key="EXERCISE-EXHIBIT-1",
    )
    with post.working() as work:
        story.outcome = record_outcome(result, house=post.house, by=coro, under=UNDER, work=work).record.header.id
    story.tell.line(OUTCOME, quantity=SEIZED_KG)
    with post.working() as work:
        told = tell_contributors(
            story.outcome, by=coro, under=UNDER, work=work, house=post.house, book=Shelf().book(work)
        )
        credited = outcome_of(work.get(story.outcome)).contributions
    story.wait_for(story.ec, Query(kind="outcome"), len(told.told), "delivery")
    for one in told.told:
        roles = ", ".join(each.role for each in credited if each.node == one.node)
        story.tell.line(TOLD, node=one.node, roles=roles, articles=", ".join(one.articles))


def _meeting(story: Story) -> Meeting:
    now = datetime.now(UTC)
    lat, lon = SEEN_AT
    target = Target(
        lat_deg=lat, lon_deg=lon, at=now, course_deg=COURSE_DEG, speed_kn=SPEED_KN, max_speed_kn=MAX_SPEED_KN
    )
    asset = Asset(lat_deg=PATROL_AT[0], lon_deg=PATROL_AT[1], ready_at=now, max_speed_kn=PATROL_KN)
    meeting = meet(target, asset)
    if not isinstance(meeting, Meeting):
        raise TypeError(meeting)
    lon, lat = meeting.place.coordinates
    story.tell.line(
        MEETS,
        patrol=PATROL,
        place=f"{lat:.2f}, {lon:.2f}",
        span_s=(meeting.at - now).total_seconds(),
        distance_nm=meeting.distance_m / METRES_A_NAUTICAL_MILE,
    )
    return meeting


def _ask(story: Story, record: str) -> None:
    """Ask the flag State's node; the clock starts on both sides."""
    post, lia = story.pa, story.pa.officers["lia"]
    boarding = Boarding(
        vessel=BRISA.name,
        flag=EC.country,
        seen_at=datetime.now(UTC),
        lat_deg=SEEN_AT[0],
        lon_deg=SEEN_AT[1],
        grounds=say(GROUNDS),
        measures=(Measure.BOARD, Measure.SEARCH),
        mmsi=str(BRISA.mmsi),
    )
    question = requests.Question(question=say(QUESTION), urgency=Urgency.URGENT, boarding=boarding, records=(record,))
    with post.working() as work:
        asked = requests.ask(
            question,
            EC.id,
            agreement=BILATERAL,
            by=lia,
            under=UNDER,
            work=work,
            house=post.house,
            book=Shelf().book(work),
        )
    story.request = asked.header.id
    story.tell.line(ASKS, flag=EC.country, due=requests.request_in(asked).asked.due_at)
    with post.working() as work:
        ask_consent(story.task, request=story.request, by=lia, under=UNDER, work=work)


def _may_start(story: Story) -> bool:
    """Let the patrol try to set out; say whether it did."""
    try:
        with story.pa.working() as work:
            start_task(story.task, by=story.pa.officers["coro"], under=UNDER, work=work)
    except WrongStateError:
        return False
    return True


def _answer(story: Story) -> None:
    """Let the flag State's liaison answer, and the answer arrive."""
    post = story.ec
    story.wait_for(post, Query(kind=requests.REQUEST), 1, "delivery")
    now = datetime.now(UTC)
    reply = Reply(
        request=story.request,
        says=Says.CONDITIONS if story.consents else Says.REFUSED,
        words="EXERCISE",
        at=now,
        ground="" if story.consents else say(GROUND),
        conditions=(say(CONDITION),) if story.consents else (),
        until=now + timedelta(days=2) if story.consents else None,
    )
    with post.working() as work:
        requests.answer(
            story.request,
            reply,
            by=post.officers["lia"],
            under=UNDER,
            work=work,
            house=post.house,
            book=Shelf().book(work),
        )
    story.wait_for(story.pa, Query(kind=requests.REQUEST, states=(reply.says,)), 1, "delivery")
    if story.consents:
        story.tell.line(GRANTED, flag=EC.country, condition=say(CONDITION))
    else:
        story.tell.line(DENIED, flag=EC.country, ground=say(GROUND))
