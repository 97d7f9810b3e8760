"""Whether the server's log is really archived: without that there is no way back to a point in time."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity

RULES = frozenset({"wal_archiving_failing", "wal_not_archived"})

_HINT = (
    "See the reason in the server's log and mend archive_command or archive_library; with pgBackRest: pgbackrest --stanza=... check. "
    "Until then the WAL stays in pg_wal and fills its disk."
)


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield a warning for an archiver that fails or lags, and an error when what was written is not archived within ``ARCHIVE_WAIT``."""
    known = context.database.point_in_time()
    if known is not None and known.failing:
        yield Finding(
            rule="wal_archiving_failing",
            severity=Severity.WARNING,
            message=f"No point in time after the last archived WAL can be gone back to. {known.failing}",
            hint=_HINT,
        )
    limit = context.settings.archive_wait
    if limit is not None and (why := context.database.archive_now(limit)):
        yield Finding(
            rule="wal_not_archived",
            severity=Severity.ERROR,
            message=f"What was written until now is not known to be archived: {why}.",
            hint=_HINT,
        )
