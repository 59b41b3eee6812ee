"""Signals in formats that others read. Each writes to an open binary file.

ndjson   one signal a line: the stable output, JSON Schema published
geojson  RFC 7946 FeatureCollection, for any map
csv      one row a signal, for a spreadsheet
parquet  one row a signal, for analysis
cise     CISE 1.5.3 XML, for the European maritime exchange
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from ayni.exchange.formats.cise import write_cise
from ayni.exchange.formats.flat import write_csv, write_geojson, write_ndjson, write_parquet
from ayni.model.signal import Signal

Writer = Callable[[Sequence[Signal], BinaryIO], None]

FORMATS: Mapping[str, Writer] = {
    "ndjson": write_ndjson,
    "geojson": write_geojson,
    "csv": write_csv,
    "parquet": write_parquet,
    "cise": write_cise,
}
