"""How the story is told: a heading a scene, a line a fact, in the reader's language, paced to be followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import click

from ayni.agreements.drafting import words
from ayni.cli.explain import catalogue_of
from ayni.cli.frame import language
from ayni.desks import find_desk
from ayni.errors import NodeError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import Catalogue, phrase, render

BREATH_S = 4.0
"""Between two scenes, so that a person can read. Ours."""
LOOK_S = 0.1
PATIENCE_S = 300.0
"""How long the story waits for what a node does by itself, on a machine that is busy. Ours."""
LATE = phrase("{what} did not happen within {seconds:integer} s; the nodes' logs are in {folder}")


@dataclass(slots=True)
class Telling:
    """Where the story is told, and how fast."""

    fast: bool = True
    echo: Callable[[str], None] = click.echo
    scene: int = field(default=0, init=False)

    def heading(self, sentence: str, **facts: object) -> None:
        """Begin a scene."""
        if self.scene and not self.fast:
            time.sleep(BREATH_S)
        self.scene += 1
        self.echo(f"\n{self.scene}. {say(sentence, **facts)}")

    def line(self, sentence: str, **facts: object) -> None:
        """Tell one fact."""
        self.echo(f"   {say(sentence, **facts)}")

    def reasons(self, reasons: Sequence[Reason]) -> None:
        """Tell why an agreement permits or refuses."""
        for one in reasons:
            self.detail(f"· {say(one)}")

    def detail(self, text: str) -> None:
        """Show one thing below a fact."""
        self.echo(f"     {text}")


def say(sentence: str | Reason, **facts: object) -> str:
    """Return a sentence in the reader's language."""
    return render(sentence, facts, language(), _catalogue()).text


@cache
def _catalogue() -> Catalogue:
    return catalogue_of(find_desk("maritime")).merge(words())


def wait_until(happened: Callable[[], bool], what: str, folder: str) -> None:
    """Wait for what a node does by itself.

    Raises:
        NodeError: if it does not happen.
    """
    end = time.monotonic() + PATIENCE_S
    while not happened():
        if time.monotonic() > end:
            raise NodeError(folder=folder, why=say(LATE, what=what, seconds=int(PATIENCE_S), folder=folder))
        time.sleep(LOOK_S)
