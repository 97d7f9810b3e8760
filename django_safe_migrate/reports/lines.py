"""What each event of a run has to say, in words: the lines that are printed while it goes on."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

from django.utils import timezone

from django_safe_migrate import events
from django_safe_migrate.databases.activity import Blocker, named
from django_safe_migrate.events import Event
from django_safe_migrate.findings import Finding
from django_safe_migrate.record import OperationRecord, RunRecord
from django_safe_migrate.reports import estimates, units
from django_safe_migrate.reports.console import STYLES, hint_lines

OPERATIONS = 2
STATEMENTS = 3

STAGES = {
    "preflight": "Assessing the plan",
    "backup": "Making and verifying a backup",
    "rehearse": "Rehearsing on a copy",
    "execute": "Carrying out the plan",
    "verify": "Verifying the result",
    "report": "Writing the report",
}

#: A style of rich and a text.
Line = tuple[str, str]


def lines_of(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    """Yield what an event has to say; operations from verbosity 2, their SQL from 3."""
    say = _SAY.get(event.name)
    if say is not None:
        yield from say(event, record, verbosity)


def clock(event: Event) -> str:
    """Return the time of day of an event, in the project's time zone."""
    return timezone.localtime(datetime.datetime.fromisoformat(event.at)).strftime("%H:%M:%S")


def time_of_day() -> str:
    """Return the present time of day, in the project's time zone."""
    return timezone.localtime(datetime.datetime.now(datetime.UTC)).strftime("%H:%M:%S")


def stage_of(event: Event, record: RunRecord) -> str:
    """Return the stage that an event belongs to; the run itself before and after all of them."""
    if "stage" in event.payload:
        return str(event.payload["stage"])
    under_way = [stage.name for stage in record.stages if stage.status == "running"]
    return under_way[-1] if under_way else "run"


