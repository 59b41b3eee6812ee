"""A task to a patrol: proposed, accepted or declined, under way, done.

On the high seas a boarding may need the consent of the flag State (UNCLOS
article 108; 1988 Vienna Convention, article 17). A task that waits for consent
cannot start, and one whose consent was refused never does.

Where the flag State has a node, the task waits for its answer to a request
(`ayni.exchange.requests`), and sets out under the consent that holds at that
instant: not one that was refused, withdrawn, or has run out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ayni.errors import InvalidValueError, UnknownError, WrongStateError
from ayni.exchange.request_words import Says
from ayni.model.act import Act, Acting, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record, cell_of, next_version
from ayni.model.store import Work
from ayni.model.task import Consent, ConsentState, Task, TaskState

_COORDINATORS = frozenset({Role.COORDINATOR})
_CREWS = frozenset({Role.COORDINATOR, Role.INVESTIGATOR})
_ENVOYS = frozenset({Role.COORDINATOR, Role.LIAISON})

PROPOSE = Act(name="task.propose", roles=_COORDINATORS)
ACCEPT = Act(name="task.accept", roles=_CREWS)
DECLINE = Act(name="task.decline", roles=_CREWS)
START = Act(name="task.start", roles=_CREWS)
FINISH = Act(name="task.finish", roles=_CREWS)
ASK_CONSENT = Act(name="task.ask_consent", roles=_ENVOYS)
ANSWER_CONSENT = Act(name="task.answer_consent", roles=_ENVOYS)

STEPS: Mapping[TaskState, frozenset[TaskState]] = {
    TaskState.PROPOSED: frozenset({TaskState.ACCEPTED, TaskState.DECLINED}),
    TaskState.ACCEPTED: frozenset({TaskState.UNDER_WAY, TaskState.DECLINED}),
    TaskState.UNDER_WAY: frozenset({TaskState.DONE}),
    TaskState.DECLINED: frozenset(),
    TaskState.DONE: frozenset(),
}
"""From each state, where a task may go."""


def propose_task(task: Task, *, house: House, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Give a task to a patrol. The caller commits.

    Raises:
        NotEntitledError: if the officer may not task. Nothing is written.
        InvalidValueError: if the task is not new, or its deadline has passed.
        UnknownError: if a signal it names is not here.
    """
    with acting(PROPOSE, by=by, under=under, work=work) as acts:
        if task.state is not TaskState.PROPOSED:
            raise InvalidValueError(field="state", why="a new task is proposed, nothing else")
        if task.deadline <= acts.now:
            raise InvalidValueError(field="deadline", why=f"{task.deadline.isoformat()} has passed")
        for signal in task.signals:
            acts.get(signal)
        header = replace(
            house.header("task", under=under, now=acts.now),
            state=task.state.value,
            started_at=task.not_before,
            cell=cell_of(task.place),
            parents=task.signals,
        )
        record: Record[object] = Record(header=header, body=task)
        acts.put(record, replacing=None)
        acts.note(to=task.to, priority=task.priority.value)
        return record


