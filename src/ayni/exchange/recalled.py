"""A recall at the holder: destroyed at once, answered, passed on, proven; or refused in the name of a court.

The order is believed because its originator signed it, whoever brings it. In one transaction the
record's key is destroyed, with it that of the message that brought it, the order leaves for
everyone to whom we passed the record on, and our signed answer leaves for whoever asked. The
proof follows when the ledger has placed the entry (`prove`). A record under a judicial hold is
frozen, and destroyed once the court has lifted the hold (`resume`).

Records of our own that were made from it are never deleted in silence: they are listed, and a
person decides. A recall that comes before its record is remembered, and the record refused.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from ayni.errors import EnvelopeError, InvalidValueError, LedgerError, UnreadableError
from ayni.exchange.holdings import CORRECTION, holding_of
from ayni.exchange.jws import signer_of
from ayni.exchange.keys import Identity
from ayni.exchange.payload import MAX_LIFE, About, Type
from ayni.exchange.post import Draft, post
from ayni.exchange.recall import OrderBody, take_back
from ayni.exchange.recall_records import (
    ANSWER,
    ANSWERED,
    COURT,
    PROVEN,
    RECALLED,
    KeptAnswer,
    Recalled,
    answer_in,
    answers_on,
    copies_of,
    header_of,
    made_from,
    named,
    recall_in,
    recall_of,
    recalled_by,
    recalled_in,
)
from ayni.exchange.recall_words import OBEY, Answer, Did, Order, Told, order_digest, read_answer
from ayni.exchange.receiving import Context, Effect, Received, no_agreement
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.signed_word import Word, digest_of, heard, say
from ayni.ledger.checkpoint import Checkpoint
from ayni.model.act import Act, Acting, Entry, acting, check_entitled
from ayni.model.codec import to_json
from ayni.model.handling import Hold, Mandate
from ayni.model.officer import Officer
from ayni.model.record import House, Record, next_version
from ayni.model.signal import Reason
from ayni.model.store import Query, Work

DESTROY = Act(name=OBEY, machine=True)
PROVE = Act(name="recall.prove", machine=True)
AT_ONCE = 50
"""Recalls proven in one transaction. Ours."""
MOST_FLAGGED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What was done on an order, and the entry that says so."""

    did: Did
    hold: Hold | None
    made_from_it: tuple[str, ...]
    copies: int
    entry: Entry


