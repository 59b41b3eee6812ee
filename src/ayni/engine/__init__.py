"""Where detectors run: DuckDB embedded by default, Spark beyond one machine.

session     what an engine offers: tables in, one SQL text, Arrow out
duckdb      the embedded engine: one process, spills to disk, no network
spark       the same SQL beyond one machine (extra `spark`)
parameters  overrides such as `gap.silence_h=4`, typed and bounded
reading     files to tables, each by the one layout that recognises it
detect      one desk over tables: detectors run, or say why they did not
evidence    the raw lines a signal cites, found again and hashed
subset      the SQL that means the same on every engine
answers     one row of an answer → one signal, with reasons and evidence
absence     silence is counted only while we were listening
journal     raw lines, appended and never changed
window      the rows a stream still looks at
stream      lines become signals that open, change, close and retract
priority    what to look at first: added up with every weight in sight, never a verdict
"""
