"""Sea lanes of the story, and a track drawn along them at a speed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from ayni.toolkit.geo import destination, haversine_m

METRES_A_MILE = 1852.0
Place = tuple[float, float]
"""Latitude and longitude, degrees."""


@cache
def lanes() -> Mapping[str, Sequence[Place]]:
    """Return each lane by its name, `start-end`.

    Source: searoute 1.6.0 (PyPI, Apache-2.0); scripts/build_story_lanes.py.
    """
    read = json.loads(resources.files("ayni.cli.story").joinpath("lanes.json").read_text(encoding="utf-8"))
    return {name: tuple((lat, lon) for lat, lon in line) for name, line in read["lanes"].items()}


@dataclass(frozen=True, slots=True)
class Track:
    """Where a ship is at which hour of the story; between two points it moves evenly."""

    points: tuple[tuple[float, float, float], ...]
    """Hour, latitude and longitude of each turn."""
    silences: tuple[tuple[float, float], ...] = ()
    """Hours, from and to, in which nothing of it is received."""

    @classmethod
    def start(cls, place: Place) -> Track:
        """Return a track that begins at *place* in hour 0."""
        return cls(((0.0, *place),))

    @property
    def hour(self) -> float:
        """Hour at which the track so far ends."""
        return self.points[-1][0]

    @property
    def place(self) -> Place:
        """Where the track so far ends."""
        return self.points[-1][1:]

    def along(self, line: Sequence[Place], kn: float, *, hours: float = float("inf")) -> Track:
        """Return the track continued along *line* at *kn* knots, for *hours* at most."""
        points = list(self.points)
        end = self.hour + hours
        for lat, lon in line:
            at, lat_0, lon_0 = points[-1]
            takes = float(haversine_m(lat_0, lon_0, lat, lon)) / METRES_A_MILE / kn
            share = min(1.0, (end - at) / takes) if takes else 1.0
            points.append((at + share * takes, lat_0 + share * (lat - lat_0), lon_0 + share * (lon - lon_0)))
            if share < 1.0:
                break
        return replace(self, points=tuple(points))

    def drift(self, hours: float, kn: float, bearing_deg: float) -> Track:
        """Return the track continued for *hours* at the pace of a current; 0 knots keeps the place."""
        lat, lon = destination(*self.place, bearing_deg, hours * kn * METRES_A_MILE)
        return replace(self, points=(*self.points, (self.hour + hours, float(lat), float(lon))))

    def unheard(self, place: Place, hours: float) -> Track:
        """Return the track continued to *place*, of which nothing is received on the way."""
        silence = (self.hour, self.hour + hours)
        return replace(self, points=(*self.points, (self.hour + hours, *place)), silences=(*self.silences, silence))
