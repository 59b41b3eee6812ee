"""How one fact is written in one language: numbers, dates, units and plurals.

Numbers, dates and plural rules come from Unicode CLDR through Babel. Hours and
minutes are written with the symbols of the International System (h, min, s), the
same in every language; days are d, in French j. A fact of the wrong type, from a
partner or a newer rule, shows as it is: a sentence is always read, never refused.

Points of the compass are N, S, E and W in every language, as on the charts of
all hydrographic offices. Source: IHO, Regulations for International Charts, S-4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

    from ayni.toolkit.phrases.sentence import Hole

LOCALES = {"en": "en_GB", "es": "es", "pt": "pt", "fr": "fr"}
"""Language to CLDR locale; English writes 2 Nov 2026, which no reader takes for 11 February."""

YES_NO = {"en": ("yes", "no"), "es": ("sí", "no"), "pt": ("sim", "não"), "fr": ("oui", "non")}
DAY = {"en": "d", "es": "d", "pt": "d", "fr": "j"}

KNOTS = {
    "en": {"other": "kn"},
    "es": {"one": "nudo", "other": "nudos"},
    "pt": {"one": "nó", "other": "nós"},
    "fr": {"one": "nœud", "other": "nœuds"},
}
NAUTICAL_MILES = {
    "en": {"one": "nautical mile", "other": "nautical miles"},
    "es": {"one": "milla náutica", "other": "millas náuticas"},
    "pt": {"one": "milha náutica", "other": "milhas náuticas"},
    "fr": {"one": "mille marin", "other": "milles marins"},
}
"""Source: Unicode CLDR 45, unit `length-nautical-mile`, long form."""

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
HOURS_UNTIL_S = 48 * HOUR_S
"""Shorter than this is said in hours, as a watch does; longer in days."""
UDEG = 1_000_000
TENTHS_A_DEGREE = 600
"""Tenths of an arc minute in a degree."""
TOO_LARGE = 1e15
"""Nothing a desk measures; such a fact (and infinity, and no number at all) shows as it is."""
SHORTEST_KM = 0.1
FINE = 10.0
"""Below this a metre, kilometre or second is written with one decimal."""


def write(hole: Hole, fact: object, language: str) -> str:
    """Write *fact* as the hole asks, in *language* (`es`, `pt`, `en` or `fr`)."""
    if hole.kind == "plural":
        return plural(hole.branches, fact, language)
    written = WRITERS.get(hole.kind, plain)(fact, language)
    return plain(fact, language) if written is None else written


def plain(fact: object, language: str) -> str:
    """Return the fact as it is; yes or no for a boolean, day or instant for a date."""
    if isinstance(fact, bool):
        return YES_NO[language][0 if fact else 1]
    if isinstance(fact, datetime):
        return instant(fact.isoformat(), language) or str(fact)
    if isinstance(fact, date):
        return day(fact.isoformat(), language) or str(fact)
    return str(fact)


def plural(branches: Mapping[str, str], fact: object, language: str) -> str:
    """Return the branch that CLDR chooses for the number, or `other`; `=0` comes first."""
    number = _number(fact)
    if number is None:
        return branches["other"].replace("#", plain(fact, language))
    chosen = branches.get(f"={number:f}") or branches.get(_category(number, language)) or branches["other"]
    return chosen.replace("#", _decimal(number, language, "#,##0.###"))


def duration(fact: object, language: str) -> str | None:
    """Write seconds in the two largest units that matter: 3 d 4 h, 9 h 12 min, 4 min 10 s, 7.5 s."""
    number = _number(fact)
    if number is None:
        return None
    sign, seconds = ("−" if number < 0 else ""), abs(number)
    if seconds < FINE:
        return f"{sign}{_decimal(seconds, language, '0.#')} s"
    return sign + _two_units(seconds, language)


def _two_units(seconds: Decimal, language: str) -> str:
    whole = _rounded(seconds, 1)
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return _pair(whole, MINUTE_S, "min", "s")
    minutes = _rounded(seconds, MINUTE_S)
    if minutes < HOURS_UNTIL_S // MINUTE_S:
        return _pair(minutes, 60, "h", "min")
    return _pair(_rounded(seconds, HOUR_S), 24, DAY[language], "h")


def _pair(count: int, ratio: int, large: str, small: str) -> str:
    whole, rest = divmod(count, ratio)
    return f"{whole} {large} {rest} {small}" if rest else f"{whole} {large}"


def instant(fact: object, language: str) -> str | None:
    """Write RFC 3339 text as day and minute in UTC."""
    return _moment(fact, language, "HH:mm")


def instant_s(fact: object, language: str) -> str | None:
    """Write RFC 3339 text as day, minute and second in UTC."""
    return _moment(fact, language, "HH:mm:ss")


def _moment(fact: object, language: str, clock: str) -> str | None:
    from babel.dates import format_datetime  # noqa: PLC0415 -- see `_locale`

    at = fact if isinstance(fact, datetime) else _read_moment(fact)
    if at is None or at.utcoffset() is None:
        return None
    utc = at.astimezone(UTC)
    return f"{day(utc.date().isoformat(), language)}, {format_datetime(utc, clock, locale=_locale(language))} UTC"


def _read_moment(fact: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(fact))
    except ValueError:
        return None


def day(fact: object, language: str) -> str | None:
    """Write an ISO date as a day."""
    from babel.dates import format_date  # noqa: PLC0415 -- see `_locale`

    at = _read_moment(fact)
    return None if at is None else format_date(at.date(), "medium", locale=_locale(language))


def _named(names: Mapping[str, Mapping[str, str]]) -> Callable[[object, str], str | None]:
    def writer(fact: object, language: str) -> str | None:
        number = _number(fact)
        if number is None:
            return None
        shown = number.quantize(Decimal("0.1")) if abs(number) < UDEG else number
        if shown == shown.to_integral_value():  # written without its decimal, and one in number: 1 nautical mile
            shown = shown.to_integral_value()
        forms = names[language]
        return f"{_decimal(shown, language, '#,##0.#')} {forms.get(_category(abs(shown), language), forms['other'])}"

    return writer


def _symbol(symbol: str) -> Callable[[object, str], str | None]:
    def writer(fact: object, language: str) -> str | None:
        number = _number(fact)
        if number is None:
            return None
        return f"{_decimal(number, language, '#,##0.#' if abs(number) < FINE else '#,##0')}{symbol}"

    return writer


def kilometres(fact: object, language: str) -> str | None:
    """Write kilometres; what is shorter than a tenth of one in metres, so that little is never told as none."""
    number = _number(fact)
    if number is None or abs(number) >= SHORTEST_KM:
        return _symbol(" km")(fact, language)
    return _symbol(" m")(float(number * 1000), language)


def _pattern(pattern: str, suffix: str = "") -> Callable[[object, str], str | None]:
    def writer(fact: object, language: str) -> str | None:
        number = _number(fact)
        return None if number is None else _decimal(number, language, pattern) + suffix

    return writer


def percent(fact: object, language: str) -> str | None:
    """Write a fraction as a percentage, one decimal below 10 %."""
    from babel.numbers import format_percent  # noqa: PLC0415 -- see `_locale`

    number = _number(fact)
    if number is None:
        return None
    locale = _locale(language)
    pattern = str(locale.percent_formats[None].pattern)
    if abs(number) < Decimal("0.1"):
        pattern = pattern.replace("#,##0", "#,##0.#")
    return str(format_percent(number, pattern, locale=locale)).replace("\xa0", " ")


def latitude(fact: object, language: str) -> str | None:
    """Write microdegrees as degrees, minutes and tenths: 12°34.5′ S."""
    return _arc(fact, language, "NS", 90, 2)


def longitude(fact: object, language: str) -> str | None:
    """Write microdegrees as degrees, minutes and tenths: 079°03.0′ W."""
    return _arc(fact, language, "EW", 180, 3)


def _arc(fact: object, language: str, signs: str, limit: int, digits: int) -> str | None:
    number = _number(fact)
    if number is None or abs(number) > limit * UDEG:
        return None
    degrees, tenths = divmod(_rounded(abs(number) * TENTHS_A_DEGREE, UDEG), TENTHS_A_DEGREE)
    minutes = _decimal(Decimal(tenths) / 10, language, "00.0")
    return f"{degrees:0{digits}}°{minutes}′ {signs[1] if number < 0 else signs[0]}"


WRITERS: Mapping[str, Callable[[object, str], str | None]] = {
    "": plain,
    "term": plain,
    "integer": _pattern("#,##0"),
    "number": _pattern("#,##0.###"),
    "percent": percent,
    "duration": duration,
    "h": _pattern("#,##0.#", " h"),
    "instant": instant,
    "instant_s": instant_s,
    "date": day,
    "m": _symbol(" m"),
    "km": kilometres,
    "deg": _pattern("#,##0", "°"),
    "kn": _named(KNOTS),
    "nm": _named(NAUTICAL_MILES),
    "lat": latitude,
    "lon": longitude,
}


def _number(fact: object) -> Decimal | None:
    if isinstance(fact, bool) or not isinstance(fact, int | float) or not abs(fact) < TOO_LARGE:
        return None
    return Decimal(str(fact))


def _rounded(number: Decimal, unit: int) -> int:
    return int((number / unit).to_integral_value())


def _decimal(number: Decimal, language: str, pattern: str) -> str:
    from babel.numbers import format_decimal  # noqa: PLC0415 -- see `_locale`

    return str(format_decimal(number, format=pattern, locale=_locale(language))).replace("-", "−")


def _category(number: Decimal, language: str) -> str:
    return str(_locale(language).plural_form(number))


@lru_cache(maxsize=len(LOCALES))
def _locale(language: str) -> Locale:
    from babel import Locale  # noqa: PLC0415 -- 70 ms that a command without a sentence never needs

    return Locale.parse(LOCALES[language])
