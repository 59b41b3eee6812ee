"""A working group without a centre: each member has its own copy, and one that tells two stories is found out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.agreements.vocabulary import State
from ayni.errors import InvalidValueError, NotAgreedError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.payload import Type
from ayni.exchange.receipt import Outcome
from ayni.exchange.refusals import Cause
from ayni.exchange.room_words import Entry, Head, Spoken, find_room, room_in
from ayni.exchange.rooms import Copy, Said, Speaking, admit, found, read, speak
from ayni.exchange.signed_word import Word, heard, say
from ayni.model.officer import Officer
from tests.exchange.test_delivery import causes
from tests.exchange.test_requests import lies
from tests.exchange.two_nodes import AMONG, ANA, BR, EC, INBOX, LIA, PE, UNDER, Node, World, keys_of
from tests.people import NOON

CL = "cl.ayni.example"
LOST = "00000000-0000-7000-8000-000000000000"


def node_of(node: Node) -> Speaking:
    """Return what speaking needs of a node."""
    return Speaking(house=node.house, book=node.book(), identity=node.identity)


def founds(node: Node, *members: str, by: Officer = LIA, name: str = "Marea") -> str:
    """Found a room and return its id."""
    with node.working() as work:
        return found(name, members, agreement=AMONG, by=by, under=UNDER, work=work, node=node_of(node)).room


def says(node: Node, room: str, words: str) -> Said:
    """Speak in it."""
    with node.working() as work:
        return speak(room, words, by=LIA, under=UNDER, work=work, node=node_of(node))


def names(node: Node, room: str, *members: str) -> Said:
    """Say who is a member."""
    with node.working() as work:
        return admit(room, members, by=LIA, under=UNDER, work=work, node=node_of(node))


def reads(node: Node, room: str) -> Copy:
    """Read a node's copy."""
    with node.working() as work:
        return read(room, by=ANA, under=UNDER, work=work)


def words(node: Node, room: str) -> list[tuple[str, str]]:
    """Return who said what, as a node has it."""
    return [(one.author, one.words) for one in reads(node, room).entries if one.words]


def test_everyone_hears_everyone() -> None:
    """Each has its own copy, all of them the same, and no entry was sealed to anybody else."""
    world = World(EC, PE, BR, CL)
    room = founds(world[EC], PE, BR)
    world.deliver()
    for number, name in enumerate((PE, EC, BR, PE)):
        world.clock.now = NOON.replace(minute=number)
        assert says(world[name], room, f"word {number}").untold == ()
        world.deliver()
    heard_by = [words(world[name], room) for name in (EC, PE, BR)]
    assert heard_by[0] == heard_by[1] == heard_by[2]
    assert heard_by[0] == [(PE, "word 0"), (EC, "word 1"), (BR, "word 2"), (PE, "word 3")]
    assert reads(world[BR], room).room.members == (EC, PE, BR)
    with world[CL].working() as work, pytest.raises(UnknownError):
        read(room, by=ANA, under=UNDER, work=work)


def test_whoever_is_taken_out_hears_nothing_more_and_is_not_heard() -> None:
    """It is told so; who joins later has not heard what was before."""
    world = World(EC, PE, BR, CL)
    room = founds(world[EC], PE, BR)
    world.deliver()
    says(world[PE], room, "before")
    world.deliver()
    names(world[EC], room, PE, CL)
    world.deliver()
    with pytest.raises(WrongStateError):
        says(world[BR], room, "I am still here")
    says(world[PE], room, "after")
    world.deliver()
    assert words(world[BR], room) == [(PE, "before")]
    assert words(world[CL], room) == [(PE, "after")]
    says(world[CL], room, "good day")
    world.deliver()
    assert (CL, "good day") in words(world[EC], room)
    assert reads(world[CL], room).room.missing == 0


def test_who_may_not() -> None:
    """Machines and analysts found nothing; only the founder says who is a member; a room has a name."""
    world = World(EC, PE, BR)
    for by in (ANA, INBOX):
        with pytest.raises(NotEntitledError):
            founds(world[EC], PE, by=by)
    with pytest.raises(InvalidValueError):
        founds(world[EC], PE, name=" ")
    room = founds(world[EC], PE)
    world.deliver()
    with pytest.raises(NotEntitledError):
        names(world[PE], room, EC, BR)
    with pytest.raises(InvalidValueError):
        says(world[PE], room, " ")
    world[PE].standing(AMONG, State.SUSPENDED)
    with pytest.raises(NotAgreedError):
        says(world[PE], room, "heard by nobody")
    assert words(world[PE], room) == []


def entry(world: World, room: str, author: str, /, **changes: object) -> str:
    """Sign the next entry of a member's stream, with changes, as one that keeps to no rules would."""
    with world[author].store.work() as work:
        body = room_in(find_room(work, room))
    head = body.head(author)
    said = Entry(
        room=room,
        founder=EC,
        author=author,
        seq=head.seq + 1 if head else 1,
        prev=head.digest if head else "",
        at=NOON,
        words="said",
    )
    return say(keys_of(str(changes.pop("signer", author)))[0], Word.ROOM_ENTRY, replace(said, **changes))  # type: ignore[arg-type]


