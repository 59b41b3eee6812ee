"""The nodes of the story: four institutions of an exercise, each with its own process, storage, keys and officers.

post = build(EC, folder, password)        settings, certificate, officers, keys, card
connect(posts)                            two officers of each compare every other's fingerprint with paper
agree(posts, template, id)                proposed, accepted, signed by two officers a party, in force
with post.serving(): …                    `ayni node serve` in a process of its own
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ayni.agreements import life_cycle
from ayni.agreements.drafting import new_text
from ayni.agreements.standing import Agreement
from ayni.agreements.text import Party
from ayni.errors import ChangedMeanwhileError, NodeError
from ayni.exchange import key_acts, partners
from ayni.exchange.key_events import EventKind
from ayni.exchange.pins import Pin
from ayni.exchange.signatures import read_steps, send_steps, signer, unheard, verifier
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.record import House
from ayni.model.store import Work
from ayni.node.certificate import ensure_certificate
from ayni.node.creating import create_node
from ayni.node.doors import door_settings, house_of
from ayni.node.ledger import exchange_keys
from ayni.node.opening import OpenNode, open_node
from ayni.node.own_keys import confirm, own_keys
from ayni.node.partners import believed, own_card
from ayni.node.settings import read_settings

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange

BASIS = "EXERCISE: no real mandate, no real vessel, no real officer"
UNDER = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis=BASIS)
HOUSEKEEPING = Mandate(purpose=Purpose.TRAINING, legal_basis=BASIS)
LOOPBACK = "127.0.0.1"
READY_S = 60.0
"""How long a node may take until it answers, on a machine that is busy. Ours."""
STOP_S = 20.0
TRIES = 5
"""How often an act is tried that meets another of the same instant. Ours."""
RUN = "from ayni.cli import main; main()"
"""What `ayni` runs; it works wherever this Python does."""
WORDS = ("faro", "ancla", "delta", "norte", "marea", "quilla", "puerto", "estela", "bahia", "cabo", "vela")
WORD_COUNT = 4


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One institution of the exercise."""

    id: str
    name: str
    country: str


EC = Institution(id="ec-exercise", name="EXERCISE · Centro Naval (Ecuador)", country="EC")
PA = Institution(id="pa-exercise", name="EXERCISE · Servicio Aeronaval (Panamá)", country="PA")
CO = Institution(id="co-exercise", name="EXERCISE · Guardacostas (Colombia)", country="CO")
OVERSIGHT = Institution(id="oversight-exercise", name="EXERCISE · Oversight", country="PA")
OFFICERS: Mapping[str, tuple[str, frozenset[Role]]] = {
    "ada": ("Ada (administrator)", frozenset({Role.ADMINISTRATOR})),
    "ana": ("Ana (analyst)", frozenset({Role.ANALYST})),
    "coro": ("Coro (coordinator)", frozenset({Role.COORDINATOR, Role.INVESTIGATOR})),
    "lia": ("Lia (liaison)", frozenset({Role.LIAISON})),
    "leo": ("Leo (liaison)", frozenset({Role.LIAISON})),
    "oti": ("Oti (oversight)", frozenset({Role.OVERSIGHT})),
}
"""Who works in each of them; all invented."""


