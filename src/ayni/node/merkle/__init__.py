"""The node's ledger in its database: the tables, and the log and the witness over them.

models   tiles, checkpoints, what witnesses said, what we witnessed
log      the log of `ayni.ledger.log` over entries as acts wrote them
witness  what our witness remembers of partners' logs
"""
