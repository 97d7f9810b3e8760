"""Whether there is room for second copies of the tables that the plan writes anew."""

from __future__ import annotations

from collections.abc import Iterator

from django.template.defaultfilters import filesizeformat

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity

RULES = frozenset({"disk_too_full", "disk_nearly_full"})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield an error when the largest table does not fit a second time, a warning when all of them together do not."""
    tables = context.rewritten_tables
    sizes = context.database.table_bytes(tables) if tables else {}
    free = context.database.free_disk_bytes() if sizes else None
    if free is None:
        return
    table, largest = max(sizes.items(), key=lambda item: item[1])
    together = sum(sizes.values())
    if free < largest:
        yield Finding(
            rule="disk_too_full",
            severity=Severity.ERROR,
            message=f"Table {table} is written anew, which needs {_size(largest)} more disk space, and {_size(free)} are free.",
            hint=_HINT,
            tables=(table,),
        )
    elif free < together:
        yield Finding(
            rule="disk_nearly_full",
            severity=Severity.WARNING,
            message=f"{len(sizes)} tables are written anew, which needs up to {_size(together)} more disk space, and {_size(free)} are free.",
            hint=_HINT,
            tables=tuple(sizes),
        )


_HINT = "Free disk space, or enlarge the disk, before the run."


def _size(number: int) -> str:
    return filesizeformat(number).replace("\N{NO-BREAK SPACE}", " ")
