"""A backup of SQLite restored into a file of its own, which is deleted afterwards."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django_safe_migrate.backups import names
from django_safe_migrate.backups.connector import RestoreRequest, Scratch

if TYPE_CHECKING:
    from django_safe_migrate.backups.sqlite import SQLiteConnector

#: Files that hold what is not in the main file yet.
COMPANIONS = ("-wal", "-shm", "-journal")


@contextlib.contextmanager
def staged(connector: SQLiteConnector, request: RestoreRequest) -> Iterator[Path]:
    """Copy a dump into a private file beside the database, and delete it with its companions when the block ends."""
    file = connector.file
    folder = file.parent if file is not None else request.path.parent
    path = folder / f"{names.scratch_name()}.sqlite3"
    try:
        shutil.copyfile(request.path, path)
        path.chmod(0o600)
        yield path
    finally:
        for left in (path, *(Path(f"{path}{end}") for end in COMPANIONS)):
            left.unlink(missing_ok=True)


@contextlib.contextmanager
def scratch(connector: SQLiteConnector, request: RestoreRequest) -> Iterator[Scratch]:
    """Restore, compare with the receipt, yield a connection, and delete the file whatever happens."""
    with staged(connector, request) as path:
        notices = connector.prepare(request, path)
        with connector.registered(NAME=str(path), OPTIONS={}) as connection:
            yield Scratch(connection, str(path), notices)
