"""How many records a second go from one node to another: decided twice, sealed, receipted, on the disk of both.

    python benchmarks/exchange.py [--messages 3000] [--json FILE]

Three processes on loopback, as in an institution: officers who share (the agreement decides, the act and its
entry are durable), the sender (packs, signs in batches, seals for a post-quantum key, posts over HTTPS, verifies
the receipt and writes it down), and the partner's served node (opens, verifies, decides again, keeps record,
holding and entry in one transaction, signs the receipt). On SQLite and on PostgreSQL, every commit synced.

Named peer, in the same run on the same disk and the same texts: joserfc (JWS Ed25519 inside JWE ECDH-ES+A256KW,
A256GCM), a row inserted and synced at the sender and one at the receiver, which is what one would write without
Ayni: no post-quantum keys, no agreement, no ledger, no receipt, no network. Literature beside it: a pull between
MISP servers moved 0.7 events a second (MISP issue 10439).

Promise on two idle cores: 500 messages a second, sustained, on both databases. CPU seconds are shown, because they
say on a busy machine what it would have been: two cores of them pass in a second.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ayni.casework.raising import raise_signals
from ayni.exchange.sharing import Terms, share
from ayni.model.codec import to_json
from ayni.node.doors import house_of
from benchmarks.storage import postgresql
from tests.exchange.posts import ANA, BETWEEN, LIA, UNDER, Post, two_posts
from tests.exchange.test_over_the_line import answers
from tests.node.test_serving import serving
from tests.people import a_signal

PROMISED = 500.0
AT_ONCE = 32
"""Records that are shared in one unit of work."""
QUOTA = "[exchange]\nenvelopes_per_minute = 1000000\n"
ON_POSTGRESQL = '[storage]\nengine = "postgresql"\nurl_env = "AYNI_{env}"\n'
Figures = dict[str, float]


def raised(post: Post, count: int) -> list[str]:
    """Raise signals about ships that do not exist."""
    with post.open() as exchange, exchange.node.store.work() as work:
        signals = [a_signal(number) for number in range(count)]
        found = raise_signals(signals, house=house_of(exchange.node.settings), by=ANA, under=UNDER, work=work)
        work.commit()
    return list(found.new)


def officers(post: Post, to: str, records: list[str], told: multiprocessing.Queue[float]) -> None:
    """Share every record, in a process of its own; tell how many CPU seconds it took."""
    with post.open() as exchange:
        node, book = exchange.node, exchange.book()
        before = cpu()
        for start in range(0, len(records), AT_ONCE):
            with node.store.work() as work:
                for record in records[start : start + AT_ONCE]:
                    share(
                        record,
                        to,
                        terms=Terms(agreement=BETWEEN),
                        by=LIA,
                        under=UNDER,
                        work=work,
                        house=house_of(node.settings),
                        book=book,
                    )
                work.commit()
        told.put(cpu() - before)


def cpu() -> float:
    """Return the CPU seconds of this process, in user and system mode."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def cpu_of(process: int) -> float:
    """Return the CPU seconds of another process and those below it. Linux."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(path.parent.name) == process or int(fields[1]) == process:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def measure(folder: Path, count: int, more: str) -> Figures:
    """Send *count* records from a node to another and return the figures."""
    one, two = two_posts(folder, more=QUOTA + more)
    records = raised(one, count)
    told: multiprocessing.Queue[float] = multiprocessing.get_context("spawn").Queue()
    sharing = multiprocessing.get_context("spawn").Process(target=officers, args=(one, two.node, records, told))
    with serving(two.folder) as (served, _), one.open() as exchange:
        answers(two)
        served_before, before, started = cpu_of(served.pid), cpu(), time.perf_counter()
        sharing.start()
        delivered = 0
        while delivered < count:
            for turn in exchange.send(now=True):
                delivered += turn.delivered
                if turn.refused or turn.error:
                    raise SystemExit(f"{turn.refused} refused, {turn.error}")
        seconds = time.perf_counter() - started
        sender, receiver, shared = cpu() - before, cpu_of(served.pid) - served_before, told.get()
        sharing.join()
    return {
        "messages/s": count / seconds,
        "s, wall": seconds,
        "CPU s, officers share": shared,
        "CPU s, sender": sender,
        "CPU s, receiver": receiver,
        "messages/s by CPU, two cores": 2 * count / (sender + receiver + shared),
    }


def peer(folder: Path, count: int) -> Figures:
    """Do with joserfc what one would do without Ayni."""
    from joserfc import jwe, jws  # noqa: PLC0415 -- a peer, never imported by Ayni
    from joserfc.jwk import ECKey, OKPKey  # noqa: PLC0415 -- as above

    signing, sealing = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")
    texts = [to_json(a_signal(number)) for number in range(count)]
    disks = []
    for name in ("out", "in"):
        disk = sqlite3.connect(folder / f"peer-{name}.sqlite", isolation_level=None)
        disk.execute("PRAGMA journal_mode=WAL")
        disk.execute("PRAGMA synchronous=FULL")
        disk.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)")
        disks.append(disk)
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}
    before, started = cpu(), time.perf_counter()
    for text in texts:
        signed = jws.serialize_compact({"alg": "EdDSA"}, text, signing, algorithms=["EdDSA"])
        sealed = jwe.encrypt_compact(header, signed, sealing)
        disks[0].execute("INSERT INTO t (body) VALUES (?)", (sealed,))
        opened = jwe.decrypt_compact(sealed, sealing).plaintext or b""
        jws.deserialize_compact(opened, signing, algorithms=["EdDSA"])
        disks[1].execute("INSERT INTO t (body) VALUES (?)", (opened,))
    seconds = time.perf_counter() - started
    return {"messages/s": count / seconds, "s, wall": seconds, "CPU s, sender": cpu() - before}


@contextmanager
def databases(url: str, names: tuple[str, ...]) -> Iterator[None]:
    """Make a database for each node, and name its address where its settings look for it."""
    import psycopg  # noqa: PLC0415 -- only where PostgreSQL is measured

    base, _, query = url.partition("?")
    with psycopg.connect(url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}".encode())
            os.environ[f"AYNI_{name.upper()}"] = f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    yield


def run(folder: Path, count: int) -> dict[str, Figures]:
    """Measure each database, and the peer."""
    for name in ("a", "b", "peer"):
        (folder / name).mkdir()
    figures = {"SQLite": measure(folder / "a", count, "")}
    with postgresql(folder) as url, databases(url, ("xa_exercise", "xb_exercise")):
        figures["PostgreSQL"] = measure(folder / "b", count, ON_POSTGRESQL)
    if find_spec("joserfc"):
        figures["joserfc"] = peer(folder / "peer", count)
    return figures


def main() -> None:
    """Measure, print the table, write the JSON, exit with 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ayni-bench-", dir="/var/tmp"))
    try:
        figures = run(folder, given.messages)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    names = list(figures["SQLite"])
    print(f"{'':32}" + "".join(f"{each:>14}" for each in figures))
    for name in names:
        print(f"{name:32}" + "".join(f"{each.get(name, float('nan')):14,.2f}" for each in figures.values()))
    slow = [name for name in ("SQLite", "PostgreSQL") if figures[name]["messages/s"] < PROMISED]
    missed = [f"{name}: {PROMISED:.0f} messages/s" for name in slow]
    print("\n".join(f"not kept: {one}" for one in missed))
    if given.json:
        made = {"made_at": datetime.now(UTC).isoformat(), "messages": given.messages}
        given.json.write_text(json.dumps({**made, "figures": figures, "not_kept": missed}, indent=1) + "\n")
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
