"""Writing files so that a crash leaves the old one or the new one, never half of either.

write → fsync → rename → fsync of the folder. Everything of a node is private to
its user: files 0600, folders 0700.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ayni.errors import AyniError, NoSpaceError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""No space, over quota, over the size limit: for a node they are one thing."""


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter; one that exists is left as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Write a file (0600) durably, replacing an older one in one step.

    Raises:
        NoSpaceError: if the disk is full; the older file is untouched.
    """
    new = path.with_name(f".{path.name}.new")
    with no_space(path.parent, f"writing {path.name}"):
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            new.replace(path)
            sync_folder(path.parent)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def sync_folder(path: Path) -> None:
    """Make renames and removals within a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def no_space(folder: Path, doing: str) -> Iterator[None]:
    """Turn the system's “no space left” into the error that says what to do.

    Raises:
        NoSpaceError: in place of the system's error.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NoSpaceError(folder=str(folder), doing=doing) from error
        raise


@contextmanager
def built_beside(folder: Path) -> Iterator[Path]:
    """Fill a folder beside *folder* and rename it into place, or leave nothing.

    An error raised meanwhile speaks of *folder*, not of the temporary one.

    Raises:
        NoSpaceError: if the disk is full.
    """
    with no_space(folder, "writing it"):
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
        try:
            yield new
            for path in new.rglob("*"):
                _sync(path)
            new.rename(folder)
            sync_folder(folder.parent)
        except BaseException as error:
            shutil.rmtree(new, ignore_errors=True)
            if isinstance(error, AyniError):
                raise _speaking_of(error, str(new), str(folder)) from error
            raise


def _speaking_of(error: AyniError, there: str, here: str) -> AyniError:
    facts = {name: fact.replace(there, here) if isinstance(fact, str) else fact for name, fact in error.facts.items()}
    return type(error)(**facts)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
