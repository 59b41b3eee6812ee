"""Check that every string of the console has its translation, and that what is compiled is what is written.

python scripts/check_catalogues.py            says what is missing and ends with 1 if anything is
python scripts/check_catalogues.py --compile  writes the .mo files from the .po files, then checks

Strings are found where they stand: `_("…")`, `gettext*("…")` in Python and
`{% translate %}`, `{% blocktranslate %}` in templates of the console.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CONSOLE = Path(__file__).parents[1] / "src" / "ayni" / "console"
LOCALES = ("es", "pt_BR", "fr")
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "pgettext", "translate")),
    "ngettext": (1, 2),
}
TAG = re.compile(r"""\{%\s*(?:translate|trans)\s+(?:"([^"]+)"|'([^']+)')""")
BLOCK = re.compile(r"\{%\s*blocktranslate(?P<head>[^%]*)%\}(?P<body>.*?)\{%\s*endblocktranslate\s*%\}", re.DOTALL)
PLURAL = re.compile(r"\{%\s*plural\s*%\}")
HOLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
NAMED = re.compile(r"%\((\w+)\)s")


def strings() -> Iterator[tuple[str, str]]:
    """Yield every string of the console and where it stands."""
    for path in sorted(CONSOLE.rglob("*.py")):
        with path.open("rb") as file:
            for line, found, _comments, _context in extract("python", file, keywords=KEYWORDS):
                for one in found if isinstance(found, tuple) else (found,):
                    if one:
                        yield one, f"{path.name}:{line}"
    for path in sorted(CONSOLE.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        for match in TAG.finditer(text):
            yield match.group(1) or match.group(2), path.name
        for match in BLOCK.finditer(text):
            for part in PLURAL.split(match.group("body")):
                yield HOLE.sub(r"%(\1)s", part), path.name


def written(locale: str) -> Catalog:
    """Return the catalogue of a locale as it is written."""
    with (CONSOLE / "locale" / locale / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=locale)


def compiled(catalogue: Catalog) -> bytes:
    """Return the bytes of the .mo file."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def problems() -> Iterator[str]:
    """Yield what is missing, left over, disagreeing or not compiled, one line each."""
    wanted = dict(strings())
    for locale in LOCALES:
        catalogue = written(locale)
        have: dict[str, tuple[str, ...]] = {}
        for message in catalogue:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            says = message.string if isinstance(message.string, tuple) else (message.string,)
            have.update({one: tuple(says) for one in ids if one})
        for text, where in wanted.items():
            translations = have.get(text, ())
            if not translations or not all(translations):
                yield f"{locale}: no translation of {text!r} ({where})"
            for said in translations:
                if set(NAMED.findall(text)) - set(NAMED.findall(said)):
                    yield f"{locale}: {said!r} lacks a hole of {text!r}"
        yield from (f"{locale}: nobody says {text!r} any more" for text in have if text not in wanted)
        mo = CONSOLE / "locale" / locale / "LC_MESSAGES" / "django.mo"
        if not mo.is_file() or mo.read_bytes() != compiled(catalogue):
            yield f"{locale}: the .mo file is not what the .po file says; run with --compile"


def main() -> int:
    """Compile if asked, check, and say what is wrong."""
    if "--compile" in sys.argv:
        for locale in LOCALES:
            folder = CONSOLE / "locale" / locale / "LC_MESSAGES"
            (folder / "django.mo").write_bytes(compiled(written(locale)))
    found = list(problems())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