def test_two_stories_are_found_out() -> None:
    """One member tells two others different things under one number: their heads show it, and both have the proof."""
    world = World(EC, PE, BR)
    room = founds(world[EC], PE, BR)
    world.deliver()
    lies(world[BR], EC, Type.ROOM, Spoken(entry=entry(world, room, BR, words="it sails at noon")))
    lies(world[BR], PE, Type.ROOM, Spoken(entry=entry(world, room, BR, words="it sails at dawn")))
    world.deliver()
    assert not reads(world[EC], room).forks, "neither can know yet"
    says(world[EC], room, "so we go at noon")
    world.deliver()
    for name in (EC, PE):
        (fork,) = reads(world[name], room).forks
        assert (fork.author, fork.seq) == (BR, 1)
        said = [heard(word, Word.ROOM_ENTRY, Entry, world.known) for word in (fork.one, fork.other)]
        assert {signer for signer, _ in said} == {BR}
        assert {one.words for _, one in said} == {"it sails at noon", "it sails at dawn"}
    assert not world.deliver()


def test_a_stream_that_changes_its_past_is_found_out() -> None:
    """An entry that does not follow the one before is proof by itself, and moves nothing on."""
    world = World(EC, PE, BR)
    room = founds(world[EC], PE, BR)
    world.deliver()
    says(world[BR], room, "first")
    world.deliver()
    lies(world[BR], EC, Type.ROOM, Spoken(entry=entry(world, room, BR, prev="0" * 64)))
    lies(world[BR], EC, Type.ROOM, Spoken(entry=entry(world, room, BR, seq=1, prev="", words="another first")))
    world.deliver()
    copy = reads(world[EC], room)
    assert len(copy.forks) == 2
    assert words(world[EC], room) == [(BR, "first")]


def test_what_is_missing_is_counted() -> None:
    """An entry that never came leaves its number."""
    world = World(EC, PE, BR)
    room = founds(world[EC], PE, BR)
    world.deliver()
    says(world[BR], room, "first")
    world.deliver()
    lies(world[BR], EC, Type.ROOM, Spoken(entry=entry(world, room, BR, seq=4, prev="1" * 64)))
    world.deliver()
    assert reads(world[EC], room).room.missing == 2


@pytest.mark.parametrize(
    ("by", "changes", "cause"),
    [
        (CL, {}, Cause.NOT_IN_ROOM),
        (PE, {"founder": PE}, Cause.NOT_ORIGINATOR),
        (PE, {"author": BR, "signer": PE}, Cause.NOT_ORIGINATOR),
        (PE, {"author": BR, "signer": BR}, Cause.NOT_ORIGINATOR),
        (PE, {"room": LOST}, Cause.NOT_IN_ROOM),
        (PE, {"signer": "un.known.example"}, Cause.WORD),
    ],
)
def test_entries_that_lie_are_refused(by: str, changes: dict[str, object], cause: Cause) -> None:
    """From outside, of another founder, in another's name, in a room that is not here, signed by nobody known."""
    world = World(EC, PE, BR, CL)
    room = founds(world[EC], PE, BR)
    world.deliver()
    author = by if by != CL else PE
    word = entry(world, room, author, **({"author": CL, "signer": CL, **changes} if by == CL else changes))
    message = lies(world[by], EC, Type.ROOM, Spoken(entry=word))
    told = world.deliver()[message]
    assert (told.outcome, causes(told.reasons)) == (Outcome.REFUSED, {cause})
    assert words(world[EC], room) == []


def test_only_a_founder_names_members() -> None:
    """An entry that names members is of the founder, the founder among them, and gives the room its name."""
    base = Entry(room=LOST, founder=EC, author=EC, seq=1, prev="", at=NOON, name="Marea", members=(EC, PE))
    for wrong in (
        {"author": PE},
        {"members": (PE, BR)},
        {"members": (EC, EC)},
        {"name": ""},
        {"members": (), "name": ""},
        {"seq": 2},
        {"prev": "0" * 64},
    ):
        with pytest.raises(InvalidValueError):
            replace(base, **wrong)
    with pytest.raises(InvalidValueError):
        Head(author=EC, seq=0, digest="0" * 64)


def holds(down: tuple[str, ...], one: str, other: str) -> bool:
    """Say whether the line between two nodes holds."""
    return {one, other} != set(down)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from((EC, PE, BR)), st.sampled_from(((EC, PE), (PE, BR), (BR, EC), ()))), max_size=6
    )
)
def test_whatever_lines_are_down_all_copies_end_the_same(story: list[tuple[str, tuple[str, ...]]]) -> None:
    """Members speak while lines are down: once they are up, everyone has every word, in each author's order."""
    world = World(EC, PE, BR)
    room = founds(world[EC], PE, BR)
    world.deliver()
    for number, (name, down) in enumerate(story):
        says(world[name], room, f"word {number}")
        world.deliver(reachable=partial(holds, down))
    world.deliver()
    copies = [reads(world[name], room) for name in (EC, PE, BR)]
    assert len({copy.entries for copy in copies}) == 1
    assert len(copies[0].entries) == len(story) + 1
    assert not any(copy.forks or copy.room.missing for copy in copies)
