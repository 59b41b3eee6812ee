"""Nodes on disk that have pinned one another and hold an agreement in force, for tests over real lines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ayni.agreements.drafting import new_text
from ayni.agreements.life_cycle import KIND
from ayni.agreements.text import AgreementText, Party
from ayni.casework.raising import raise_signals
from ayni.exchange import key_acts, partners
from ayni.exchange.key_events import EventKind
from ayni.exchange.payload import Attachment
from ayni.exchange.pins import Pin
from ayni.exchange.sharing import Shared, Terms, share
from ayni.model.act import acting
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.record import Record
from ayni.node.certificate import ensure_certificate
from ayni.node.creating import create_node
from ayni.node.doors import house_of
from ayni.node.opening import OpenNode, open_node
from ayni.node.own_keys import confirm, own_keys
from ayni.node.partners import own_card
from ayni.node.serving import _free_port
from tests.exchange.two_nodes import AGREED, in_force
from tests.folders import shared_folder
from tests.people import a_signal

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange
    from tests.web_node import TestNode

UNDER = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis="Exercise law, article 1")
ADA = Officer(id="ada", name="Ada", roles=frozenset({Role.ADMINISTRATOR}))
LIA = Officer(id="lia", name="Lia", roles=frozenset({Role.LIAISON, Role.COORDINATOR}))
ANA = Officer(id="ana", name="Ana", roles=frozenset({Role.ANALYST}))
BETWEEN = "XA-XB-1"
SETTINGS = """
[node]
id = "{node}"
name = "Estación {node}"
country = "EC"
[serve]
listen = "127.0.0.1:{port}"
tls_certificate = "tls/tls.crt"
tls_key = "tls/tls.key"
{more}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A node's folder, its address, what it hands over, and its fingerprint on paper."""

    folder: Path
    node: str
    address: str
    card: bytes
    paper: str

    @staticmethod
    def make(folder: Path, node: str, *, reachable: bool = True, more: str = "") -> Post:
        """Make a node with an administrator, keys and, if it is reachable, an address."""
        place, port = folder / node, _free_port("127.0.0.1")
        create_node(
            place,
            name="",
            country="",
            settings=SETTINGS.format(node=node, port=port, more=more.format(env=node.replace("-", "_").upper())),
        )
        ensure_certificate(place / "tls", name=node, hosts=(), now=datetime.now(UTC))
        address = f"https://127.0.0.1:{port}"
        with open_node(place) as opened:
            _begin(opened)
            card = own_card(opened, address if reachable else "")
            paper = Pin.of(own_keys(opened).first).groups
        return Post(folder=place, node=node, address=address, card=card, paper=paper)

    def pins(self, other: Post) -> None:
        """Two officers compare the other's fingerprint with paper."""
        with open_node(self.folder) as opened:
            house = house_of(opened.settings)
            with opened.store.work() as work:
                partners.add(other.card, by=LIA, under=UNDER, work=work, house=house)
                work.commit()
            for by in (ADA, LIA):
                with opened.store.work() as work:
                    partners.pin(other.node, other.paper, by=by, under=UNDER, work=work, house=house)
                    work.commit()

    def holds(self, text: AgreementText) -> None:
        """Put an agreement in force into its records, as if it had been negotiated."""
        with open_node(self.folder) as opened, opened.store.work() as work:
            with acting(AGREED, by=LIA, under=UNDER, work=work) as acts:
                name = f"agreement:{text.id}"
                header = house_of(opened.settings).header(KIND, under=UNDER, now=acts.now, identifiers=(name,))
                body = in_force(text)
                kept = replace(header, state=body.state, keep_until=acts.now + timedelta(days=3650))
                acts.put(Record(header=kept, body=body), replacing=None)
            work.commit()

    @contextmanager
    def open(self) -> Iterator[Exchange]:
        """Open the node and its exchange."""
        with open_node(self.folder) as opened:
            from ayni.node.exchange import Exchange

            yield Exchange(opened)


def _begin(opened: OpenNode) -> None:
    from ayni.node.officers.acts import NewOfficer, add_first

    house = house_of(opened.settings)
    with opened.store.work() as work:
        new = NewOfficer(
            username="ada", name="Ada", roles=frozenset({Role.ADMINISTRATOR}), password="marea-alta-en-el-puerto"
        )
        add_first(new, under=UNDER, work=work)
        key_acts.propose(EventKind.BEGIN, reason="exercise", by=ADA, under=UNDER, work=work, house=house)
        work.commit()
    confirm(opened, EventKind.BEGIN, by=LIA, under=UNDER)


@contextmanager
def behind_pages(post: Post) -> Iterator[TestNode]:
    """Open a node behind its pages and its API, with its administrator."""
    with open_node(post.folder) as opened:
        from ayni.node.officers.models import Account
        from ayni.node.running import Running, run
        from tests.web_node import TestNode

        run(Running.of(opened))
        yield TestNode(node=opened, administrator=Account.objects.get(username=ADA.id).as_officer())


def two_posts(folder: Path, *, reachable: bool = True, more: str = "") -> tuple[Post, Post]:
    """Return two nodes that have pinned one another under an agreement; the first is *reachable*, or only asks."""
    one, two = (
        replace(post, folder=Path(shutil.copytree(post.folder, folder / post.node)))
        for post in _made(reachable=reachable, more=more)
    )
    return one, two


@lru_cache(maxsize=4)
def _made(*, reachable: bool, more: str) -> tuple[Post, Post]:
    """Make two nodes once; every test works on copies."""
    folder = shared_folder("posts")
    one = Post.make(folder, "xa-exercise", reachable=reachable, more=more)
    two = Post.make(folder, "xb-exercise", more=more)
    one.pins(two)
    two.pins(one)
    parties = [Party(id=post.node, name=post.node, country="EC") for post in (one, two)]
    today = datetime.now(UTC).date()
    text = new_text("maritime-bilateral", agreement=BETWEEN, parties=parties, starts_on=today)
    one.holds(text)
    two.holds(text)
    return one, two


def a_record(exchange: Exchange, number: int = 1) -> str:
    """Raise a signal and return the id of its record."""
    node = exchange.node
    with node.store.work() as work:
        raised = raise_signals([a_signal(number)], house=house_of(node.settings), by=ANA, under=UNDER, work=work)
        work.commit()
    return raised.new[0]


def give(exchange: Exchange, to: str, number: int = 1, *, attachments: tuple[Attachment, ...] = ()) -> Shared:
    """Raise a signal and share it."""
    record, node = a_record(exchange, number), exchange.node
    with node.store.work() as work:
        shared = share(
            record,
            to,
            terms=Terms(agreement=BETWEEN, attachments=attachments),
            by=LIA,
            under=UNDER,
            work=work,
            house=house_of(node.settings),
            book=exchange.book(),
        )
        work.commit()
    return shared
