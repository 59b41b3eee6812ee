"""Tools every desk may use: pure functions, no I/O beyond the file they are given."""
