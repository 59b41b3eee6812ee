"""Names made comparable: a person's, a vessel's. For watchlists, never as proof of identity.

`person_key` and `vessel_key` bring a name into a plain form (no accents, no case, no punctuation, no
particles, no ship prefixes); `person_likeness` and `vessel_likeness` say how alike two names are, 0 to 1.
Only Latin, and Cyrillic and Greek letter by letter, are read; other scripts are compared as written.
A likeness is a reason to look at dates, documents and numbers: many people bear one name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

PARTICLES = frozenset(
    [
        "de",
        "del",
        "la",
        "las",
        "los",
        "el",
        "y",
        "e",
        "da",
        "das",
        "do",
        "dos",
        "di",
        "du",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "ten",
        "le",
        "les",
        "des",
        "bin",
        "ibn",
        "al",
    ]
)
"""Words that registers add, drop or join at will. `San` and `Santa` are part of the name itself."""
TITLES = frozenset(
    [
        "sr",
        "sra",
        "srta",
        "dr",
        "dra",
        "don",
        "dona",
        "ing",
        "lic",
        "abg",
        "cap",
        "capt",
        "mr",
        "mrs",
        "ms",
        "mme",
        "m",
        "jr",
        "hijo",
        "filho",
        "junior",
        "neto",
    ]
)
SHIP_PREFIXES = frozenset(
    [
        "mv",
        "ms",
        "mt",
        "mn",
        "bm",
        "bp",
        "ft",
        "fv",
        "fb",
        "ss",
        "sv",
        "my",
        "tug",
        "barge",
        "lancha",
        "bote",
        "yate",
        "remolcador",
        "pesquero",
        "buque",
        "motonave",
    ]
)
"""M/V, B/M, F/V… and the words for kinds of craft that some sources write into the name."""
ROMAN = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10"}
LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "œ": "oe",
        "\u0131": "i",
        "ñ": "n",
        **dict(
            zip(
                "абвгдеёзийклмнопрстуфхцыэ",
                [
                    "a",
                    "b",
                    "v",
                    "g",
                    "d",
                    "e",
                    "e",
                    "z",
                    "i",
                    "i",
                    "k",
                    "l",
                    "m",
                    "n",
                    "o",
                    "p",
                    "r",
                    "s",
                    "t",
                    "u",
                    "f",
                    "kh",
                    "ts",
                    "y",
                    "e",
                ],
                strict=True,
            )
        ),
        "ж": "zh",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "iu",
        "я": "ia",
        "ъ": "",
        "ь": "",
        **dict(
            zip(
                "αβγδεζηικλμνξοπρσςτυφχω",
                [
                    "a",
                    "v",
                    "g",
                    "d",
                    "e",
                    "z",
                    "i",
                    "i",
                    "k",
                    "l",
                    "m",
                    "n",
                    "x",
                    "o",
                    "p",
                    "r",
                    "s",
                    "s",
                    "t",
                    "y",
                    "f",
                    "ch",
                    "o",
                ],
                strict=True,
            )
        ),
        "θ": "th",
        "ψ": "ps",
    }
)
"""Cyrillic and Greek as passports write them. Source: ICAO Doc 9303-3, section 6 (simplified)."""
LONGEST = 300


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """Return a name in small letters and digits, words apart by one blank: no accent, no punctuation."""
    lowered = unicodedata.normalize("NFKC", name[:LONGEST]).casefold().translate(LETTERS)
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"\w+", re.sub(r"['’`\u00b4.]", "", bare.translate(LETTERS)).replace("_", " ")))


def person_key(name: str) -> tuple[str, ...]:
    """Return the words of a person's name that carry it, in order; `Surname, Given` is turned round.

    If nothing but particles is left, they are kept: a name is never empty because of its form.
    """
    before, comma, after = name.partition(",")
    words = plain(f"{after} {before}" if comma and after.strip() else name).split()
    kept = tuple(word for word in words if word not in PARTICLES and word not in TITLES)
    return kept or tuple(words)


def vessel_key(name: str) -> str:
    """Return a vessel's name without prefix and blanks, Roman numerals as figures: `M/V Niña II` is `nina2`."""
    words = plain(re.sub(r"\b([A-Za-z])/([A-Za-z])\b", r"\1\2", name)).split()
    while len(words) > 1 and words[0] in SHIP_PREFIXES:
        words = words[1:]
    return "".join(ROMAN.get(word, word) if at else word for at, word in enumerate(words))


def person_likeness(one: str, other: str) -> float:
    """Return how alike two persons' names are, 0 to 1; 1 for the same words in any order.

    A name with both surnames and the same name with the first alone are alike (0.9 at most): a missing
    word counts little, a different one much. Initials agree with the word they begin.
    """
    left, right = sorted((person_key(one), person_key(other)), key=lambda words: (len(words), words))
    if not left or not right:
        return 0.0
    taken, scores = set[int](), list[float]()
    for word in left:
        score, at = max((_words(word, theirs), -at) for at, theirs in enumerate(right) if at not in taken)
        taken.add(-at)
        scores.append(score)
    missing = len(right) - len(left)
    return max(0.0, min(scores) * 0.5 + sum(scores) / len(scores) * 0.5 - _shorter(missing, len(left)))


def _words(one: str, other: str) -> float:
    from rapidfuzz.distance import JaroWinkler  # noqa: PLC0415 -- only who compares names pays for it

    if one == other:
        return 1.0
    if min(len(one), len(other)) == 1:
        return 0.85 if one[0] == other[0] else 0.0
    return float(JaroWinkler.similarity(one, other)) ** 2


def _shorter(missing: int, words: int) -> float:
    # One word alone against a full name says little; two of three or four, what most registers hold.
    if not missing:
        return 0.0
    return 0.1 * missing if words > 1 else 0.5


def vessel_likeness(one: str, other: str) -> float:
    """Return how alike two vessels' names are, 0 to 1; another figure is another ship.

    `Estrella 2` and `Estrella 3` differ in one sign and are not alike at all (0.5 at most).
    """
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415 -- only who compares names pays for it

    left, right = vessel_key(one), vessel_key(other)
    if not left or not right:
        return 0.0
    likeness = float(DamerauLevenshtein.normalized_similarity(left, right))
    return likeness if re.findall(r"\d+", left) == re.findall(r"\d+", right) else min(likeness, 0.5)