def accept_task(record: str, *, words: str = "", by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Take a task on. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        WrongStateError: if the task is not proposed.
    """
    with acting(ACCEPT, by=by, under=under, work=work) as acts:
        return _step(acts, record, TaskState.ACCEPTED, decided_by=by.id, words=words)


def decline_task(record: str, *, words: str, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Turn a task down, saying why. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        InvalidValueError: if no reason is given.
        WrongStateError: if the task is under way or over.
    """
    with acting(DECLINE, by=by, under=under, work=work) as acts:
        return _step(acts, record, TaskState.DECLINED, decided_by=by.id, words=words)


def start_task(record: str, *, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Set out. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        WrongStateError: if the task is not accepted, waits for the flag State, was refused by it, or its consent
            no longer holds.
    """
    with acting(START, by=by, under=under, work=work) as acts:
        consent = consent_now(task_of(acts.get(record)), work)
        if consent.state not in {ConsentState.NOT_NEEDED, ConsentState.GRANTED}:
            raise WrongStateError(
                thing=f"consent of {consent.flag} for task {record}",
                state=consent.state.value,
                act="starting",
                needs=ConsentState.GRANTED.value,
            )
        return _step(acts, record, TaskState.UNDER_WAY, started_at=acts.now, consent=consent)


def finish_task(record: str, *, words: str = "", by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Report a task done; what came of it is an outcome of its own. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        WrongStateError: if the task is not under way.
    """
    with acting(FINISH, by=by, under=under, work=work) as acts:
        return _step(acts, record, TaskState.DONE, done_at=acts.now, words=words)


def ask_consent(
    record: str,
    *,
    flag: str = "",
    reference: str = "",
    request: str = "",
    by: Officer,
    under: Mandate,
    work: Work,
) -> Record[object]:
    """Note that the flag State was asked whether its vessel may be boarded. The caller commits.

    With *request*, the id of our request to its node, the answer that arrives there is the consent.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        InvalidValueError: if the request asks for something else, or is not ours.
        UnknownError: if there is no such request.
        WrongStateError: if consent was asked already, or the task has begun or ended.
    """
    with acting(ASK_CONSENT, by=by, under=under, work=work) as acts:
        task = task_of(acts.get(record))
        open_task = task.state in {TaskState.PROPOSED, TaskState.ACCEPTED}
        if not open_task or task.consent.state is not ConsentState.NOT_NEEDED:
            raise WrongStateError(
                thing=f"task {record}", state=task.state.value, act="asking consent", needs="not begun, not asked"
            )
        flag, asked_at = _asked_by(request, flag, work) if request else (flag, acts.now)
        asked = ConsentState.ASKED
        consent = Consent(state=asked, flag=flag, asked_at=asked_at, reference=reference, request=request)
        acts.note(flag=flag, request=request)
        return _change(acts, record, replace(task, consent=consent))


def answer_consent(
    record: str, *, granted: bool, reference: str, by: Officer, under: Mandate, work: Work
) -> Record[object]:
    """Note what the flag State answered, with the reference of its message. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        InvalidValueError: without the reference of the answer.
        WrongStateError: if no answer was awaited, or it comes from a partner's node.
    """
    with acting(ANSWER_CONSENT, by=by, under=under, work=work) as acts:
        if not reference.strip():
            raise InvalidValueError(field="reference", why="an answer is cited by its reference")
        task = task_of(acts.get(record))
        if task.consent.state is not ConsentState.ASKED or task.consent.request:
            raise WrongStateError(
                thing=f"consent for task {record}",
                state=task.consent.state.value,
                act="answering",
                needs=f"answer to request {task.consent.request}" if task.consent.request else "asked",
            )
        state = ConsentState.GRANTED if granted else ConsentState.REFUSED
        acts.note(flag=task.consent.flag, answer=state.value)
        consent = replace(task.consent, state=state, answered_at=acts.now, reference=reference)
        return _change(acts, record, replace(task, consent=consent))


def consent_now(task: Task, work: Work) -> Consent:
    """Return the consent of a task as it stands now: of one asked by a request, what the answer says."""
    from ayni.exchange.requests import request_in  # noqa: PLC0415 -- cryptography, only where needed

    if not task.consent.request:
        return task.consent
    request = request_in(work.get(task.consent.request))
    if not request.replies:
        return task.consent
    holds, first = request.consent(work.now), request.replies[0]
    if holds is not None:
        state = ConsentState.GRANTED
    else:
        state = ConsentState.REFUSED if first.says is Says.REFUSED else ConsentState.ENDED
    return replace(task.consent, state=state, answered_at=request.replies[-1].at)


def _asked_by(request: str, flag: str, work: Work) -> tuple[str, datetime]:
    """Return of which State a request of ours asks consent, and when it was asked."""
    from ayni.exchange.requests import Request  # noqa: PLC0415 -- as above

    stored = work.get(request)
    body = stored.body
    if not isinstance(body, Request):
        raise UnknownError(kind="request", name=request)
    boarding = body.asked.boarding
    if boarding is None or stored.header.agreement:
        raise InvalidValueError(field="request", why="it is not a request of ours for consent to board")
    if flag not in {"", boarding.flag}:
        raise InvalidValueError(field="flag", why=f"the request asks {boarding.flag}, not {flag}")
    return boarding.flag, body.asked.asked_at


def task_of(record: Record[object]) -> Task:
    """Return the body of a record of kind `task`.

    Raises:
        UnknownError: if the record is of another kind.
    """
    if not isinstance(record.body, Task):
        raise UnknownError(kind="task", name=record.header.id)
    return record.body


def _step(acts: Acting, record: str, to: TaskState, **changes: object) -> Record[object]:
    task = task_of(acts.get(record))
    if to not in STEPS[task.state]:
        before = sorted(state.value for state, after in STEPS.items() if to in after)
        raise WrongStateError(thing=f"task {record}", state=task.state.value, act=to.value, needs=" or ".join(before))
    acts.note(before=task.state.value, after=to.value)
    return _change(acts, record, replace(task, state=to, **changes))  # type: ignore[arg-type] # checked by the value


def _change(acts: Acting, record: str, task: Task) -> Record[object]:
    stored = acts.get(record)
    changed = next_version(stored, task, now=acts.now, state=task.state.value)
    acts.put(changed, replacing=stored.header.version)
    return changed
