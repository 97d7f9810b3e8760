from __future__ import annotations

import pytest

from django_safe_migrate.databases import Database
from django_safe_migrate.databases.positions import PointInTime
from django_safe_migrate.environment.archiving import check

pytestmark = pytest.mark.vendors("sqlite")


class Archiving(Database):
    """A server whose archive is given."""

    known: PointInTime | None = None
    late = ""

    def point_in_time(self):
        return self.known

    def archive_now(self, limit):
        return self.late


@pytest.mark.parametrize(
    ("known", "late", "limit", "found"),
    [
        (None, "", None, []),
        (PointInTime(possible=False, why="archive_mode is off."), "late", None, []),
        (
            PointInTime(possible=False, why="It fails.", failing="It fails."),
            "late",
            None,
            [
                (
                    "wal_archiving_failing",
                    "warning",
                    "No point in time after the last archived WAL can be gone back to. It fails.",
                )
            ],
        ),
        (
            None,
            "x was not archived within 5 s (last: none)",
            5.0,
            [
                (
                    "wal_not_archived",
                    "error",
                    "What was written until now is not known to be archived: x was not archived within 5 s (last: none).",
                )
            ],
        ),
    ],
)
def test_what_is_said_of_the_archive(make_context, connection, known, late, limit, found):
    database = Archiving(connection)
    database.known, database.late = known, late
    context = make_context(database=database, archive_wait=limit)
    assert [(one.rule, one.severity.label, one.message) for one in check(context)] == found
