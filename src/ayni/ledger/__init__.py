"""What was done: an append-only history that nobody rewrites unnoticed, not even its own administrator.

Read in this order:

    tree        RFC 9162 Merkle tree: roots and proofs, wherever hashes are kept
    note        text signed by several keys, and the names of those keys
    checkpoint  the log's signed word on the length and root of its history
    tiles       the tree and its entries as files that never change once full
    policy      who must have signed before a checkpoint is believed: k of n partners
    proof       receipts that verify without the node
    log         the sequencer: orders entries, hashes them in batches, signs checkpoints
    files       a log in plain files (witness_files: a witness)
    witness     a partner's log may only grow: check, persist, and only then cosign
    witnessing  asking partners to witness ours, and what their answers mean
    export      everything an auditor needs in one folder or zip
    verifier    the offline verifier: one file, nothing but `cryptography`

Entries enter as `ayni-leaf/1` (see `ayni.model.act.Leaf`): a salted hash, an id, the
name of the act and a time, never personal data, so that deletion never fights the log.
"""
