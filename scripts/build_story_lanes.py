"""Build the sea lanes of the story: a few lines of geometry off Ecuador, Colombia and Panama.

    uv run --with searoute==1.6.0 scripts/build_story_lanes.py

Source: `searoute` 1.6.0 (PyPI, Apache-2.0), its network of the world's sea lanes. Only the
lines between the ports below are kept, rounded to a hundredth of a degree.
"""

from __future__ import annotations

import json
from pathlib import Path

import searoute

INTO = Path(__file__).parents[1] / "src" / "ayni" / "cli" / "story" / "lanes.json"
FACTS = {"source": "searoute 1.6.0 (PyPI)", "licence": "Apache-2.0", "date": "2026-11-25"}
PORTS = {
    "manta": (-80.72, -0.93),
    "guayaquil": (-79.9, -2.75),
    "buenaventura": (-77.3, 3.8),
    "callao": (-77.2, -12.05),
    "balboa": (-79.53, 8.85),
}
LANES = (("manta", "balboa"), ("guayaquil", "balboa"), ("buenaventura", "balboa"), ("callao", "balboa"))


def main() -> None:
    """Write the lanes, each a list of latitude and longitude."""
    lanes = {}
    for start, end in LANES:
        line = searoute.searoute(PORTS[start], PORTS[end])["geometry"]["coordinates"]
        lanes[f"{start}-{end}"] = [[round(lat, 2), round(lon, 2)] for lon, lat in line]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(line)}" for name, line in lanes.items())
    head = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in FACTS.items())
    INTO.write_text(f'{{\n{head},\n "lanes": {{\n{lines}\n }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
