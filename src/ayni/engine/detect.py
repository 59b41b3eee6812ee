"""Run one desk over tables: every detector either answers or says why it did not run.

Nothing is ever silently skipped: a detector that lacks a table or a column, or whose
column holds no value at all, comes back as `NotRun` with its reason. Tables that
several detectors share are computed once, and only those that are needed.

The same input in any order gives the same signals: ids hash integers only, signals
are sorted by start, rule and id, and evidence by source and offset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from ayni.engine.absence import heard
from ayni.engine.answers import Making, signal_of
from ayni.engine.evidence import Files, evidence_of, key_columns, keys_of, no_files
from ayni.engine.parameters import Overrides, check_overrides, values_of
from ayni.engine.session import Engine, Session, Tables
from ayni.engine.subset import check_derived, check_detector
from ayni.errors import DetectorError, UnknownError
from ayni.model.codec import to_json
from ayni.model.desk import Derived, Desk, Detector, Table
from ayni.model.handling import Handling
from ayni.model.signal import Fact, Reason, Signal

NO_TABLE = "not run: there is no table {table}"
NO_COLUMN = "not run: table {table} has no column {column}"
NO_VALUES = "not run: the data holds no {what:term} ({table}.{column})"
ANSWER = "signal"
"""Name under which a detector's evidence query finds its own answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRun:
    """A detector that could not look: it found nothing because it saw nothing."""

    rule: str
    why: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """What one run of one desk gave."""

    signals: tuple[Signal, ...]
    not_run: tuple[NotRun, ...]
    rules_run: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to run, and under which circumstances."""

    made_at: datetime
    rules: tuple[str, ...] = ()
    """Rule ids; empty runs them all."""
    overrides: Overrides = field(default_factory=dict[str, str | int | float])
    own_gaps: tuple[tuple[int, int], ...] = ()
    """Times (milliseconds UTC, from and to) in which we ourselves received nothing."""
    files: Files = no_files
    """SHA-256 of a source → where it lies, so that cited raw lines are hashed."""
    handling: Handling = field(default_factory=Handling)


def detect(desk: Desk, tables: Tables, *, engine: Engine, request: Request) -> Detected:
    """Run the detectors of *desk* over *tables*.

    Tables are those the desk declares, its references (loaded when absent), or whatever
    else a detector requires by name. A column a source lacks reads as null.

    Returns:
        Signals sorted by start, rule and id; and the rules that did not run, with reasons.

    Raises:
        InvalidValueError: for an override that is unknown, mistyped or out of bounds.
        UnknownError: for a rule the desk does not have.
        DetectorError: naming the rule whose SQL leaves the subset, whose query or kernel failed, or whose
            answer is not of the agreed shape.
    """
    signals: list[Signal] = []
    not_run: list[NotRun] = []
    with _opened(desk, tables, engine, request) as (run, chosen):
        for detector in chosen:
            why = run.lacking(detector.requires)
            if why is not None:
                not_run.append(NotRun(rule=detector.rule, why=why))
                continue
            making = Making(
                desk=desk,
                detector=detector,
                parameters=run.parameters(detector),
                made_at=request.made_at,
                handling=request.handling,
            )
            signals += heard(_signals(run, making, request.files), detector, request.own_gaps)
    silent = {one.rule for one in not_run}
    return Detected(
        signals=tuple(sorted(signals, key=lambda one: (one.started_at, one.rule, one.id))),
        not_run=tuple(not_run),
        rules_run=tuple(detector.rule for detector in chosen if detector.rule not in silent),
    )


def answers(desk: Desk, tables: Tables, *, engine: Engine, request: Request) -> dict[str, pa.Table]:
    """Return the raw answer of each detector that can run, by rule: for notebooks and for comparing engines.

    Raises:
        InvalidValueError, UnknownError, DetectorError: as `detect`.
    """
    with _opened(desk, tables, engine, request) as (run, chosen):
        return {one.rule: run.answer(one) for one in chosen if run.lacking(one.requires) is None}


def shared(desk: Desk, tables: Tables, *, engine: Engine, name: str) -> pa.Table | None:
    """Return one of the tables that detectors share; None where the data lacks what it stands on.

    Raises:
        UnknownError: if the desk has no such table.
        DetectorError: if its SQL leaves the subset, or it failed.
    """
    if name not in {derived.name for derived in desk.derived}:
        raise UnknownError(kind="table", name=name)
    with engine.session({f"raw_{given}": source for given, source in tables.items()}) as session:
        run = _Run(desk, session, tuple(tables), {})
        return None if run.lacking({name: ()}) else session.query(f'SELECT * FROM "{name}"', {})


@contextmanager
def _opened(
    desk: Desk, tables: Tables, engine: Engine, request: Request
) -> Iterator[tuple[_Run, tuple[Detector, ...]]]:
    overrides = check_overrides(desk, request.overrides)
    chosen = _chosen(desk, request.rules)
    for detector in chosen:
        check_detector(detector)
    with engine.session({f"raw_{name}": source for name, source in tables.items()}) as session:
        yield _Run(desk, session, tuple(tables), overrides), chosen


def to_ndjson(signals: Sequence[Signal]) -> bytes:
    """Return signals one a line, as DESIGN.md promises: the stable output."""
    return b"".join(to_json(signal) + b"\n" for signal in signals)


def _chosen(desk: Desk, rules: Sequence[str]) -> tuple[Detector, ...]:
    known = {detector.rule for detector in desk.detectors}
    for rule in rules:
        if rule not in known:
            raise UnknownError(kind="rule", name=rule)
    return tuple(detector for detector in desk.detectors if not rules or detector.rule in rules)


def _signals(run: _Run, making: Making, files: Files) -> list[Signal]:
    detector = making.detector
    try:
        answer = run.answer(detector)
        rows = answer.to_pylist()
        keys = [keys_of(row, detector.rule) for row in rows]
        twice = [key for key, count in Counter(keys).items() if count > 1]
        if twice:
            raise DetectorError(rule=detector.rule, why=f"two answers bear the same keys {twice[0]}")  # noqa: TRY301 -- same door
        cited = evidence_of(run.evidence(detector, answer), detector.rule, files) if rows else {}
    except DetectorError as error:
        if error.facts.get("rule") == detector.rule:
            raise
        raise DetectorError(rule=detector.rule, why=error.facts.get("why")) from error
    return [signal_of(row, cited.get(key, []), making) for row, key in zip(rows, keys, strict=True)]


class _Run:
    """One session being filled: base tables first, shared tables when a detector first needs them."""

    def __init__(
        self, desk: Desk, session: Session, given: Sequence[str], overrides: Mapping[str, int | float]
    ) -> None:
        self._desk = desk
        self._session = session
        self._overrides = overrides
        self._derived = {derived.name: derived for derived in desk.derived}
        self._ready: dict[str, Reason | None] = {}
        self._values: dict[tuple[str, str], bool] = {}
        self._rows: dict[str, bool] = {}
        self._shapes = {table.name: table for table in desk.tables}
        self._empty: set[str] = set()
        for name in given:
            self._prepare_given(name, self._shapes.get(name))

    def lacking(self, requires: Mapping[str, tuple[str, ...]]) -> Reason | None:
        """Return why what is required is not there; None when it is."""
        for table, columns in requires.items():
            if not columns:
                self._stand_in(table)
            why = self._prepared(table)
            if why is None and columns and table in self._empty:
                why = Reason(says=NO_TABLE, facts={"table": table}, weight=0.0)
            if why is None:
                why = self._lacking_columns(table, columns)
            if why is not None:
                return why
        return None

    def parameters(self, detector: Detector) -> dict[str, Fact]:
        """Return every parameter that shapes the answer: the rule's own, and those of the tables it stands on."""
        values: dict[str, Fact] = dict(values_of(detector, self._overrides))
        for derived in self._beneath(detector.requires):
            values |= {f"{derived.name}.{name}": value for name, value in values_of(derived, self._overrides).items()}
        return values

    def answer(self, detector: Detector) -> pa.Table:
        """Return the detector's rows.

        Raises:
            DetectorError: if the answer lacks a column that the detector's own card speaks of.
        """
        values = values_of(detector, self._overrides)
        if detector.kernel is None:
            answer = self._session.query(detector.sql, values)
        else:
            self._session.apply(ANSWER, detector.kernel, values)
            answer = self._session.query(f"SELECT * FROM {ANSWER}", {})
        missing = sorted(_promised(detector) - set(answer.column_names))
        if missing:
            raise DetectorError(rule=detector.rule, why=f"its answer lacks {', '.join(missing)}")
        return answer

    def evidence(self, detector: Detector, answer: pa.Table) -> list[dict[str, Fact | None]]:
        """Return the evidence rows of all signals of one answer, in one query."""
        if not detector.evidence:
            return []
        self._session.register(ANSWER, answer)
        rows = self._session.query(detector.evidence, values_of(detector, self._overrides))
        if key_columns(tuple(rows.column_names)) != key_columns(tuple(answer.column_names)):
            raise DetectorError(rule=detector.rule, why="the evidence query must return the keys of its signals")
        found: list[dict[str, Fact | None]] = rows.to_pylist()
        return found

    def _prepare_given(self, name: str, shape: Table | None) -> None:
        columns = self._session.columns(f"raw_{name}")
        wanted = (
            "*"
            if shape is None
            else ", ".join(_column(column.name, column.type, columns) for column in shape.columns)
        )
        required = [] if shape is None else [column.name for column in shape.columns if not column.optional]
        missing = [column for column in required if column not in columns]
        if missing:
            self._ready[name] = Reason(says=NO_COLUMN, facts={"table": name, "column": missing[0]}, weight=0.0)
            return
        self._session.view(name, f'SELECT {wanted} FROM "raw_{name}"')
        self._ready[name] = None

    def _stand_in(self, name: str) -> None:
        """Put an empty table where a source has none of that kind, for rules that only look something up in it."""
        shape = self._shapes.get(name)
        if shape is not None and name not in self._ready:
            columns = ", ".join(f'CAST(NULL AS {column.type}) AS "{column.name}"' for column in shape.columns)
            self._session.view(name, f"SELECT {columns} WHERE 1 = 0")
            self._ready[name] = None
            self._empty.add(name)

    def _prepared(self, name: str) -> Reason | None:
        if name not in self._ready:
            self._ready[name] = self._prepare(name)
        return self._ready[name]

    def _prepare(self, name: str) -> Reason | None:
        derived = self._derived.get(name)
        if derived is not None:
            return self._derive(derived)
        for reference in self._desk.references:
            if reference.table == name:
                self._session.register(name, reference.load())
                return None
        return Reason(says=NO_TABLE, facts={"table": name}, weight=0.0)

    def _derive(self, derived: Derived) -> Reason | None:
        self._ready[derived.name] = Reason(says=NO_TABLE, facts={"table": derived.name}, weight=0.0)  # ends a circle
        check_derived(self._desk, derived)
        why = self.lacking(derived.requires)
        if why is not None:
            return why
        values = values_of(derived, self._overrides)
        try:
            if derived.kernel is None:
                self._session.define(derived.name, derived.sql, values)
            else:
                self._session.apply(derived.name, derived.kernel, values)
        except DetectorError as error:
            raise DetectorError(rule=f"{self._desk.name} table {derived.name}", why=error.facts.get("why")) from error
        return None

    def _lacking_columns(self, table: str, columns: Sequence[str]) -> Reason | None:
        there = self._session.columns(table)
        for column in columns:
            if column not in there:
                return Reason(says=NO_COLUMN, facts={"table": table, "column": column}, weight=0.0)
        optional = self._optional(table)
        for column in (column for column in columns if column in optional):
            if self._has_rows(table) and not self._has_values(table, column):
                facts = {"table": table, "column": column, "what": optional[column]}
                return Reason(says=NO_VALUES, facts=facts, weight=0.0)
        return None

    def _optional(self, table: str) -> dict[str, str]:
        """Return what a table's columns hold that a source may lack: its own, or those of what it is made from."""
        made_from = {table, *(name for derived in self._beneath([table]) for name in derived.requires)}
        return {
            column.name: column.holds
            for name in sorted(made_from & self._shapes.keys())
            for column in self._shapes[name].columns
            if column.optional
        }

    def _has_rows(self, table: str) -> bool:
        if table not in self._rows:
            self._rows[table] = self._session.query(f'SELECT 1 AS one FROM "{table}" LIMIT 1', {}).num_rows > 0
        return self._rows[table]

    def _has_values(self, table: str, column: str) -> bool:
        if (table, column) not in self._values:
            text = f'SELECT 1 AS one FROM "{table}" WHERE "{column}" IS NOT NULL LIMIT 1'
            self._values[table, column] = self._session.query(text, {}).num_rows > 0
        return self._values[table, column]

    def _beneath(self, requires: Iterable[str]) -> list[Derived]:
        found: dict[str, Derived] = {}
        waiting = list(requires)
        while waiting:
            derived = self._derived.get(waiting.pop())
            if derived is not None and derived.name not in found:
                found[derived.name] = derived
                waiting += derived.requires
        return [found[name] for name in sorted(found)]


def _promised(detector: Detector) -> set[str]:
    named = {"key_0", "started_ms", "ended_ms", *detector.subjects}
    for clue in detector.clues:
        named |= {*clue.facts, *([clue.holds] if clue.holds else [])}
        named |= {clue.weight} if isinstance(clue.weight, str) else set()
    return named


def _column(name: str, kind: str, there: Sequence[str]) -> str:
    value = f'"{name}"' if name in there else "NULL"
    return f'CAST({value} AS {kind}) AS "{name}"'
