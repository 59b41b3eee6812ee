"""Measure the decision: 200 agreements in force, one record asked about, side by side with casbin.

    python benchmarks/decide.py [--agreements 200] [--json FILE] [--no-peer]

Every request is new: another record, kind, purpose, handling, age and legal basis. `cold`
asks Cedar about each with nothing remembered or parsed; `first hour` and `one day` go the way
a node goes, through the book of agreements, where requests that no policy tells apart share
an answer: the first 4,000 after a start, and 20,000, a hundred for each partner. `one list`
is a node listing 4,000 records for one partner. casbin holds one matcher for a part of the same questions (no TLP,
PAP, consent or signatures), over the rules of all agreements (as it is used) and over those
of one (as we slice).

CPU microseconds of the deciding thread decide whether the promise is kept, because a busy
machine adds waiting that is not ours; wall microseconds stand beside them.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ayni.agreements import decide
from ayni.agreements.book import Book
from ayni.agreements.decide import Slice
from ayni.agreements.drafting import new_text
from ayni.agreements.request import Ask, facts_of, in_force
from ayni.agreements.text import AgreementText, Party
from ayni.agreements.vocabulary import Action
from ayni.model.checks import uuid7
from ayni.model.handling import PAP, TLP, Handling, HandlingCode, Mandate, Purpose
from ayni.model.record import Header

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
REQUESTS = 4_000
DAY_REQUESTS = 20_000
PEER_REQUESTS = 40
P50_US, P99_US = 150.0, 2_000.0
KINDS = ("signal", "report", "task", "outcome", "tracks")
PURPOSES = (Purpose.COUNTER_NARCOTICS, Purpose.ILLEGAL_FISHING, Purpose.SAFETY, Purpose.SEARCH_AND_RESCUE)
ACTIONS = (Action.SHARE, Action.RECEIVE, Action.SEARCH, Action.USE, Action.COURT)

MODEL = """
[request_definition]
r = sub, act, rec, ctx
[policy_definition]
p = sub, org, act, kind, purpose
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.rec.org == p.org && r.act == p.act && r.rec.kind == p.kind && r.ctx.purpose == p.purpose \
&& r.ctx.state == "in-force" && r.rec.recalled == False && r.rec.expired == False && r.rec.age <= 365
"""


def texts(count: int) -> list[AgreementText]:
    """Return bilateral agreements of one node with *count* partners."""
    us = Party(id="ec.ours", name="Ours")
    return [
        new_text(
            "maritime-bilateral",
            agreement=f"EC-{at:03}",
            parties=(us, Party(id=f"xx.{at:03}", name=f"Partner {at}")),
            starts_on=date(2026, 1, 1),
        )
        for at in range(count)
    ]


def requests(count: int, partners: int, seed: int = 1) -> list[tuple[Ask, Header, str]]:
    """Return questions of a day: what is asked, about which record, under which agreement."""
    source = random.Random(seed)
    found: list[tuple[Ask, Header, str]] = []
    for at in range(count):
        partner = source.randrange(partners)
        purpose = source.choice(PURPOSES)
        made = NOON - timedelta(days=source.randint(0, 400), seconds=at)
        header = Header(
            id=uuid7(at),
            kind=source.choice(KINDS),
            rule="maritime.gap/1",
            originator="ec.ours",
            purposes=tuple(source.sample(PURPOSES, source.randint(1, 3))),
            legal_basis="Exercise law, article 1",
            handling=Handling(
                codes=source.choice([(HandlingCode.H0,), (HandlingCode.H0, HandlingCode.H1)]),
                tlp=source.choice([*TLP]),
                pap=source.choice([*PAP]),
            ),
            keep_until=made + timedelta(days=365),
            made_at=made,
            changed_at=made,
            priority=source.random(),
        )
        ask = Ask(
            action=source.choice(ACTIONS),
            principal=f"xx.{partner:03}",
            holder="ec.ours",
            under=Mandate(purpose=purpose, legal_basis=f"Exercise law, article {source.randint(1, 9)}"),
            at=NOON,
        )
        if ask.action is not Action.SHARE:
            ask = replace(ask, holder=ask.principal)
        found.append((ask, header, f"EC-{partner:03}"))
    return found


def forget() -> None:
    """Drop every record that was parsed for an earlier request."""
    for parsed in decide._PARSED.values():  # noqa: SLF001 -- the benchmark takes away what helps
        parsed.clear()


def measure(calls: Sequence[Callable[[], object]], first: Callable[[], object] = bool) -> dict[str, float]:
    """Return p50 and p99 of the calls in microseconds, of the thread's CPU and of the wall clock."""
    cpu, wall = list[float](), list[float]()
    for call in calls:
        first()
        began_cpu, began = time.thread_time_ns(), time.perf_counter_ns()
        call()
        cpu.append((time.thread_time_ns() - began_cpu) / 1e3)
        wall.append((time.perf_counter_ns() - began) / 1e3)
    figures: dict[str, float] = {}
    for name, values in (("cpu", cpu), ("wall", wall)):
        values.sort()
        figures[f"p50_{name}_us"] = round(statistics.median(values), 1)
        figures[f"p99_{name}_us"] = round(values[min(len(values) - 1, int(len(values) * 0.99))], 1)
    return figures


