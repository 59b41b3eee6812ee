"""The door for programs and other nodes: HTTP and JSON under /api/v1."""
