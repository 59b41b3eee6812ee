"""How many AIS sentences a second become an Arrow table, side by side with pyais in the same run.

    python benchmarks/decode.py [--sentences 1000000] [--json FILE]

The traffic is generated from a seed: vessels sail straight lines at their speed, report as class A (types 1 to 3),
class B (type 18) and base stations (type 4); every tenth message of a class A vessel is a type 5 in two
sentences. Every line has a tag block with station and time. Both decoders get the same bytes, check every
checksum, and end with an Arrow table of positions. pyais decodes a part of the corpus, since it takes longer;
rates are per second of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import pyais
import pyarrow as pa
from pyais.stream import IterMessages

from ayni.desks.maritime.nmea.decoder import Decoder
from ayni.model.desk import Tally

ARMOUR = np.frombuffer(b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", np.uint8)
CHUNK_BYTES = 4 << 20
START_S = 1_709_251_200
PROMISE_SENTENCES_S = 1_000_000


def traffic(sentences: int, seed: int) -> bytes:
    """Return about *sentences* lines of NMEA from seeded traffic."""
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
    bits = _position_bits(kind, mmsi, speed, course, (lat * 600_000).astype(int), (lon * 600_000).astype(int), at)
    payloads = _armoured(bits)
    statics = _armoured(_static_bits(mmsi))
    lines, channels = [], "AB"
    for row in range(len(rows)):
        tag = _checked(f"s:r{vessel[row] % 40:08d},c:{at[row]}")
        if static[row]:
            text, sequence = statics[row], row % 10
            for number, piece in ((1, text[:60]), (2, text[60:])):
                sentence = f"AIVDM,2,{number},{sequence},A,{piece},{2 * (number - 1)}"
                lines.append(f"\\{tag}\\!{_checked(sentence)}")
        else:
            sentence = f"AIVDM,1,1,,{channels[row % 2]},{payloads[row]},0"
            lines.append(f"\\{tag}\\!{_checked(sentence)}")
    return ("\r\n".join(lines) + "\r\n").encode()


def _put(bits: np.ndarray, rows: np.ndarray, start: int, length: int, value: np.ndarray) -> None:
    shifts = np.arange(length - 1, -1, -1)
    bits[rows, start : start + length] = (np.asarray(value)[:, None] >> shifts) & 1


def _position_bits(
    kind: np.ndarray,
    mmsi: np.ndarray,
    speed: np.ndarray,
    course: np.ndarray,
    lat: np.ndarray,
    lon: np.ndarray,
    at: np.ndarray,
) -> np.ndarray:
    bits = np.zeros((len(kind), 168), np.uint8)
    every = np.arange(len(kind))
    _put(bits, every, 0, 6, kind)
    _put(bits, every, 8, 30, mmsi)
    for rows, speed_at, lon_at, lat_at, course_at in (
        (np.flatnonzero((kind == 1) | (kind == 3)), 50, 61, 89, 116),
        (np.flatnonzero(kind == 18), 46, 57, 85, 112),
    ):
        _put(bits, rows, speed_at, 10, speed[rows])
        _put(bits, rows, lon_at, 28, lon[rows])
        _put(bits, rows, lat_at, 27, lat[rows])
        _put(bits, rows, course_at, 12, course[rows])
        _put(bits, rows, course_at + 12, 9, course[rows] // 10)
        _put(bits, rows, course_at + 21, 6, at[rows] % 60)
    base = np.flatnonzero(kind == 4)
    seconds = at[base] - START_S
    for start, length, value in (
        (38, 14, np.full(len(base), 2024)),
        (52, 4, np.full(len(base), 3)),
        (56, 5, np.full(len(base), 1)),
        (61, 5, seconds // 3600),
        (66, 6, seconds // 60 % 60),
        (72, 6, seconds % 60),
        (79, 28, lon[base]),
        (107, 27, lat[base]),
    ):
        _put(bits, base, start, length, value)
    return bits


def _static_bits(mmsi: np.ndarray) -> np.ndarray:
    bits = np.zeros((len(mmsi), 426), np.uint8)
    every = np.arange(len(mmsi))
    _put(bits, every, 0, 6, np.full(len(mmsi), 5))
    _put(bits, every, 8, 30, mmsi)
    _put(bits, every, 40, 30, 9_000_000 + mmsi % 999_999)
    for start, length in ((70, 7), (112, 20), (302, 20)):
        for letter in range(length):
            _put(bits, every, start + 6 * letter, 6, 1 + (mmsi // (letter + 1)) % 26)
    _put(bits, every, 232, 8, np.full(len(mmsi), 70))
    _put(bits, every, 240, 9, 20 + mmsi % 200)
    _put(bits, every, 258, 6, 5 + mmsi % 20)
    _put(bits, every, 294, 8, 30 + mmsi % 100)
    return bits


def _armoured(bits: np.ndarray) -> list[str]:
    six = bits.reshape(len(bits), -1, 6) @ np.array([32, 16, 8, 4, 2, 1], np.uint8)
    letters = np.ascontiguousarray(ARMOUR[six])
    return [text.decode() for text in letters.view(f"S{letters.shape[1]}")[:, 0].tolist()]


def _checked(sentence: str) -> str:
    total = 0
    for byte in sentence.encode():
        total ^= byte
    return f"{sentence}*{total:02X}"


def ours(corpus: bytes) -> pa.Table:
    """Decode with Ayni."""
    decoder = Decoder("0" * 64, Tally())
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
                "ts": int(message.tag_block.receiver_timestamp) * 1000 if message.tag_block else None,
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


def main() -> int:
    """Measure, print the table, and fail when the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=400_000)
    parser.add_argument("--pyais-sentences", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    corpus = traffic(options.sentences, options.seed)
    lines = corpus.count(b"\n")
    part = b"\r\n".join(corpus.split(b"\r\n")[: options.pyais_sentences]) + b"\r\n"
    pa.set_cpu_count(1)
    our_seconds, our_rows = best(ours, corpus, options.repeats)
    their_seconds, their_rows = best(theirs, part, 1)
    same_rows = ours(part).num_rows
    report = {
        "seed": options.seed,
        "sentences": lines,
        "positions": our_rows,
        "ayni_sentences_s": round(lines / our_seconds),
        "pyais_version": pyais.__version__,
        "pyais_sentences": part.count(b"\n"),
        "pyais_sentences_s": round(part.count(b"\n") / their_seconds),
        "positions_of_the_same_part": {"ayni": same_rows, "pyais": their_rows},
    }
    report["ratio"] = round(report["ayni_sentences_s"] / report["pyais_sentences_s"], 1)
    print(f"{'decoder':<28}{'sentences/s/core':>18}{'ratio':>8}")
    print(f"{'pyais ' + pyais.__version__:<28}{report['pyais_sentences_s']:>18,}{1:>8}")
    print(f"{'ayni (checksums on)':<28}{report['ayni_sentences_s']:>18,}{report['ratio']:>8}")
    print(f"{lines:,} sentences, {our_rows:,} positions; same part: {same_rows:,} and {their_rows:,}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if report["ayni_sentences_s"] >= PROMISE_SENTENCES_S and same_rows == their_rows else 1


if __name__ == "__main__":
    sys.exit(main())