def ours(count: int) -> dict[str, dict[str, float]]:
    """Measure our decisions, fresh and remembered, and check that every one names what decided."""
    began = time.process_time()
    book = Book()
    for text in texts(count):
        book.enter(text, in_force(text))
    compiled = time.process_time() - began
    asked = requests(REQUESTS, count)
    slices: list[tuple[Slice, Ask, Header]] = []
    for ask, header, agreement in asked:
        held = book.find(agreement)
        assert held is not None
        slices.append((held.slice, ask, header))
    standing = in_force(texts(1)[0])

    def cold(slice_: Slice, ask: Ask, header: Header) -> Callable[[], object]:
        return lambda: slice_.evaluate(facts_of(ask, header, standing))

    def remembered(ask: Ask, header: Header, agreement: str) -> Callable[[], object]:
        return lambda: book.decide(ask, header, under=agreement)

    for slice_, ask, header in slices[:200]:
        slice_.evaluate(facts_of(ask, header, standing))
    answers = {
        "cold": measure([cold(*each) for each in slices], first=forget),
        "first hour": measure([remembered(*each) for each in asked]),
        "one day": measure([remembered(*each) for each in requests(DAY_REQUESTS, count, 4)]),
        "one list": measure([remembered(*each) for each in requests(REQUESTS, 1, 2)]),
    }
    verdicts = [book.decide(ask, header, under=agreement) for ask, header, agreement in asked]
    assert all(verdict.reasons for verdict in verdicts), "a decision without a reason"
    permitted = sum(verdict.permitted for verdict in verdicts)
    answers["mix"] = {"agreements": count, "compile_s": round(compiled, 2), "permitted": permitted, "asked": REQUESTS}
    return answers


def peer(count: int) -> dict[str, dict[str, float]]:
    """Measure casbin over the rules of all agreements, and over those of one."""
    import casbin  # noqa: PLC0415 -- the peer, for this benchmark alone

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.conf"
        model.write_text(MODEL, encoding="utf-8")

        def enforcer(partners: Sequence[int]) -> object:
            made = casbin.Enforcer(str(model))
            rules = [
                [f"xx.{partner:03}", "ec.ours", action, kind, purpose]
                for partner in partners
                for action in ("share", "use")
                for kind in ("signal", "report")
                for purpose in PURPOSES[:1]
            ]
            made.add_policies(rules)
            return made

        whole, one = enforcer(range(count)), {0: enforcer([0])}
        asked = requests(PEER_REQUESTS, count, 3)

        def question(made: object, ask: Ask, header: Header) -> Callable[[], object]:
            record = {"org": header.originator, "kind": header.kind, "recalled": False, "expired": False, "age": 10}
            context = {"purpose": str(ask.under.purpose), "state": "in-force"}
            rec, ctx = _Bag(record), _Bag(context)
            return lambda: made.enforce_ex(ask.principal, str(ask.action), rec, ctx)  # type: ignore[attr-defined]  # casbin has no types

        return {
            "casbin, all agreements": measure([question(whole, ask, header) for ask, header, _ in asked]),
            "casbin, one agreement": measure([question(one[0], ask, header) for ask, header, _ in asked] * 10),
        }


class _Bag:
    """Attributes for casbin's matcher."""

    def __init__(self, values: dict[str, object]) -> None:
        self.__dict__.update(values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON; 1 when the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agreements", type=int, default=200)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args(arguments)
    figures = ours(options.agreements)
    mix = figures.pop("mix")
    if not options.no_peer:
        figures |= peer(options.agreements)
    print(f"{'':28}{'p50 CPU':>12}{'p99 CPU':>12}{'p50 wall':>12}{'p99 wall':>12}   µs")
    for name, row in figures.items():
        columns = ("p50_cpu_us", "p99_cpu_us", "p50_wall_us", "p99_wall_us")
        print(f"{name:28}" + "".join(f"{row[column]:12,.1f}" for column in columns))
    promised = figures["one day"]
    ratios = {
        name: round(row["p50_cpu_us"] / promised["p50_cpu_us"], 1)
        for name, row in figures.items()
        if name != "one day"
    }
    kept = promised["p50_cpu_us"] <= P50_US and promised["p99_cpu_us"] <= P99_US
    print(f"{mix['agreements']} agreements compiled in {mix['compile_s']} s CPU")
    print(f"{mix['permitted']} of {mix['asked']} permitted, each decision with its reasons")
    print(f"median over that of one day: {ratios}")
    print(f"promise p50 ≤ {P50_US:.0f} µs, p99 ≤ {P99_US:.0f} µs: {'kept' if kept else 'NOT KEPT'}")
    if options.json:
        options.json.write_text(
            json.dumps({"figures": figures, "mix": mix, "ratios": ratios, "kept": kept}, indent=2)
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
