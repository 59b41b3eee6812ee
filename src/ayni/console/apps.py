"""The Django application of the console."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Pages for officers."""

    name = "ayni.console"
    label = "console"
