"""The door for programs and other nodes: HTTP and JSON under /api/v1.

    doors      who is asking (token or session), for what purpose, under which rule of law
    problems   what goes wrong, as RFC 9457 documents in the reader's language
    bodies     values of the vocabulary in and out, and their place in the OpenAPI document
    signals    lists, consultation, triage
    search     records by the names, numbers and words in them
    casework   reports, tasks, outcomes
    house      officers, tokens, the node's health, the history for oversight
    app        all of it together

Thin on purpose: every change is an act, called with the officer, the mandate and a
unit of work, exactly as the console and the command line call it.
"""
