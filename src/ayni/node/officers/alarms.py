"""A session ended as stolen is written into the ledger by the machine `sign-in`."""

from __future__ import annotations

from ayni.node.officers.acts import end_stolen_session
from ayni.node.officers.models import Account
from ayni.node.officers.sessions import stolen
from ayni.node.running import SECURITY, running


def write_down(*, account: Account, why: str, **_: object) -> None:
    """Enter whose session it was and why it ended."""
    machine = Account.objects.of("sign-in")
    if machine is None:
        return
    with running().store.work() as work:
        end_stolen_session(str(account.id), why=why, by=machine.as_officer(), under=SECURITY, work=work)
        work.commit()


def watch() -> None:
    """Listen from now on."""
    stolen.connect(write_down, dispatch_uid="ayni.alarms")
