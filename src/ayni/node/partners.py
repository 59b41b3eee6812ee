"""The node among its partners: its own card, and whose keys it believes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ayni.errors import SettingsError, WrongStateError
from ayni.exchange import partners
from ayni.exchange.keys import PublicIdentity
from ayni.exchange.partners import Card, Partner, write_card
from ayni.node.ledger import exchange_keys
from ayni.node.own_keys import history_of
from ayni.node.serving import certificate_of
from ayni.node.settings import FILE_NAME

if TYPE_CHECKING:
    from ayni.node.opening import OpenNode


def own_card(node: OpenNode, address: str = "") -> bytes:
    """Return this node's card, signed; with *address* (`https://host:port`), also where it answers.

    Raises:
        WrongStateError: if the key history has not begun.
        SettingsError: if there is an address, but the node serves without a certificate.
    """
    events = history_of(node).events
    if not events:
        raise WrongStateError(
            thing="the key history", state="new", act="partner.card", needs="begun (`ayni key begin`)"
        )
    certificate = certificate_of(node.folder, node.settings) if address else None
    if address and certificate is None:
        why = "serve.listen: on loopback the node serves without a certificate; partners cannot reach it"
        raise SettingsError(file=str(node.folder / FILE_NAME), why=why)
    card = Card(
        node=node.settings.node.id,
        name=node.settings.node.name,
        country=node.settings.node.country,
        address=address,
        certificate="" if certificate is None else certificate.certificate.read_text(encoding="ascii"),
        events=events,
    )
    return write_card(card, exchange_keys(node).current)


def pinned_partners(node: OpenNode) -> Mapping[str, Partner]:
    """Return the partners that two officers have pinned, by node id."""
    with node.store.work() as work:
        return partners.pinned(work)


def believed(node: OpenNode, *, ourselves: bool = True) -> Mapping[str, PublicIdentity]:
    """Return the identity in use of every pinned partner, and with *ourselves* of this node."""
    found = {name: partner.card.known.identity for name, partner in pinned_partners(node).items()}
    if ourselves:
        found[node.settings.node.id] = exchange_keys(node).current.public
    return found
