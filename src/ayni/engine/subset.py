"""The SQL a detector may use: what means exactly the same in DuckDB and in Spark.

A detector is written once, in DuckDB's dialect, and sqlglot writes it again for
Spark. sqlglot passes what it does not know through unchanged, and some functions
translate into one of the same name that answers differently (`log` is decimal in
one, natural in the other). So the subset is a list of what is allowed, checked on
the syntax tree before a detector runs; whatever is not on it is refused with the
name of the rule and of the construct.

The list with its reasons is documented in docs/reference/detector-sql.md, and a test
keeps page and code equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from graphlib import TopologicalSorter

import sqlglot
from sqlglot import exp

from ayni.engine.session import names_in
from ayni.errors import DetectorError
from ayni.model.desk import Derived, Desk, Detector

FUNCTIONS: dict[str, type[exp.Expr]] = {
    "ABS": exp.Abs,
    "ACOS": exp.Acos,
    "ASIN": exp.Asin,
    "ATAN": exp.Atan,
    "ATAN2": exp.Atan2,
    "AVG": exp.Avg,
    "BOOL_AND": exp.LogicalAnd,
    "BOOL_OR": exp.LogicalOr,
    "CEIL": exp.Ceil,
    "COALESCE": exp.Coalesce,
    "COS": exp.Cos,
    "COUNT": exp.Count,
    "DEGREES": exp.Degrees,
    "DENSE_RANK": exp.DenseRank,
    "EXP": exp.Exp,
    "FIRST_VALUE": exp.FirstValue,
    "FLOOR": exp.Floor,
    "GREATEST": exp.Greatest,
    "LAG": exp.Lag,
    "LAST_VALUE": exp.LastValue,
    "LEAD": exp.Lead,
    "LEAST": exp.Least,
    "LENGTH": exp.Length,
    "LEVENSHTEIN": exp.Levenshtein,
    "LN": exp.Ln,
    "LOWER": exp.Lower,
    "MAX": exp.Max,
    "MEDIAN": exp.Median,
    "MIN": exp.Min,
    "NULLIF": exp.Nullif,
    "PI": exp.Pi,
    "POWER": exp.Pow,
    "RADIANS": exp.Radians,
    "RANK": exp.Rank,
    "ROUND": exp.Round,
    "ROW_NUMBER": exp.RowNumber,
    "SIN": exp.Sin,
    "SQRT": exp.Sqrt,
    "STDDEV_POP": exp.StddevPop,
    "SUBSTRING": exp.Substring,
    "SUM": exp.Sum,
    "TAN": exp.Tan,
    "TRIM": exp.Trim,
    "UPPER": exp.Upper,
}
"""Every function a detector may call."""

_GRAMMAR: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.Select, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join, exp.Table, exp.TableAlias, exp.Where),
        *(exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Union, exp.Except, exp.Intersect),
        *(exp.Window, exp.WindowSpec, exp.IgnoreNulls, exp.Filter, exp.Distinct, exp.Values, exp.Tuple),
        *(exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Null, exp.Boolean, exp.Placeholder),
        *(exp.Paren, exp.Case, exp.If, exp.Cast, exp.DataType, exp.Exists, exp.In, exp.Between, exp.Is, exp.Like),
        *(exp.Not, exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe),
    }
)

_ALLOWED = _GRAMMAR | frozenset(FUNCTIONS.values())
_ROUNDING = (exp.Floor, exp.Ceil, exp.Round)
_FRACTIONAL = (
    *(exp.Div, exp.Sqrt, exp.Pow, exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan, exp.Atan2, exp.Exp),
    *(exp.Ln, exp.Avg, exp.Median, exp.Radians, exp.Degrees, exp.Pi, exp.StddevPop),
)
TYPES = ("BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN")
_TYPES = frozenset({exp.DataType.Type.BIGINT, exp.DataType.Type.DOUBLE, exp.DataType.Type.BOOLEAN}) | {
    exp.DataType.Type.VARCHAR,
    exp.DataType.Type.TEXT,
}
ANSWER_TABLE = "signal"


def check_detector(detector: Detector) -> None:
    """Refuse a detector whose SQL or evidence leaves the subset.

    Raises:
        DetectorError: naming the rule and what is not allowed.
    """
    names = frozenset(parameter.name for parameter in detector.parameters)
    tables = frozenset(detector.requires)
    if detector.sql:
        check_sql(detector.rule, detector.sql, names, tables)
    if detector.evidence:
        check_sql(detector.rule, detector.evidence, names, tables | {ANSWER_TABLE})


def check_derived(desk: Desk, derived: Derived) -> None:
    """Refuse a shared table whose SQL leaves the subset.

    Raises:
        DetectorError: naming the table and what is not allowed.
    """
    if derived.sql:
        names = frozenset(parameter.name for parameter in derived.parameters)
        check_sql(f"{desk.name} table {derived.name}", derived.sql, names, frozenset(derived.requires))


def check_desk(desk: Desk) -> None:
    """Refuse a desk any of whose SQL leaves the subset.

    Raises:
        DetectorError: for the first rule or table found wrong.
    """
    for derived in desk.derived:
        check_derived(desk, derived)
    for detector in desk.detectors:
        check_detector(detector)


@lru_cache(maxsize=512)
def check_sql(rule: str, sql: str, parameters: frozenset[str], tables: frozenset[str]) -> None:
    """Refuse *sql* if it is not one query in the subset over *tables* with *parameters*.

    Raises:
        DetectorError: naming *rule* and the first thing that is not allowed.
    """
    why = next(_wrong(parse(rule, sql), sql, parameters, tables), None)
    if why is not None:
        raise DetectorError(rule=rule, why=why)


def parse(rule: str, sql: str) -> exp.Query:
    """Return the syntax tree of one query in DuckDB's dialect.

    Raises:
        DetectorError: if it is not SQL, not one statement, or not a query.
    """
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except sqlglot.ParseError as error:
        raise DetectorError(rule=rule, why=f"not SQL: {error.errors[0]['description']}") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise DetectorError(rule=rule, why="must be one query: SELECT, or WITH … SELECT")
    return trees[0]


def spark_sql(rule: str, tree: exp.Query) -> str:
    """Return the same query in Spark's dialect.

    Raises:
        DetectorError: if sqlglot knows that something does not translate.
    """
    return _written(rule, _in_spark_words(_one_name_each(tree.copy(), "")))


def spark_steps(rule: str, tree: exp.Query, prefix: str) -> tuple[tuple[str, str], ...]:
    """Return the same query for Spark as steps: names to compute once and keep, and last the answer, named "".

    DuckDB computes a table of a WITH once. Spark writes it out wherever it is read, so that a query whose
    tables are read several times, each by the next, grows beyond what Spark can plan. A table that is read
    more than once is therefore a step of its own, named *prefix*, its name and a number.

    Raises:
        DetectorError: as `spark_sql`.
    """
    tree = _in_spark_words(_one_name_each(tree.copy(), prefix))
    waiting: dict[str, exp.Expr] = {}
    for inner in list(tree.find_all(exp.With)):
        waiting |= {cte.alias: cte.this for cte in inner.expressions}
        if inner.parent is not None:
            inner.parent.set("with_", None)
    reads = {name: _tables_read(query) & waiting.keys() for name, query in waiting.items()}
    times = Counter(table.name for query in (*waiting.values(), tree) for table in query.find_all(exp.Table))
    kept = {name for name in waiting if times[name] > 1}
    steps = [
        (name, _with_what_it_reads(rule, waiting[name], waiting, reads, kept))
        for name in _by_need(reads)
        if name in kept
    ]
    return (*steps, ("", _with_what_it_reads(rule, tree, waiting, reads, kept)))


def _with_what_it_reads(
    rule: str,
    query: exp.Expr,
    tables: Mapping[str, exp.Expr],
    reads: Mapping[str, Collection[str]],
    kept: Collection[str],
) -> str:
    """Return a query in Spark's words, with the tables that only it reads in a WITH, in the order of need."""
    wanted: dict[str, exp.Expr] = {}

    def want(names: Iterable[str]) -> None:
        for name in sorted(names):
            if name not in kept and name not in wanted:
                want(reads[name])
                wanted[name] = tables[name]

    want(_tables_read(query) & tables.keys())
    text = _written(rule, query)
    inner = ", ".join(f"{name} AS ({_written(rule, table)})" for name, table in wanted.items())
    return f"WITH {inner} {text}" if inner else text


