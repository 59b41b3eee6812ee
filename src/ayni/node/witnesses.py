"""Witnesses of one another: partners are asked over HTTPS with the certificate that their card brought.

Every partner that two officers have pinned, and whose card says where it answers, is
asked once a minute while our newest checkpoint is not witnessed by it. What it answers
is weighed in `ayni.ledger.witnessing`; our own witness answers at `/witness/v1/`.

The connection trusts exactly the one certificate of the card: no authority, no name.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ayni.agreements.shelf import Shelf
from ayni.errors import UnknownError
from ayni.exchange.keys import origin_of, witness_of
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.policy import Policy, quorum_of
from ayni.ledger.witness import QUIET, TEXT, Answer, Suspicion, Witness
from ayni.ledger.witnessing import BEHIND, CONTRADICTED, SILENT_LOG, Heard, Outcome, Partner
from ayni.model.checks import require
from ayni.node.folder import restored_from
from ayni.node.ledger import Ledger, open_ledger
from ayni.node.lines import Line
from ayni.node.partners import pinned_partners
from ayni.toolkit.phrases import phrase

if TYPE_CHECKING:
    from pathlib import Path

    from ayni.exchange.partners import Partner as PinnedPartner
    from ayni.ledger.note import VerifierKey
    from ayni.node.opening import OpenNode

PATH: Final = "/witness/v1"
ASK_EVERY_S: Final = 60.0
"""How often partners are asked. Source: exchange specification: a checkpoint every 60 s."""
AGAIN_AFTER: Final = timedelta(hours=1)
"""A checkpoint witnessed already is sent again after this, so that a quiet log is told from a lost link. Ours."""
MAX_ANSWER: Final = 65_536
"""Largest answer read, in bytes; a checkpoint with the signatures of eight witnesses has about 60,000."""
NEVER_LOG = phrase("no checkpoint of {partner} has reached us yet")
CONVICTED = phrase("{partner} showed a ledger that contradicts the one we witnessed; both are kept as evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpsDoor:
    """A partner's witness over HTTPS. Raises OSError when it cannot be reached or shows another certificate."""

    address: str
    certificate: str
    """PEM."""

    def add_checkpoint(self, body: bytes) -> Answer:
        """Send a submission."""
        return self._ask("POST", f"{PATH}/add-checkpoint", body)

    def show(self, origin: str) -> Answer:
        """Ask for the newest checkpoint it has cosigned of a log."""
        return self._ask("GET", f"{PATH}/checkpoint?origin={quote(origin, safe='')}")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        line = Line(address=self.address, certificate=self.certificate)
        headers = {"Content-Type": TEXT} if body is not None else {}
        try:
            said = line.ask(method, path, body, headers=headers, longest=MAX_ANSWER)
        finally:
            line.close()
        return Answer(status=said.status, body=said.body, content_type=said.headers.get("Content-Type", ""))


def witnesses_of(pinned: Mapping[str, PinnedPartner]) -> Sequence[Partner]:
    """Return the pinned partners that can be asked to witness."""
    return [
        Partner(
            name=witness_of(name),
            keys=one.card.known.identity.witness_keys(),
            door=HttpsDoor(address=one.card.address, certificate=one.card.certificate),
        )
        for name, one in pinned.items()
        if one.card.address
    ]


def watched(pinned: Mapping[str, PinnedPartner]) -> dict[str, Sequence[VerifierKey]]:
    """Return the logs that our witness watches: those of pinned partners, under their identities in use."""
    return {origin_of(name): one.card.known.identity.log_keys() for name, one in pinned.items()}


def witnessed_ledger(node: OpenNode) -> Ledger:
    """Return the node's ledger with the partners that witness it."""
    return open_ledger(node, witnesses_of(pinned_partners(node)))


def export_history(node: OpenNode, to: Path, policy: Policy | None = None) -> SignedCheckpoint:
    """Write the node's history to *to* for an auditor, with the keys of every partner that may have witnessed it.

    Raises:
        LedgerError: if the quorum of *policy* is not reached; without one, our own signatures suffice.
        WrongStateError: if *to* is there already.
    """
    ledger = open_ledger(node)
    return ledger.export(to, policy or Policy(logs=ledger.every_key, witnesses=_every_witness(node)))


def _every_witness(node: OpenNode) -> Mapping[str, VerifierKey]:
    """Return the witness keys of pinned partners, those before a rotation too: old cosignatures stay in old notes."""
    return {
        f"{name}.{key.kind.name.lower()}.{epoch}": key
        for name, one in pinned_partners(node).items()
        for epoch, identity in enumerate(one.card.known.identities)
        for key in identity.witness_keys()
    }


