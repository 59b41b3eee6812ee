"""What always holds for the decoder of NMEA, whatever bytes arrive and however they are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.desks.maritime.nmea.decoder import Decoder
from ayni.model.desk import Tally

SENTENCES = [
    rb"\s:rMANTA,c:1709287202*1B\!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A",
    b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A,rMANTA,1709287203",
    b"2024-03-01T10:00:04Z !AIVDM,1,1,,A,16SteH0P00Jt63hHaa6SagvJ087r,0*42",
    b"!AIVDM,1,1,,B,25Cjtd0Oj;Jp7ilG7=UkKBoB0<06,0*60",
    b"!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C",
    b"!AIVDM,2,2,1,A,88888888880,2*25",
    b"!AIVDM,2,2,1,A,88888888880,2*25,1709287209",
    b"!AIVDM,1,1,,A,403OviQuMGCqWrRO9>E6fE700@GO,0*4D",
    b"!AIVDM,1,1,,A,H42O55i18tMET00000000000000,2*6D",
    b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4B",
    b"!AIVDM,1,1,,A,15RTgt0PAso;90TK",
    b"$GPRMC,213950.00,A,5250.53669,N,00542.34920,E,0.020,,070420,,,A*7D",
    b"",
    b"\x00\xff garbage !AIVDM",
    b"!AIVDM,1,1,,A,,0*26",
]

streams = st.lists(
    st.one_of(st.sampled_from(SENTENCES), st.binary(max_size=60)),
    max_size=40,
).flatmap(lambda lines: st.sampled_from([b"\n", b"\r\n"]).map(lambda end: end.join(lines)))


def decoded(pieces: list[bytes]) -> tuple[dict[str, list[object]], Tally]:
    """Return the rows by table that a fresh decoder gives for some pieces of bytes."""
    tally = Tally()
    decoder = Decoder("0" * 64, tally)
    rows: dict[str, list[object]] = {"position": [], "identity": []}
    for piece in pieces:
        for name, batch in decoder.feed(piece):
            rows[name] += batch.to_pylist()
    for name, batch in decoder.close():
        rows[name] += batch.to_pylist()
    return rows, tally


@settings(max_examples=60, deadline=None)
@given(stream=streams, cuts=st.lists(st.integers(0, 4000), max_size=12))
def test_any_split_of_the_same_bytes_gives_the_same_rows(stream: bytes, cuts: list[int]) -> None:
    """A sentence cut by a socket, a message cut between its parts: nothing is lost, nothing is doubled."""
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    whole, said_of_whole = decoded([stream])
    pieces, said_of_pieces = decoded([stream[start:end] for start, end in pairwise(places)])
    assert pieces == whole
    assert said_of_pieces == said_of_whole


@settings(max_examples=60, deadline=None)
@given(stream=streams)
def test_every_line_is_a_row_or_has_its_reason(stream: bytes) -> None:
    """Read is accepted plus rejected, and every row points at bytes that are there."""
    rows, tally = decoded([stream])
    assert tally.read == tally.accepted + tally.rejected.total()
    assert tally.read == sum(1 for line in stream.split(b"\n") if line not in {b"", b"\r"})
    for row in [*rows["position"], *rows["identity"]]:
        assert isinstance(row, dict)
        cited = stream[row["offset"] : row["offset"] + row["length"]]
        assert b"!AIVDM" in cited
        assert not cited.endswith((b"\n", b"\r"))
