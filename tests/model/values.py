"""Values of the vocabulary for property tests, as hypothesis makes them. Every identity is fictional."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from ayni.model.act import Entry, Touched
from ayni.model.area import Area, EntryWatch, Outline, SpeedWatch
from ayni.model.entity import Entity
from ayni.model.handling import PAP, TLP, Category, Handling, HandlingCode, Hold, Mandate, Purpose
from ayni.model.outcome import Contribution, Outcome, OutcomeKind, Quantity, Unit
from ayni.model.place import LineString, Place, Point, Polygon
from ayni.model.record import Header, Record
from ayni.model.report import InformationCredibility, Report, ReportKind, SourceReliability
from ayni.model.signal import Evidence, Fact, Reason, Signal, SignalState
from ayni.model.task import Consent, ConsentState, Priority, Task, TaskState
from ayni.model.triage import Dismissal, Triage, TriagedSignal, TriageState
from ayni.model.watch_entry import WatchEntry

text = st.text(max_size=30)
words = st.text(min_size=1, max_size=30).filter(str.strip)
numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0, max_value=1e9)
instants = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone
ids = st.from_regex(r"[a-z0-9-]{1,36}", fullmatch=True)
hashes = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
int64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)
facts: st.SearchStrategy[dict[str, Fact]] = st.dictionaries(
    st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.one_of(text, int64, numbers, st.booleans()), max_size=4
)


def some(of: st.SearchStrategy[str], size: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    """Return up to *size* of them."""
    return st.lists(of, max_size=size).map(tuple)


positions = st.tuples(st.floats(min_value=-180, max_value=180), st.floats(min_value=-90, max_value=90))
places: st.SearchStrategy[Place] = st.one_of(
    st.builds(Point, coordinates=positions),
    st.builds(LineString, coordinates=st.lists(positions, min_size=2, max_size=5).map(tuple)),
    st.lists(positions, min_size=3, max_size=5).map(lambda ring: Polygon(coordinates=((*ring, ring[0]),))),
)
handlings = st.builds(
    Handling,
    codes=st.lists(st.sampled_from(HandlingCode), unique=True, max_size=4).map(tuple),
    tlp=st.sampled_from(TLP),
    pap=st.sampled_from(PAP),
    caveats=words,
)
holds = st.builds(Hold, court=words, ground=words, review_on=instants)
entities = st.builds(
    Entity,
    id=ids,
    schema=st.sampled_from(["Vessel", "Person", "Company"]),
    properties=st.dictionaries(
        st.sampled_from(["name", "mmsi", "flag"]), st.lists(words, min_size=1, max_size=3).map(tuple), max_size=3
    ),
)
reasons = st.builds(Reason, says=words, facts=facts, weight=st.floats(min_value=-1, max_value=1))
evidences = st.builds(
    Evidence,
    source=hashes,
    offset=st.integers(min_value=0, max_value=2**53),
    length=st.integers(min_value=0, max_value=2**31),
    at=instants,
    line=st.one_of(st.just(""), hashes),
    receiver=text,
)


@st.composite
def _signals(draw: st.DrawFn) -> Signal:
    started = draw(instants)
    return Signal(
        id=draw(ids),
        revision=draw(st.integers(min_value=1, max_value=9)),
        state=draw(st.sampled_from(SignalState)),
        desk="maritime",
        rule="maritime.gap/1",
        parameters=draw(facts),
        made_at=draw(instants),
        started_at=started,
        ended_at=draw(
            st.one_of(
                st.none(),
                st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9)).map(lambda more: started + more),
            )
        ),
        place=draw(st.one_of(st.none(), places)),
        uncertainty_m=draw(positive),
        subjects=tuple(draw(st.lists(entities, min_size=1, max_size=2))),
        reasons=tuple(draw(st.lists(reasons, min_size=1, max_size=3))),
        evidence=tuple(draw(st.lists(evidences, max_size=2))),
        quality=tuple(draw(st.lists(reasons, max_size=1))),
        handling=draw(handlings),
    )


signals = _signals()
triages = st.builds(
    Triage,
    state=st.sampled_from(TriageState),
    by=ids,
    at=instants,
    dismissal=st.sampled_from(Dismissal),
    words=words,
    until=instants,
)
triaged = st.builds(TriagedSignal, signal=signals, triage=triages)
reports = st.builds(
    Report,
    kind=st.sampled_from(ReportKind),
    words=words,
    at=instants,
    place=places,
    uncertainty_m=positive,
    source=st.sampled_from(SourceReliability),
    information=st.sampled_from(InformationCredibility),
    subjects=st.lists(entities, max_size=2).map(tuple),
    distress=st.booleans(),
)
tasks = st.builds(
    Task,
    what=words,
    to=words,
    priority=st.sampled_from(Priority),
    place=st.one_of(st.none(), places),
    not_before=st.one_of(st.none(), instants),
    deadline=instants,
    reply_format=text,
    signals=some(ids),
    state=st.sampled_from(TaskState),
    decided_by=text,
    words=words,
    consent=st.builds(Consent, state=st.sampled_from(ConsentState), flag=st.just("ZZ"), asked_at=instants),
    started_at=st.one_of(st.none(), instants),
    done_at=st.one_of(st.none(), instants),
)
quantities = st.builds(
    Quantity,
    of=words,
    value=positive,
    unit=st.sampled_from(Unit),
    net=st.booleans(),
    confirmed=st.booleans(),
    purity=st.one_of(st.none(), st.floats(min_value=0, max_value=1)),
)
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from([kind for kind in OutcomeKind if kind is not OutcomeKind.NOTHING_FOUND]),
    at=instants,
    place=st.one_of(st.none(), places),
    quantities=st.lists(quantities, min_size=1, max_size=2).map(tuple),
    value_method=text,
    words=text,
    task=text,
    signals=some(ids),
    shares=some(ids),
    contributions=st.lists(st.builds(Contribution, node=ids, role=words), max_size=2).map(tuple),
    evidence=some(ids),
    legal_follow_up=text,
    double_count_key=text,
    confirmed_by=text,
)
headers = st.builds(
    Header,
    id=ids,
    kind=st.just("signal"),
    version=st.integers(min_value=1, max_value=99),
    originator=ids,
    purposes=st.lists(st.sampled_from(Purpose), min_size=1, max_size=3).map(tuple),
    legal_basis=words,
    handling=handlings,
    keep_until=instants,
    made_at=instants,
    changed_at=instants,
    state=text,
    rule=text,
    started_at=st.one_of(st.none(), instants),
    ended_at=st.one_of(st.none(), instants),
    priority=numbers,
    cell=st.one_of(st.none(), st.tuples(st.integers(-900, 900), st.integers(-1800, 1800))),
    agreement=text,
    parents=some(ids),
    identifiers=some(ids),
    hold=st.one_of(st.none(), holds),
    categories=st.lists(st.sampled_from(Category), unique=True, max_size=2).map(tuple),
    recalled_at=st.one_of(st.none(), instants),
)
records: st.SearchStrategy[Record[TriagedSignal]] = st.builds(Record, header=headers, body=triaged)
mandates = st.builds(Mandate, purpose=st.sampled_from(Purpose), legal_basis=words)
entries = st.builds(
    Entry,
    id=ids,
    act=st.just("signal.validate"),
    at=instants,
    by=ids,
    answerable=text,
    purpose=st.sampled_from(Purpose),
    legal_basis=words,
    touched=st.lists(
        st.builds(Touched, record=ids, version=st.integers(0, 99), opened=st.booleans()), max_size=3
    ).map(tuple),
    facts=facts,
    salt=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
)


@st.composite
def _outlines(draw: st.DrawFn) -> Outline:
    """A triangle somewhere, also across the dateline, with something asked."""
    lon, lat = draw(st.integers(-180, 179)), draw(st.integers(-80, 75))
    width, height = draw(st.integers(1, 30)), draw(st.integers(1, 5))
    far = lon + width if lon + width <= 180 else lon + width - 360
    ring = (
        (float(lon), float(lat)),
        (float(far), float(lat)),
        (float(far), float(lat + height)),
        (float(lon), float(lat)),
    )
    entry = draw(st.one_of(st.none(), st.builds(EntryWatch, least_min=st.integers(0, 10_000))))
    low = draw(st.floats(0.0, 50.0))
    speeds = st.builds(
        SpeedWatch, low_kn=st.just(low), high_kn=st.floats(low + 0.5, 102.0), least_min=st.integers(1, 10_000)
    )
    speed = draw(speeds if entry is None else st.one_of(st.none(), speeds))
    when = st.one_of(st.none(), instants)
    return Outline(
        shape=Polygon(coordinates=(ring,)), entry=entry, speed=speed, from_at=draw(when), until_at=draw(when)
    )


areas = st.builds(
    Area,
    name=words,
    instruction=words,
    owner=words,
    until=instants,
    outline=_outlines(),
    former=st.lists(_outlines(), max_size=2).map(tuple),
    words=text,
)

watch_entries = st.builds(
    WatchEntry,
    mmsi=st.from_regex(r"[0-9]{9}", fullmatch=True),
    imo=st.one_of(st.just(""), st.from_regex(r"[0-9]{7}", fullmatch=True)),
    call_sign=st.one_of(st.just(""), st.from_regex(r"[A-Z0-9]{3,7}", fullmatch=True)),
    name=words,
    name_edits=st.integers(0, 2),
    ground=words,
    instruction=words,
    owner=st.just("ana"),
    until=instants,
    confirmed_by=st.sampled_from(["", "coro"]),
    confirmed_at=st.one_of(st.none(), instants),
    ended_at=st.one_of(st.none(), instants),
    words=text,
)
