from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ayni.desks.maritime import DESK
from ayni.desks.maritime.tables import IDENTITY, POSITION, arrow_schema
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from tests.desks.maritime.seas import MADE_AT
from tests.shared_data import shared_data, vectors

ORDINARY = {"maritime.port_visit/1", "maritime.anchorage_stop/1"}
MOST_A_THOUSAND_VESSEL_DAYS = 50


def real_day() -> pa.Table:
    """The positions of a US coastal day: MMSI, time and place, nothing else."""
    raw = pq.read_table(vectors("maritime", "us_coastal_day.parquet"))
    schema = arrow_schema(POSITION)
    known = {
        "mmsi": raw.column("mmsi"),
        "ts": pc.multiply(raw.column("ts"), 1000),
        "lat_udeg": pc.round(pc.multiply(raw.column("lat"), 1e6)).cast(pa.int64()),
        "lon_udeg": pc.round(pc.multiply(raw.column("lon"), 1e6)).cast(pa.int64()),
    }
    return pa.table([known.get(field.name, pa.nulls(raw.num_rows, field.type)) for field in schema], schema=schema)


@shared_data
@pytest.mark.shared_data
def test_a_real_day_raises_few_signals() -> None:
    """At most fifty in a thousand vessel-days beyond port visits and stops; and what lacks columns says so."""
    day = real_day()
    found = detect(
        DESK,
        {"position": day, "identity": arrow_schema(IDENTITY).empty_table()},
        engine=DuckDBEngine(),
        request=Request(made_at=MADE_AT),
    )
    counts = Counter(signal.rule for signal in found.signals)
    vessels = pc.count_distinct(day.column("mmsi")).as_py()
    assert vessels == 1185
    raised = sum(count for rule, count in counts.items() if rule not in ORDINARY)
    assert 10 <= raised * 1000 / vessels <= MOST_A_THOUSAND_VESSEL_DAYS, counts
    assert counts["maritime.port_visit/1"] > 500
    assert "maritime.drifting/1" in {one.rule for one in found.not_run}