@dataclass(slots=True)
class Post:
    """One node of the story, opened in this process, and served or not in another."""

    institution: Institution
    folder: Path
    port: int
    node: OpenNode
    officers: Mapping[str, Officer]
    card: bytes = b""
    paper: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """Id of its node."""
        return self.institution.id

    @property
    def house(self) -> House:
        """What its records begin with."""
        return house_of(self.node.settings)

    def exchange(self) -> Exchange:
        """Return its exchange, to work with by hand."""
        from ayni.node.exchange import Exchange  # noqa: PLC0415 -- needs Django configured

        return Exchange(self.node)

    @property
    def address(self) -> str:
        """Where people and partners reach it."""
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """Process that serves it; 0 when none does."""
        return 0 if self._process is None or self._process.poll() is not None else self._process.pid

    @contextmanager
    def working(self) -> Iterator[Work]:
        """Open a unit of work and commit it."""
        with self.node.store.work() as work:
            yield work
            work.commit()

    def does(self, act: Callable[[Work], _T]) -> _T:
        """Do an act, and again if what it read was changed meanwhile, as an officer would who reads it again."""
        for _ in range(TRIES - 1):
            try:
                with self.working() as work:
                    return act(work)
            except ChangedMeanwhileError:
                continue
        with self.working() as work:
            return act(work)

    def start(self) -> None:
        """Serve the node in a process of its own; `wait` says when it answers."""
        command = [sys.executable, "-c", RUN, "node", "serve", "--node", str(self.folder)]
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 -- our own program on a folder of ours
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    @property
    def log(self) -> Path:
        """What its process says."""
        return self.folder / "serve.log"

    def wait(self) -> None:
        """Wait until its process answers.

        Raises:
            NodeError: if it ends instead, with what it said.
        """
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if not self.pid:
                said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise NodeError(folder=str(self.folder), why=said[-1] if said else "it ended at once")
            with socket.socket() as probe:
                probe.settimeout(1.0)
                if probe.connect_ex((LOOPBACK, self.port)) == 0:
                    return
            time.sleep(0.05)
        raise NodeError(folder=str(self.folder), why=f"it did not answer within {READY_S:.0f} s; see {self.log}")

    def stop(self, *, kill: bool = False) -> None:
        """End its process, as a shutdown does or (*kill*) as a power cut does, which spares none of its children."""
        if self._process is None:
            return
        if self._process.poll() is None:
            if not kill:
                self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0 if kill else STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_S)
        self._process = None


def draw_password() -> str:
    """Return a password for this demonstration's officers, drawn anew each time."""
    return "-".join(secrets.choice(WORDS) for _ in range(WORD_COUNT)) + f"-{secrets.randbelow(90) + 10}"


def make(institution: Institution, folder: Path, password: str, *, feed: str = "") -> Mapping[str, Officer]:
    """Make the node of *institution* in *folder*, with officers and keys; return its officers.

    With *feed*, the settings of one, it listens to it.
    """
    create_node(folder, name="", country="", settings=_settings(institution, free_port(), feed))
    ensure_certificate(folder / "tls", name=institution.id, hosts=(), now=datetime.now(UTC))
    with open_node(folder, more=door_settings(folder, read_settings(folder))) as node:
        officers = _let_in(node, password)
        with node.store.work() as work:
            house = house_of(node.settings)
            ada = officers["ada"]
            key_acts.propose(EventKind.BEGIN, reason="exercise", by=ada, under=HOUSEKEEPING, work=work, house=house)
            work.commit()
        confirm(node, EventKind.BEGIN, by=officers["lia"], under=HOUSEKEEPING)
    return officers


@contextmanager
def opened(institution: Institution, folder: Path, officers: Mapping[str, Officer]) -> Iterator[Post]:
    """Open a node that was made, and yield it; whatever serves it ends with the block."""
    with open_node(folder) as node:
        post = Post(
            institution=institution, folder=folder, port=node.settings.serve.port, node=node, officers=officers
        )
        post.card, post.paper = own_card(node, post.address), Pin.of(own_keys(node).first).groups
        try:
            yield post
        finally:
            post.stop()


def connect(posts: Sequence[Post]) -> None:
    """Let two officers of each post compare every other's fingerprint with its paper."""
    for post in posts:
        for other in posts:
            if other is post:
                continue
            with post.working() as work:
                partners.add(other.card, by=post.officers["lia"], under=HOUSEKEEPING, work=work, house=post.house)
            for name in ("lia", "leo"):
                with post.working() as work:
                    partners.pin(
                        other.id,
                        other.paper,
                        by=post.officers[name],
                        under=HOUSEKEEPING,
                        work=work,
                        house=post.house,
                    )


def agree(posts: Sequence[Post], template: str, agreement: str) -> None:
    """Negotiate an agreement to the end: proposed, accepted, signed by two officers of each party, in force."""
    first, *others = posts
    parties = [Party(id=post.id, name=post.institution.name, country=post.institution.country) for post in posts]
    starts_on = (datetime.now(UTC) - timedelta(days=1)).date()
    text = new_text(template, agreement=agreement, parties=parties, starts_on=starts_on)
    with first.working() as work:
        life_cycle.propose(text, by=first.officers["lia"], under=UNDER, work=work, house=first.house)
    _tell_others(posts, agreement)
    for post in others:
        with post.working() as work:
            life_cycle.accept(agreement, by=post.officers["lia"], under=UNDER, work=work, house=post.house)
        _tell_others(posts, agreement)
    for post in posts:
        keys = exchange_keys(post.node).current
        for name in ("lia", "leo"):
            with post.working() as work:
                life_cycle.sign(
                    agreement,
                    sign_bytes=signer(keys),
                    verify=verifier(believed(post.node)),
                    by=post.officers[name],
                    under=UNDER,
                    work=work,
                    house=post.house,
                )
    _tell_others(posts, agreement)
    for post in posts:
        with post.working() as work:
            life_cycle.enter(agreement, by=post.officers["lia"], under=UNDER, work=work, house=post.house)


