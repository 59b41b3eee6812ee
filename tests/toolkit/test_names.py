"""Laws of likeness of names: the same name however a register writes it, and other names apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.toolkit.names import person_key, person_likeness, plain, vessel_key, vessel_likeness

ALIKE, APART = 0.85, 0.75


@given(one=st.text(max_size=40), other=st.text(max_size=40))
def test_likeness_is_between_0_and_1_and_the_same_both_ways(one: str, other: str) -> None:
    """No text makes it fail."""
    for likeness in (person_likeness, vessel_likeness):
        score = likeness(one, other)
        assert 0.0 <= score <= 1.0
        assert score == likeness(other, one)


@given(st.text(max_size=40))
def test_a_name_is_like_itself(name: str) -> None:
    """Unless nothing of it can be read."""
    assert person_likeness(name, name) == (1.0 if person_key(name) else 0.0)
    assert vessel_likeness(name, name) == (1.0 if vessel_key(name) else 0.0)
    assert plain(plain(name)) == plain(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José María de la Cruz Núñez", "NUNEZ, JOSE MARIA CRUZ"),
        ("Ana Quispe Mamani", "Quispe Mamani Ana"),
        ("Ana Lucía Quispe Mamani", "Ana Lucía Quispe"),
        ("João da Silva Júnior", "JOAO SILVA"),
        ("Сергей Иванов", "Sergei Ivanov"),
        ("O’Brien, Seán", "Sean OBrien"),
    ],
)
def test_the_same_person_as_registers_write_it(one: str, other: str) -> None:
    """Accents, particles, order, the second surname left out, another script."""
    assert person_likeness(one, other) >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Quispe Mamani", "Ana Quiroga Medina"),
        ("Juan Pérez", "Juana Pardo"),
        ("Luis", "Luis Alberto Cueva Toro"),
        ("María López", "Marta Gómez"),
    ],
)
def test_other_persons(one: str, other: str) -> None:
    """A first name in common is not a person in common."""
    assert person_likeness(one, other) < APART


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M/V Niña II", "NINA 2"),
        ("B/P Virgen del Cisne", "VIRGEN DEL CISNE"),
        ("Mar-Azul", "MAR AZUL"),
        ("Estrela do Mar", "ESTRELA D0 MAR".replace("0", "O")),
    ],
)
def test_the_same_vessel(one: str, other: str) -> None:
    """Prefixes, Roman numerals, hyphens."""
    assert vessel_likeness(one, other) == 1.0


def test_another_number_is_another_ship() -> None:
    """One sign apart, and not alike; a typing error is."""
    assert vessel_likeness("Estrella 2", "Estrella 3") <= 0.5
    assert vessel_likeness("Estrella Polar", "Estrela Polar") > 0.9