def _written(rule: str, tree: exp.Expr) -> str:
    try:
        return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise DetectorError(rule=rule, why=f"does not translate to Spark: {error}") from error


def _tables_read(query: exp.Expr) -> set[str]:
    return {table.name for table in query.find_all(exp.Table)}


def _by_need(reads: Mapping[str, Collection[str]]) -> list[str]:
    """Return names, each after those it reads."""
    return list(TopologicalSorter(reads).static_order())


def _one_name_each(tree: exp.Query, prefix: str) -> exp.Query:
    """Give every table of a WITH a name of its own: sqlglot moves inner ones to the top, where two may collide.

    Without a *prefix* the tables of the outermost WITH keep their names.
    """
    for number, inner in enumerate(reversed(list(tree.find_all(exp.With)))):
        query = inner.parent
        if query is None or (query is tree and not prefix):
            continue
        for place, cte in enumerate(inner.expressions):
            name, unique = cte.alias, f"{prefix}{cte.alias}_{number}"
            before = {
                id(table) for earlier in inner.expressions[: place + 1] for table in earlier.find_all(exp.Table)
            }
            for table in list(query.find_all(exp.Table)):
                if table.name == name and id(table) not in before:
                    table.set("alias", table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name)))
                    table.set("this", exp.to_identifier(unique))
            cte.args["alias"].set("this", exp.to_identifier(unique))
    return tree


