"""Where a database is in the log that can be replayed onto a backup: the points in time to go back to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """
    One place in the log.

    ``log`` is the log's name as people write it, ``at`` the place as the vendor's programs take it: an LSN, or a file and an offset with a
    colon between them. ``timeline`` is PostgreSQL's, ``gtid`` that of MariaDB or MySQL. ``name`` is the restore point that was made
    here, and ``remark`` why there is none.
    """

    log: str
    at: str
    timeline: int | None = None
    gtid: str = ""
    name: str = ""
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PointInTime:
    """
    Whether this database can be brought to a point in time, as far as the server tells.

    ``possible`` is None where that is not known, ``why`` is a sentence. ``failing`` is a sentence when the log is meant to be archived
    and is not, else empty.
    """

    possible: bool | None
    why: str
    failing: str = ""


class PositionQuestions:
    """The part of ``Database`` that knows its log; this one has none."""

    def point_in_time(self) -> PointInTime | None:
        """Return whether a backup of this database can be brought forward to a point in time; None where there is no such thing."""
        return None

    def position(self, name: str = "", *, always: bool = False) -> Position | None:
        """
        Return where the log is now, outside of a transaction; None where the log is not kept, or this role may not see it.

        Args:
            name: the restore point to make here, where there is such a thing and the role may.
            always: also when the server archives no log itself.
        """
        return None

    #: Why ``replay`` gives nothing.
    no_replay = "this database has no log that could be replayed"

    def replay(self, start: Mapping[str, Any], stop: Mapping[str, Any]) -> tuple[str, ...]:
        """
        Return the commands that bring a restored dump forward; none where that cannot be done.

        Args:
            start: the position of the dump, as plain data; empty when it is not known.
            stop: the position to replay to.
        """
        return ()

    def archive_now(self, limit: float) -> str:
        """Have all that was written until now archived; return why that was not done after so many seconds, empty when it was."""
        return ""
