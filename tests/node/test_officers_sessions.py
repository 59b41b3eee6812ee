"""A session's turns: the owner never notices, a copy never lasts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.sessions.backends.base import SessionBase
from hypothesis import given
from hypothesis import strategies as st

from ayni.node.officers.sessions import GRACE_S, REST_S, TURN_S, WATCH_S, refusal, turn_to_hand_out
from tests.web_node import fresh_node


@pytest.fixture(scope="module", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Open a node: its key signs the turns."""
    with fresh_node(tmp_path_factory.mktemp("turns") / "node"):
        yield


class Browser:
    """Somebody with a cookie: shows it, and keeps what it is handed, unless the answer is lost."""

    def __init__(self, session: SessionBase, turn: str, by: str = "browser") -> None:
        self.session, self.turn, self.by = session, turn, by

    def ask(self, now: float, *, answered: bool = True) -> str:
        """Make one request; return why it was refused, or nothing."""
        why = refusal(self.session, self.turn, self.by, now)
        if not why:
            handed = turn_to_hand_out(self.session, self.by, now)
            if handed and answered:
                self.turn = handed
        return why


def signed_in(now: float = 0.0) -> Browser:
    """Return a browser that has just signed in."""
    session = SessionBase()
    return Browser(session, turn_to_hand_out(session, "browser", now))


@given(st.lists(st.tuples(st.floats(0, REST_S - 1), st.booleans()), max_size=40))
def test_the_owner_is_never_signed_out_by_lost_answers(steps: list[tuple[float, bool]]) -> None:
    """However many answers a weak link loses, the one browser that signed in goes on."""
    owner, now = signed_in(), 0.0
    for pause, answered in steps:
        now += pause
        if now > WATCH_S:
            break
        assert owner.ask(now, answered=answered) == ""


@given(st.floats(0, 1000), st.lists(st.floats(1, 2000), min_size=6, max_size=20))
def test_two_holders_do_not_both_go_on(copied_at: float, pauses: list[float]) -> None:
    """A copy and its owner that both keep working end the session once both have taken their turns."""
    owner = signed_in()
    now = copied_at
    owner.ask(now)
    thief = Browser(owner.session, owner.turn)
    refused = False
    for pause in pauses:
        for one in (owner, thief):
            now += pause + TURN_S + GRACE_S
            if now > WATCH_S or pause + TURN_S + GRACE_S > REST_S / 2:
                return
            refused = refused or bool(one.ask(now))
    assert refused


def test_a_copy_kept_for_later_is_worthless() -> None:
    """The owner has moved on: the old turn ends the session."""
    owner = signed_in()
    thief = Browser(owner.session, owner.turn)
    assert [owner.ask(now) for now in (10, TURN_S + 1, TURN_S + 2, TURN_S + 3)] == [""] * 4
    assert thief.ask(TURN_S + GRACE_S + 10) == "a copy"


def test_another_browser_is_refused_at_once() -> None:
    """The same cookies under another description do not pass."""
    owner = signed_in()
    assert Browser(owner.session, owner.turn, by="elsewhere").ask(1) == "another browser"


def test_an_invented_turn_is_a_copy() -> None:
    """Nothing without the node's MAC passes, not even right after sign-in."""
    owner = signed_in()
    for turn in ("", "1", "1.", "2.abc", "-1.x", "0." + owner.turn.partition(".")[2], "9" * 40 + ".x", "\u0661.x"):
        assert Browser(owner.session, turn).ask(1) == "a copy"


def test_requests_under_way_may_show_the_turn_before() -> None:
    """Several at once on a slow link are one browser, not two."""
    owner = signed_in()
    slow = Browser(owner.session, owner.turn)
    owner.ask(TURN_S + 1)
    owner.ask(TURN_S + 2)
    assert slow.ask(TURN_S + GRACE_S) == ""


def test_sessions_rest_and_end() -> None:
    """An hour unused, or a watch of twelve hours."""
    assert signed_in().ask(REST_S + 1) == "rest"
    owner = signed_in()
    for now in range(0, WATCH_S, REST_S // 2):
        assert owner.ask(now) == ""
    assert owner.ask(WATCH_S + 1) == "rest"
