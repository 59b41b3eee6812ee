"""The events put into traffic, one function a kind: each changes tracks and returns what is true then.

Sizes are drawn so that a part of each kind lies close to the limit of its rule: a silence
of seven hours, a meeting of two and a half, a deviation of 25 miles for three hours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from _ocean import NM, Track, Truth, at, delayed, imo_number, motion, ms

from ayni.desks.maritime.reference import shore_nm

HOURS_BEFORE = 48.0
FAR_NM, CLOSE_NM = 24.5, 11.5
"""From how far out, and to how close to the coast, an unheard approach leads at the least."""

Dice = np.random.Generator
Made = tuple[list[Track], list[Truth]]


def gap(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """Nothing is received for 7 to 40 hours."""
    long = float(dice.uniform(6.5, 10) if dice.random() < 0.4 else dice.uniform(10, 40))
    kept = track.cut((track.hours <= hour) | (track.hours >= hour + long))
    before, after = kept.hours[kept.hours <= hour][-1], kept.hours[kept.hours > hour][0]
    return [kept, other], [Truth("gap", (track.mmsi,), ms(before), ms(after))]


def encounter(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """Two ships drift side by side for 2.5 to 10 hours."""
    long = float(dice.uniform(2.5, 4) if dice.random() < 0.4 else dice.uniform(4, 10))
    first = _drifting(dice, delayed(track, hour, hour + long), hour, hour + long, knots=0.8)
    apart = float(dice.uniform(30, 350)) / 1852 * NM
    angle = float(dice.uniform(0, 2 * math.pi))
    inside = (other.hours >= hour) & (other.hours <= hour + long)
    met_lat = np.interp(other.hours, first.hours, first.lat) + apart * math.cos(angle)
    met_lon = np.interp(other.hours, first.hours, first.lon) + apart * math.sin(angle)
    second = _joined(other, inside, met_lat, met_lon, hour, hour + long)
    return [motion(first), motion(second)], [Truth("encounter", (track.mmsi, other.mmsi), ms(hour), ms(hour + long))]


def loitering(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """A ship drifts for 5.5 to 30 hours and sails on."""
    long = float(dice.uniform(5.5, 8) if dice.random() < 0.4 else dice.uniform(8, 30))
    slow = _drifting(dice, delayed(track, hour, hour + long), hour, hour + long, knots=float(dice.uniform(0.3, 1.4)))
    return [motion(slow), other], [Truth("loitering", (track.mmsi,), ms(hour), ms(hour + long))]


def impossible_speed(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """The positions of some minutes to an hour lie 40 to 400 miles away, or the ship goes on from there."""
    far = float(dice.uniform(30, 60) if dice.random() < 0.4 else dice.uniform(60, 400)) * NM
    angle = float(dice.uniform(0, 2 * math.pi))
    stop = hour + float(dice.uniform(0.3, 1.2))
    inside = (track.hours >= hour) & (track.hours <= stop)
    lat = np.where(inside, track.lat + far * math.cos(angle), track.lat)
    lon = np.where(inside, track.lon + far * math.sin(angle), track.lon)
    there = track.hours[inside]
    before = track.hours[track.hours < there[0]][-1]
    after = track.hours[track.hours > there[-1]][0]
    return [replace(track, lat=lat, lon=lon), other], [
        Truth("impossible_speed", (track.mmsi,), ms(before), ms(after))
    ]


def shared_mmsi(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """Another ship, elsewhere, uses the MMSI for 12 to 60 hours."""
    long = float(dice.uniform(12, 60))
    inside = (other.hours >= hour) & (other.hours <= hour + long)
    borrowed = replace(other.cut(inside), mmsi=track.mmsi)
    return [track, borrowed], [Truth("shared_mmsi", (track.mmsi,), ms(borrowed.hours[0]), ms(borrowed.hours[-1]))]


def gnss_circle(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """The positions of a few hours run round a circle; the reported course says otherwise."""
    turn_h = float(dice.uniform(14, 30)) * float(np.median(np.diff(track.hours)))
    long = turn_h * float(dice.uniform(1.3, 4))
    inside = (track.hours >= hour) & (track.hours <= hour + long)
    lat, lon = at(track, hour)
    radius = float(dice.uniform(0.3, 3.0)) * NM
    angle = (track.hours - hour) / turn_h * 2 * math.pi
    noise = dice.normal(1, 0.04, track.hours.size)
    around = replace(
        track,
        lat=np.where(inside, lat + radius * noise * np.cos(angle), track.lat),
        lon=np.where(inside, lon + radius * noise * np.sin(angle) / math.cos(math.radians(lat)), track.lon),
        course=np.where(inside, dice.uniform(0, 359, track.hours.size), track.course),
    )
    there = track.hours[inside]
    return [around, other], [Truth("gnss_circle", (track.mmsi,), ms(there[0]), ms(there[-1]))]


def deviation(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """The ship runs 25 to 60 miles beside its line for 3 to 10 hours."""
    lateral = float(dice.uniform(25, 30) if dice.random() < 0.4 else dice.uniform(30, 60))
    hold = float(dice.uniform(3, 4) if dice.random() < 0.4 else dice.uniform(4, 10))
    ramp = lateral / float(dice.uniform(8, 14))
    share = np.clip((track.hours - hour) / ramp, 0, 1)
    share = np.minimum(share, np.clip((hour + 2 * ramp + hold - track.hours) / ramp, 0, 1))
    here, later = at(track, hour - 0.5), at(track, hour + 2 * ramp + hold)
    scale = math.cos(math.radians(here[0]))
    head = math.atan2((later[1] - here[1]) * scale, later[0] - here[0]) + math.pi / 2 * float(dice.choice([-1, 1]))
    moved = replace(
        track,
        lat=track.lat + share * lateral * NM * math.cos(head),
        lon=track.lon + share * lateral * NM * math.sin(head) / scale,
    )
    return [motion(moved), other], [Truth("deviation", (track.mmsi,), ms(hour), ms(hour + 2 * ramp + hold))]


def reflag(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """The hull goes on under another MMSI, its IMO number the same."""
    hull = imo_number(int(dice.integers(100_000, 499_999)))
    before = replace(track.cut(track.hours <= hour), imo=hull)
    after = replace(track.cut(track.hours >= hour + 3), imo=hull, mmsi=track.mmsi + 500_000)
    return [before, after, other], [
        Truth("identity_change", (track.mmsi, track.mmsi + 500_000), ms(hour), ms(hour + 3))
    ]


def dark_approach(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """From far out until 3 to 11 miles off the coast nothing is received, for 6.5 to 30 hours."""
    heard = track.hours[np.min(np.abs(track.hours[:, None] - np.array(track.turns)), axis=1) < 1]
    close = np.array([one for one in heard if _off(track, float(one)) < CLOSE_NM and one > HOURS_BEFORE])
    arrival = close[np.argmin(np.abs(close - hour))]
    stop = float(dice.choice(close[np.abs(close - arrival) < 1]))
    while True:
        long = float(dice.uniform(6.5, 8) if dice.random() < 0.4 else dice.uniform(8, 30))
        kept = track.cut((track.hours <= stop - long) | (track.hours >= stop))
        before, after = kept.hours[kept.hours <= stop - long][-1], kept.hours[kept.hours >= stop][0]
        if _off(track, float(before)) > FAR_NM and _off(track, float(after)) < CLOSE_NM:
            return [kept, other], [Truth("dark_approach", (track.mmsi,), ms(before), ms(after))]


def _off(track: Track, hour: float) -> float:
    """Return the distance to the coast, nautical miles; beyond 200 it is infinite."""
    miles = shore_nm(*at(track, hour))
    return math.inf if miles is None else miles


KINDS: Mapping[str, Callable[[Dice, Track, Track, float], Made]] = {
    "gap": gap,
    "encounter": encounter,
    "loitering": loitering,
    "impossible_speed": impossible_speed,
    "shared_mmsi": shared_mmsi,
    "gnss_circle": gnss_circle,
    "deviation": deviation,
    "identity_change": reflag,
    "dark_approach": dark_approach,
}


def _drifting(dice: Dice, track: Track, start: float, stop: float, knots: float) -> Track:
    """Return the track with its stay turned into a drift at *knots*; afterwards it sails on from there."""
    angle = float(dice.uniform(0, 2 * math.pi))
    way = np.clip(track.hours - start, 0, stop - start) * knots * NM
    return replace(track, lat=track.lat + way * math.cos(angle), lon=track.lon + way * math.sin(angle))


def _joined(track: Track, inside: np.ndarray, lat: np.ndarray, lon: np.ndarray, start: float, stop: float) -> Track:
    """Return a track moved so that it comes to the meeting, keeps to it, and goes on from it."""
    meet_lat, meet_lon = float(np.interp(start, track.hours, lat)), float(np.interp(start, track.hours, lon))
    here_lat, here_lon = at(track, start)
    came = replace(track, lat=track.lat + meet_lat - here_lat, lon=track.lon + meet_lon - here_lon)
    came = delayed(came, start, stop)
    end_lat, end_lon = float(np.interp(stop, track.hours, lat)), float(np.interp(stop, track.hours, lon))
    later = track.hours > stop
    return replace(
        came,
        lat=np.where(inside, lat, np.where(later, came.lat + end_lat - meet_lat, came.lat)),
        lon=np.where(inside, lon, np.where(later, came.lon + end_lon - meet_lon, came.lon)),
    )