def _in_spark_words(tree: exp.Query) -> exp.Query:
    """Write what Spark has under the same name with another meaning so that it means what DuckDB means.

    In LIKE a backslash stands for itself in DuckDB and escapes the next character in Spark. A number of a row
    and a length have 64 bits in DuckDB and 32 in Spark, where a product beyond that wraps round in silence.
    """
    for like in list(tree.find_all(exp.Like)):
        like.set("expression", exp.func("REPLACE", like.expression.copy(), *map(exp.Literal.string, ("\\", "\\\\"))))
    for counted in list(tree.find_all(exp.Window, exp.Length)):
        if isinstance(counted, exp.Length) or isinstance(counted.this, exp.RowNumber | exp.Rank | exp.DenseRank):
            counted.replace(exp.cast(counted.copy(), "BIGINT"))
    return tree


def _wrong(tree: exp.Query, sql: str, parameters: Collection[str], tables: Collection[str]) -> Iterator[str]:
    defined = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    known = defined | {table.lower() for table in tables}
    yield from (f"parameter ${name} is not declared" for name in names_in(sql) if name not in parameters)
    for node in tree.walk():
        if type(node) not in _ALLOWED:
            yield f"{_name(node)} is not in the SQL subset"
        yield from _wrong_in(node)
        if isinstance(node, exp.Table) and node.name.lower() not in known:
            yield f"reads table {node.name}, which `requires` does not name"
    spark_sql("query", tree)


def _wrong_in(node: exp.Expr) -> Iterator[str]:
    check = _CHECKS.get(type(node))
    if check is not None:
        yield from check(node)


def _wrong_literal(node: exp.Expr) -> Iterator[str]:
    text = str(node.this)
    if isinstance(node, exp.Literal) and node.is_string:
        return
    if "." in text and "e" not in text.lower():
        yield f"{text} is DECIMAL in Spark: write {text.rstrip('0').rstrip('.')}e0"
    elif text.isdigit() and int(text) >= 1 << 63:
        yield f"{text} does not fit 64 bits"


def _wrong_type(node: exp.Expr) -> Iterator[str]:
    if node.this not in _TYPES:
        yield f"type {node.sql('duckdb')} is not one of {', '.join(TYPES)}"


def _wrong_parameter(node: exp.Expr) -> Iterator[str]:
    if not node.this or str(node.this).isdigit():
        yield "parameters are written $name"


def _wrong_star(node: exp.Expr) -> Iterator[str]:
    if any(node.args.values()):
        yield "SELECT * EXCLUDE or REPLACE is not in the SQL subset"


def _wrong_group(node: exp.Expr) -> Iterator[str]:
    if any(node.args.get(name) for name in ("all", "rollup", "cube", "grouping_sets")):
        yield "GROUP BY ALL, ROLLUP, CUBE and GROUPING SETS are not in the SQL subset"


