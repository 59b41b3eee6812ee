"""How soon a position that gives rise to a signal has given rise to it, with 500 messages arriving a second.

    python benchmarks/stream.py [--seconds 60] [--rate 500] [--ships 4000] [--before HOURS] [--json FILE]

`ayni maritime watch` listens on UDP, as a node's feed does. Ships of an unallocated country code sail straight
lines, each reporting every ships/rate seconds; one in five crosses into a watched area while it is measured. The
clock runs from the datagram that carries a ship's first position inside to the line of JSON that says that it came
in. All rules of the desk run, not this one alone.

A stream that has run for a day looks back on more than one that has just begun: `--before 24` first lets the same
ships sail that long, through the same journal and window, and measures then.

Promise: 95 of 100 within 5 s. No open program known to us raises signals from a stream, so there is no peer.
"""

from __future__ import annotations

import argparse
import json
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from _sentences import armoured, checked, position_bits

from ayni.desks.maritime import DESK
from ayni.desks.maritime.nmea.files import NMEA_1
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.evidence import EPOCH
from ayni.engine.stream import Following, Stream

AYNI = str(Path(sys.executable).parent / "ayni")
RULE = "maritime.area_entry/1"
EDGE = -100.0
"""Longitude of the western side of the watched area, in the open Pacific."""
PROMISE_S = 5.0
FIRST = 299_000_000
"""MMSIs of no country: MID 299 is not allocated."""
BATCH_S = 300


class Fleet:
    """Ships on straight lines: where each is at a time, and which come into the area while it is measured."""

    def __init__(self, ships: int, rate: int, seconds: int, began_s: float) -> None:
        dice = np.random.default_rng(11)
        self.began_s, self.rate, self.ships = began_s, rate, ships
        self.crossing = np.arange(ships) % 5 == 0
        self.speed = np.round(dice.uniform(6, 18, ships), 1)
        self.lat = dice.uniform(-15, 5, ships)
        crosses_s = dice.uniform(5, seconds, ships)
        into = EDGE - self._degrees(self.speed, crosses_s)
        self.lon = np.where(self.crossing, into, dice.uniform(-130, -115, ships))

    def _degrees(self, speed: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        return speed * seconds / 3600 / 60

    def sentences(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
        """Return ships, times, longitudes and sentences of messages *first* and after; 0 is sent at the beginning."""
        number = np.arange(first, first + count)
        ship = number % self.ships
        at = self.began_s + number / self.rate
        lon = self.lon[ship] + self._degrees(self.speed[ship], at - self.began_s)
        bits = position_bits(
            np.ones(count, int),
            FIRST + ship,
            np.round(self.speed[ship] * 10).astype(int),
            np.full(count, 900),
            np.round(self.lat[ship] * 600_000).astype(int),
            np.round(lon * 600_000).astype(int),
            at.astype(int),
        )
        lines = [f"!{checked(f'AIVDM,1,1,,A,{payload},0')}" for payload in armoured(bits)]
        return ship, at, lon, lines


def sail_before(fleet: Fleet, folder: Path, hours: float) -> int:
    """Journal and window the hours before the beginning, as a feed would have; return the rows of the window."""
    following = Following(rules=(RULE,), save_every=timedelta(days=9))
    stream = Stream(DESK, NMEA_1, folder, engine=DuckDBEngine(), following=following)
    every = fleet.rate * BATCH_S
    for first in range(-round(hours * 3600 * fleet.rate), 0, every):
        _, at, _, lines = fleet.sentences(first, min(every, -first))
        tagged = [f"\\{checked(f'c:{int(second)}')}\\{line}".encode() for second, line in zip(at, lines, strict=True)]
        stream.take(tagged, at_ms=round(at[-1] * 1000))
        stream.step(datetime.fromtimestamp(at[-1], UTC), lambda _: None)
    stream.save(EPOCH + timedelta(seconds=fleet.began_s))
    stream.close()
    return stream.rows


def send(fleet: Fleet, port: int, seconds: int, sent: dict[int, float]) -> None:
    """Send every message at its time; note when the first position inside of each ship was sent."""
    _, _, lon, lines = fleet.sentences(0, fleet.rate * seconds)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for number, line in enumerate(lines):
            due = fleet.began_s + number / fleet.rate
            if (wait := due - time.time()) > 0:
                time.sleep(wait)
            ship = number % fleet.ships
            if fleet.crossing[ship] and lon[number] > EDGE + 1e-5 and ship not in sent:
                sent[ship] = time.time()
            out.sendto(line.encode() + b"\r\n", ("127.0.0.1", port))


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def area(folder: Path) -> Path:
    """Write the watched area, a field of the open ocean, as GeoJSON."""
    west, east, south, north = EDGE, EDGE + 10, -16, 6
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    features = [{"type": "Feature", "geometry": shape, "properties": {"name": "field"}}]
    file = folder / "area.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def heard(watching: subprocess.Popen[bytes], told: dict[int, float]) -> None:
    """Note when it was first told of each ship that it came in."""
    assert watching.stdout is not None
    for line in watching.stdout:
        now = time.time()
        found = json.loads(line)
        if found["rule"] == RULE and found["state"] != "retracted":
            told.setdefault(int(found["subjects"][0]["properties"]["mmsi"][0]) - FIRST, now)


def dropped(port: int) -> int:
    """Return how many datagrams the kernel had no room for: what it drops, no program can tell of."""
    sockets = [line.split() for line in Path("/proc/net/udp").read_text("ascii").splitlines()[1:]]
    return sum(int(one[-1]) for one in sockets if int(one[1].split(":")[1], 16) == port)


def main() -> int:
    """Measure, print the table, and fail when the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--ships", type=int, default=4000)
    parser.add_argument("--before", type=float, default=0, metavar="HOURS")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sent: dict[int, float] = {}
    told: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="ayni-bench-") as scratch:
        folder, port = Path(scratch), free_port()
        allow = 8 + options.before * 60  # for starting, and for sailing before
        fleet = Fleet(options.ships, options.rate, options.seconds, time.time() + allow)
        rows = sail_before(fleet, folder / "state" / "feeds" / "watch", options.before) if options.before else 0
        command = [AYNI, "maritime", "watch", "--state", str(folder / "state"), "--udp", f"127.0.0.1:{port}"]
        with subprocess.Popen([*command, "--areas", str(area(folder))], stdout=subprocess.PIPE) as watching:
            listening = threading.Thread(target=heard, args=(watching, told))
            listening.start()
            send(fleet, port, options.seconds, sent)
            time.sleep(15)
            lost = dropped(port)
            watching.terminate()
            listening.join()
    took = np.array(sorted(told[ship] - at for ship, at in sent.items() if ship in told))
    figures = {
        "messages_s": options.rate,
        "ships": options.ships,
        "hours_before": options.before,
        "rows_before": rows,
        "events": len(sent),
        "told": len(took),
        "dropped": lost,
        "p50_s": round(float(np.percentile(took, 50)), 2),
        "p95_s": round(float(np.percentile(took, 95)), 2),
        "most_s": round(float(took.max()), 2),
        "memory_gb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20, 2),
        "cpu_share": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime / (options.seconds + 15), 2),
    }
    for ship in sorted(sent.keys() - told.keys()):
        late = sent[ship] - fleet.began_s
        print(f"not told of {FIRST + ship}, first inside {late:.1f} s after the beginning", file=sys.stderr)
    for name, value in figures.items():
        print(f"{name:<16}{value:>12,}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["told"] == figures["events"] and figures["p95_s"] <= PROMISE_S else 1


if __name__ == "__main__":
    sys.exit(main())
