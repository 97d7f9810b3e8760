"""Which points in time a run has left to go back to: where the database's log was before it and after each migration."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from django_safe_migrate.record import RunRecord


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LogPosition:
    """Where the database's log was after a migration's commit; ``migration`` is empty for the moment before the first."""

    migration: str
    log: str
    at: str
    timeline: int | None
    gtid: str
    name: str
    remark: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PointInTime:
    """Whether a backup can be brought forward to a point between two migrations: ``possible`` is None where that is not known."""

    possible: bool | None
    why: str
    positions: tuple[LogPosition, ...]


def of_record(record: RunRecord) -> PointInTime | None:
    """Return what a run recorded; one that was killed has its positions, and no word on what they are good for."""
    stage = record.stage("execute")
    detail = stage.detail if stage else {}
    known, positions = detail.get("point_in_time") or {}, detail.get("positions") or ()
    if not known and not positions:
        return None
    return PointInTime(
        possible=known.get("possible"),
        why=str(known.get("why") or ""),
        positions=tuple(
            LogPosition(
                migration=str(one.get("migration") or ""),
                log=str(one.get("log") or ""),
                at=str(one.get("at") or ""),
                timeline=one.get("timeline"),
                gtid=str(one.get("gtid") or ""),
                name=str(one.get("name") or ""),
                remark=str(one.get("remark") or ""),
            )
            for one in positions
        ),
    )


def before(record: RunRecord, label: str = "") -> LogPosition | None:
    """Return the last position that a run recorded before a migration, or before all of them; None when there is none."""
    found = of_record(record)
    labels = [step.label for step in record.steps]
    if found is None or (label and label not in labels):
        return None
    earlier = {"", *labels[: labels.index(label)]} if label else {""}
    return next((one for one in reversed(found.positions) if one.migration in earlier), None)


def from_json(data: dict[str, Any] | None) -> PointInTime | None:
    """Rebuild it from ``dataclasses.asdict``."""
    if data is None:
        return None
    positions = tuple(LogPosition(**one) for one in data["positions"])
    return PointInTime(possible=data["possible"], why=data["why"], positions=positions)


def sentences(found: PointInTime | None) -> Iterator[str]:
    """Yield what can be gone back to, if positions were recorded or should have been: a server without an archive is no news."""
    if found is None or not (found.positions or found.possible is None):
        return
    answer = {True: "yes", False: "no", None: "not known"}[found.possible]
    yield f"{answer}: {found.why}" if found.why else answer


def rows(found: PointInTime | None) -> Iterator[tuple[str, str, str]]:
    """Yield when, the place in the database's log, and the restore point that was made there."""
    for one in found.positions if found else ():
        when = f"after {one.migration}" if one.migration else "before the first migration"
        timeline = "" if one.timeline is None else f", timeline {one.timeline}"
        gtid = f", GTID {one.gtid}" if one.gtid else ""
        yield when, f"{one.log} {one.at}{timeline}{gtid}", one.name
