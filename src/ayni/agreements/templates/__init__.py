"""Six agreements to start from. Each is a draft for counsel; `standard.toml` holds the clauses all of them share."""
