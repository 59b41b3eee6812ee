"""A partner that floods, drips, lies or falls silent: turned away or put aside, and everybody else is served."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import EnvelopeError
from ayni.exchange import bundle
from ayni.exchange.asking import PATH
from ayni.exchange.asking import ask as ask_as
from ayni.node.lines import Line
from ayni.node.quotas import Quotas
from tests.exchange.posts import LIA, UNDER, Post, give, two_posts
from tests.exchange.test_over_the_line import answers
from tests.node.test_serving import serving

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange

FLOOD = "[exchange]\nenvelopes_per_minute = 40\n"


@pytest.fixture
def posts(tmp_path: Path) -> tuple[Post, Post]:
    """Two nodes under an agreement, that take few envelopes a minute."""
    return two_posts(tmp_path, more=FLOOD)


def test_one_partner_does_not_flood_the_others_out() -> None:
    """Its quota fills again steadily; another partner has its own; what is turned away costs nothing."""
    at = [0.0]
    quotas = Quotas(envelopes_a_minute=60, bytes_an_hour=3600, steady=lambda: at[0])
    assert quotas.ask("loud", 60, 10) == 0
    assert quotas.ask("loud", 30, 10) == 30, "seconds to wait"
    assert quotas.ask("quiet", 60, 10) == 0
    at[0] = 29.0
    assert quotas.ask("loud", 30, 10) == 1
    at[0] = 30.0
    assert quotas.ask("loud", 30, 10) == 0
    assert quotas.ask("quiet", 1, 7200) == 0
    assert quotas.ask("quiet", 1, 1) > 3600, "bytes count too, and more than the bucket holds is owed"
    with quotas.one_of("loud") as first, quotas.one_of("loud") as second, quotas.one_of("quiet") as other:
        assert (first, second, other) == (True, False, True)
    with quotas.one_of("loud") as again:
        assert again


def test_a_flood_is_turned_away_and_arrives_later(posts: tuple[Post, Post]) -> None:
    """Forty a minute and not one more; what was turned away still waits at the sender, and nothing is lost."""
    one, two = posts
    with one.open() as exchange:
        for number in range(70):
            give(exchange, two.node, number)
    with serving(two.folder), one.open() as exchange:
        answers(two)
        (turn,) = exchange.send(now=True)
        assert "429" in turn.error
        assert turn.delivered == 32
        waiting = sum(n for (_, state), n in exchange.outbox.counts().items() if state in {"waiting", "packed"})
        assert waiting == 38
        assert exchange.outbox.line(two.node).attempts == 1


def test_who_drips_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte a second: after its minute and what its length deserves, it is turned away."""
    from django.http import HttpRequest

    from ayni.api import partner_door

    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            return super().read(1)

    seconds = count()
    monkeypatch.setattr("ayni.api.partner_door.time.monotonic", lambda: float(next(seconds)))
    request = HttpRequest()
    request.META["CONTENT_LENGTH"] = "100000"
    request._stream = Dripping(bytes(100_000))
    request._read_started = False  # type: ignore[attr-defined]
    with pytest.raises(partner_door.TurnedAwayError, match="too slowly") as caught:
        partner_door._read(request, bundle.LONGEST)
    assert caught.value.status == 408
    assert next(seconds) < 60 + 100_000 / 4_000 + 5


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=32), st.data())
def test_a_bundle_is_split_as_it_was_joined_or_refused(envelopes: list[bytes], data: st.DataObject) -> None:
    """Joined and split is the same; cut short anywhere within an envelope, or with one too many, it is refused."""
    joined = bundle.join(envelopes)
    assert list(bundle.split(joined)) == envelopes
    ends = {len(bundle.join(envelopes[:n])) for n in range(len(envelopes) + 1)}
    cut = data.draw(st.integers(0, len(joined)))
    if cut in ends:
        assert list(bundle.split(joined[:cut])) == envelopes[: sorted(ends).index(cut)]
    else:
        with pytest.raises(EnvelopeError):
            bundle.split(joined[:cut])
    with pytest.raises(EnvelopeError):
        bundle.split(bundle.join([b"x"] * 33))


def test_rubbish_at_the_door_changes_nothing(posts: tuple[Post, Post]) -> None:
    """Signed by a partner or not: no bundle, no envelope, no receipt and no file that is not one leaves a trace."""
    one, two = posts
    with two.open() as exchange:
        before = len(exchange.node.store.entries)
    with serving(two.folder), one.open() as exchange:
        answers(two)
        line = Line(address=two.address, certificate=(two.folder / "tls" / "tls.crt").read_text("ascii"))
        for what, body, status in (
            ("envelopes", b"\xff" * 100, 400),
            ("envelopes", b"", 400),
            ("envelopes", bundle.join([b"{" * 40_000]), 200),
            ("envelopes", bundle.join([b'{"v":"ayni/1"}\nage-encryption.org/v1\n']), 200),
            ("receipts", b"{}", 400),
            ("receipts", b"[" * 5_000, 400),
            ("receipts", b"", 400),
        ):
            assert _asked(exchange, two, line, "POST", what, body) == status, (what, body[:20])
        assert _asked(exchange, two, line, "GET", f"files/{'0' * 64}/0", b"") == 404
        assert _asked(exchange, two, line, "GET", "files/../../keys/0", b"") == 404
        assert _asked(exchange, two, line, "GET", "waiting", b"") == 204
        line.close()
    with two.open() as exchange:
        assert len(exchange.node.store.entries) == before


def _asked(exchange: Exchange, two: Post, line: Line, method: str, what: str, body: bytes) -> int:
    path = f"{PATH}/{what}"
    word = ask_as(exchange.identity, two.node, method, path, body, exchange.node.clock())
    return line.ask(method, path, body or None, headers={"Authorization": word}, longest=1 << 20).status


def test_what_a_silent_partner_never_took_is_put_before_a_person(posts: tuple[Post, Post]) -> None:
    """After fourteen days it is tried no more: emptied, alarmed about, and quiet once an officer has looked."""
    one, two = posts
    with one.open() as exchange:
        from ayni.node.post_status import acknowledge, post_alarms, post_status

        message = give(exchange, two.node).message
        assert not post_status(exchange.node).attention
        exchange.node.clock._wall = lambda: datetime.now(UTC) + timedelta(days=15)
        exchange.send(now=True)
        (told,) = post_status(exchange.node).attention
        assert (told.id, told.state) == (message, "overdue")
        assert any("not delivered" in alarm.says for alarm in post_alarms(exchange.node))
        assert not exchange.outbox.partners()
        acknowledge(exchange.node, message, by=LIA, under=UNDER)
        assert not post_status(exchange.node).attention
        assert not exchange.prepare(two.node), "it is not tried again"
