"""The OpenAPI document: what each address takes and gives, from the vocabulary's own schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ayni.api.bodies import Dismiss, FoundPage, Page, Silence, Words
from ayni.api.doors import BASIS_HEADER, PURPOSE_HEADER
from ayni.api.exchange_bodies import (
    BalanceList,
    ClockList,
    Copied,
    Corrected,
    ExchangeStatus,
    FeedbackOut,
    KeyAsked,
    Looked,
    Members,
    NewAnswer,
    NewConsent,
    NewCopy,
    NewCorrection,
    NewKey,
    NewRecall,
    NewRequest,
    NewRoom,
    NewShare,
    PlaceList,
    Recalled,
    SharedOut,
    SharePreview,
    Unlocked,
    VisiblePage,
)
from ayni.api.house_bodies import Disable, EntryPage, Health, IssuedToken, NewPerson, NewToken, OfficerList, Roles
from ayni.api.house_bodies import OfficerOut as OfficerOut_
from ayni.casework.areas import NewArea
from ayni.casework.watchlist import NewEntry
from ayni.evaluation.chain import Chain
from ayni.evaluation.report import PeriodEvaluation
from ayni.exchange.consent import Token
from ayni.exchange.recall import Tree
from ayni.exchange.requests import Request
from ayni.exchange.rooms import Copy, Said
from ayni.model.area import Area
from ayni.model.handling import Purpose
from ayni.model.outcome import Outcome
from ayni.model.report import Report
from ayni.model.task import Task
from ayni.model.triage import TriagedSignal
from ayni.model.watch_entry import WatchEntry

REF: Final = "#/components/schemas/{name}"
VALUES: Final = (
    Report,
    Task,
    Outcome,
    Area,
    NewArea,
    WatchEntry,
    NewEntry,
    TriagedSignal,
    Page,
    FoundPage,
    Words,
    Dismiss,
    Silence,
    OfficerOut_,
    OfficerList,
    NewPerson,
    Roles,
    Disable,
    NewToken,
    IssuedToken,
    EntryPage,
    Health,
    SharePreview,
    NewShare,
    SharedOut,
    ExchangeStatus,
    VisiblePage,
    Looked,
    PeriodEvaluation,
    Chain,
    Request,
    NewRequest,
    NewAnswer,
    ClockList,
    NewRecall,
    NewConsent,
    Token,
    NewCorrection,
    Corrected,
    PlaceList,
    BalanceList,
    NewCopy,
    Copied,
    NewKey,
    KeyAsked,
    Unlocked,
    NewRoom,
    Members,
    Said,
    Copy,
    Recalled,
    Tree,
    FeedbackOut,
)
PROBLEMS: Final[Mapping[int, str]] = {
    400: "The document cannot be read",
    401: "Not signed in",
    403: "This officer may not do this, or gave no purpose and legal basis",
    404: "Not here, or its key was destroyed",
    409: "Its state does not allow this",
    412: "Somebody else changed it first",
    413: "Too large",
    422: "A value outside what its field allows",
    428: "No If-Match",
    503: "The node cannot work now",
}


def components() -> dict[str, Any]:
    """Return every schema the document refers to."""
    _, found = msgspec.json.schema_components(VALUES, ref_template=REF)
    for kind in ("TriagedSignal", "Report", "Task", "Outcome", "Request", "Area", "WatchEntry"):
        found[f"{kind}Record"] = {
            "title": f"{kind}Record",
            "type": "object",
            "required": ["header", "body"],
            "properties": {"header": _ref("HeaderOut"), "body": _ref(kind)},
        }
    found["Problem"] = {
        "title": "Problem",
        "description": "RFC 9457",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    return found


def describe(
    *, gives: str = "", takes: str = "", status: int = 200, mandate: bool = False, version: bool = False
) -> dict[str, Any]:
    """Return what an operation adds to the document: body, answer, headers, problems."""
    done: dict[str, Any] = {"description": "Done"}
    if gives:
        done["content"] = {"application/json": {"schema": _ref(gives)}}
    responses: dict[int, Any] = {status: done}
    for code, words in PROBLEMS.items():
        responses[code] = {
            "description": words,
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
    extra: dict[str, Any] = {"responses": responses}
    if takes:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(takes)}}}
    parameters = []
    if mandate:
        parameters += [
            _header(PURPOSE_HEADER, {"type": "string", "enum": [purpose.value for purpose in Purpose]}),
            _header(BASIS_HEADER, {"type": "string", "minLength": 1, "pattern": "^[!-~]+( [!-~]+)*$"}),
        ]
    if version:
        parameters.append(_header("If-Match", {"type": "string", "pattern": '^"[1-9][0-9]{0,7}"$'}))
    if parameters:
        extra["parameters"] = parameters
    return extra


def _header(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": True, "schema": schema}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(name=name)}
