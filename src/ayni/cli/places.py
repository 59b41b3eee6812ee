"""How a place is given on the command line: latitude first, as it is spoken."""

from __future__ import annotations

import re

import click

from ayni.errors import InvalidValueError
from ayni.model.place import Point

PAIR = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*$")


class Spot(click.ParamType[Point]):
    """`-2.21,-80.95`: latitude and longitude in decimal degrees."""

    name = "LAT,LON"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Point:
        """Read the pair, or fail with what was expected."""
        if isinstance(value, Point):
            return value
        found = PAIR.match(str(value))
        if found is None:
            self.fail(f"{value!r} is not like -2.21,-80.95 (latitude, longitude in degrees)", param, ctx)
        try:
            return Point(coordinates=(float(found[2]), float(found[1])))
        except InvalidValueError as error:
            self.fail(str(error), param, ctx)


place_option = click.option("--place", type=Spot(), default=None, help="Latitude, longitude in decimal degrees.")