def _run_started(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    if record.kind == "repair":
        yield "", f"repair of {record.database} ({record.server or record.vendor}), run {record.id}"
        return
    count = units.number(len(record.steps), "migration")
    yield (
        "",
        f"{count} to {_verb(record)} on {record.database} ({record.server or record.vendor}), run {record.id}",
    )


def _verb(record: RunRecord) -> str:
    backwards = any(step.direction == "backwards" for step in record.steps)
    return "unapply" if backwards else "apply"


def _stage_started(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    yield "bold", STAGES.get(event.payload["stage"], "started")


def _stage_finished(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    status, detail = event.payload["status"], event.payload.get("detail") or {}
    reason = f": {detail['reason']}" if status == "skipped" and detail.get("reason") else ""
    took = "" if status == "skipped" else f" in {units.duration(event.payload['seconds'])}"
    yield STYLES.get(status, ""), f"{status}{took}{reason}"


def _finding(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    finding = Finding.from_json(event.payload["finding"])
    label = finding.severity.label
    where = f"{finding.migration}: " if finding.migration else ""
    allowed = " (allowed)" if finding.allowed else ""
    yield (
        STYLES.get(label, ""),
        f"{label}: {where}{estimates.message(finding)} [{finding.rule}]{allowed}",
    )
    yield from (("dim", f"  {line}") for line in hint_lines(finding.hint))


def _backup(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    receipt = event.payload["receipt"]
    state = (
        " proven" if receipt.get("proven_at") else " verified" if receipt.get("verified_at") else ""
    )
    yield "", f"backup {receipt.get('name', '')}{state}, {units.size(receipt.get('size'))}"


def _step_rehearsed(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    step, status = record.steps[event.payload["index"]], event.payload["status"]
    yield (
        STYLES.get(status, "") if status == "failed" else "",
        f"on the copy: {step.label} {status} in {units.duration(event.payload['seconds'])}",
    )


def _step_started(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    if verbosity >= OPERATIONS:
        step, attempt = record.steps[event.payload["index"]], event.payload["attempt"]
        yield "", f"{step.label} begins" + (f" (attempt {attempt})" if attempt > 1 else "")


def _operation_finished(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    if verbosity < OPERATIONS:
        return
    yield "", f"  {event.payload['description']} in {units.duration(event.payload['seconds'])}"
    if verbosity >= STATEMENTS:
        done = record.steps[event.payload["index"]].operations[-1]
        yield from (("dim", line) for line in _statements(done))


def _statements(operation: OperationRecord) -> Iterator[str]:
    for statement in operation.statements:
        times = f" ({statement.count:,} times)" if statement.count > 1 else ""
        yield f"    {statement.sql}{times} in {units.duration(statement.seconds)}"


def _attempt_failed(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    step = record.steps[event.payload["index"]]
    wait = event.payload.get("wait")
    again = f"; trying again in {units.duration(wait)}" if wait is not None else ""
    if again and event.payload.get("blockers"):
        again += ", sooner if those in its way leave, later while they stay"
    attempt = event.payload.get("attempt", step.attempts)
    yield "yellow", f"{step.label} attempt {attempt} failed: {event.payload['error']}{again}"


def _blocked(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    step = record.steps[event.payload["index"]]
    blockers = [Blocker(**blocker) for blocker in event.payload["blockers"]]
    waited = units.duration(event.payload["seconds"])
    yield "yellow", f"{step.label} has waited {waited} for a lock; in its way: {named(blockers)}"


def _waiting(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    limit, waited = (units.duration(event.payload[name]) for name in ("limit", "seconds"))
    so_far = f", {waited} so far" if event.payload["seconds"] >= 1 else ""
    for reason in event.payload["reasons"]:
        yield "yellow", f"waits up to {limit}{so_far}: {reason['message']} [{reason['rule']}]"


def _waited(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    end = "it is still so" if event.payload["gave_up"] else "nothing is in the way any more"
    yield "yellow", f"waited {units.duration(event.payload['seconds'])}; {end}"


def _breaker_opened(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    what = (
        "the plan pauses before its next operation outside of a transaction"
        if event.payload["action"] == "pause"
        else "the plan is stopped"
    )
    yield "yellow", f"breaker {event.payload['breaker']} opened, {what}: {event.payload['reason']}"


def _breaker_closed(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    after = units.duration(event.payload["seconds"])
    yield "yellow", f"breaker {event.payload['breaker']} closed after {after}"


def _blocker_ended(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    yield "yellow", record.notices[-1]


def _step_finished(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    step, status = record.steps[event.payload["index"]], event.payload["status"]
    yield (
        STYLES.get(status, ""),
        f"{step.label} {status} in {units.duration(event.payload['seconds'])}",
    )


def _position(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    if verbosity >= OPERATIONS:
        at = event.payload["position"]
        name = f", restore point {at['name']}" if at["name"] else ""
        yield "dim", f"{at['log']} position {at['at']}{name}"


def _notice(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    yield "cyan", str(event.payload["message"])


def _run_finished(event: Event, record: RunRecord, verbosity: int) -> Iterator[Line]:
    yield STYLES.get(record.outcome, ""), f"{record.outcome} in {units.duration(record.seconds)}"


_SAY: dict[str, Callable[[Event, RunRecord, int], Iterator[Line]]] = {
    events.RUN_STARTED: _run_started,
    events.STAGE_STARTED: _stage_started,
    events.STAGE_FINISHED: _stage_finished,
    events.FINDING_NOTICED: _finding,
    events.BACKUP_CREATED: _backup,
    events.STEP_REHEARSED: _step_rehearsed,
    events.STEP_STARTED: _step_started,
    events.OPERATION_FINISHED: _operation_finished,
    events.ATTEMPT_FAILED: _attempt_failed,
    events.BLOCKED: _blocked,
    events.BLOCKER_ENDED: _blocker_ended,
    events.WAITING: _waiting,
    events.WAITED: _waited,
    events.BREAKER_OPENED: _breaker_opened,
    events.BREAKER_CLOSED: _breaker_closed,
    events.STEP_FINISHED: _step_finished,
    events.POSITION_RECORDED: _position,
    events.NOTICE: _notice,
    events.RUN_FINISHED: _run_finished,
}
