"""Ayni: institutions that help one another, each keeping its own house.

Read the packages in this order and you have read the system:

    errors      what goes wrong     the whole tree on one page
    model       what is said        entity, signal, handling, record, desk, task, outcome; store and act
    toolkit     shared tools        units, geodesy, tracks, check digits, strict tables, phrases
    desks       see                 a source becomes signals, one desk per domain
    engine      where rules run     DuckDB embedded, Spark beyond one machine
    agreements  what was signed     treaty articles as policy: decide, explain, prove
    ledger      what was done       append-only Merkle log, checkpoints, witnesses, offline verifier
    exchange    share               keys, envelopes, outbox and inbox, receipts, recall
    casework    work on it          triage and reports; then cases, evidence, requests
    operations  act                 tasks and outcomes; then plans, patrols
    evaluation  answer for it       indicators that reconcile with what led to them
    node        one institution     settings, officers, storage, jobs: parts are put together here
    api         door for programs   HTTP and JSON
    console     door for people     web pages
    cli         door for hands      the command line

A package may import only from those listed above it. `matching` and `training` come later.
"""

__version__ = "0.1.0"
