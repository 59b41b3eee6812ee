"""Words of the vocabulary as people read them: purposes, roles, states, reasons for dismissal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext, gettext_noop

from ayni.model.area import CORNERS, CROSSES, NOT_CLOSED, TOO_NARROW, TOO_NEAR, TOO_WIDE, TWICE
from ayni.model.handling import Purpose
from ayni.model.officer import Role

_ = gettext_noop

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.VESSEL_TRAFFIC: _("Vessel traffic"),
    Purpose.SAFETY: _("Safety"),
    Purpose.SECURITY: _("Security"),
    Purpose.SEARCH_AND_RESCUE: _("Search and rescue"),
    Purpose.OPERATION: _("Operation"),
    Purpose.FISHERIES_WARNING: _("Fisheries warning"),
    Purpose.FISHERIES_MONITORING: _("Fisheries monitoring"),
    Purpose.FISHERIES_OPERATION: _("Fisheries operation"),
    Purpose.ENVIRONMENT_MONITORING: _("Environment monitoring"),
    Purpose.ENVIRONMENT_WARNING: _("Environment warning"),
    Purpose.ENVIRONMENT_RESPONSE: _("Environment response"),
    Purpose.CUSTOMS_MONITORING: _("Customs monitoring"),
    Purpose.CUSTOMS_OPERATION: _("Customs operation"),
    Purpose.BORDER_MONITORING: _("Border monitoring"),
    Purpose.BORDER_OPERATION: _("Border operation"),
    Purpose.LAW_MONITORING: _("Law enforcement monitoring"),
    Purpose.LAW_OPERATION: _("Law enforcement operation"),
    Purpose.DEFENCE_MONITORING: _("Defence monitoring"),
    Purpose.COUNTER_TERRORISM: _("Counter-terrorism"),
    Purpose.CSDP_TASK: _("CSDP task"),
    Purpose.NON_SPECIFIED: _("Not specified"),
    Purpose.COUNTER_NARCOTICS: _("Counter-narcotics"),
    Purpose.TRAFFICKING_IN_PERSONS: _("Trafficking in persons"),
    Purpose.ARMS_TRAFFICKING: _("Arms trafficking"),
    Purpose.MONEY_LAUNDERING: _("Money laundering"),
    Purpose.ILLEGAL_FISHING: _("Illegal fishing"),
    Purpose.ENVIRONMENTAL_CRIME: _("Environmental crime"),
    Purpose.HERITAGE_CRIME: _("Heritage crime"),
    Purpose.CYBERCRIME: _("Cybercrime"),
    Purpose.DRUG_EARLY_WARNING: _("Drug early warning"),
    Purpose.FUGITIVES: _("Fugitives"),
    Purpose.JUDICIAL_COOPERATION: _("Judicial cooperation"),
    Purpose.OVERSIGHT: _("Oversight"),
    Purpose.ADMINISTRATION: _("Administration"),
    Purpose.TRAINING: _("Training"),
}
ROLES: Final[Mapping[Role, str]] = {
    Role.ANALYST: _("Analyst"),
    Role.INVESTIGATOR: _("Investigator"),
    Role.COORDINATOR: _("Coordinator"),
    Role.LIAISON: _("Liaison officer"),
    Role.OVERSIGHT: _("Oversight officer"),
    Role.ADMINISTRATOR: _("Administrator"),
}


def purpose_name(purpose: Purpose) -> str:
    """Return a purpose in the reader's language."""
    return gettext(PURPOSES[purpose])


def role_name(role: Role) -> str:
    """Return a role in the reader's language."""
    return gettext(ROLES[role])


