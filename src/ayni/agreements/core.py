"""Rules that stand under every agreement and that no agreement can lift.

They are Cedar policies too, in `core.cedar`, so that the same engine decides them, the
same prover proves them, and a refusal names them as it names an article. All but two
only forbid: an institution may use its own records by its own law, and an originator
may always recall and correct.

Their SHA-256 is part of every agreement's canonical form: a node with other core rules
has, provably, another agreement.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources

CORE_TITLES: dict[str, str] = {
    "core/own": "an institution uses its own records by its own law",
    "core/recall": "the originator may always recall and correct",
    "core/legal-basis": "nothing is used without a rule of law that allows it",
    "core/purpose": "a record serves only the purposes it was made for",
    "core/not-in-force": "the agreement is not in force",
    "core/suspended": "the agreement is suspended",
    "core/terminated": "the agreement has been terminated",
    "core/term": "the agreement's term has not begun or has ended",
    "core/recalled": "the record was recalled by its originator",
    "core/expired": "the record is past its retention",
    "core/h1": "H1: not in judicial proceedings without the originator's permission",
    "core/h2": "H2: not passed on without the originator's permission",
    "core/h3": "H3: a named officer must first acknowledge the originator's restrictions",
    "core/onward": "nothing is passed on without the originator's signed consent",
    "core/tlp-red": "TLP:RED: for named recipients only, not listed, looked up or passed on",
    "core/tlp-amber-strict": "TLP:AMBER+STRICT: stays within the institution that received it",
    "core/pap-red": "PAP:RED: passive use only, no outside query and nothing the subject could notice",
    "core/pap-amber": "PAP:AMBER: nothing the subject could notice",
    "core/machine": "no measure, proceedings or passing on by a machine alone",
    "core/lethal": "no use for lethal targeting",
}
"""Policy id to its title, a phrase with four languages."""


@lru_cache(maxsize=1)
def core_policies() -> str:
    """Return the Cedar text of the core rules."""
    return resources.files("ayni.agreements").joinpath("core.cedar").read_text("utf-8")


@lru_cache(maxsize=1)
def core_sha256() -> str:
    """Return the SHA-256 of the core rules, hex."""
    return hashlib.sha256(core_policies().encode()).hexdigest()
