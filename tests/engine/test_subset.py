"""The SQL subset: what is allowed passes, what would differ between engines is refused by name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.subset import FUNCTIONS, TYPES, check_desk, check_detector, check_sql, parse, spark_sql
from ayni.errors import DetectorError
from ayni.toolkit.sql import distance_mm, floored, wrapped_udeg
from tests.engine import pier

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "detector-sql.md"


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT [1, 2] AS a FROM t", "ARRAY"),
        ("SELECT LIST(a) AS a FROM t", "ARRAY_AGG"),
        ("SELECT HASH(a) AS a FROM t", "HASH"),
        ("SELECT ST_Distance(a, b) AS a FROM t", "ST_DISTANCE"),
        ("SELECT LOG(a) AS a FROM t", "LOG"),
        ("SELECT SIGN(a) AS a FROM t", "SIGN"),
        ("SELECT RANDOM() AS a FROM t", "RAND"),
        ("SELECT ANY_VALUE(a) AS a FROM t", "ANY_VALUE"),
        ("SELECT ARG_MAX(a, b) AS a FROM t", "ARG_MAX"),
        ("SELECT CAST(a AS HUGEINT) AS a FROM t", "INT128"),
        ("SELECT CAST(a AS TIMESTAMP) AS a FROM t", "TIMESTAMP"),
        ("SELECT CAST(a AS DECIMAL(9, 2)) AS a FROM t", "DECIMAL"),
        ("SELECT CAST(a AS INTEGER) AS a FROM t", "type INT"),
        ("SELECT TRY_CAST(a AS BIGINT) AS a FROM t", "TRY_CAST"),
        ("SELECT a / 3600.0 AS a FROM t", "3600e0"),
        ("SELECT a * 9223372036854775808 AS a FROM t", "64 bits"),
        ("SELECT CAST(a / 2 AS BIGINT) AS a FROM t", "truncates"),
        ("SELECT CAST(-(2e0 * a) AS BIGINT) AS a FROM t", "truncates"),
        ("SELECT CAST(CASE WHEN a > 1 THEN AVG(b) ELSE 0 END AS BIGINT) AS a FROM t GROUP BY a", "truncates"),
        ("SELECT FLOOR(a) AS a FROM t", "CAST"),
        ("SELECT CAST(ROUND(a, 2) AS BIGINT) AS a FROM t", "decimals"),
        ("SELECT t.a FROM t ASOF JOIN u ON t.k = u.k AND t.a >= u.a", "ASOF"),
        ("SELECT t.a FROM t SEMI JOIN u ON t.k = u.k", "SEMI"),
        ("SELECT t.a FROM t POSITIONAL JOIN u", "POSITIONAL"),
        ("SELECT t.a FROM t JOIN u ON t.a < u.a", "equality"),
        ("SELECT t.a FROM t, u WHERE t.a = u.a", "equality"),
        ("SELECT a FROM GENERATE_SERIES(1, 10) AS g(a)", "GENERATE_SERIES"),
        ("SELECT UNNEST(a) AS a FROM t", "EXPLODE|UNNEST"),
        ("SELECT a.b.c AS a FROM t", "struct"),
        ("SELECT * EXCLUDE (a) FROM t", "EXCLUDE"),
        ("SELECT a, COUNT(*) AS n FROM t GROUP BY ALL", "GROUP BY ALL"),
        ("SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1", "QUALIFY"),
        ("SELECT a FROM t LIMIT 3", "ORDER BY"),
        ("SELECT a FROM READ_CSV('/etc/passwd')", "READ_?CSV"),
        ("SELECT a FROM '/etc/passwd'", "requires"),
        ("SELECT a FROM secrets", "secrets"),
        ("SELECT a FROM other.t", "not a table's name"),
        ("SELECT a + $b AS a FROM t", r"\$b"),
        ("SELECT a + ? AS a FROM t", r"\$name"),
        ("SELECT NOW() AS a FROM t", "NOW|TIMESTAMP"),
        ("SELECT INTERVAL 3 DAY AS a FROM t", "INTERVAL"),
        ("SELECT CONCAT(a, b) AS a FROM t", "CONCAT"),
        ("SELECT a // 2 AS a FROM t", "INT_?DIV"),
        ("SELECT COUNT(*) OVER (w ROWS 2 PRECEDING) AS n FROM t WINDOW w AS (ORDER BY a)", "named window"),
        ("SELECT a FROM t; SELECT a FROM t", "one query"),
        ("DROP TABLE t", "one query"),
        ("INSTALL spatial", "one query"),
        ("SELEC a FROM t", "not SQL|one query"),
        ("", "one query"),
    ],
)
def test_what_would_differ_between_engines_is_refused_by_name(sql: str, says: str) -> None:
    """The message names the rule and the construct, before anything runs."""
    with pytest.raises(DetectorError, match=rf"(?s)test\.rule/1.*({says})"):
        check_sql("test.rule/1", sql, frozenset({"a"}), frozenset({"t", "u"}))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, a + $a AS b FROM t WHERE a IN (1, 2) AND b BETWEEN 1 AND 2 ORDER BY a LIMIT 3",
        "WITH c AS (SELECT a, LAG(a IGNORE NULLS) OVER (PARTITION BY k ORDER BY a) AS p FROM t) SELECT * FROM c",
        "SELECT COUNT(*) OVER w AS n FROM t WINDOW w AS (ORDER BY a RANGE BETWEEN 3600000 PRECEDING AND CURRENT ROW)",
        "SELECT t.a FROM t CROSS JOIN (VALUES (0, 1), (1, 1)) AS nb(dy, dx)",
        "SELECT t.a FROM t LEFT JOIN u USING (k) WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.k = t.k)",
        "SELECT MEDIAN(a) AS a, COUNT(DISTINCT k) AS n, CAST(SUM(a) AS BIGINT) FROM t GROUP BY k HAVING MIN(a) > 1",
        "SELECT CAST(FLOOR(a / 2) AS BIGINT) AS a, SQRT(POWER(a, 2e0)) AS b FROM t UNION ALL SELECT a, 1e0 FROM u",
        "SELECT SUM(a) FILTER (WHERE b) AS s, CASE WHEN a > 1 THEN 1 ELSE 0 END AS c FROM t GROUP BY a, b",
        f"SELECT {distance_mm('a', 'b', 'c', 'd')} AS mm, {floored('a', 10000)} AS cell FROM t",
        f"SELECT {wrapped_udeg('a - b')} AS east FROM t",
    ],
)
def test_what_means_the_same_passes(sql: str) -> None:
    """Common shapes of detectors are in the subset."""
    check_sql("test.rule/1", sql, frozenset({"a"}), frozenset({"t", "u"}))


def test_a_detector_is_checked_with_its_evidence_and_its_tables() -> None:
    """The answer's table is known to evidence alone."""
    check_desk(pier.DESK)
    with pytest.raises(DetectorError, match="signal"):
        check_detector(replace(pier.SILENCE, sql="SELECT * FROM signal"))
    with pytest.raises(DetectorError, match="HASH"):
        check_detector(replace(pier.SILENCE, evidence="SELECT HASH(badge) AS key_0 FROM step"))
    with pytest.raises(DetectorError, match=r"pier table step: .*HASH"):
        check_desk(
            replace(pier.DESK, derived=(replace(pier.STEP, sql="SELECT HASH(badge) AS a FROM pass"), pier.RUN))
        )


def test_an_inner_with_keeps_its_own_names_in_spark() -> None:
    """Two tables of one name at different depths stay two: the transpiled text gives the same answer."""
    sql = """
    WITH told AS (WITH a AS (SELECT x FROM t), told AS (SELECT a.x * 2 AS x FROM a) SELECT told.x + 1 AS y FROM told)
    SELECT told.y AS y FROM told
    """
    spark = spark_sql("test.rule/1", parse("test.rule/1", sql))
    assert spark.count(" told AS (") == 1
    tables = {"t": pa.table({"x": [1, 5]})}
    for text in (sql, spark):
        assert sorted(DuckDBEngine().run(text, {}, tables).column("y").to_pylist()) == [3, 11]


def test_the_page_names_every_function_and_type_and_no_other() -> None:
    """docs/reference/detector-sql.md is the list that the code enforces."""
    text = PAGE.read_text(encoding="utf-8")
    functions, types = (
        re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", text, re.DOTALL) for name in ("functions", "types")
    )
    assert functions is not None
    assert types is not None
    assert set(re.findall(r"`([A-Z0-9_]+)`", functions[1])) == set(FUNCTIONS)
    assert tuple(re.findall(r"`([A-Z]+)`", types[1])) == TYPES