def policy_under(node: OpenNode, agreement: str, *, of: str = "", quorum: int | None = None) -> Policy:
    """Return whose word a ledger needs under an agreement: its own, and that of *quorum* of the other parties.

    *of* is the party whose ledger it is; without it, our own. Without *quorum*, more than half of the others.

    Raises:
        UnknownError: if there is no such agreement here, or a party to it is not pinned.
        InvalidValueError: if *of* is no party, or there are fewer other parties than *quorum*.
    """
    ours = node.settings.node.id
    with node.store.work() as work:
        held = Shelf().book(work).find(agreement)
    if held is None:
        raise UnknownError(kind="agreement", name=agreement)
    owner = of or ours
    require(owner in held.text.party_ids, "of", f"{owner} is not a party to {agreement}")
    own = open_ledger(node)
    known = {name: one.card.known.identity for name, one in pinned_partners(node).items()}
    known[ours] = own.ring.current.public
    others = [name for name in held.text.party_ids if name != owner]
    for name in held.text.party_ids:
        if name not in known:
            raise UnknownError(kind="pinned partner", name=name)
    needed = len(others) // 2 + 1 if quorum is None else quorum
    require(0 <= needed <= len(others), "quorum", f"{agreement} has {len(others)} parties beside {owner}")
    logs = own.every_key if owner == ours else known[owner].log_keys(origin_of(owner))
    return quorum_of(needed, {name: known[name].witness_keys() for name in others}, logs)


def our_witness(node: OpenNode) -> Witness:
    """Return this node's witness over the logs of pinned partners.

    Raises:
        WrongStateError: if the node was restored and not reconciled.
    """
    return open_ledger(node).witness(watched(pinned_partners(node)))


def ask_witnesses(node: OpenNode) -> Sequence[Heard]:
    """Ask each partner that has not witnessed our newest checkpoint, or not within the hour.

    One that has seen more than we hold is asked at once too: then this ledger was cut short.
    """
    ledger = witnessed_ledger(node)
    with ledger.log.view() as log:
        note, seen, halted = log.latest(), log.witnesses(), log.halt() is not None
    if note is None or halted or restored_from(node.folder):
        return []
    size, now = SignedCheckpoint.parse(note).checkpoint.size, node.clock()
    due = [
        partner
        for partner in ledger.partners
        if partner.name not in seen or seen[partner.name].size != size or now - seen[partner.name].at > AGAIN_AFTER
    ]
    return [ledger.witnessing.ask(partner) for partner in due]


def keep_asking(node: OpenNode, stop: threading.Event, *, every_s: float = ASK_EVERY_S) -> None:
    """Ask partners until *stop* is set: the job `witnesses`."""
    from django.db import connections  # noqa: PLC0415 -- Django is configured once a node is open

    try:
        while not stop.wait(every_s):
            ask_witnesses(node)
    finally:
        connections[node.alias].close()


def alarms(node: OpenNode) -> Sequence[Heard]:
    """Return what a person should look at: our halted log, evidence against a partner, a day of silence."""
    pinned = {} if restored_from(node.folder) else pinned_partners(node)
    if not pinned:
        return []
    ledger = open_ledger(node, witnesses_of(pinned))
    return [*_halted(ledger), *_convicted(node, pinned), *ledger.witnessing.silent(), *_quiet(node, pinned)]


def _halted(ledger: Ledger) -> Sequence[Heard]:
    with ledger.log.view() as log:
        halt, ours = log.halt(), log.size
    if halt is None:
        return []
    rollback = halt.kind == Suspicion.ROLLBACK
    theirs = SignedCheckpoint.parse(halt.shown).checkpoint.size
    return [
        Heard(
            partner=halt.witness,
            outcome=Outcome.ROLLBACK if rollback else Outcome.FORK,
            says=BEHIND if rollback else CONTRADICTED,
            facts={"partner": halt.witness, "theirs": theirs, "ours": ours},
        )
    ]


def _convicted(node: OpenNode, pinned: Mapping[str, PinnedPartner]) -> Sequence[Heard]:
    from ayni.node.merkle.witness import DatabaseWitnessStore  # noqa: PLC0415 -- needs Django configured

    store = DatabaseWitnessStore(alias=node.alias, folder=node.folder)
    return [
        Heard(partner=name, outcome=Outcome.FORK, says=CONVICTED, facts={"partner": name})
        for name in pinned
        if any(one.kind is not Suspicion.ROLLBACK for one in store.evidence(origin_of(name)))
    ]


def _quiet(node: OpenNode, pinned: Mapping[str, PinnedPartner]) -> Sequence[Heard]:
    """Return the partners of whose ledger nothing new came for a day; one just pinned is given that day."""
    quiet, now = our_witness(node).quiet(), node.clock()
    told = []
    for name, partner in pinned.items():
        since = quiet.get(origin_of(name))
        late = partner.confirmed_at is not None and now - partner.confirmed_at > QUIET
        if origin_of(name) in quiet and (since is not None or late):
            facts: dict[str, str | int] = {"partner": name}
            if since is not None:
                facts["since"] = since.isoformat()
            says = NEVER_LOG if since is None else SILENT_LOG
            told.append(Heard(partner=name, outcome=Outcome.UNREACHABLE, says=says, facts=facts))
    return told
