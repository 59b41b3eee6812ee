"""Laws of numbers that prove themselves: a mistyped digit is found, and no text makes a check fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.toolkit import codes
from ayni.toolkit.codes import Checked, Station
from ayni.toolkit.codes.aircraft import _blocks, state_of
from ayni.toolkit.codes.vessels import countries_by_mid
from ayni.toolkit.phrases import LANGUAGES, errors_catalogue, render

EVERY: list[Callable[[object], Checked]] = [
    codes.check_imo,
    codes.check_mmsi,
    codes.check_icao24,
    codes.check_container,
    codes.check_imei,
    codes.check_vin,
    codes.check_iban,
    codes.check_bic,
    codes.check_lei,
    codes.check_isin,
    *(lambda text, kind=kind: codes.check_national(kind, text) for kind in codes.NATIONAL),
]


@pytest.mark.parametrize("check", EVERY)
@given(text=st.one_of(st.text(), st.text(alphabet="0123456789ABCXYZ-. ", max_size=20), st.integers(), st.none()))
def test_no_text_makes_a_check_fail(check: Callable[[object], Checked], text: object) -> None:
    """Whatever comes in, a typed answer comes out, whose findings read in every language."""
    found = check(text)
    for reason in found.wrong:
        for language in LANGUAGES:
            said = render(reason, language=language, catalogue=errors_catalogue())
            assert said.translated
            assert said.lacking == ()


@pytest.mark.parametrize(
    ("check", "good", "spelt"),
    [
        (codes.check_imo, "IMO 9074729", "9074729"),
        (codes.check_container, "CSQU 305438-3", "CSQU3054383"),
        (codes.check_iban, "GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"),
        (codes.check_imei, "49-015420-323751-8", "490154203237518"),
        (codes.check_vin, "1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
        (codes.check_isin, "US0378331005", "US0378331005"),
        (codes.check_lei, "2138 00KU D8LA JWSQ 9D15", "213800KUD8LAJWSQ9D15"),
    ],
)
def test_one_wrong_digit_is_found(check: Callable[[object], Checked], good: str, spelt: str) -> None:
    """The example of each standard is right; with any one digit changed it is not."""
    found = check(good)
    assert found.valid
    assert found.code == spelt
    for at, sign in enumerate(spelt):
        if sign.isdigit() and (check, at) != (codes.check_vin, 0):
            changed = spelt[:at] + str((int(sign) + 1) % 10) + spelt[at + 1 :]
            assert not check(changed).valid, changed


@given(st.integers(min_value=100_000, max_value=999_999), st.integers(0, 6), st.integers(1, 9))
def test_an_imo_number_proves_itself(stem: int, at: int, more: int) -> None:
    """Exactly one check digit fits six digits; another digit anywhere is found, tens of a weight apart."""
    digits = f"{stem}"
    fitting = [last for last in range(10) if codes.check_imo(f"{digits}{last}").valid]
    assert len(fitting) == 1
    number = f"{digits}{fitting[0]}"
    changed = number[:at] + str((int(number[at]) + more) % 10) + number[at + 1 :]
    weight = 7 - at if at < 6 else 1
    undetectable = (int(changed[at]) - int(number[at])) * weight % 10 == 0
    assert codes.check_imo(changed).valid is undetectable


@pytest.mark.parametrize(
    ("number", "station", "country"),
    [
        ("735059123", Station.SHIP, "EC"),
        ("073505912", Station.GROUP, "EC"),
        ("007350001", Station.COAST, "EC"),
        (7350001, Station.COAST, "EC"),
        ("111735001", Station.AIRCRAFT, "EC"),
        ("987350001", Station.CRAFT, "EC"),
        ("997350001", Station.AID_TO_NAVIGATION, "EC"),
        ("873500012", Station.HANDHELD, "EC"),
        ("970123456", Station.SART, ""),
        ("972123456", Station.MOB, ""),
        ("974123456", Station.EPIRB, ""),
        ("979123456", Station.AMRD, ""),
        ("740000123", Station.SHIP, "FK"),
    ],
)
def test_an_mmsi_tells_its_station_and_state(number: str | int, station: Station, country: str) -> None:
    """The shapes of ITU-R M.585, and the State where there is one."""
    found = codes.check_mmsi(number)
    assert (found.station, found.country, found.wrong) == (station, country, ())
    assert found.station.distress is (station in {Station.SART, Station.MOB, Station.EPIRB})


@pytest.mark.parametrize(
    "number",
    [
        "799000001",
        "111111111",
        "123456789",
        "000000000",
        "12345678",
        "1234567890",
        "900000012",
        "73505912E",
        "\uff17\uff13\uff15",
    ],
)
def test_a_strange_mmsi_is_questioned(number: str) -> None:
    """Unallocated digits, rows, wrong lengths and shapes each give a reason."""
    assert codes.check_mmsi(number).wrong


def test_the_table_of_digits_is_whole() -> None:
    """Three digits from 201 to 775, two letters each; the neighbours are where they belong."""
    table = countries_by_mid()
    assert len(table) == 292
    assert all(len(mid) == 3 and "201" <= mid <= "775" and len(country) == 2 for mid, country in table.items())
    assert {table[mid] for mid in ("735", "730", "760", "710", "725", "770")} == {"EC", "CO", "PE", "BR", "CL", "UY"}


def test_blocks_of_aircraft_do_not_overlap() -> None:
    """Every block ends before the next begins, and begins at a multiple of its size."""
    starts, ends, states = _blocks()
    assert (len(states), len(set(states))) == (190, 189)
    assert all(end < start for end, start in zip(ends[:-1], starts[1:], strict=True))
    assert all(start % (end - start + 1) == 0 for start, end in zip(starts, ends, strict=True))


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("E84001", "EC"),
        ("0xE94FFF", "BO"),
        ("a00001", "US"),
        ("adf7c7", "US"),
        ("0AC123", "CO"),
        ("E8C000", "PE"),
        ("E49999", "BR"),
        ("407ABC", "GB"),
    ],
)
def test_an_address_tells_its_state(address: str, state: str) -> None:
    """The State of the block."""
    found = codes.check_icao24(address)
    assert (found.country, found.valid) == (state, True)


@pytest.mark.parametrize("address", ["000000", "FFFFFF", "B12345", "E8D000", "~2A3B4C", "12345", ""])
def test_a_strange_address_is_questioned(address: str) -> None:
    """No block, no aircraft, or no address."""
    assert not codes.check_icao24(address).valid
    assert state_of(0xB12345) == ""


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("ec.ruc", "1792060346-001"),
        ("br.cnpj", "16.727.230/0001-97"),
        ("co.nit", "213.123.432-1"),
        ("pe.ruc", "20512333797"),
        ("cl.rut", "12.531.909-2"),
        ("es.nif", "ES B-58378431"),
        ("pt.nif", "PT 501 964 843"),
    ],
)
def test_numbers_of_the_region(kind: str, number: str) -> None:
    """The examples of python-stdnum pass; the same with another digit does not."""
    found = codes.check_national(kind, number)
    assert found.valid, found.wrong
    assert found.country == kind[:2].upper()
    at = -6 if kind == "ec.ruc" else -1  # the last three digits of a RUC count branches
    changed = number[:at] + ("1" if number[at] != "1" else "2") + (number[at + 1 :] if at != -1 else "")
    assert not codes.check_national(kind, changed).valid


def test_a_kind_without_rule_says_so() -> None:
    """Not valid, with the reason."""
    assert codes.check_national("xx.yy", "1").wrong
