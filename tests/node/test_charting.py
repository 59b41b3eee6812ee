"""Signals for the map: each to its cell, or counted by square, never more nor fewer than there are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ayni.model.store import Query
from tests.web_node import fresh_node, raise_signal

CELL = (-14, -809)


def test_each_signal_or_counts(tmp_path: Path) -> None:
    """Up to the limit each signal in its cell; beyond it, counts whose sum is the total."""
    with fresh_node(tmp_path / "node") as node:
        from ayni.node.charting import chart

        for hour in range(6):
            raise_signal(node, hour=hour)
        asked = Query(kind="signal")
        each = chart(node.store, asked, many=6)
        assert (each.total, len(each.signals), each.counts) == (6, 6, ())
        assert {(one.south, one.west) for one in each.signals} == {CELL}
        assert [one.at_us for one in each.signals] == sorted((one.at_us for one in each.signals), reverse=True)
        counted = chart(node.store, asked, many=5)
        assert (counted.total, counted.signals) == (6, ())
        (square,) = counted.counts
        assert (square.many, square.pending) == (6, 6)
        assert square.south <= CELL[0] < square.south + counted.step
        assert square.west <= CELL[1] < square.west + counted.step
        near = Query(kind="signal", south_west=(-20, -820), north_east=(-10, -800))
        assert chart(node.store, near, many=5).step == 1
        away = Query(kind="signal", south_west=(0, 0), north_east=(10, 10))
        assert chart(node.store, away).total == 0
        around = Query(kind="signal", south_west=(-20, 1700), north_east=(0, -800))
        assert chart(node.store, around).total == 6
        assert chart(node.store, Query(kind="signal", since=datetime(2026, 3, 1, 4, tzinfo=UTC))).total == 2
        assert chart(node.store, Query(kind="signal", states=("dismissed",))).total == 0
