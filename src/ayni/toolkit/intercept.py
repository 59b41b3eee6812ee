"""Where a patrol can meet a vessel, how soon, and where the vessel may be by then.

Two answers, because two things may be true of the vessel:

* it **keeps course and speed**: there is one earliest place and instant of meeting;
* it **does as it likes** since its last fix: it may be anywhere in a circle that grows with
  time. The patrol can meet it no sooner than `soonest_at`, and can be certain to, wherever it
  went, at `certain_at`, if the patrol is the faster one.

"Cannot be reached" is an answer with its reason, not an error. No sea bed, coast, current or
weather is considered: the map shows what lies between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from ayni.model.checks import aware, finite
from ayni.model.place import Point, Polygon
from ayni.model.signal import Reason
from ayni.toolkit.areas import circle, positions
from ayni.toolkit.geo import inverse
from ayni.toolkit.phrases import phrase
from ayni.toolkit.track import dead_reckon
from ayni.toolkit.units import kn_to_mps, m_to_nm, mps_to_kn

MET_M = 1.0
"""Close enough to stop calculating; a hundredth of what a fix is good for."""
ROUNDS = 1_000
LEAST_CLOSING = 1e-6
"""A gap that closes more slowly than this share of the patrol's speed is taken to be opening."""
FASTEST_KN = 1_000.0
WITHIN = timedelta(hours=72)
"""Beyond this nobody believes an extrapolation. Source: ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is known of the vessel: its last fix, how it moved, how fast it could.

    Raises:
        InvalidValueError: for an instant without zone, a position off the globe or a negative speed.
    """

    lat_deg: float
    lon_deg: float
    at: datetime
    course_deg: float
    speed_kn: float
    max_speed_kn: float
    """What it could make, by type or by the fastest ever seen; at least `speed_kn`."""
    uncertainty_m: float = 0.0
    """Radius around the fix itself."""

    def __post_init__(self) -> None:
        _check(self.lat_deg, self.lon_deg, self.at)
        finite(self.course_deg, "course_deg", 0.0, 360.0)
        finite(self.speed_kn, "speed_kn", 0.0, FASTEST_KN)
        finite(self.max_speed_kn, "max_speed_kn", self.speed_kn, FASTEST_KN)
        finite(self.uncertainty_m, "uncertainty_m", 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A patrol: where it is, when it can leave, how fast, and for how long.

    Raises:
        InvalidValueError: for an instant without zone, a position off the globe or no speed.
    """

    lat_deg: float
    lon_deg: float
    ready_at: datetime
    max_speed_kn: float
    endurance: timedelta = WITHIN

    def __post_init__(self) -> None:
        _check(self.lat_deg, self.lon_deg, self.ready_at)
        finite(self.max_speed_kn, "max_speed_kn", 0.1, FASTEST_KN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """The earliest meeting with a vessel that keeps course and speed."""

    place: Point
    at: datetime
    course_deg: float
    """True, for the patrol to steer at departure (geodesic)."""
    distance_m: float
    """For the patrol to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotReach:
    """No meeting, and why."""

    because: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a vessel that does as it likes may be when the patrol is ready, and when the patrol can meet it."""

    area: Polygon
    """The area of uncertainty at `at`."""
    at: datetime
    radius_m: float
    distance_m: float
    """From the patrol to the last fix."""
    soonest_at: datetime | CannotReach
    """If it came straight towards the patrol: nobody can be there sooner."""
    certain_at: datetime | CannotReach
    """If it fled straight away: by then the patrol has it, wherever it went."""


def way_made(from_deg: tuple[float, float], to_deg: tuple[float, float], took: timedelta) -> tuple[float, float]:
    """Return course (degrees true, on arrival) and speed (knots) of a vessel seen at two places, (lat, lon) each."""
    way = inverse(*from_deg, *to_deg)
    seconds = max(1.0, took.total_seconds())
    return float(way.arrival_deg) % 360, float(mps_to_kn(float(way.distance_m) / seconds))


def meet(target: Target, asset: Asset) -> Meeting | CannotReach:
    """Return the earliest meeting if the target keeps course and speed (a rhumb line), on the ellipsoid.

    The distance to a vessel on a straight course is a convex function of time, so Newton's steps from
    the left never jump over the earliest meeting; where the curved Earth makes one jump, it is halved
    back. Where the gap is opening, it can still close no faster than the sum of both speeds: steps of
    that size are safe. Patrol and target are within a metre at the instant returned.
    """
    limit_s = asset.endurance.total_seconds()
    seconds = before_s = 0.0
    for _ in range(ROUNDS):
        gap = _gap(target, asset, seconds)
        if abs(gap.apart_m) <= MET_M or (gap.apart_m < 0 and seconds == 0):
            return Meeting(
                place=gap.place,
                at=asset.ready_at + timedelta(seconds=seconds),
                course_deg=gap.course_deg,
                distance_m=gap.distance_m,
            )
        if gap.apart_m < 0:
            seconds = (before_s + seconds) / 2
            continue
        if seconds >= limit_s:
            break
        before_s, seconds = seconds, min(limit_s, seconds + gap.apart_m / gap.closing_mps)
    return _cannot(
        phrase(
            "the patrol does not reach it within {endurance_s:duration}: {distance_nm:nm} away, "
            "{asset_kn:kn} against {target_kn:kn}"
        ),
        target,
        asset,
    )


class _Gap(NamedTuple):
    """Patrol and target so many seconds after the patrol left, if it steers for where the target is then."""

    apart_m: float
    closing_mps: float
    place: Point
    course_deg: float
    distance_m: float


def _gap(target: Target, asset: Asset, seconds: float) -> _Gap:
    asset_mps, target_mps = kn_to_mps(asset.max_speed_kn), kn_to_mps(target.speed_kn)
    lat, lon = dead_reckon(
        target.lat_deg,
        target.lon_deg,
        course_deg=target.course_deg,
        speed_kn=target.speed_kn,
        seconds=(asset.ready_at - target.at).total_seconds() + seconds,
    )
    way = inverse(asset.lat_deg, asset.lon_deg, lat, lon)
    closing = asset_mps - target_mps * math.cos(math.radians(target.course_deg - float(way.arrival_deg)))
    return _Gap(
        apart_m=float(way.distance_m) - asset_mps * seconds,
        closing_mps=closing if closing > LEAST_CLOSING * asset_mps else asset_mps + target_mps,
        place=Point(coordinates=positions(lat, lon)[0]),
        course_deg=float(way.bearing_deg),
        distance_m=float(way.distance_m),
    )


def reach(target: Target, asset: Asset) -> Reach:
    """Return where the target may be when the patrol is ready, and the soonest and the certain meeting."""
    elapsed_s = abs((asset.ready_at - target.at).total_seconds())
    asset_mps, target_mps = kn_to_mps(asset.max_speed_kn), kn_to_mps(target.max_speed_kn)
    radius_m = target.uncertainty_m + target_mps * elapsed_s
    distance_m = float(inverse(asset.lat_deg, asset.lon_deg, target.lat_deg, target.lon_deg).distance_m)
    soonest = _arrival(max(0.0, distance_m - radius_m), asset_mps + target_mps, target, asset)
    certain = _arrival(distance_m + radius_m, asset_mps - target_mps, target, asset)
    return Reach(
        area=circle(target.lat_deg, target.lon_deg, radius_m),
        at=asset.ready_at,
        radius_m=radius_m,
        distance_m=distance_m,
        soonest_at=soonest,
        certain_at=certain,
    )


def _arrival(apart_m: float, closing_mps: float, target: Target, asset: Asset) -> datetime | CannotReach:
    if closing_mps <= 0:
        return _cannot(
            phrase(
                "the patrol is not the faster one: {asset_kn:kn} against {target_max_kn:kn}; "
                "a vessel that flees is lost"
            ),
            target,
            asset,
        )
    seconds = apart_m / closing_mps
    if seconds > asset.endurance.total_seconds():
        return _cannot(
            "the patrol would need {needed_s:duration} and has {endurance_s:duration}",
            target,
            asset,
            needed_s=seconds,
        )
    return asset.ready_at + timedelta(seconds=seconds)


def _cannot(says: str, target: Target, asset: Asset, **more: float) -> CannotReach:
    apart = inverse(asset.lat_deg, asset.lon_deg, target.lat_deg, target.lon_deg).distance_m
    facts = {
        "endurance_s": asset.endurance.total_seconds(),
        "distance_nm": round(float(m_to_nm(np.asarray(apart))), 1),
        "asset_kn": asset.max_speed_kn,
        "target_kn": target.speed_kn,
        "target_max_kn": target.max_speed_kn,
        **more,
    }
    return CannotReach(because=Reason(says=says, facts=facts, weight=0.0))


def _check(lat: float, lon: float, at: datetime) -> None:
    Point(coordinates=(lon, lat))
    aware(at, "at")
