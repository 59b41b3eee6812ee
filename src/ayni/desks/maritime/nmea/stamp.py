r"""The time of reception, written into a line that does not say it.

A line from a socket or a serial device often carries no time at all. When it is
journalled it gets a tag block with the instant of arrival and the station's name, so
that the journal alone is enough to read it again; a line that already says when it was
received is kept byte for byte.

    !AIVDM,1,1,,A,…*55     becomes     \s:guayas,c:1793592366123*hh\!AIVDM,1,1,,A,…*55

Source: NMEA 0183 4.10, section 7 (tag block), parameter codes `c` and `s`.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import xor

SAYS_WHEN = re.compile(rb"\\[^\\]*\bc:\d+[^\\]*\\|\*[0-9A-Fa-f]{2}.*,\d{9,13}\s*$|^[^!$\\]*\d.*[!$]")
TAGGED = re.compile(rb"^\\([^\\*]*)\*[0-9A-Fa-f]{2}\\(.*)$", re.DOTALL)
NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")
LONGEST_NAME = 15


def stamp(line: bytes, at_ms: int, receiver: str) -> bytes:
    """Return *line* with the instant (milliseconds since 1970 UTC) and station it was received by."""
    if SAYS_WHEN.search(line) or not (line.startswith((b"!", b"$", b"\\"))):
        return line
    station = NOT_A_NAME.sub("", receiver)[:LONGEST_NAME].encode("ascii")
    tagged = TAGGED.match(line)
    said, rest = (tagged[1].split(b","), tagged[2]) if tagged else ([], line)
    if station and not any(one.startswith(b"s:") for one in said):
        said.append(b"s:" + station)
    block = b",".join([*said, b"c:%d" % at_ms])
    return b"\\%s*%02X\\%s" % (block, reduce(xor, block), rest)