def serve_all(posts: Sequence[Post]) -> None:
    """Serve nodes, each in a process of its own, and wait until all answer."""
    for post in posts:
        post.start()
    for post in posts:
        post.wait()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def all_built(
    institutions: Sequence[Institution], folder: Path, password: str, *, feed: str = ""
) -> Iterator[dict[str, Post]]:
    """Build every institution; the first one listens to *feed*."""
    made = [make(one, folder / one.id, password, feed=feed if one is institutions[0] else "") for one in institutions]
    with ExitStack() as stack:
        yield {
            one.id: stack.enter_context(opened(one, folder / one.id, officers))
            for one, officers in zip(institutions, made, strict=True)
        }


def heard_at(port: int) -> str:
    """Return the settings of a feed that listens to a station on *port* of this machine."""
    return _feed(f'kind = "tcp"\naddress = "{LOOPBACK}:{port}"')


def heard_in(folder: str) -> str:
    """Return the settings of a feed that watches a folder, named from the node's own."""
    return _feed(f'kind = "folder"\npath = "{folder}"')


def _feed(source: str) -> str:
    return (
        f'\n[[feeds]]\nname = "ais_exercise"\ndesk = "maritime"\nlayout = "nmea/1"\n{source}\n'
        f'purpose = "{UNDER.purpose}"\nlegal_basis = "{BASIS}"\ntlp = "AMBER"\n'
    )


def _settings(institution: Institution, port: int, feed: str) -> str:
    return (
        f'[node]\nid = "{institution.id}"\nname = "{institution.name}"\ncountry = "{institution.country}"\n'
        f'[serve]\nlisten = "{LOOPBACK}:{port}"\ntls_certificate = "tls/tls.crt"\ntls_key = "tls/tls.key"\n{feed}'
    )


def _let_in(node: OpenNode, password: str) -> Mapping[str, Officer]:
    from ayni.node.officers.acts import (  # noqa: PLC0415 -- needs Django configured
        NewOfficer,
        add_first,
        add_machine,
        add_officer,
    )

    found: dict[str, Officer] = {}
    with node.store.work() as work:
        for username, (name, roles) in OFFICERS.items():
            new = NewOfficer(username=username, name=name, roles=roles, password=password)
            found[username] = (
                add_officer(new, by=found["ada"], under=HOUSEKEEPING, work=work)
                if found
                else add_first(new, under=HOUSEKEEPING, work=work)
            )
        add_machine("desk:maritime", by=found["ada"], under=HOUSEKEEPING, work=work)
        work.commit()
    return found


def _tell_others(posts: Sequence[Post], agreement: str) -> None:
    for post in posts:
        with post.node.store.work() as work:
            held = _held(agreement, work)
        if held is None:
            continue
        steps = send_steps(held, post.id, exchange_keys(post.node).current)
        for other in posts:
            if other is not post:
                _hear(other, steps)


def _hear(post: Post, steps: Sequence[str]) -> None:
    known = believed(post.node, ourselves=False)
    verify = verifier(believed(post.node))
    for step in read_steps(steps, known):
        with post.node.store.work() as work:
            if unheard(step, _held(step.agreement, work)):
                life_cycle.hear(
                    step.agreement,
                    step.move,
                    verify=verify,
                    by=post.officers["lia"],
                    under=UNDER,
                    work=work,
                    house=post.house,
                )
                work.commit()


def _held(agreement: str, work: Work) -> Agreement | None:
    from ayni.errors import UnknownError  # noqa: PLC0415 -- only here

    try:
        body = life_cycle.find(agreement, work).body
    except UnknownError:
        return None
    return body if isinstance(body, Agreement) else None
