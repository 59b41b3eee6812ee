"""One folder a domain; no desk knows another. Desks are found by looking, never registered.

A desk is a module or package here, or one that an installed package names in the
entry point group `ayni.desks`; it is a desk when it has a `DESK` whose name is the
name it is found under. Adding one needs no edit anywhere else:

    [project.entry-points."ayni.desks"]
    cargo = "our_customs.cargo_desk:DESK"

Looking imports nothing, so that a command for one desk pays for one desk. A node runs
only the desks its settings name, and one that cannot be imported hides no other.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from ayni.errors import SettingsError, UnreadableError
from ayni.model.desk import Desk

ENTRY_POINTS = "ayni.desks"


def desk_names() -> tuple[str, ...]:
    """Return the names of every desk there is, in alphabetical order, importing none of them.

    Raises:
        SettingsError: if two desks bear one name.
    """
    inside = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    outside = [point.name for point in entry_points(group=ENTRY_POINTS)]
    twice = sorted({name for name in outside if name in inside or outside.count(name) > 1})
    if twice:
        raise SettingsError(file="installed packages", why=f"two desks are called {', '.join(twice)}")
    return tuple(sorted((*inside, *outside)))


def find_desk(name: str) -> Desk:
    """Import and return one desk.

    Raises:
        UnreadableError: if there is none of that name, or it cannot be imported, or it has no card.
    """
    return _load(name)


def find_desks(names: Iterable[str] = ()) -> Mapping[str, Desk]:
    """Return desks by name: those *names* asks for, or every one there is.

    Raises:
        UnreadableError: naming the desk that cannot be loaded and why.
    """
    return {name: _load(name) for name in (tuple(names) or desk_names())}


def broken_desks() -> Mapping[str, str]:
    """Return the desks that cannot be loaded, each with the reason; the others work on."""
    broken: dict[str, str] = {}
    for name in desk_names():
        try:
            _load(name)
        except UnreadableError as error:
            broken[name] = str(error.facts["why"])
    return broken


@cache
def _load(name: str) -> Desk:
    point = next((point for point in entry_points(group=ENTRY_POINTS) if point.name == name), None)
    if point is None and name not in desk_names():
        near = get_close_matches(name, desk_names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(desk_names())}"
        raise UnreadableError(file=f"desk {name}", why=f"there is none; {hint}")
    try:
        card = _card(name, point)
    except Exception as error:  # somebody else's module may raise anything; it is reported by name
        raise UnreadableError(file=f"desk {name}", why=f"{type(error).__name__}: {error}") from error
    if not isinstance(card, Desk):
        raise UnreadableError(file=f"desk {name}", why="its DESK is not a card of ayni.model.desk.Desk")
    if card.name != name:
        raise UnreadableError(file=f"desk {name}", why=f"its card calls itself {card.name}")
    return card


def _card(name: str, point: EntryPoint | None) -> object:
    if point is not None and point.attr:
        return point.load()
    card: object = importlib.import_module(point.module if point is not None else f"{__name__}.{name}").DESK
    return card
