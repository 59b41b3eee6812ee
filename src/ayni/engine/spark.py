"""The engine beyond one machine: the same SQL text, written again for Spark by sqlglot.

Spark is an extra (`pip install "ayni[spark]"`, Java 17 or newer) and is imported only
when a session opens. On one machine it is slower than DuckDB by an order of magnitude;
it is there for archives that no single machine holds.

Four of Spark's own choices are set so that answers equal DuckDB's: a division by zero
is NULL, instants have no local time zone, a parameter is a 64-bit literal, and nothing
is inferred about the columns of a kept table.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as pads
from sqlglot import exp

from ayni.engine.duckdb import shape_of
from ayni.engine.session import Session, Tables, TableSource, plain, used
from ayni.engine.subset import parse, spark_steps
from ayni.errors import DetectorError, MissingPartError
from ayni.model.desk import Kernel
from ayni.model.signal import Fact

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SPARK_TYPES: Mapping[pa.DataType, str] = {
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "STRING",
    pa.bool_(): "BOOLEAN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkEngine:
    """Runs detectors on Spark: in this process by default, on a cluster by its master's address."""

    master: str = "local[*]"
    memory: str = "2g"
    """Of the driver; in local mode that is all there is."""
    temp_directory: Path | None = None
    """Where it spills; None leaves Spark's own choice."""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further settings of Spark, e.g. for a cluster."""

    @property
    def name(self) -> str:
        """`spark`."""
        return "spark"

    @contextmanager
    def session(self, tables: Tables) -> Iterator[Session]:
        """Open a session over *tables*, starting Spark if it does not run yet.

        Raises:
            MissingPartError: if pyspark or Java is not installed; the message says what to install.
        """
        session = self._start().newSession()
        for name, value in self._settings().items():
            if name.startswith("spark.sql."):
                session.conf.set(name, value)
        held = SparkTables(session)
        for name, source in tables.items():
            held.register(name, source)
        yield held

    def run(self, sql: str, params: Mapping[str, Fact], tables: Tables) -> pa.Table:
        """Answer one question over *tables* and forget them."""
        with self.session(tables) as session:
            return session.query(sql, params)

    def _start(self) -> SparkSession:
        try:
            from pyspark.errors import PySparkException  # noqa: PLC0415 -- an extra, and slow to import
            from pyspark.sql import SparkSession  # noqa: PLC0415 -- as above
        except ImportError as error:
            raise MissingPartError(part="pyspark", install='pip install "ayni[spark]"') from error
        _need_java()
        os.environ["PYSPARK_PYTHON"] = sys.executable
        builder = SparkSession.builder.master(self.master).appName("ayni")
        for name, value in self._settings().items():
            builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except PySparkException as error:
            raise MissingPartError(
                part=f"a Java that Spark can start ({error})", install="apt-get install openjdk-17-jre-headless"
            ) from error
        session.sparkContext.setLogLevel("ERROR")
        logging.getLogger("SQLQueryContextLogger").disabled = True  # every failure comes back as a DetectorError
        return session

    def _settings(self) -> dict[str, str]:
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.memory": self.memory,
            "spark.sql.ansi.enabled": "false",
            # What is known of a kept table's columns is misread where it is joined with one made from itself: an
            # outer join then loses every row that found no partner (Spark 4.0, seen on tables read from Parquet).
            "spark.sql.constraintPropagation.enabled": "false",
            "spark.sql.session.timeZone": "UTC",
            "spark.executorEnv.PYTHONPATH": os.pathsep.join(folder for folder in sys.path if folder),
        }
        if self.master.startswith("local"):
            settings |= {
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
                "spark.sql.shuffle.partitions": "4",
            }
        if self.temp_directory is not None:
            settings["spark.local.dir"] = str(self.temp_directory)
        return settings | dict(self.config)


class SparkTables:
    """Tables as temporary views of one Spark session. See `Session` for the contract."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._numbers = itertools.count()

    def register(self, name: str, source: TableSource) -> None:
        """Put a table, a dataset or Parquet files under a name."""
        self._frame(source).createOrReplaceTempView(name)

    def columns(self, name: str) -> tuple[str, ...]:
        """Return the column names of a table, empty when there is no such table."""
        return tuple(self._session.table(name).columns) if self._session.catalog.tableExists(name) else ()

    def view(self, name: str, sql: str) -> None:
        """Give a name to a query."""
        self._ask(sql, {}).createOrReplaceTempView(name)

    def define(self, name: str, sql: str, params: Mapping[str, Fact]) -> None:
        """Compute a query once; Spark keeps it in memory and on disk until nothing reads it any more."""
        self._keep(name, self._ask(sql, params))

    def query(self, sql: str, params: Mapping[str, Fact]) -> pa.Table:
        """Return the answer of a query."""
        frame = self._ask(sql, params)
        with _refusing():
            return plain(frame.toArrow())

    def apply(self, name: str, kernel: Kernel, params: Mapping[str, Fact]) -> None:
        """Run a kernel over its groups on Spark's workers, Arrow in, Arrow out."""
        shape = shape_of(kernel.output)
        columns = ", ".join(f"`{field.name}` {SPARK_TYPES[field.type]}" for field in shape)
        step = _step(kernel, dict(params), shape)
        grouped = self._session.table(kernel.table).groupBy(*kernel.by)
        self._keep(name, grouped.applyInArrow(step, columns))

    def _keep(self, name: str, frame: DataFrame) -> None:
        """Give a name to what a frame holds, computed once.

        A checkpoint and not a cache: a cached table still drags along how it was computed, and what stands on
        several such tables, each on the last, soon takes Spark longer to plan than to compute.
        """
        with _refusing():
            reliable = self._session.conf.get("spark.checkpoint.dir", "")
            kept = frame.checkpoint(eager=False) if reliable else frame.localCheckpoint(eager=False)
            kept.createOrReplaceTempView(name)

    def _frame(self, source: TableSource) -> DataFrame:
        if isinstance(source, pads.Dataset):
            files = getattr(source, "files", None)
            source = [Path(file) for file in files] if files else source.to_table()
        if isinstance(source, pa.Table):
            return self._session.createDataFrame(plain(source))
        paths = [source] if isinstance(source, Path) else source
        return self._session.read.option("mergeSchema", "true").parquet(*map(str, paths))

    def _ask(self, sql: str, params: Mapping[str, Fact]) -> DataFrame:
        tree = parse("query", sql)
        bound = used(sql, params)
        for node in list(tree.find_all(exp.Placeholder)):
            node.replace(_literal(bound[str(node.this)]))
        for frame in tree.find_all(exp.WindowSpec):
            _fold(frame)
        *steps, (_, answer) = spark_steps("query", tree, f"step_{next(self._numbers)}_")
        with _refusing():
            for name, text in steps:
                self._keep(name, self._session.sql(text))
            answered = self._session.sql(answer)
            for name, _ in steps:
                self._session.catalog.dropTempView(name)
            return answered


