"""Sentences that every reader gets in their own language.

What a desk, an agreement or an error says travels as an English sentence with
holes, and the facts that fill them; never as finished prose. Whoever reads it
gets it in Spanish, Portuguese, English or French, with the numbers, dates,
units and plurals of that language:

    >>> from ayni.toolkit.phrases import render
    >>> facts = {"silence_s": 33_120, "vessels": 2, "at": "2026-11-02T04:06:00Z"}
    >>> says = "{vessels:plural one{# vessel} other{# vessels}} silent for {silence_s:duration} since {at:instant}"
    >>> render(says, facts).text
    '2 vessels silent for 9 h 12 min since 2 Nov 2026, 04:06 UTC'

The English sentence is the key of the catalogue. Catalogues are TOML files in a
package's `phrases/` folder, one table a sentence:

    ["no position received for {silence_s:duration}"]
    es = "no se recibió posición durante {silence_s:duration}"
    pt = "nenhuma posição recebida durante {silence_s:duration}"
    fr = "aucune position reçue pendant {silence_s:duration}"

A sentence changes by adding a new table; the old one stays, because signals that
were made under it are still kept, here and at partners. A sentence without a
table (a newer partner's rule) shows in English and says so by a flag.

Holes, by the kind written after the colon:

    {name}              text or number as it is; yes or no for a boolean
    {x:integer}         12,345               {x:number}    12,345.67 (three decimals at most)
    {x:percent}         a fraction: 0.35 is 35%
    {x:duration}        seconds: 9 h 12 min   {x:h}         hours: 6.5 h
    {x:instant}         RFC 3339 text: 2 Nov 2026, 04:06 UTC; {x:instant_s} with seconds, {x:date} the day alone
    {x:m} {x:km}        metres, kilometres    {x:nm}        nautical miles
    {x:kn}              knots                 {x:deg}       degrees: 245°
    {x:lat} {x:lon}     microdegrees: 12°34.5′ S
    {x:term}            a word or phrase that has its own table in the catalogue
    {x:plural one{# vessel} other{# vessels}}     CLDR categories, or `=0{no vessel}`; # is the number

`sentence` reads holes, `kinds` writes facts, `catalogue` keeps translations,
`reading` puts them together, `check` finds what is missing or does not agree.
"""

from ayni.toolkit.phrases.catalogue import LANGUAGES, Catalogue
from ayni.toolkit.phrases.check import Problem, missing, problems
from ayni.toolkit.phrases.reading import Rendered, errors_catalogue, phrase, render, render_error
from ayni.toolkit.phrases.sentence import Hole, Sentence, parse

__all__ = [
    "LANGUAGES",
    "Catalogue",
    "Hole",
    "Problem",
    "Rendered",
    "Sentence",
    "errors_catalogue",
    "missing",
    "parse",
    "phrase",
    "problems",
    "render",
    "render_error",
]
