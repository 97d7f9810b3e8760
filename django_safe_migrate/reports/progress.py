"""How far a run has come and how long it will still take: one answer for its progress bar, its lines, and those who watch it from elsewhere."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any

from django_safe_migrate.databases.activity import Blocker
from django_safe_migrate.record import RUNNING, RunRecord, StepRecord
from django_safe_migrate.reports import estimates, units

#: Below so many estimated seconds a plan is not worth an estimate: starting and committing take as long.
LEAST_ESTIMATE = 2.0
#: What every migration takes whatever it does, in seconds: the weight of one that changes no existing row.
OVERHEAD = 0.05
#: A migration takes longer than estimated when it takes so many times as long, and so many seconds more.
OVERDUE_FACTOR = 1.25
OVERDUE_SECONDS = 5.0
#: From so many estimated seconds on, the migrations that are done tell how right the estimates are, within these bounds.
TELLING_SECONDS = 5.0
PACE_BOUNDS = (0.2, 5.0)
#: The most that is shown of what has not ended.
ALMOST = 0.99


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """
    A run at one moment.

    ``attempt`` is the number of the attempt under way, of the statement, operation or migration (``scope``) that is tried again.
    ``share`` is how much is done of the plan while it is carried out, by estimated seconds where every migration has an estimate and by
    number otherwise. ``left_seconds`` is None where nothing honest can be said of the plan, ``migration_left_seconds`` where nothing can be
    said of the migration under way; ``estimated_seconds`` is the estimate for that, ``is_overdue`` says that it has taken longer. ``seen``
    is what the monitor told last.
    """

    stage: str = ""
    migration: str = ""
    operation: str = ""
    attempt: int = 0
    scope: str = ""
    done: int = 0
    planned: int = 0
    seconds: float = 0.0
    migration_seconds: float = 0.0
    share: float | None = None
    left_seconds: float | None = None
    migration_left_seconds: float | None = None
    estimated_seconds: float | None = None
    is_overdue: bool = False
    seen: dict[str, Any] = dataclasses.field(default_factory=dict)

    # --- in words -------------------------------------------------------------------------------------------------------------

    @property
    def left(self) -> str:
        """How long it will still take; empty when that is not known."""
        if self.is_overdue and self.estimated_seconds is not None:
            return f"longer than estimated ({estimates.duration(self.estimated_seconds)})"
        if self.left_seconds is not None:
            return f"{estimates.duration(self.left_seconds)} left"
        if self.migration_left_seconds is not None and self.planned > 1:
            return f"{estimates.duration(self.migration_left_seconds)} left of this migration"
        return ""

    @property
    def again(self) -> str:
        """Which attempt is under way; empty for the first one."""
        if self.attempt < 2:
            return ""
        return f"attempt {self.attempt}" + (f" at the {self.scope}" if self.scope else "")

    @property
    def statement(self) -> str:
        """What the server says of the statement under way; what is left is that of its phase only."""
        told = self.seen.get("progress") or {}
        far = [] if told.get("share") is None else [f"{told['share']:.0%}"]
        if told.get("left_seconds") is not None:
            of_what = " of this phase" if told.get("phase") else ""
            far.append(f"{estimates.duration(told['left_seconds'])} left{of_what}")
        what = [str(told[key]) for key in ("what", "phase") if told.get(key)]
        # A narrow terminal cuts the end.
        return ": ".join(", ".join(part) for part in (far, what) if part)

    @property
    def waiting(self) -> str:
        """How many sessions wait because of the run now; empty when none does."""
        count = int(self.seen.get("waiting") or 0)
        if not count:
            return ""
        longest = units.duration(self.seen.get("longest_wait_now_seconds") or 0.0)
        return f"{units.number(count, 'session waits', 'sessions wait')} for it, up to {longest}"

    @property
    def blocked(self) -> str:
        """Who keeps the run waiting now; empty when nobody does."""
        blockers = self.seen.get("blockers") or []
        if not blockers:
            return ""
        more = f", and {len(blockers) - 1} more" if len(blockers) > 1 else ""
        return f"waits for {Blocker(**blockers[0]).words}{more}"

    @property
    def held(self) -> str:
        """Why the run waits before it starts, or pauses before its next operation; empty while it goes on."""
        reasons = self.seen.get("held") or []
        more = f" And {len(reasons) - 1} more." if len(reasons) > 1 else ""
        return f"held: {reasons[0]}{more}" if reasons else ""

    @property
    def meanwhile(self) -> Iterator[str]:
        """What holds the run, and what the monitor told last: how far the statement is, who waits for the run, and for whom it waits."""
        parts = (self.held, self.statement, self.waiting, self.blocked)
        yield from (part for part in parts if part)


def progress_of(record: RunRecord, now: datetime.datetime | None = None) -> RunProgress:
    """Return how far a run is at a moment, by default the present one."""
    moment = now or datetime.datetime.now(datetime.UTC)
    stages = [stage.name for stage in record.stages if stage.status == RUNNING]
    current = next((step for step in record.steps if step.status == RUNNING), None)
    retry = record.monitoring.get("retry") or {}
    whole = RunProgress(
        stage=stages[-1] if stages else "",
        migration=current.label if current else "",
        operation=_operation(current),
        attempt=retry.get("attempt") or (current.attempts if current else 0),
        scope=retry.get("scope") or "",
        done=len(record.steps_done),
        planned=len(record.steps),
        seconds=_since(record.started_at, moment),
        migration_seconds=_since(current.started_at, moment) if current else 0.0,
        seen=_seen(record, current),
    )
    return _with_outlook(whole, record, current) if whole.stage == "execute" else whole


def _seen(record: RunRecord, current: StepRecord | None) -> dict[str, Any]:
    """What the monitor told last, if it was of the migration under way."""
    told = {key: value for key, value in record.monitoring.items() if key != "retry"}
    index = told.get("index")
    is_of_another = index is not None and record.steps[index] is not current
    lasting: dict[str, Any] = {key: told[key] for key in ("blockers", "held") if key in told}
    return lasting if is_of_another else told


def _operation(step: StepRecord | None) -> str:
    under_way = [one.description for one in step.operations if not one.finished] if step else []
    return under_way[-1] if under_way else ""


def _since(moment: str, now: datetime.datetime) -> float:
    """Seconds since a moment; none when the clock that wrote it is ahead of ours."""
    if not moment:
        return 0.0
    return max(0.0, (now - datetime.datetime.fromisoformat(moment)).total_seconds())


# --- how much, and how long -----------------------------------------------------------------------------------------------------


def _with_outlook(
    progress: RunProgress, record: RunRecord, current: StepRecord | None
) -> RunProgress:
    expected = [_expected(record, step) for step in record.steps]
    known = [seconds for seconds in expected if seconds is not None]
    pace = _pace(record, expected)
    by_number = progress.done / progress.planned if progress.planned else None
    of_current = _expected(record, current) if current else None
    progress = dataclasses.replace(progress, share=by_number, estimated_seconds=of_current)
    progress = dataclasses.replace(progress, is_overdue=_is_overdue(progress))
    rest = _rest(progress, pace) if current else 0.0
    if of_current is not None and of_current >= LEAST_ESTIMATE:
        progress = dataclasses.replace(progress, migration_left_seconds=rest or None)
    if len(known) < len(expected) or sum(known) < LEAST_ESTIMATE:
        return progress
    later = sum(
        seconds
        for step, seconds in zip(record.steps, known, strict=True)
        if not step.is_done and step.status != RUNNING
    )
    left = None if rest is None else rest + pace * later
    share = _share(progress, record, known)
    return dataclasses.replace(progress, share=share, left_seconds=left or None)


def _expected(record: RunRecord, step: StepRecord) -> float | None:
    """The seconds that a migration was estimated to take, None when nobody knows."""
    preflight = record.stage("preflight")
    forecast = (preflight.detail.get("forecasts") or {}).get(step.label) if preflight else None
    if not forecast:
        return None
    if forecast.get("estimate"):
        return float(forecast["estimate"]["seconds"])
    works = ("unknown", "functions", "rewrites", "scans", "index_builds", "writes")
    waits = forecast.get("waits_for_transactions")
    # Without an estimate: either there is nothing that takes time, or it is not known how much.
    return None if waits or any(forecast.get(work) for work in works) else 0.0


def _is_overdue(progress: RunProgress) -> bool:
    expected, passed = progress.estimated_seconds, progress.migration_seconds
    if expected is None:
        return False
    return passed > max(expected * OVERDUE_FACTOR, expected + OVERDUE_SECONDS)


def _share(progress: RunProgress, record: RunRecord, expected: list[float]) -> float:
    weights = [seconds + OVERHEAD for seconds in expected]
    done = sum(weight for step, weight in zip(record.steps, weights, strict=True) if step.is_done)
    if progress.estimated_seconds is not None:
        weight = progress.estimated_seconds + OVERHEAD
        done += weight * min(ALMOST, progress.migration_seconds / weight)
    return min(done / sum(weights), 1.0 if progress.done == progress.planned else ALMOST)


def _rest(progress: RunProgress, pace: float) -> float | None:
    """The seconds that the migration under way will still take; None when it takes longer than estimated and nobody knows how long."""
    of_statement = (progress.seen.get("progress") or {}).get("left_seconds")
    if of_statement is None and (progress.is_overdue or progress.estimated_seconds is None):
        return None
    rest = max(0.0, pace * (progress.estimated_seconds or 0.0) - progress.migration_seconds)
    return max(rest, of_statement or 0.0)


def _pace(record: RunRecord, expected: list[float | None]) -> float:
    """How many times as long the migrations that are done took as was estimated."""
    done = [
        (step.seconds, seconds)
        for step, seconds in zip(record.steps, expected, strict=True)
        if step.is_done and seconds is not None
    ]
    estimated = sum(seconds for _, seconds in done)
    if estimated < TELLING_SECONDS:
        return 1.0
    least, most = PACE_BOUNDS
    return min(most, max(least, sum(took for took, _ in done) / estimated))
