"""The door for people: web pages.

    urls       every address, in one list
    views/     one file a subject; each reads, renders, or calls an act and goes back
    context    what every page needs: officer, mandate, languages, theme
    assets     style sheet and scripts: compressed, named after their content, kept by the browser for good
    templates/ the pages; `allauth/` and `account/` restyle sign-in
    static/    one style sheet, one script
    locale/    es, pt, fr; English is the source

Pages work without script; script adds keys, drafts and passkeys. Nothing is loaded
from another host. What a page says about a record is said in phrases, so that
every reader has it in their own language.
"""
