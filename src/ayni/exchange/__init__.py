"""What passes between institutions: formats of others, keys, envelopes, receipts."""
