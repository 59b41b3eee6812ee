"""How long the proof of an agreement takes, for each template.

    python benchmarks/prove.py [--json FILE]

Promise: every invariant of one agreement proven in less than a second of processor
time. There is no named peer: no other exchange system proves what its partners sign.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path

from ayni.agreements.drafting import TEMPLATES, new_text
from ayni.agreements.prove import prove
from ayni.agreements.text import Party

PROMISE_S = 1.0
PARTIES = (
    Party(id="xa.exercise", name="Exercise institution A", country="EC"),
    Party(id="xb.exercise", name="Exercise institution B", country="PE"),
    Party(id="xc.exercise", name="Exercise institution C", country="PA"),
)


def seconds(template: str) -> tuple[float, int, bool]:
    """Return processor seconds of one proof, how many sentences it proved, and whether all hold."""
    parties = PARTIES if template == "regional-multilateral" else PARTIES[:2]
    text = new_text(template, agreement="XA-XB-1", parties=parties, starts_on=date(2026, 1, 1))
    prove(text)
    begun = time.process_time()
    proof = prove(text)
    return time.process_time() - begun, len(proof.findings), proof.clean


def main() -> int:
    """Measure, print the table, and fail when the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: dict[str, dict[str, float | int | bool]] = {}
    print(f"{'template':<26}{'seconds':>10}{'sentences':>12}  proven")
    for template in TEMPLATES:
        took, count, clean = seconds(template)
        figures[template] = {"seconds": round(took, 3), "sentences": count, "clean": clean}
        print(f"{template:<26}{took:>10.3f}{count:>12}  {'yes' if clean else 'NO'}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if all(one["seconds"] < PROMISE_S and one["clean"] for one in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
