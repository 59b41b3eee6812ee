"""Every kind of record that this release knows: the vocabulary's, and those of the parts above it.

The parts above bring policies and cryptography. They load when a body of theirs is first
opened, so that a command which lists signals does not wait for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from ayni.model.codec import KINDS as VOCABULARY


class _Kinds(Mapping[str, type[object]]):
    """Kind to the type of its body, as the store reads it back."""

    def __getitem__(self, kind: str) -> type[object]:
        found = VOCABULARY.get(kind)
        return _above()[kind] if found is None else found

    def __iter__(self) -> Iterator[str]:
        yield from VOCABULARY
        yield from (kind for kind in _above() if kind not in VOCABULARY)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(maxsize=1)
def _above() -> Mapping[str, type[object]]:
    from ayni.agreements import life_cycle  # noqa: PLC0415 -- see the head of this module
    from ayni.exchange import (  # noqa: PLC0415 -- as above
        consent,
        correction,
        holdings,
        key_acts,
        lease,
        partners,
        recall_records,
        requests,
        room_words,
    )
    from ayni.operations import watch_log  # noqa: PLC0415 -- as above

    return {
        **life_cycle.KINDS,
        **key_acts.KINDS,
        **partners.KINDS,
        **holdings.KINDS,
        **recall_records.KINDS,
        **requests.KINDS,
        **consent.KINDS,
        **watch_log.KINDS,
        **correction.KINDS,
        **room_words.KINDS,
        **lease.KINDS,
    }


ALL_KINDS: Mapping[str, type[object]] = _Kinds()
