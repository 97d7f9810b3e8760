"""
Checksums of the rows, and the counters of AUTO_INCREMENT, in a restored database: read from a dump of it.

A dump's snapshot is its own, so what the manifest tells of rows is read from the dump. Restored rows are compared with that by
dumping them again with the same program: what it writes of a value is the same both times, also where it rounds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

from django_safe_migrate.backups import contents
from django_safe_migrate.backups.mysql_rows import RowCounter
from django_safe_migrate.backups.programs import running

if TYPE_CHECKING:
    from django_safe_migrate.backups.mysql import MySQLConnector
    from django_safe_migrate.backups.receipt import Receipt

#: Tables that are named on one command line.
MOST_NAMED = 500
WITHOUT_PROGRAMS = ("--skip-routines", "--skip-events", "--skip-triggers")


def of(connector: MySQLConnector, name: str, receipt: Receipt) -> contents.Details:
    """Return the details of a restored database."""
    counters = _dumped(connector, name, receipt.sequences, "--no-data")
    rows = _dumped(connector, name, receipt.row_checksums, "--no-create-info")
    # A table without rows has no INSERT; the rows of all were counted before.
    empty = dict.fromkeys(receipt.row_checksums, contents.checksum(0))
    # Nor has a counter that was never used a number.
    unused = dict.fromkeys(receipt.sequences, (1, None))
    return contents.Details({**empty, **rows.row_checksums}, {**unused, **counters.sequences})


def _dumped(
    connector: MySQLConnector, name: str, tables: Collection[str], option: str
) -> contents.Details:
    wanted = sorted(tables)
    # However the setting was when the backup was made.
    counter = RowCounter(sys.maxsize)
    for start in range(0, len(wanted), MOST_NAMED):
        _dump(connector, counter, name, wanted[start : start + MOST_NAMED], option)
    counter.finish()
    return counter.details()


def _dump(
    connector: MySQLConnector, counter: RowCounter, name: str, tables: list[str], option: str
) -> None:
    client = connector.client
    with client.defaults() as (defaults, descriptors):
        arguments = client.dump_arguments(defaults, name, *WITHOUT_PROGRAMS, option)
        with running(
            [*arguments, *tables],
            env=client.environment(),
            secrets=connector.secrets,
            stdout=subprocess.PIPE,
            pass_fds=descriptors,
        ) as program:
            for piece in program.output(stall=connector.options.stall):
                counter.add(piece)
            program.finish()
