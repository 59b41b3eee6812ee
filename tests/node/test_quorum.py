"""Who must have witnessed a ledger under an agreement: its other parties, as many as are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ayni.errors import InvalidValueError, LedgerError, UnknownError
from ayni.exchange.keys import witness_of
from ayni.ledger.export import verify_export
from ayni.ledger.policy import Policy
from ayni.ledger.witnessing import Outcome, Partner
from ayni.node.ledger import open_ledger
from ayni.node.opening import open_node
from ayni.node.partners import pinned_partners
from ayni.node.witnesses import export_history, our_witness, policy_under
from tests.exchange.posts import BETWEEN, Post, a_record, two_posts


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Post, Post]:
    """Two nodes that have pinned one another and hold an agreement in force."""
    return two_posts(tmp_path_factory.mktemp("posts"))


def test_an_export_waits_for_the_quorum_of_its_agreement(posts: tuple[Post, Post], tmp_path: Path) -> None:
    """Unwitnessed it is refused; cosigned by the other party it passes, and the other can check it too."""
    one, two = posts
    with one.open() as exchange:
        a_record(exchange)
    with open_node(one.folder) as node, open_node(two.folder) as other:
        policy = policy_under(node, BETWEEN)
        assert Policy.parse(policy.to_bytes()) == policy
        assert policy_under(node, BETWEEN, quorum=0).quorum == "none"
        keys = pinned_partners(node)[two.node].card.known.identity.witness_keys()
        partner = Partner(name=witness_of(two.node), keys=keys, door=our_witness(other))
        ledger = open_ledger(node, [partner])
        ledger.step()
        unwitnessed = ledger.sequencer.sign_now()
        with pytest.raises(LedgerError, match="witnessed by nobody"):
            export_history(node, tmp_path / "no.zip", policy)
        assert ledger.witnessing.ask(partner).outcome is Outcome.COSIGNED
        signed = export_history(node, tmp_path / "yes.zip", policy)
        assert verify_export(tmp_path / "yes.zip", policy.to_bytes()).entries == signed.checkpoint.size
        theirs = policy_under(other, BETWEEN, of=one.node)
        theirs.check(signed)
        with pytest.raises(LedgerError, match="witnessed by nobody"):
            theirs.check(unwitnessed)


def test_a_policy_that_cannot_be_met_is_refused(posts: tuple[Post, Post]) -> None:
    """More witnesses than parties, a stranger's ledger, an agreement nobody made."""
    with open_node(posts[0].folder) as node:
        with pytest.raises(InvalidValueError, match="1 parties"):
            policy_under(node, BETWEEN, quorum=2)
        with pytest.raises(InvalidValueError, match="not a party"):
            policy_under(node, BETWEEN, of="xx.nobody")
        with pytest.raises(UnknownError):
            policy_under(node, "XX-1")
