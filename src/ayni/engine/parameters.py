"""Overrides such as `gap.silence_h=4`: typed and bounded as the rule declares, and never guessed.

The part before the point is the rule without desk and version (`gap` of
`maritime.gap/1`) or a table that rules share (`track`). A default that is a whole
number takes whole numbers; one with a fraction (`6.0`) takes any. What was
overridden travels in the signal and enters its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from ayni.errors import InvalidValueError
from ayni.model.desk import Derived, Desk, Detector, Parameter

Number = int | float
Overrides = Mapping[str, str | int | float]


def short_name(rule: str) -> str:
    """Return `gap` for `maritime.gap/1`."""
    return rule.split(".", 1)[1].split("/", 1)[0]


def settable(desk: Desk) -> dict[str, Parameter]:
    """Return every name that can be overridden, with its parameter."""
    return {
        f"{owner}.{parameter.name}": parameter
        for owner, parameters in (
            *((short_name(detector.rule), detector.parameters) for detector in desk.detectors),
            *((derived.name, derived.parameters) for derived in desk.derived),
        )
        for parameter in parameters
    }


def check_overrides(desk: Desk, overrides: Overrides) -> dict[str, Number]:
    """Return the overrides as numbers of the declared type.

    Raises:
        InvalidValueError: for a name the desk does not know (with the nearest one it knows), a value that
            is no number, a fraction where whole numbers are meant, or one outside its bounds.
    """
    known = settable(desk)
    checked: dict[str, Number] = {}
    for name, value in overrides.items():
        parameter = known.get(name)
        if parameter is None:
            raise InvalidValueError(field=name, why=_nearest(desk, name, list(known)))
        checked[name] = _number(name, value, parameter)
    return checked


def values_of(owner: Detector | Derived, overrides: Mapping[str, Number]) -> dict[str, Number]:
    """Return every parameter of a rule or shared table: overridden, or its default."""
    prefix = owner.name if isinstance(owner, Derived) else short_name(owner.rule)
    return {
        parameter.name: overrides.get(f"{prefix}.{parameter.name}", parameter.default)
        for parameter in owner.parameters
    }


def _nearest(desk: Desk, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else f"; see `ayni desk list {desk.name}`"
    return f"desk {desk.name} has no such parameter{hint}"


def _number(name: str, value: str | float, parameter: Parameter) -> Number:
    whole = isinstance(parameter.default, int)
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(field=name, why=f"{value!r} is no number of {parameter.unit}") from error
    if whole and not number.is_integer():
        raise InvalidValueError(field=name, why=f"{value} is not a whole number of {parameter.unit}")
    if not parameter.low <= number <= parameter.high:
        raise InvalidValueError(
            field=name, why=f"{value} {parameter.unit} is not between {parameter.low:g} and {parameter.high:g}"
        )
    return int(number) if whole else number
