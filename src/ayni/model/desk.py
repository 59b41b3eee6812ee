"""What every desk is made of: what it reads, what it asks, and by what right.

A desk is a card of data and plain callables. It knows no engine, no node and no
other desk; whoever runs it (engine, node, test, notebook) reads the card.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ayni.model.checks import require
from ayni.model.entity import Entity
from ayni.model.signal import Fact

if TYPE_CHECKING:
    import pyarrow as pa

RULE = re.compile(r"^[a-z]+\.[a-z][a-z0-9_]*/[1-9][0-9]*$")
COLUMN_TYPES = frozenset({"BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN"})
"""The only types of detector tables: instants are BIGINT milliseconds since 1970, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number a rule was given, with its unit and where it comes from.

    Raises:
        InvalidValueError: if no source is named, or the default lies outside its bounds.
    """

    name: str
    """Carries its unit: `silence_h`, `distance_m`, `speed_kn`."""
    default: int | float
    unit: str
    source: str
    """Paper, file or standard; "ours" with the reason when we chose it."""
    low: float = 0.0
    high: float = 1e12

    def __post_init__(self) -> None:
        require(bool(self.source.strip()), self.name, "a threshold names its source")
        require(self.low <= self.default <= self.high, self.name, "the default lies outside its own bounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table: its type, and what it holds with its unit."""

    name: str
    type: str
    holds: str
    optional: bool = False
    """True when a source may lack it; a detector that needs it then says "not run"."""

    def __post_init__(self) -> None:
        require(self.type in COLUMN_TYPES, self.name, f"type {self.type} is not one of {sorted(COLUMN_TYPES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinning:
    """Which older rows a stream under load lets go of: all but the first of each subject and stretch of time."""

    every_ms: int
    unless_other: tuple[str, ...] = ()
    """Columns: a row that says something else in one of them than the others of its stretch is kept too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The shape of a table: one row is one thing. `day_column` (milliseconds) partitions it on disk."""

    name: str
    row: str
    """What one row is, e.g. "one position report"."""
    columns: tuple[Column, ...]
    day_column: str = ""
    subject: str = ""
    """Column that says whose row it is (a vessel's MMSI); stream mode looks back 24 h from each one's last row."""
    thinning: Thinning | None = None
    """None: no row that is looked back on is let go of. Needs a subject, instants, `source` and `offset`."""
    keep_days: int = 90
    """Default retention of raw observations; settings may shorten or lengthen it per source."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(column.name for column in self.columns)


@dataclass(slots=True)
class Tally:
    """What a reader did: how much it read, and every line it did not understand, by reason."""

    read: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    notes: list[str] = field(default_factory=list[str])

    def reject(self, reason: str, count: int = 1) -> None:
        """Count *count* lines refused for *reason* (a short stable phrase, e.g. "wrong checksum")."""
        if count:
            self.rejected[reason] += count


Batches = Iterator[tuple[str, "pa.RecordBatch"]]
"""Pairs of table name and rows."""


class LineReader(Protocol):
    """Reads lines as they arrive, however the bytes are cut; offsets count from the first byte it was fed."""

    def feed(self, data: bytes, /) -> Batches:
        """Return the rows that are complete with these bytes."""
        ...

    def close(self) -> Batches:
        """Return what is left when nothing more will come."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A named layout that a desk can read, e.g. `marinecadastre/2`.

    `recognises` looks at the first bytes or the schema and never guesses: two
    sources of a desk may not both say yes. `read` yields batches shaped as the
    desk's tables, counts what it rejects in the tally, and raises
    `UnreadableError` for a file without its key columns.
    """

    layout: str
    title: str
    tables: tuple[str, ...]
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Tally], Batches]
    follow: Callable[[str, Tally], LineReader] | None = None
    """For layouts of lines that also arrive as a stream: SHA-256 of the source and tally → a reader."""
    stamp: Callable[[bytes, int, str], bytes] | None = None
    """Writes when (milliseconds UTC) and by which station a line was received into a line that does not say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A stateful step that SQL cannot say: Arrow in, Arrow out, one group of rows at a time.

    `run` receives the rows of one group (all columns of `table`, sorted by `order`)
    and the parameters; it returns rows shaped as `output`, and nothing else.
    """

    table: str
    by: tuple[str, ...]
    order: tuple[str, ...]
    run: Callable[[pa.Table, Mapping[str, Fact]], pa.Table]
    output: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A table that several detectors share, computed once: `track`, `hourly`, `grid`."""

    name: str
    requires: Mapping[str, tuple[str, ...]]
    """Table to the columns needed of it. No columns: only looked up, an empty table will do."""
    sql: str = ""
    kernel: Kernel | None = None
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        require(bool(self.sql) != (self.kernel is not None), self.name, "either SQL or a kernel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One line of a rule's explanation: a sentence, the columns that fill it, what it is worth.

    `holds` names a BOOLEAN column of the detector's answer; empty means always.
    `weight` is a number, or the name of a DOUBLE column. A line whose facts or weight
    are null in a row is not said there. A BIGINT column `…_at_ms` fills the hole `…_at`
    as an instant; every other column fills the hole of its own name.
    """

    says: str
    facts: tuple[str, ...] = ()
    weight: float | str
    holds: str = ""
    quality: bool = False
    """True when the line describes the data's limits rather than the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A question asked of the tables, with the limits it is asked under.

    The answer of `sql` or `kernel` has one row a signal:

    * `key_0`, `key_1`… BIGINT: what makes the signal the same signal again;
    * `started_ms`, `ended_ms` BIGINT (milliseconds UTC; `ended_ms` null while open);
    * `lat_udeg`, `lon_udeg` BIGINT (microdegrees), optionally `end_lat_udeg`, `end_lon_udeg`;
    * `uncertainty_m` DOUBLE;
    * the columns named in `subjects`, and every column its clues name.

    Parameters appear in SQL as `$name`; a changed default is a new rule version.
    `evidence` is asked once for all signals: it sees the answer as a table `signal`.

    Raises:
        InvalidValueError: for a malformed rule id, no explanation on both sides, or neither SQL nor kernel.
    """

    rule: str
    title: str
    asks: str
    """What was seen, as a sentence; a phrase with four translations, like every text below."""
    counts_for: str
    counts_against: str
    innocent: tuple[str, ...]
    """Ordinary explanations, in the order a seafarer (pilot, banker…) would think of them."""
    parameters: tuple[Parameter, ...] = ()
    requires: Mapping[str, tuple[str, ...]]
    sql: str = ""
    kernel: Kernel | None = None
    clues: tuple[Clue, ...]
    subjects: tuple[str, ...]
    evidence: str = ""
    """SQL over the tables and the answer (as table `signal`), one row a raw observation cited:
    `key_0, key_1…` of its signal, `source`, `offset`, `length`, `at_ms`, `receiver` (or null); parameters are bound.
    `SELECT s.key_0, s.key_1, p.source, p.offset, p.length, p.ts_ms AS at_ms, p.receiver
    FROM signal AS s JOIN position AS p ON p.mmsi = s.key_0 AND p.ts_ms = s.key_1`"""
    absence: str = ""
    """For a rule about silence: its parameter in hours. Time in which we received nothing ourselves is taken off."""
    distress: bool = False
    """True when the first question is whether somebody needs help; shown before anything else."""
    context: bool = False
    """True for an ordinary event (a port visit) that explains others: written out, never put before an officer."""
    cise: str = "Other"
    """CISE 1.5.3 AnomalyType."""

    def __post_init__(self) -> None:
        require(bool(RULE.match(self.rule)), "rule", f"{self.rule!r} is not like maritime.gap/1")
        require(bool(self.sql) != (self.kernel is not None), self.rule, "either SQL or a kernel")
        require(bool(self.subjects), self.rule, "names no subject column")
        for name in ("asks", "counts_for", "counts_against"):
            require(bool(getattr(self, name).strip()), self.rule, f"{name} is empty")
        require(bool(self.innocent), self.rule, "names no innocent explanation")
        require(not self.absence or self.absence in self.defaults, self.rule, f"has no parameter {self.absence}")
        require(
            any(clue.weight == 0 or isinstance(clue.weight, str) or clue.weight < 0 for clue in self.clues),
            self.rule,
            "has no clue against",
        )

    @property
    def defaults(self) -> dict[str, int | float]:
        """Parameter names with their published defaults."""
        return {parameter.name: parameter.default for parameter in self.parameters}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Data that ships with the desk: coast, ports… with where it comes from."""

    table: str
    title: str
    source: str
    licence: str
    date: str
    approximate: str = ""
    """What must be said wherever it is shown, e.g. "no delimitation"."""
    load: Callable[[], pa.Table]


MARKS = frozenset({"circle", "ring", "diamond", "triangle", "square", "cross", "star"})
"""Shapes a map can draw; each is told apart without colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a map draws the signals of some rules: one shape for one kind of event.

    Raises:
        InvalidValueError: for a shape no map can draw.
    """

    shape: str
    title: str
    """What the kind of event is called in the legend; a phrase."""
    rules: tuple[str, ...]
    """Rule ids without their version, e.g. `maritime.gap`: a new version keeps its shape."""

    def __post_init__(self) -> None:
        require(self.shape in MARKS, "shape", f"{self.shape} is not one of {', '.join(sorted(MARKS))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Points of reference a desk offers to every map: ports, aerodromes, stations."""

    name: str
    """Part of its address: lower-case letters and hyphens."""
    title: str
    """In the legend; a phrase."""
    from_zoom: float
    """Zoom of the map from which it is drawn and first asked for."""
    load: Callable[[], pa.Table]
    """Returns `name`, `lat_udeg`, `lon_udeg`, one row a point."""
    approximate: str = ""
    """What must be said wherever it is shown; a phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a desk tells of one subject from its own observations: the page of a vessel, an aircraft, an account.

    `trail` and `said` name tables in `derived`, computed over the rows of that subject alone:

    * the trail has one row a position: `at_ms`, `lat_udeg`, `lon_udeg`, `speed_kn` (null where not reported),
      and `begins`, true where nothing connects it to the position before;
    * what it said has one row a claim: `what` (a FollowTheMoney property), `value`, `first_ms`, `last_ms`, `times`.

    The rules marked `context` add where it was seen to stop.
    """

    schema: str
    """FollowTheMoney schema of the subject, e.g. `Vessel`."""
    identifier: str
    """FollowTheMoney property that the tables' subject column holds, e.g. `mmsi`; begins the entity's id."""
    trail: str
    said: str
    same: tuple[tuple[str, str, str], ...] = ()
    """Table, column and FollowTheMoney property of what two subjects should never share, e.g. an IMO number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One domain's eyes. Declared in the desk's `__init__.py` as `DESK`.

    Raises:
        InvalidValueError: if a detector's rule bears another desk's name, or a rule, table or layout appears twice.
    """

    name: str
    watches: str
    lawful_basis: str
    tables: tuple[Table, ...]
    sources: tuple[Source, ...]
    detectors: tuple[Detector, ...]
    derived: tuple[Derived, ...] = ()
    references: tuple[Reference, ...] = ()
    entity: Callable[[str, Fact, Mapping[str, Fact]], Entity]
    """Column name, its value and the row → the entity it stands for."""
    phrases: str = ""
    """Package that holds the desk's catalogues, e.g. `ayni.desks.maritime.phrases`."""
    commands: Mapping[str, str] = field(default_factory=dict[str, str])
    """Command name to `module:function` (a click command), imported only when called."""
    layers: tuple[Layer, ...] = ()
    """What the desk adds to every map of the console."""
    marks: tuple[Mark, ...] = ()
    """How maps draw its signals; rules that are in none are circles."""
    history: History | None = None
    """What its observations tell of one subject; None where they tell nothing that lasts."""
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """Parameter, or `rule.parameter` where that rule means another thing by it, to what an officer calls it."""
    coast_nm: Callable[[float, float], float | None] | None = None
    """Latitude and longitude → nautical miles to the nearest coast it knows, None beyond its reach."""

    @property
    def context_rules(self) -> frozenset[str]:
        """Rules whose findings are ordinary events, no reasons to look."""
        return frozenset(detector.rule for detector in self.detectors if detector.context)

    def word(self, rule: str, parameter: str) -> str:
        """Return what an officer calls a parameter of a rule such as `maritime.gap/1`; empty where it has no word."""
        short = rule.removeprefix(f"{self.name}.").partition("/")[0]
        return self.words.get(f"{short}.{parameter}") or self.words.get(parameter, "")

    def __post_init__(self) -> None:
        for detector in self.detectors:
            require(detector.rule.startswith(self.name + "."), detector.rule, f"not a rule of desk {self.name}")
        for what, names in (
            ("rule", [detector.rule for detector in self.detectors]),
            ("table", [*(table.name for table in self.tables), *(derived.name for derived in self.derived)]),
            ("layout", [source.layout for source in self.sources]),
        ):
            twice = [name for name, count in Counter(names).items() if count > 1]
            require(not twice, self.name, f"{what} declared twice: {', '.join(twice)}")
        for name in (self.history.trail, self.history.said) if self.history else ():
            require(name in {one.name for one in self.derived}, self.name, f"no derived table {name}")
