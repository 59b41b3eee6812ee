"""After a restore: replay deletions before anything opens.

A backup is a copy of the past. Records deleted since then are in it again, and if
the copy of the keys is as old as that of the data, they would open. So a restored
node refuses every unit of work until it was told what was deleted meanwhile:

* by its own keys, when their copy is newer than the data: a record without a key is deleted;
* by the ledger and by partners: the ids they name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ayni.errors import HeldError, WrongStateError
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.node.files import sync_folder
from ayni.node.folder import RESTORED, restored_from
from ayni.node.opening import OpenNode

RECONCILE = Act(name="node.reconcile", roles=frozenset({Role.ADMINISTRATOR}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What reconciliation did."""

    without_key: int
    """Records whose key had been destroyed after the backup."""
    replayed: int
    """Records deleted because the ledger or a partner named them."""
    held: tuple[str, ...]
    """Named for deletion, but a court holds them."""


def reconcile(
    node: OpenNode, *, tombstones: Iterable[str], asked: Iterable[str], by: Officer, under: Mandate
) -> Reconciled:
    """Delete what was deleted since the backup, write it down, and let the node open again.

    Args:
        node: The restored node.
        tombstones: Ids of records that ledger copies and partners say were deleted or recalled.
        asked: Who was asked for them (partner ids, or where a ledger copy came from); noted in the entry.
        by: An administrator.
        under: Purpose and legal basis.

    Raises:
        NotEntitledError: if the officer is no administrator.
        WrongStateError: if the node was not restored, or nobody was asked.
    """
    made_at = restored_from(node.folder)
    sources = " ".join(sorted(set(asked)))
    if not made_at:
        raise WrongStateError(thing="the node", state="in use", act="reconcile", needs="restored")
    if not sources:
        raise WrongStateError(thing="the node", state="restored", act="reconcile", needs="told whom was asked")
    named = set(tombstones)
    ids = node.store.record_ids()
    without_key = [record for record in ids if record not in node.ring]
    replayed = sorted(named & set(ids) - set(without_key))
    store = replace(node.store, restored_from=lambda: "")
    held: list[str] = []
    with store.work() as work:
        with acting(RECONCILE, by=by, under=under, work=work) as acts:
            for record in without_key:
                acts.tombstone(record, why="deleted after the backup")
            for record in replayed:
                try:
                    acts.tombstone(record, why="named by ledger or partner")
                except HeldError:
                    held.append(record)
            acts.note(backup_of=made_at, asked=sources, without_key=len(without_key), held=len(held))
        work.commit()
    (node.folder / RESTORED).unlink()
    sync_folder(node.folder)
    return Reconciled(without_key=len(without_key), replayed=len(replayed) - len(held), held=tuple(held))