def _step(kernel: Kernel, params: Mapping[str, Fact], shape: pa.Schema) -> Any:  # noqa: ANN401 -- pyspark reads the annotations of what it is given
    run, order = kernel.run, [(name, "ascending") for name in kernel.order]

    def step(group: pa.Table) -> pa.Table:
        return run(plain(group).sort_by(order), params).select(shape.names).cast(shape)

    return step


def _need_java() -> None:
    home = os.environ.get("JAVA_HOME", "")
    if not (shutil.which("java") or (home and shutil.which("java", path=str(Path(home) / "bin")))):
        raise MissingPartError(part="Java 17", install="apt-get install openjdk-17-jre-headless")


def _literal(value: Fact) -> exp.Expr:
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    kind = "BIGINT" if isinstance(value, int) else "DOUBLE"
    text = str(value) if isinstance(value, int) else f"{value!r}e0" if "e" not in repr(value) else repr(value)
    return exp.cast(exp.Literal(this=text, is_string=False), kind)


def _fold(frame: exp.WindowSpec) -> None:
    """Write the bounds of a window frame as plain numbers: Spark's grammar allows nothing else there."""
    for name in ("start", "end"):
        bound = frame.args.get(name)
        if isinstance(bound, exp.Expr) and not isinstance(bound, exp.Literal):
            frame.set(name, exp.Literal(this=str(_constant(bound)), is_string=False))


def _constant(node: exp.Expr) -> int:
    match node:
        case exp.Literal() if str(node.this).isdigit():
            return int(node.this)
        case exp.Paren() | exp.Cast():
            return _constant(node.this)
        case exp.Neg():
            return -_constant(node.this)
        case exp.Mul():
            return _constant(node.left) * _constant(node.right)
        case exp.Add():
            return _constant(node.left) + _constant(node.right)
        case exp.Sub():
            return _constant(node.left) - _constant(node.right)
        case _:
            raise DetectorError(rule="query", why=f"{node.sql('duckdb')} is not a whole number as a window's bound")


@contextmanager
def _refusing() -> Iterator[None]:
    from pyspark.errors import PySparkException  # noqa: PLC0415 -- an extra; a session is open when this is reached

    try:
        yield
    except PySparkException as error:
        raise DetectorError(rule="query", why=" ".join(str(error).split("\n\tat", 1)[0].split())) from error
