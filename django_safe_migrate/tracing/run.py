"""A run as spans: what each event opens, ends, or adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.databases.activity import Blocker
from django_safe_migrate.events import Event
from django_safe_migrate.record import RunRecord
from django_safe_migrate.tracing.spans import Spans

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

#: Levels of spans.
RUN, STAGE, STEP, OPERATION = range(4)

#: Django's names of vendors that OpenTelemetry calls otherwise (https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/).
_SYSTEMS = {"oracle": "oracle.db"}


class RunTracer:
    """Takes the events of one run; there is a method for each event that a trace tells, of the event's name."""

    def __init__(self, tracer: Tracer) -> None:
        self._spans = Spans(tracer)

    def __call__(self, event: Event, record: RunRecord) -> None:
        """Take one event in; the record is as it is after it."""
        take = _TAKE.get(event.name)
        if take is not None:
            take(self, event, record)

    def run_started(self, event: Event, record: RunRecord) -> None:
        """Open the span of the run."""
        self._spans.begin(
            RUN,
            f"{record.kind} {record.database}",
            event,
            **{"db.system.name": _SYSTEMS.get(record.vendor, record.vendor)},
            run=record.id,
            kind=record.kind,
            database=record.database,
            server=record.server,
            release=record.release,
            rollback_of=record.rollback_of,
            migrations=len(record.steps),
        )

    def run_finished(self, event: Event, record: RunRecord) -> None:
        """End it, and every span that is still open."""
        told = record.error or {}
        error = str(told.get("message") or ("" if record.status == "succeeded" else record.status))
        self._spans.end(
            RUN,
            event,
            error=error,
            **({"error.type": told["type"]} if told.get("type") else {}),
            status=record.status,
            outcome=record.outcome,
            exit_code=record.exit_code,
            migrations_done=len(record.steps_done),
        )

    def stage_started(self, event: Event, record: RunRecord) -> None:
        """Open the span of a stage."""
        self._spans.begin(STAGE, str(event.payload["stage"]), event, stage=event.payload["stage"])

    def stage_finished(self, event: Event, record: RunRecord) -> None:
        """End it."""
        status, detail = event.payload["status"], event.payload.get("detail") or {}
        error = str(detail.get("error") or "failed") if status == "failed" else ""
        self._spans.end(STAGE, event, error=error, status=status)

    def step_started(self, event: Event, record: RunRecord) -> None:
        """Open the span of a migration; another attempt at it belongs to the same span."""
        step = record.steps[event.payload["index"]]
        if self._spans.is_open(STEP):
            self._spans.end(OPERATION, event, error="another attempt at the migration begins")
            self._spans.add("attempt", event, attempt=event.payload["attempt"])
            return
        self._spans.begin(
            STEP,
            step.label,
            event,
            migration=step.label,
            direction=step.direction,
            atomic=step.atomic,
        )

    def step_finished(self, event: Event, record: RunRecord) -> None:
        """End it; of a migration that is undone after the plan has failed, the run tells."""
        step, status = record.steps[event.payload["index"]], event.payload["status"]
        if not self._spans.is_open(STEP):
            self._spans.add("migration " + status, event, migration=step.label)
            return
        error = str(event.payload.get("error") or status) if status == "failed" else ""
        self._spans.end(STEP, event, error=error, status=status, attempts=step.attempts)

    def operation_started(self, event: Event, record: RunRecord) -> None:
        """Open the span of an operation."""
        payload = event.payload
        self._spans.begin(
            OPERATION,
            payload["description"],
            event,
            operation=payload["operation"],
            migration=record.steps[payload["index"]].label,
        )

    def operation_finished(self, event: Event, record: RunRecord) -> None:
        """End it, with how many statements were executed on which tables; their text is not told."""
        statements = event.payload["statements"]
        self._spans.end(
            OPERATION,
            event,
            statements=sum(int(one["count"]) for one in statements),
            statement_seconds=round(sum(float(one["seconds"]) for one in statements), 6),
            tables=list(event.payload["tables"]),
        )

    def attempt_failed(self, event: Event, record: RunRecord) -> None:
        """Add an attempt that did not succeed, and who was in its way."""
        payload = event.payload
        self._spans.count("failed_attempts")
        self._spans.add(
            "attempt failed",
            event,
            **{"exception.message": payload["error"]},
            scope=payload.get("scope", ""),
            attempt=payload["attempt"],
            wait_seconds=payload.get("wait"),
            blockers=_blockers(payload.get("blockers") or []),
        )

    def blocked(self, event: Event, record: RunRecord) -> None:
        """Add that the run waits for a lock, and for whom."""
        payload = event.payload
        blockers = _blockers(payload["blockers"])
        self._spans.add("blocked", event, waited_seconds=payload["seconds"], blockers=blockers)

    def blocker_ended(self, event: Event, record: RunRecord) -> None:
        """Add that a session in the way was ended."""
        self._spans.add("blocker ended", event, blockers=_blockers([event.payload["blocker"]]))

    def monitored(self, event: Event, record: RunRecord) -> None:
        """Keep the worst of what others had to wait, for the spans that are open."""
        waiting, longest = event.payload["waiting"], event.payload["longest_wait_now_seconds"]
        self._spans.keep("most_waiting", waiting)
        self._spans.keep("longest_wait_seconds", longest)

    def finding_noticed(self, event: Event, record: RunRecord) -> None:
        """Add a finding."""
        finding = event.payload["finding"]
        names = ("rule", "severity", "migration", "message", "allowed")
        self._spans.add("finding", event, **{name: finding.get(name) for name in names})

    def backup_created(self, event: Event, record: RunRecord) -> None:
        """Add which backup was made."""
        receipt = event.payload["receipt"]
        self._spans.add("backup", event, name=receipt.get("name"), size=receipt.get("size"))

    def notice(self, event: Event, record: RunRecord) -> None:
        """Add a remark."""
        self._spans.add("notice", event, message=event.payload["message"])


_TAKE: dict[str, Callable[[RunTracer, Event, RunRecord], None]] = {
    name: getattr(RunTracer, name) for name in events.NAMES if hasattr(RunTracer, name)
}


def _blockers(blockers: list[dict[str, Any]]) -> list[str]:
    """Who was in the way, without what they executed."""
    return [Blocker(**{**one, "query": ""}).words for one in blockers]
