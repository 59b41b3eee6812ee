"""Courier files: carried by hand, whole or named piece by piece."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ayni.errors import EnvelopeError, InvalidValueError
from ayni.exchange import age
from ayni.exchange.courier import ItemKind, Load, add_to_courier, read_courier, write_courier
from ayni.exchange.envelope import Envelope
from tests.exchange.letters import BO, KEYS, NOW, PE, SECRETS, XX, opener, payload, trust, written


def loads(count: int) -> list[Load]:
    """Return some envelopes to carry."""
    return [Load.of_envelope(Envelope.parse(one)) for one in written(*(payload() for _ in range(count)))]


@pytest.fixture
def attachment(tmp_path: Path) -> Path:
    """A sealed photograph of 300 kB."""
    path = tmp_path / "photo.age"
    path.write_bytes(age.seal_bytes(os.urandom(300_000), [SECRETS[BO].key.public()]))
    return path


def test_what_was_carried_is_opened(tmp_path: Path, attachment: Path) -> None:
    """As if it had come by line, in its order, with its attachment."""
    file = tmp_path / "stick"
    write_courier(file, KEYS[PE], BO, [*loads(3), Load.of_attachment(attachment)], NOW)
    held = read_courier(file, trust)
    opened = [opener().open(envelope, NOW).payload for envelope in held.envelopes()]
    assert [one.id for one in opened] == [item.id for item in held.manifest.items[:3]]
    sealed = held.manifest.items[3]
    assert sealed.kind is ItemKind.ATTACHMENT
    data = b"".join(held.chunks(sealed))
    assert hashlib.sha256(data).hexdigest() == sealed.id
    assert len(age.open_bytes(data, [SECRETS[BO].private()])) == 300_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.age", "stick"]


def test_more_is_added_by_the_same_node_only(tmp_path: Path) -> None:
    """And nothing twice."""
    file = tmp_path / "stick"
    first, second = loads(2), loads(1)
    write_courier(file, KEYS[PE], BO, first, NOW)
    add_to_courier(file, KEYS[PE], second, NOW)
    wanted = [load.listed for load in (*first, *second)]
    assert list(read_courier(file, trust).manifest.items) == wanted
    before = file.read_bytes()
    with pytest.raises(EnvelopeError, match="believed"):
        add_to_courier(file, KEYS[BO], second, NOW)
    with pytest.raises(InvalidValueError, match="twice"):
        add_to_courier(file, KEYS[PE], second, NOW)
    assert file.read_bytes() == before


def test_a_file_cut_short_names_what_is_whole(tmp_path: Path) -> None:
    """Wherever it is cut behind the manifest."""
    file = tmp_path / "stick"
    manifest = write_courier(file, KEYS[PE], BO, loads(3), NOW)
    data, ids = file.read_bytes(), tuple(item.id for item in manifest.items)
    for whole in range(3):
        end = len(data) - sum(item.size for item in manifest.items[whole:])
        for extra in (0, 10):
            file.write_bytes(data[: end + extra])
            with pytest.raises(EnvelopeError) as caught:
                read_courier(file, trust)
            assert caught.value.facts["readable"] == ids[:whole]
            assert caught.value.facts["lost"] == ids[whole:]
            assert all(one in str(caught.value) for one in ids[:whole])


def test_a_changed_item_does_not_hide_those_after_it(tmp_path: Path) -> None:
    """One byte in the first of three."""
    file = tmp_path / "stick"
    manifest = write_courier(file, KEYS[PE], BO, loads(3), NOW)
    data = bytearray(file.read_bytes())
    data[-sum(item.size for item in manifest.items) + 400] ^= 1
    file.write_bytes(data)
    with pytest.raises(EnvelopeError) as caught:
        read_courier(file, trust)
    assert caught.value.facts["readable"] == tuple(item.id for item in manifest.items[1:])


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_passes(tmp_path: Path, data: st.DataObject) -> None:
    """In manifest, lengths or items; nor anything added behind."""
    file = tmp_path / "stick"
    if not file.exists():
        write_courier(file, KEYS[PE], BO, loads(1), NOW)
    whole = file.read_bytes()
    changed = bytearray(whole)
    at = data.draw(st.integers(0, len(changed)))
    changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    other = tmp_path / "other"
    other.write_bytes(changed)
    if bytes(changed) != whole:
        with pytest.raises(EnvelopeError):
            read_courier(other, trust)


def test_a_file_of_a_stranger_is_refused(tmp_path: Path) -> None:
    """Even where every envelope in it is ours."""
    write_courier(tmp_path / "stick", KEYS[XX], BO, loads(1), NOW)
    with pytest.raises(EnvelopeError, match="believed"):
        read_courier(tmp_path / "stick", trust)


def test_a_load_that_changes_meanwhile_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a partial file nor a broken one in place of the old."""
    file = tmp_path / "stick"
    good = loads(1)
    write_courier(file, KEYS[PE], BO, good, NOW)
    before = file.read_bytes()
    wrong = replace(good[0], listed=msgspec.structs.replace(good[0].listed, size=good[0].listed.size + 1))
    with pytest.raises(EnvelopeError, match="changed while"):
        write_courier(file, KEYS[PE], BO, [wrong], NOW)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["stick"]


def test_thirty_megabytes_are_carried_in_two(tmp_path: Path) -> None:
    """Memory does not grow with the attachment."""
    path = tmp_path / "film.age"
    with path.open("wb") as film:
        film.writelines(age.seal(io.BytesIO(bytes(30 << 20)), [SECRETS[BO].key.public()]))
    tracemalloc.start()
    write_courier(tmp_path / "stick", KEYS[PE], BO, [Load.of_attachment(path)], NOW)
    held = read_courier(tmp_path / "stick", trust)
    total = sum(len(piece) for piece in held.chunks(held.manifest.items[0]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == path.stat().st_size
    assert peak < 2 << 20