def _wrong_column(node: exp.Expr) -> Iterator[str]:
    if node.args.get("db"):
        yield f"{node.sql('duckdb')}: struct fields are not in the SQL subset"


def _wrong_table(node: exp.Expr) -> Iterator[str]:
    if node.args.get("db") or not isinstance(node.this, exp.Identifier):
        yield f"{node.sql('duckdb')} is not a table's name"


def _wrong_window(node: exp.Expr) -> Iterator[str]:
    if node.args.get("alias") and (node.args.get("spec") or node.args.get("order")):
        yield "a named window cannot be changed where it is used"


def _wrong_limit(node: exp.Expr) -> Iterator[str]:
    if node.parent is None or not node.parent.args.get("order"):
        yield "LIMIT without ORDER BY gives other rows on another engine"


def _wrong_cast(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Cast) and node.to.this is exp.DataType.Type.BIGINT and _fractional(node.this):
        yield f"{node.sql('duckdb')}: DuckDB rounds and Spark truncates; write CAST(ROUND(…) AS BIGINT) or FLOOR"


def _fractional(node: exp.Expr) -> bool:
    """Say whether an expression is clearly a fraction; columns are taken at their word."""
    if isinstance(node, _ROUNDING) or (isinstance(node, exp.Cast) and node.to.this is not exp.DataType.Type.DOUBLE):
        return False
    if isinstance(node, (*_FRACTIONAL, exp.Cast)):
        return True
    if isinstance(node, exp.Literal):
        return not node.is_string and "e" in str(node.this).lower()
    if isinstance(node, exp.Case | exp.If):
        branches = [node.args.get("default"), node.args.get("false"), *(one.args.get("true") for one in _ifs(node))]
        return any(_fractional(branch) for branch in branches if branch is not None)
    operands = [child for child in node.iter_expressions() if isinstance(child, exp.Expr)]
    arithmetic = isinstance(node, exp.Binary | exp.Neg | exp.Paren | exp.Sum | exp.Min | exp.Max | exp.Coalesce)
    return arithmetic and any(_fractional(child) for child in operands)


def _ifs(node: exp.Expr) -> list[exp.Expr]:
    return [node] if isinstance(node, exp.If) else list(node.args.get("ifs") or [])


def _wrong_rounding(node: exp.Expr) -> Iterator[str]:
    outer = node.parent
    whole = isinstance(outer, exp.Cast) and outer.to.this is exp.DataType.Type.BIGINT
    if not whole:
        yield f"{_name(node)} gives DOUBLE in DuckDB and BIGINT in Spark: write CAST({_name(node)}(…) AS BIGINT)"
    if any(node.args.get(name) for name in ("decimals", "to")):
        yield f"{_name(node)} to decimals differs in the last bit: round facts where they are shown"


def _wrong_join(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node, exp.Join):
        return
    if node.args.get("method") or node.kind not in {"", "INNER", "OUTER", "CROSS"}:
        yield f"{' '.join(filter(None, (node.method, node.side, node.kind)))} JOIN is not in the SQL subset"
    elif node.kind == "CROSS" or node.args.get("using"):
        return
    elif not any(isinstance(part, exp.EQ) for part in _conjuncts(node.args.get("on"))):
        yield "a JOIN needs an equality in ON; write CROSS JOIN where every pair is really meant"


def _conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    if node is None:
        return []
    if isinstance(node, exp.And):
        return [*_conjuncts(node.left), *_conjuncts(node.right)]
    return _conjuncts(node.this) if isinstance(node, exp.Paren) else [node]


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.name).upper()
    return node.sql_name() if isinstance(node, exp.Func) else type(node).__name__.upper()


_CHECKS: dict[type[exp.Expr], Callable[[exp.Expr], Iterator[str]]] = {
    exp.Literal: _wrong_literal,
    exp.DataType: _wrong_type,
    exp.Placeholder: _wrong_parameter,
    exp.Cast: _wrong_cast,
    exp.Floor: _wrong_rounding,
    exp.Ceil: _wrong_rounding,
    exp.Round: _wrong_rounding,
    exp.Join: _wrong_join,
    exp.Star: _wrong_star,
    exp.Group: _wrong_group,
    exp.Column: _wrong_column,
    exp.Table: _wrong_table,
    exp.Window: _wrong_window,
    exp.Limit: _wrong_limit,
}
