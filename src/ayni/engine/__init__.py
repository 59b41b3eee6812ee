"""Where detectors run: DuckDB embedded by default, Spark beyond one machine."""
