"""A record body to bytes that only its own key opens, and back.

What is sealed: the header fields that may not lie in clear (legal basis, caveats,
hold, identifiers) and the body, as two JSON texts:

    nonce 12 | AES-256-GCM( length of header JSON 4, big-endian | header JSON | body JSON )

The additional data is `id|kind|version`, so that a sealed body cannot be moved to
another record or an older version put back in place of a newer one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ayni.errors import UnreadableError
from ayni.model.codec import to_json
from ayni.model.handling import PAP, TLP, Category, Handling, HandlingCode, Hold, Purpose
from ayni.model.record import Header, Record
from ayni.node.records.models import StoredRecord

NONCE: Final = 12
LENGTH: Final = 4
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """Header fields that may not lie in clear."""

    legal_basis: str
    caveats: str = ""
    identifiers: tuple[str, ...] = ()
    hold: Hold | None = None


_HIDDEN = msgspec.json.Decoder(Hidden)
_PURPOSES: Final = {purpose.value: purpose for purpose in Purpose}
_CATEGORIES: Final = {category.value: category for category in Category}
_CODES: Final = {code.value: code for code in HandlingCode}


def to_us(at: datetime) -> int:
    """Return microseconds since 1970 UTC, exact."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Return the instant, aware UTC."""
    return _EPOCH + timedelta(microseconds=us)


def seal(key: bytes, text: bytes, bound: bytes) -> bytes:
    """Return nonce and AES-256-GCM of *text*, bound to *bound*."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text, bound)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        UnreadableError: if the bytes were changed, moved from elsewhere, or sealed by another key.
    """
    data = bytes(sealed)
    try:
        return AESGCM(key).decrypt(data[:NONCE], data[NONCE:], bound)
    except InvalidTag as error:
        name = bound.decode("ascii", "replace")
        raise UnreadableError(file=f"sealed {name}", why="it does not open under its key") from error


def bound_to(record: str, kind: str, version: int) -> bytes:
    """Return the additional data of one version of a record."""
    return f"{record}|{kind}|{version}".encode()


def seal_record(key: bytes, record: Record[object]) -> StoredRecord:
    """Return the row of *record*: clear columns, and the rest sealed under its own *key*."""
    header = record.header
    hidden = to_json(
        Hidden(
            legal_basis=header.legal_basis,
            caveats=header.handling.caveats,
            identifiers=header.identifiers,
            hold=header.hold,
        )
    )
    text = len(hidden).to_bytes(LENGTH, "big") + hidden + to_json(record.body)
    return StoredRecord(
        id=header.id,
        kind=header.kind,
        version=header.version,
        state=header.state,
        rule=header.rule,
        originator=header.originator,
        agreement=header.agreement,
        purposes=" ".join(header.purposes),
        codes=" ".join(header.handling.codes),
        tlp=header.handling.tlp.value,
        pap=header.handling.pap.value,
        keep_until=to_us(header.keep_until),
        made_at=to_us(header.made_at),
        changed_at=to_us(header.changed_at),
        started_at=None if header.started_at is None else to_us(header.started_at),
        ended_at=None if header.ended_at is None else to_us(header.ended_at),
        at=to_us(header.started_at or header.made_at),
        priority=header.priority,
        cell_lat=None if header.cell is None else header.cell[0],
        cell_lon=None if header.cell is None else header.cell[1],
        parents=" ".join(header.parents),
        categories=" ".join(header.categories),
        recalled_at=None if header.recalled_at is None else to_us(header.recalled_at),
        held=header.hold is not None,
        sealed=seal(key, text, bound_to(header.id, header.kind, header.version)),
    )


def unseal_parts(key: bytes, sealed: bytes, bound: bytes) -> tuple[Hidden, bytes]:
    """Return the hidden header fields and the JSON of the body.

    Raises:
        UnreadableError: if it does not open.
    """
    text = unseal(key, sealed, bound)
    end = LENGTH + int.from_bytes(text[:LENGTH], "big")
    return _HIDDEN.decode(text[LENGTH:end]), text[end:]


def unseal_row(key: bytes, row: StoredRecord) -> tuple[Hidden, bytes]:
    """Return the hidden header fields and the JSON of the body of a row.

    Raises:
        UnreadableError: if it does not open.
    """
    return unseal_parts(key, row.sealed, bound_to(row.id, row.kind, row.version))


def header_of(row: StoredRecord, hidden: Hidden) -> Header:
    """Put a header together again."""
    cell = None if row.cell_lat is None or row.cell_lon is None else (row.cell_lat, row.cell_lon)
    return Header(
        id=row.id,
        kind=row.kind,
        version=row.version,
        originator=row.originator,
        purposes=tuple(_PURPOSES[name] for name in row.purposes.split()),
        legal_basis=hidden.legal_basis,
        handling=Handling(
            codes=tuple(_CODES[name] for name in row.codes.split()),
            tlp=TLP(row.tlp),
            pap=PAP(row.pap),
            caveats=hidden.caveats,
        ),
        keep_until=from_us(row.keep_until),
        made_at=from_us(row.made_at),
        changed_at=from_us(row.changed_at),
        state=row.state,
        rule=row.rule,
        started_at=None if row.started_at is None else from_us(row.started_at),
        ended_at=None if row.ended_at is None else from_us(row.ended_at),
        priority=row.priority,
        cell=cell,
        agreement=row.agreement,
        parents=tuple(row.parents.split()),
        identifiers=hidden.identifiers,
        hold=hidden.hold,
        categories=tuple(_CATEGORIES[name] for name in row.categories.split()),
        recalled_at=None if row.recalled_at is None else from_us(row.recalled_at),
    )