TRIAGE: Final[Mapping[str, str]] = {
    "pending": _("Pending"),
    "validated": _("Validated"),
    "dismissed": _("Dismissed"),
    "silenced": _("Silenced"),
    "retracted": _("Retracted"),
}
DISMISSALS: Final[Mapping[str, str]] = {
    "poor-reception": _("Poor reception"),
    "data-error": _("Error in the data"),
    "normal-operation": _("Normal operation"),
    "fishing": _("Fishing"),
    "waiting-for-berth": _("Waiting for a berth"),
    "pilot-or-tug": _("Pilot boat or tug"),
    "gear-beacon": _("Beacon on fishing gear"),
    "known-vessel": _("Known vessel"),
    "distress-handled": _("Distress, handled by the rescue centre"),
    "duplicate": _("Duplicate"),
    "outside-remit": _("Outside our remit"),
    "other": _("Other, in words"),
}
TASKS: Final[Mapping[str, str]] = {
    "proposed": _("Proposed"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "under-way": _("Under way"),
    "done": _("Done"),
}
PRIORITIES: Final[Mapping[str, str]] = {
    "flash": _("Flash"),
    "immediate": _("Immediate"),
    "priority": _("Priority"),
    "routine": _("Routine"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    "seizure": _("Seizure"),
    "arrest": _("Arrest"),
    "rescue": _("Rescue"),
    "victim-identified": _("Victim identified"),
    "victim-protected": _("Victim protected"),
    "asset-frozen": _("Asset frozen"),
    "vessel-detained": _("Vessel detained"),
    "aircraft-detained": _("Aircraft detained"),
    "airstrip-disabled": _("Airstrip disabled"),
    "laboratory-disabled": _("Laboratory disabled"),
    "document-fraud": _("Document fraud"),
    "referral": _("Referral"),
    "nothing-found": _("Nothing found"),
    "told": _("Told to whoever contributed"),
}
UNITS: Final[Mapping[str, str]] = {
    "kg": _("kilograms"),
    "l": _("litres"),
    "piece": _("pieces"),
    "person": _("persons"),
    "vessel": _("vessels"),
    "aircraft": _("aircraft"),
    "USD": "USD",
    "EUR": "EUR",
    "ha": _("hectares"),
}
REPORTS: Final[Mapping[str, str]] = {
    "sighting": _("Sighting"),
    "radar-contact": _("Radar contact"),
    "radio-call": _("Radio call"),
    "phone-tip": _("Telephone tip"),
    "aerial-sighting": _("Sighting from the air"),
    "partner-call": _("Call from a partner"),
}
RELIABILITY: Final[Mapping[str, str]] = {
    "A": _("A, completely reliable"),
    "B": _("B, usually reliable"),
    "C": _("C, fairly reliable"),
    "D": _("D, not usually reliable"),
    "E": _("E, unreliable"),
    "F": _("F, cannot be judged"),
}
CREDIBILITY: Final[Mapping[str, str]] = {
    "1": _("1, confirmed by other sources"),
    "2": _("2, probably true"),
    "3": _("3, possibly true"),
    "4": _("4, doubtful"),
    "5": _("5, improbable"),
    "6": _("6, cannot be judged"),
}
SOURCE: Final[Mapping[str, str]] = {
    "A": _("A, no doubt about it"),
    "B": _("B, reliable in most instances"),
    "C": _("C, not reliable in most instances"),
    "X": _("X, cannot be assessed"),
}
ACCURACY: Final[Mapping[str, str]] = {
    "1": _("1, certain"),
    "2": _("2, known personally to the source"),
    "3": _("3, not known personally, but corroborated"),
    "4": _("4, neither known personally nor corroborated"),
}
"""How what is shared is rated. Source: Regulation (EU) 2016/794, article 29."""

KIND: Final[Mapping[str, str]] = {
    "signal": _("Signal"),
    "report": _("Report"),
    "task": _("Task"),
    "outcome": _("Outcome"),
    "request": _("Request"),
    "watch_entry": _("Entry"),
    "watch-log": _("Watch"),
}
"""One record of each kind."""
KINDS: Final[Mapping[str, str]] = {
    "signal": _("Signals"),
    "report": _("Reports"),
    "task": _("Tasks"),
    "outcome": _("Outcomes"),
    "area": _("Areas"),
    "watch_entry": _("Entries"),
    "watch-log": _("Watches"),
    "request": _("Requests"),
    "agreement": _("Agreements"),
    "partner": _("Partners"),
    "key-history": _("Key histories"),
    "exposure": _("Given to partners"),
    "holding": _("Held for partners"),
    "correction": _("Corrections"),
    "recall": _("Recalls of ours"),
    "recalled": _("Recalled by partners"),
    "recall-answer": _("Answers to recalls"),
    "onward-consent": _("Consents to pass on"),
    "copy": _("Copies by hand"),
    "lease": _("Keys lent"),
    "leased": _("Keys borrowed"),
    "room": _("Rooms of operations"),
    "room-entry": _("Entries of rooms"),
    "room-fork": _("Contradictions in rooms"),
}
SCOPES: Final[Mapping[str, str]] = {
    "read": _("read: lists and consultations"),
    "act": _("act: triage, reports, tasks, outcomes"),
    "administer": _("administer: officers and tokens"),
}
SCHEMATA: Final[Mapping[str, str]] = {
    "Vessel": _("Vessel"),
    "Airplane": _("Aircraft"),
    "Person": _("Person"),
    "Company": _("Company"),
}
PROPERTIES: Final[Mapping[str, str]] = {
    "mmsi": "MMSI",
    "imoNumber": "IMO",
    "callSign": _("call sign"),
    "flag": _("flag"),
    "type": _("type"),
    "name": _("name"),
    "destination": _("destination"),
}
"""Of FollowTheMoney; one that is not here shows under its own name."""
AREAS: Final[Mapping[str, str]] = {
    "live": _("Watched"),
    "ended": _("Over"),
    "expired": _("Expired"),
    "received": _("From a partner"),
}
WATCHED: Final[Mapping[str, str]] = {
    "proposed": _("Proposed"),
    "live": _("Watched for"),
    "refused": _("Turned down"),
    "ended": _("Over"),
    "expired": _("Expired"),
    "received": _("From a partner"),
}
WATCHES: Final[Mapping[str, str]] = {
    "open": _("On watch"),
    "handed-over": _("Handed over"),
    "taken": _("Taken over"),
}
"""Where a watch stands."""
MARKS: Final[Mapping[str, str]] = {
    "seen": _("first position"),
    "signalled": _("signal"),
    "decided": _("validated by an officer"),
    "shared": _("shared"),
    "received": _("received from a partner"),
    "tasked": _("task to a patrol"),
    "consent-asked": _("flag State asked"),
    "consent-answered": _("flag State answered"),
    "under-way": _("patrol under way"),
    "result": _("result"),
}
"""Steps on the way to a result."""
SHAPES: Final[Mapping[str, str]] = {
    NOT_CLOSED: _("Give the corners, one a line."),
    TWICE: _("A corner stands twice."),
    CORNERS: _("An area has three to a hundred corners."),
    TOO_WIDE: _("Too large: at most forty degrees across. Draw what has to be watched, no more."),
    TOO_NARROW: _("Too small: at least a thousandth of a degree across."),
    TOO_NEAR: _("Too near to a pole."),
    CROSSES: _("The edges cross or touch one another. Give the corners in order round the area."),
}
"""What is wrong with a shape, as `ayni.model.area` says it, to what the officer reads."""
AGREED: Final[Mapping[str, str]] = {
    "proposed": _("Proposed"),
    "countered": _("Answered with another text"),
    "accepted": _("Accepted"),
    "signed": _("Signed"),
    "in-force": _("In force"),
    "suspended": _("Suspended"),
    "terminated": _("Terminated"),
}
"""Where an agreement stands."""
MOVES: Final[Mapping[str, str]] = {
    "propose": _("proposed it"),
    "counter": _("answered with another text"),
    "accept": _("accepted it"),
    "sign": _("signed it"),
    "enter": _("noted that it is in force"),
    "suspend": _("suspended it"),
    "resume": _("resumed it"),
    "terminate": _("terminated it"),
    "expire": _("noted that its term is over"),
}
"""What a party did to an agreement, after its name."""
STEPS: Final[Mapping[str, str]] = {
    "accept": _("Accept this text"),
    "sign": _("Sign it"),
    "enter": _("Note that it is in force"),
    "suspend": _("Suspend at once"),
    "resume": _("Lift our suspension"),
    "terminate": _("Give notice of termination"),
}
"""What an officer may do with an agreement."""
URGENCIES: Final[Mapping[str, str]] = {
    "urgent": _("8 hours: urgent, they can look it up themselves"),
    "soon": _("3 days: urgent, they must ask others"),
    "usual": _("7 days"),
}
MEASURES: Final[Mapping[str, str]] = {
    "board": _("to board"),
    "search": _("to search"),
    "take-action": _("to take action, if evidence is found"),
}
"""What a flag State is asked to allow. Source: 1988 Convention, article 17(4)."""
SAYS: Final[Mapping[str, str]] = {
    "open": _("Waiting for an answer"),
    "answered": _("Answered"),
    "partial": _("Answered in part"),
    "granted": _("Granted"),
    "conditions": _("Granted, with conditions"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
}
"""Where a request stands."""
STANDS: Final[Mapping[str, str]] = {
    "silent": _("No answer yet"),
    "deleted": _("Destroyed, and signed for"),
    "proven": _("Destroyed, and proven by its ledger"),
    "court": _("Kept by order of a court"),
    "never-here": _("It had not arrived, and will be refused"),
}
"""How a holder stands to a recall."""
FARES: Final[Mapping[str, str]] = {
    "refused": _("Refused there"),
    "withdrawn": _("Withdrawn before it left"),
    "overdue": _("Not delivered in time"),
}
"""What became of a message that a person must look at."""
POSTED: Final[Mapping[str, str]] = {
    "waiting": _("Waiting"),
    "packed": _("Sealed, waiting for the line"),
    "delivered": _("Delivered"),
    "refused": _("Refused there"),
    "withdrawn": _("Withdrawn before it left"),
    "overdue": _("Not delivered in time"),
}
"""Where a message of ours stands."""
LETTERS: Final[Mapping[str, str]] = {
    "share": _("Shared record"),
    "request": _("Request"),
    "answer": _("Answer"),
    "tip-off": _("Tip-off"),
    "correction": _("Correction"),
    "recall": _("Recall of a record"),
    "recall-answer": _("Answer to a recall"),
    "onward-consent": _("Consent to pass on"),
    "agreement-step": _("Step of an agreement"),
    "room": _("Entry of a room"),
    "lease": _("Key asked for"),
    "lease-key": _("Key lent"),
    "checkpoint": _("State of a ledger"),
    "key-event": _("Change of keys"),
}
"""What a message is."""
FEEDS: Final[Mapping[str, str]] = {
    "starting": _("Starting"),
    "listening": _("Listening"),
    "waiting": _("Waiting for the line"),
    "connected": _("Connected"),
}
"""How a feed stands."""
ROOMS: Final[Mapping[str, str]] = {"open": _("Open"), "closed": _("We are no member any more")}
"""Where a room stands here."""
PLACES: Final[Mapping[str, str]] = {
    "sent": _("sent, not yet receipted"),
    "held": _("held there"),
    "correcting": _("held there, a correction is under way"),
    "uncorrected": _("held there, not corrected"),
    "consented": _("may be passed on to them"),
    "undelivered": _("not delivered"),
    "recalled": _("recalled, no answer yet"),
    "deleted": _("destroyed there, and signed for"),
    "copied": _("copied by hand"),
}
"""What is known of a record of ours at a partner."""
ACTS: Final[Mapping[str, str]] = {
    "record.open": _("open records"),
    "record.search": _("search records"),
    "subject.open": _("look up who or what records speak of"),
    "signal.validate": _("validate signals"),
    "signal.dismiss": _("dismiss signals"),
    "signal.silence": _("silence signals"),
    "report.file": _("file reports"),
    "area.draw": _("have areas watched"),
    "area.change": _("change areas"),
    "area.end": _("end areas"),
    "watch.propose": _("propose vessels for the watchlist"),
    "watch.confirm": _("confirm entries of the watchlist"),
    "watch.confirm of one's own proposal": _("confirm their own proposal"),
    "watch.refuse": _("turn entries of the watchlist down"),
    "watch.refuse of one's own proposal": _("turn their own proposal down"),
    "watch.end": _("end entries of the watchlist"),
    "watch.begin": _("take the watch"),
    "watch.note": _("write in the watch log"),
    "watch.hand-over": _("hand the watch over"),
    "watch.relieve": _("relieve a watch"),
    "watch.read": _("read the watch log"),
    "task.propose": _("task patrols"),
    "task.accept": _("accept tasks"),
    "task.decline": _("decline tasks"),
    "task.start": _("start tasks"),
    "task.finish": _("finish tasks"),
    "outcome.record": _("record outcomes"),
    "evaluation.make": _("count what a period was good for"),
    "evaluation.follow": _("trace a result back"),
    "room.list": _("see the rooms"),
    "room.found": _("found rooms, or say who is a member"),
    "room.say": _("write in rooms"),
    "room.read": _("read rooms"),
    "exchange.courier_write": _("write courier files"),
    "exchange.courier_read": _("take in courier files"),
    "exchange.seen": _("note that they looked at a message"),
    "officer.add": _("let officers in"),
    "officer.change-roles": _("change roles"),
    "officer.disable": _("shut officers out"),
    "officer.enable": _("let officers in again"),
    "token.issue": _("issue tokens"),
    "exchange.file_export": _("take copies of files"),
    "exchange.exposure": _("see what partners hold of ours"),
    "record.preview": _("look at what a share would send"),
    "record.share": _("share records"),
    "request.ask": _("ask partners"),
    "request.answer": _("answer partners"),
    "request.read": _("read requests"),
    "record.recall": _("recall records"),
    "record.recall-tree": _("see who has answered a recall"),
    "agreement.accept": _("accept agreements"),
    "agreement.sign": _("sign agreements"),
    "agreement.enter": _("note that an agreement is in force"),
    "agreement.suspend": _("suspend agreements"),
    "agreement.resume": _("lift a suspension"),
    "agreement.terminate": _("terminate agreements"),
    "ledger.read": _("read the history"),
    "ledger.export": _("take the history away for an auditor"),
    "node.status": _("see how the node fares"),
}
"""What an officer does, after "may not"."""


def choices(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pairs for a form: value and word in the reader's language."""
    return [(value, gettext(word)) for value, word in words.items()]


def word(words: Mapping[str, str], value: str) -> str:
    """Return the word for a value, or the value itself where there is none."""
    return gettext(words[value]) if value in words else value
