"""All tables of a node as one SQLite file, and back, whatever database the node uses."""

# ruff: noqa: SLF001 -- `_meta` and `_base_manager` are Django's documented interface to models

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connections, transaction

from ayni.errors import NodeError, NoSpaceError
from ayni.node.django_setup import sqlite_at
from ayni.node.opening import OpenNode
from ayni.node.records.faults import translated

ROWS = 500


def copy_out(node: OpenNode, path: Path) -> None:
    """Write every row of the node, as of one instant, to a new SQLite file.

    Raises:
        NoSpaceError: if the disk is full.
    """
    with translated(node.folder, "copying the database"):
        _refuse_strange_tables(node)
        if connections[node.alias].vendor == "sqlite":
            with connections[node.alias].cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(path)])
        else:
            with _extra(path) as copy:
                call_command("migrate", database=copy, verbosity=0, interactive=False)
                with transaction.atomic(using=node.alias, durable=True):
                    with connections[node.alias].cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    _copy_rows(node.alias, copy)
    path.chmod(0o600)
    _one_file(path)


def _refuse_strange_tables(node: OpenNode) -> None:
    """Refuse to copy a part and call it the whole: every table must belong to an application this process knows.

    Raises:
        NodeError: naming a table that would be left out.
    """
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}
    connection = connections[node.alias]
    if strange := sorted(set(connection.introspection.table_names()) - known):
        raise NodeError(
            folder=str(node.folder), why=f"its table {strange[0]} is not known here and would be left out"
        )


def load_in(path: Path, alias: str) -> None:
    """Put every row of a copy into the database *alias*, which has the tables and no rows of ours.

    Raises:
        NodeError: if the copy or the database cannot be used.
    """
    with (
        translated(path.parent, "loading the copy"),
        _extra(path) as copy,
        transaction.atomic(using=alias, durable=True),
    ):
        _copy_rows(copy, alias)
        models = apps.get_models(include_auto_created=True)
        with connections[alias].cursor() as cursor:
            for statement in connections[alias].ops.sequence_reset_sql(no_style(), models):
                cursor.execute(statement)


def _copy_rows(source: str, target: str) -> None:
    """Copy row by row, parents before children; what migrations put into the target is replaced."""
    models = _parents_first()
    for model in reversed(models):
        model._base_manager.using(target).all()._raw_delete(target)
    for model in models:
        fields = [field.attname for field in model._meta.concrete_fields]
        rows = model._base_manager.using(source).order_by("pk").values_list(*fields)
        batch = []
        for row in rows.iterator(chunk_size=ROWS):
            batch.append(model(**dict(zip(fields, row, strict=True))))
            if len(batch) == ROWS:
                model._base_manager.using(target).bulk_create(batch)
                batch.clear()
        model._base_manager.using(target).bulk_create(batch)


def _parents_first() -> list[Any]:
    """Return every model, each after those it refers to."""
    left = list(apps.get_models(include_auto_created=True))
    done: list[Any] = []
    while left:
        ready = [model for model in left if not (_parents(model) - {model}) & set(left)]
        done += ready or left
        left = [model for model in left if model not in done]
    return done


def _parents(model: Any) -> set[Any]:  # noqa: ANN401 -- a Django model class
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation}


@contextmanager
def _extra(path: Path) -> Iterator[str]:
    """Open a SQLite file as one more database of this process."""
    alias = f"copy:{path}"
    connections.settings[alias] = sqlite_at(path)
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


def _one_file(path: Path) -> None:
    """Leave no log beside the copy, so that the one file is the whole of it.

    Raises:
        NoSpaceError: if the disk is full.
    """
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise NoSpaceError(folder=str(path.parent), doing="copying the database") from error
    finally:
        connection.close()
