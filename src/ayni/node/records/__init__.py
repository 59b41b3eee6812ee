"""Records at rest: one table for all kinds, bodies sealed, keys apart.

models    the tables: what may lie in clear, and nothing else
sealing   a record body to bytes that only its own key opens, and back
store     `Work` over SQLite and PostgreSQL, by the contract of `ayni.model.store`
blobs     files: write → fsync → rename → row
"""