def _obey(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    work, node = context.work, context.house.node
    word = received.body(OrderBody).order
    try:
        signer, order = heard(word, Word.RECALL, Order, context.known)
    except (EnvelopeError, UnreadableError) as error:
        return (reason_of(Cause.WORD, why=str(error.facts.get("why", error))),)
    about, header = received.payload.record, header_of(work, order.record)
    strange = header is not None and header.originator != signer
    if signer != order.originator or strange or signer == node:
        return (reason_of(Cause.NOT_ORIGINATOR, signer=signer, record=order.record),)
    if about is None or (about.id, about.originator) != (order.record, order.originator):
        return (
            reason_of(Cause.MALFORMED, what="recall", detail="it names another record than the envelope around it"),
        )
    acts.note(record=order.record, order=order_digest(word))
    context.lent.forget(order.record)
    stored = recalled_by(work, order.record, signer)
    if stored is not None:
        _again(stored, received, acts, context)
        return ()
    done = _destroy(
        work, order.record, order_digest(word), by=context.by, under=received.mandate, house=context.house
    )
    _answer_new(word, order, done, received, acts, context)
    return ()


def _answer_new(word: str, order: Order, done: _Done, received: Received, acts: Acting, context: Context) -> None:
    payload, house, work = received.payload, context.house, context.work
    about = About(
        id=order.record,
        sha256=payload.record.sha256 if payload.record is not None else "",
        originator=order.originator,
    )
    draft = Draft(
        type=Type.RECALL,
        to=(payload.sender,),
        purpose=payload.purpose,
        legal_basis=payload.legal_basis,
        body=to_json(OrderBody(order=word)),
        lives=MAX_LIFE,
    )
    onward = take_back(acts, draft, order.record, work=work, house=house, beside={payload.sender})
    answer = _sign(order_digest(word), order.record, done, onward, identity=context.identity, acts=acts)
    body = Recalled(
        record=order.record,
        originator=order.originator,
        order=word,
        digest=order_digest(word),
        sha256=about.sha256,
        purpose=payload.purpose,
        legal_basis=payload.legal_basis,
        asked_by=(payload.sender,),
        did=done.did,
        answer=answer,
        entry=done.entry.id,
        onward=onward,
        made_from_it=done.made_from_it,
        received_at=acts.now,
    )
    header = house.header(
        RECALLED, under=received.mandate, now=acts.now, identifiers=named(order.record, payload.sender)
    )
    header = replace(header, originator=order.originator, state=ANSWERED)
    acts.put(Record(header=header, body=body), replacing=None)
    _tell(acts, body, Told(answer=answer), house)


def _again(stored: Record[object], received: Received, acts: Acting, context: Context) -> None:
    """Answer an order that was obeyed: once more to whoever asks again, and to whoever asks for the first time."""
    body, sender = recalled_in(stored), received.sender
    if sender not in body.asked_by:
        body = replace(body, asked_by=(*body.asked_by, sender))
    state = ANSWERED if stored.header.state == PROVEN else stored.header.state
    acts.put(next_version(stored, body, now=acts.now, state=state), replacing=stored.header.version)
    _tell(acts, body, Told(answer=body.answer), context.house, only=(sender,))
    for kept in answers_on(context.work, body.record):
        theirs = answer_in(kept)
        if theirs.order == body.digest:
            _tell(acts, body, Told(answer=theirs.answer, proof=theirs.proof), context.house, only=(sender,))


def _destroy(work: Work, record: str, order: str, *, by: Officer, under: Mandate, house: House) -> _Done:
    """Destroy what is here of a record, or freeze it for the court; the entry stands for itself, to be proven."""
    check_entitled(DESTROY, by)
    acts = Acting(work)
    header = header_of(work, record)
    flagged: tuple[str, ...] = ()
    hold = None if header is None else header.hold
    corrections = () if hold else work.find(Query(kind=CORRECTION, identifier=f"record:{record}", limit=MOST_FLAGGED))
    for kept in corrections:
        acts.tombstone(kept.id, why="recalled by its originator")
    if header is None:
        did = Did.NEVER_HERE
    else:
        flagged = tuple(made_from(work, record, house.node))[:MOST_FLAGGED]
        holding = holding_of(work, record)
        parts = [record] if holding is None else [record, holding.header.id]
        did = Did.DELETED if hold is None else Did.HELD
        for part in parts:
            stored = acts.get(part)
            if hold is None:
                acts.tombstone(part, why="recalled by its originator")
            elif stored.header.recalled_at is None:
                frozen = replace(
                    stored.header, version=stored.header.version + 1, changed_at=work.now, recalled_at=work.now
                )
                acts.put(replace(stored, header=frozen), replacing=stored.header.version)
    acts.note(record=record, order=order, did=did, made_from_it=len(flagged))
    entry = acts.entry(DESTROY, by, under)
    work.append_entry(entry)
    return _Done(did=did, hold=hold, made_from_it=flagged, copies=len(copies_of(work, record)), entry=entry)


def _sign(order: str, record: str, done: _Done, onward: Sequence[str], *, identity: Identity, acts: Acting) -> str:
    answer = Answer(
        order=order,
        record=record,
        holder=identity.node,
        did=done.did,
        at=acts.now.astimezone(UTC),
        hold=done.hold,
        made_from_it=len(done.made_from_it),
        onward=tuple(onward),
        entry=done.entry,
        copies=done.copies,
    )
    return say(identity, Word.RECALL_ANSWER, answer)


def _tell(acts: Acting, body: Recalled, told: Told, house: House, *, only: Sequence[str] = ()) -> None:
    draft = Draft(
        type=Type.RECALL_ANSWER,
        to=tuple(only or body.asked_by),
        purpose=body.purpose,
        legal_basis=body.legal_basis,
        body=to_json(told),
        record=About(id=body.record, sha256=body.sha256, originator=body.originator),
        lives=MAX_LIFE,
    )
    post(acts, draft, house)


def _hear(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    """Believe a holder's answer, keep it, and pass it on to whoever asked us."""
    work, sender = context.work, received.sender
    told = received.body(Told)
    try:
        if signer_of(told.answer.encode(), Word.RECALL_ANSWER).rpartition("/")[0] not in context.known:
            return _relay(told, received, acts, context)
        answer, checkpoint = read_answer(told, context.known)
    except (LedgerError, EnvelopeError, UnreadableError, InvalidValueError) as error:
        return (reason_of(Cause.NOT_PROVEN, holder=sender, why=str(error.facts.get("why", error))),)
    about = received.payload.record
    asked = _asked(work, answer, about)
    kept = answers_on(work, answer.record)
    if asked is None or not _belongs(answer.holder, sender, asked, [answer_in(one) for one in kept]):
        return (reason_of(Cause.NOT_ASKED, node=context.house.node, holder=answer.holder),)
    if checkpoint is not None and (why := _contradicts(answer, checkpoint, work)):
        return (reason_of(Cause.NOT_PROVEN, holder=answer.holder, why=why),)
    acts.note(record=answer.record, holder=answer.holder, did=answer.did, proven=checkpoint is not None)
    before = next((one for one in kept if answer_in(one).holder == answer.holder), None)
    if before is not None and not _newer(told, answer, answer_in(before)):
        return ()
    _keep(told, answer, checkpoint, before, received=received, acts=acts, context=context)
    if isinstance(asked, Recalled):
        _tell(acts, asked, told, context.house)
    return ()


def _relay(told: Told, received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    """Pass the answer of a holder whose keys are not known here on, unread: whoever asked us may know them."""
    about, sender = received.payload.record, received.sender
    passed = None if about is None else recalled_by(context.work, about.id, about.originator)
    if passed is None or sender not in recalled_in(passed).onward:
        return (reason_of(Cause.NOT_ASKED, node=context.house.node, holder=sender),)
    acts.note(relayed=digest_of(told.answer))
    _tell(acts, recalled_in(passed), told, context.house)
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """Our own recall, as far as an answer must fit it."""

    onward: tuple[str, ...]


def _asked(work: Work, answer: Answer, about: About | None) -> Recalled | _Ours | None:
    """Return the order that an answer answers: one of ours, or one that we passed on."""
    if about is None or about.id != answer.record:
        return None
    ours = recall_of(work, answer.record)
    if ours is not None and recall_in(ours).digest == answer.order:
        return _Ours(onward=recall_in(ours).to)
    passed = recalled_by(work, answer.record, about.originator)
    if passed is not None and recalled_in(passed).digest == answer.order:
        return recalled_in(passed)
    return None


def _belongs(holder: str, sender: str, asked: Recalled | _Ours, kept: Sequence[KeptAnswer]) -> bool:
    """Say whether we asked the sender, and the holder is it, or was named by one who answered."""
    named_by_others = {node for one in kept for node in one.onward}
    return sender in asked.onward and (holder == sender or holder in named_by_others)


def _contradicts(answer: Answer, checkpoint: Checkpoint, work: Work) -> str:
    """Return how a proof contradicts what the same holder proved before; empty if it does not."""
    found = work.find(Query(kind=ANSWER, identifier=f"partner:{answer.holder}", limit=AT_ONCE))
    for before in (answer_in(work.get(header.id)) for header in found):
        if before.size == checkpoint.size and before.root != checkpoint.root.hex():
            return f"its ledger has shown two histories of {checkpoint.size} entries"
        same_hand = before.record == answer.record and before.proof
        if same_hand and before.size > checkpoint.size:
            return f"its ledger had {before.size} entries before, and now {checkpoint.size}"
    return ""


def _newer(told: Told, answer: Answer, before: KeptAnswer) -> bool:
    if told.answer == before.answer:
        return bool(told.proof) and not before.proof
    return answer.did is not before.did


def _keep(
    told: Told,
    answer: Answer,
    checkpoint: Checkpoint | None,
    before: Record[object] | None,
    *,
    received: Received,
    acts: Acting,
    context: Context,
) -> None:
    body = KeptAnswer(
        record=answer.record,
        order=answer.order,
        holder=answer.holder,
        did=answer.did,
        answer=told.answer,
        proof=told.proof,
        size=0 if checkpoint is None else checkpoint.size,
        root="" if checkpoint is None else checkpoint.root.hex(),
        onward=answer.onward,
        court="" if answer.hold is None else answer.hold.court,
        ground="" if answer.hold is None else answer.hold.ground,
        review_on=None if answer.hold is None else answer.hold.review_on,
        made_from_it=answer.made_from_it,
        copies=answer.copies,
        heard_from=received.sender,
        heard_at=acts.now,
    )
    state = COURT if answer.hold is not None else PROVEN if told.proof else ANSWERED
    if before is not None:
        acts.put(next_version(before, body, now=acts.now, state=state), replacing=before.header.version)
        return
    header = context.house.header(
        ANSWER, under=received.mandate, now=acts.now, identifiers=named(answer.record, answer.holder)
    )
    acts.put(Record(header=replace(header, state=state), body=body), replacing=None)


Proofs = Callable[[str], bytes | None]
"""From the id of an entry to its `.tlog-proof`, or None while it has no signed place."""


def prove(proofs: Proofs, *, by: Officer, work: Work, house: House) -> int:
    """Send the proof of what we answered, as far as the ledger has it; return how many. The caller commits."""
    proven = 0
    for header in work.find(Query(kind=RECALLED, states=(ANSWERED,), limit=AT_ONCE)):
        stored = work.get(header.id)
        body = recalled_in(stored)
        proof = proofs(body.entry)
        if proof is None:
            continue
        under = Mandate(purpose=body.purpose, legal_basis=body.legal_basis)
        with acting(PROVE, by=by, under=under, work=work) as acts:
            state = COURT if body.did is Did.HELD else PROVEN
            acts.put(next_version(stored, body, now=acts.now, state=state), replacing=header.version)
            _tell(acts, body, Told(answer=body.answer, proof=base64.b64encode(proof).decode()), house)
            acts.note(record=body.record, order=body.digest, entry=body.entry)
        proven += 1
    return proven


def resume(*, by: Officer, work: Work, house: House, identity: Identity) -> int:
    """Obey recalls that a court held back, once it has lifted its hold; return how many. The caller commits."""
    resumed = 0
    for header in work.find(Query(kind=RECALLED, states=(COURT,), limit=AT_ONCE)):
        stored = work.get(header.id)
        body = recalled_in(stored)
        record = header_of(work, body.record)
        if record is not None and record.hold is not None:
            continue
        under = Mandate(purpose=body.purpose, legal_basis=body.legal_basis)
        done = _destroy(work, body.record, body.digest, by=by, under=under, house=house)
        with acting(PROVE, by=by, under=under, work=work) as acts:
            answer = _sign(body.digest, body.record, done, body.onward, identity=identity, acts=acts)
            body = replace(body, did=done.did, answer=answer, entry=done.entry.id)
            acts.put(next_version(stored, body, now=acts.now, state=ANSWERED), replacing=header.version)
            _tell(acts, body, Told(answer=answer), house)
            acts.note(record=body.record, order=body.digest)
        resumed += 1
    return resumed


EFFECTS: Mapping[Type, Effect] = {
    Type.RECALL: Effect(does=_obey, asks=no_agreement),
    Type.RECALL_ANSWER: Effect(does=_hear, asks=no_agreement),
}
"""What the messages of this module do on arrival. No agreement is asked: an originator may always recall."""
