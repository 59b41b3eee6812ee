"""How many AIS sentences a second become an Arrow table, side by side with pyais in the same run.

    python benchmarks/decode.py [--sentences 1000000] [--json FILE]

The traffic is generated from a seed: vessels sail straight lines at their speed, report as class A (types 1 to 3),
class B (type 18) and base stations (type 4); every tenth message of a class A vessel is a type 5 in two
sentences. The traffic is written twice: as bare sentences, dated by a stated start, and with a tag block on every
line (station, time, its own checksum). Both decoders get the same bytes, check every checksum, and end with an
Arrow table of positions; ours also leaves out duplicates and keeps where each line lies. pyais decodes a part of
the traffic, since it takes longer. Rates are per second of processor time of one core, the best of some runs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import pyais
import pyarrow as pa
from _sentences import START_S, armoured, checked, position_bits, static_bits
from pyais.stream import IterMessages

from ayni.desks.maritime.nmea.decoder import Decoder
from ayni.model.desk import Tally

CHUNK_BYTES = 4 << 20
PROMISE_SENTENCES_S = 1_000_000


def traffic(sentences: int, seed: int) -> bytes:
    """Return about *sentences* lines of NMEA from seeded traffic, each with a tag block."""
    rng = np.random.default_rng(seed)
    vessels = max(100, sentences // 500)
    rows = np.arange(int(sentences * 0.92))
    vessel = rng.integers(0, vessels, len(rows))
    at = START_S + np.sort(rng.integers(0, 86_400, len(rows)))
    kind = np.where(vessel % 4 == 0, 18, rng.choice([1, 1, 1, 3], len(rows)))
    kind[rng.random(len(rows)) < 0.01] = 4
    static = (vessel % 4 != 0) & (rng.random(len(rows)) < 0.11)
    mmsi = np.where(kind == 4, 9_990_000 + vessel % 50, 999_000_000 + vessel)
    speed, course = rng.integers(0, 220, vessels)[vessel], rng.integers(0, 3600, vessels)[vessel]
    hours = (at - START_S) / 3600
    lat = rng.uniform(-50, 50, vessels)[vessel] + hours * speed / 600 * np.cos(np.radians(course / 10))
    lon = rng.uniform(-170, 170, vessels)[vessel] + hours * speed / 600 * np.sin(np.radians(course / 10))
    lat, lon = np.clip(lat, -89, 89), (lon + 180) % 360 - 180
    bits = position_bits(kind, mmsi, speed, course, (lat * 600_000).astype(int), (lon * 600_000).astype(int), at)
    payloads = armoured(bits)
    statics = armoured(static_bits(mmsi))
    lines, channels = [], "AB"
    for row in range(len(rows)):
        tag = checked(f"s:r{vessel[row] % 40:08d},c:{at[row]}")
        if static[row]:
            text, sequence = statics[row], row % 10
            for number, piece in ((1, text[:60]), (2, text[60:])):
                sentence = f"AIVDM,2,{number},{sequence},A,{piece},{2 * (number - 1)}"
                lines.append(f"\\{tag}\\!{checked(sentence)}")
        else:
            sentence = f"AIVDM,1,1,,{channels[row % 2]},{payloads[row]},0"
            lines.append(f"\\{tag}\\!{checked(sentence)}")
    return ("\r\n".join(lines) + "\r\n").encode()


def bare(corpus: bytes) -> bytes:
    """Return the same lines without their tag blocks."""
    return b"".join(line.rpartition(b"\\")[2] for line in corpus.splitlines(keepends=True))


def ours(corpus: bytes) -> pa.Table:
    """Decode with Ayni."""
    stated = datetime.fromtimestamp(START_S, UTC)
    decoder = Decoder("0" * 64, Tally(), start=None if corpus.startswith(b"\\") else stated)
    batches = []
    for start in range(0, len(corpus), CHUNK_BYTES):
        batches += decoder.feed(corpus[start : start + CHUNK_BYTES])
    batches += decoder.close()
    return pa.Table.from_batches([batch for name, batch in batches if name == "position"])


def theirs(corpus: bytes) -> pa.Table:
    """Decode with pyais, keeping what a table of positions needs."""
    rows = []
    for message in IterMessages(corpus.splitlines()):
        decoded = message.decode()
        lat = getattr(decoded, "lat", None)
        if lat is None:
            continue
        if message.tag_block:
            message.tag_block.init()
        rows.append(
            {
                "mmsi": decoded.mmsi,
                "ts": int(message.tag_block.receiver_timestamp) * 1000 if message.tag_block else START_S * 1000,
                "lat": lat,
                "lon": decoded.lon,
                "speed": getattr(decoded, "speed", None),
                "course": getattr(decoded, "course", None),
                "heading": getattr(decoded, "heading", None),
                "type": decoded.msg_type,
            }
        )
    return pa.Table.from_pylist(rows)


def best(run: Callable[[bytes], pa.Table], corpus: bytes, repeats: int) -> tuple[float, int]:
    """Return the shortest time of some runs, and how many positions came out."""
    seconds, rows = [], 0
    for _ in range(repeats):
        begun = time.process_time()
        rows = run(corpus).num_rows
        seconds.append(time.process_time() - begun)
    return min(seconds), rows


def measured(name: str, corpus: bytes, options: argparse.Namespace) -> dict[str, object]:
    """Return the rates of both decoders on one corpus, and how many positions each finds in the same part of it."""
    lines = corpus.splitlines(keepends=True)
    part = b"".join(lines[: options.pyais_sentences])
    our_seconds, _ = best(ours, corpus, options.repeats)
    their_seconds, their_rows = best(theirs, part, 1)
    tally = Tally()
    list(Decoder("0" * 64, tally, start=datetime.fromtimestamp(START_S, UTC)).feed(part))
    ayni, other = round(len(lines) / our_seconds), round(min(len(lines), options.pyais_sentences) / their_seconds)
    return {
        "corpus": name,
        "lines": len(lines),
        "ayni_sentences_s": ayni,
        "pyais_sentences_s": other,
        "ratio": round(ayni / other, 1),
        "positions": {"ayni": ours(part).num_rows, "pyais": their_rows},
        "duplicates": tally.rejected["duplicate of an earlier row"],
    }


def main() -> int:
    """Measure, print the table, and fail when the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=400_000)
    parser.add_argument("--pyais-sentences", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    pa.set_cpu_count(1)
    tagged = traffic(options.sentences, options.seed)
    rows = [measured(name, corpus, options) for name, corpus in (("bare", bare(tagged)), ("tag blocks", tagged))]
    print(f"{'sentences':<12}{'lines':>10}{'pyais ' + pyais.__version__ + '/s':>16}{'ayni/s':>12}{'ratio':>8}")
    for row in rows:
        line = f"{row['corpus']:<12}{row['lines']:>10,}{row['pyais_sentences_s']:>16,}{row['ayni_sentences_s']:>12,}"
        print(f"{line}{row['ratio']:>8}")
    report = {
        "seed": options.seed,
        "pyais": pyais.__version__,
        "promise_sentences_s": PROMISE_SENTENCES_S,
        "rows": rows,
    }
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    same = all(row["positions"]["ayni"] + row["duplicates"] == row["positions"]["pyais"] for row in rows)
    return 0 if same and rows[0]["ayni_sentences_s"] >= PROMISE_SENTENCES_S else 1


if __name__ == "__main__":
    sys.exit(main())
