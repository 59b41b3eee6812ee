"""Who may come in, and what they may do: officers, their roles, keys and sessions.

accounts   an officer as this node keeps one: sign-in name, roles, password, passkeys (`models`, `passwords`)
acts       adding, changing and disabling officers, written into the ledger like everything else
tokens     keys for programs: hashed, scoped, expiring
adapters   what is decided while signing in: nobody signs up, machines never enter
oidc       sign-in at an institution's own identity provider, every claim verified
sessions   a session that a copied cookie does not carry away for long

Sign-in itself is django-allauth's work; nothing here invents cryptography.
"""
