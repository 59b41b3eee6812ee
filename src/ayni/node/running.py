"""The node this process serves: its store, its house rules, its desks. Set once, when it starts.

Views and acts at the doors ask `running()`; nothing below the node knows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from ayni.desks import find_desk
from ayni.errors import NodeError, UnreadableError
from ayni.model.desk import Desk
from ayni.model.handling import Mandate, Purpose
from ayni.model.record import House
from ayni.node.doors import house_of
from ayni.node.names import Names
from ayni.node.opening import OpenNode
from ayni.node.records.store import DjangoStore
from ayni.node.supervision import Supervisor

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange

SECURITY: Final = Mandate(
    purpose=Purpose.ADMINISTRATION,
    legal_basis="security of processing (Directive (EU) 2016/680, article 29, or the national rule in its place)",
)
"""Under which the node itself ends a stolen session and an officer signs out everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What the doors need of the node."""

    name: str
    store: DjangoStore
    house: House
    node: OpenNode
    names: Names
    exchange: Exchange
    supervisor: Supervisor = field(default_factory=lambda: Supervisor(()))

    @staticmethod
    def of(node: OpenNode, *, supervisor: Supervisor | None = None, names: Names | None = None) -> Running:
        """Return what the doors need of an open node. Nothing is found by name before *names* were read."""
        from ayni.node.exchange import Exchange  # noqa: PLC0415 -- cryptography and policies: commands need neither

        return Running(
            name=node.settings.node.name,
            store=node.store,
            house=house_of(node.settings),
            node=node,
            names=names or Names(node),
            exchange=Exchange(node),
            supervisor=supervisor or Supervisor(()),
        )

    def desk(self, name: str) -> Desk | None:
        """Return a desk this node runs, imported when first asked for; None if it runs none of that name."""
        return _desk(name) if name in self.node.settings.node.desks else None


@cache
def _desk(name: str) -> Desk | None:
    try:
        return find_desk(name)
    except UnreadableError:
        return None


_now: list[Running] = []


def run(node: Running) -> None:
    """Make *node* the one this process serves."""
    _now[:] = [node]


def running() -> Running:
    """Return the node this process serves.

    Raises:
        NodeError: if none was started.
    """
    if not _now:
        raise NodeError(folder="?", why="no node runs in this process")
    return _now[0]
