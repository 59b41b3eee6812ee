"""The written agreement: a treaty that a machine enforces and proves.

An agreement is a text that institutions sign: parties, purposes, a term that is never
open, and articles in Spanish, Portuguese, English and French. Each article is one Cedar
policy. Both ends put every record to the same text; the answer names its articles, and
an error is a denial. Core rules stand under every agreement and only ever forbid.

Read in this order:

    vocabulary    the closed list of attributes a policy may read, and the Cedar schema
    text          the agreement as data: TOML file, canonical form, SHA-256
    core          rules that no agreement can lift, as policies (`core.toml`)
    templates     six texts to start from, drafts for counsel
    drafting      from a template to a complete text
    writing       a text as the file that is signed, and as a document that is read
    request       who asks for what: the facts of one request
    syntax        policies taken apart; only what can be proven is read
    classes       values that policies cannot tell apart
    decide        the decision: which articles permit, which refuse, both ends, lineage
    book          the agreements a node holds, and every agreement a record came through
    select        "who could see this?" as a filter that a database answers first
    standing      which step may follow which
    life_cycle    its acts: proposed, countered, accepted, signed, in force, suspended, terminated
    logic         Cedar policies as formulas, exactly or not at all
    invariants    what must hold of every agreement, in twenty sentences
    meaning       can a permit fail, can it ever succeed
    prove         the proof, or the concrete request that slips through
    diff          what an amendment newly allows or forbids
    check         schema and lint
    commands      what `ayni agreement` does, as functions
"""
