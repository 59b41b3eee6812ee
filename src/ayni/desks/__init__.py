"""One folder a domain; no desk knows another."""
