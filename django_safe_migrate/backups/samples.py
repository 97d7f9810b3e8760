"""A scratch database with the schema and a sample of the rows, for a rehearsal of a database that is too large to be restored."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import DatabaseError

from django_safe_migrate.backups import refusals
from django_safe_migrate.backups.connector import SampleRequest, Scratch
from django_safe_migrate.backups.connectors import connector_for
from django_safe_migrate.backups.options import ConnectorOptions
from django_safe_migrate.exceptions import RehearsalFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.base import Progress
    from django_safe_migrate.databases import Database


@contextlib.contextmanager
def sampled(
    database: Database,
    rows: int,
    *,
    bin_dir: str | None = None,
    no_owner: bool = False,
    progress: Progress | None = None,
) -> Iterator[Scratch]:
    """
    Make a scratch database of a schema and some rows for a block, which may change it; it is dropped afterwards, whatever happens.

    Args:
        database: what is read, and whose server takes the scratch database.
        rows: of each table; more where other rows refer to them.
        bin_dir: the folder of the client programs; None takes those on PATH.
        no_owner: on PostgreSQL, leave owners and privileges out.
        progress: told what is being done.

    Raises:
        BackupFailed: a client program failed.
        RehearsalFailed: the scratch database could not be made.
    """
    refusals.refuse_open_transaction(database)
    connector = connector_for(database, ConnectorOptions(bin_dir=bin_dir))
    folder = Path(tempfile.mkdtemp(prefix="safe-migrate-"))
    request = SampleRequest(rows=rows, folder=folder, no_owner=no_owner, progress=progress)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            scratch = stack.enter_context(connector.sample(request))
        except DatabaseError as error:
            raise RehearsalFailed(
                f"The sample of database {database.alias!r} could not be made: {error}",
                next_command=f"migrate_rehearse --extent return --database {database.alias}   (on a restored backup)",
            ) from error
        yield scratch
