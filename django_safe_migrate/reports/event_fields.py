"""What each line of JSON holds beside ``event``, ``run`` and ``at``: the source of its documentation and of its schema."""

from __future__ import annotations

import dataclasses
from typing import Any

from django_safe_migrate import events
from django_safe_migrate.reports import as_json

_ANY_OBJECT: dict[str, Any] = {"type": "object"}
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "integer or null": {"type": ["integer", "null"]},
    "number": {"type": "number"},
    "number or null": {"type": ["number", "null"]},
    "truth": {"type": "boolean"},
    "object": _ANY_OBJECT,
    "object or null": {"type": ["object", "null"]},
    "list of texts": {"type": "array", "items": {"type": "string"}},
    "list of objects": {"type": "array", "items": _ANY_OBJECT},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One key: what kind of value it has and what that means; ``always`` is false when it may be left out."""

    name: str
    kind: str
    meaning: str
    always: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One kind of line: when it is written, and its keys."""

    when: str
    fields: tuple[Field, ...]


_INDEX = Field("index", "integer", "the migration, as its place in `plan`, counted from 0")
_STAGE = Field("stage", "text", "`preflight`, `backup`, `rehearse`, `execute` or `verify`")
_OPERATION = Field(
    "operation", "integer", "its place in `Migration.operations`, -1 for SQL that Django defers"
)
_DESCRIPTION = Field("description", "text", "the operation in words")
_SECONDS = Field("seconds", "number", "how long it took")
_BLOCKERS = Field(
    "blockers", "list of objects", "the sessions in the way, as in `monitoring` of the report"
)

LINES: dict[str, Line] = {
    as_json.LOCK_HELD: Line(
        "Another run holds the run lock of the database, and is waited for. `run` is empty.",
        (Field("holder", "text", "who it is; empty when that is not known"),),
    ),
    events.RUN_STARTED: Line(
        "The run lock is had, and the plan is made.",
        (
            Field("kind", "text", "`migrate`, `rollback`, `restore` or `repair`"),
            Field("database", "text", "the alias"),
            Field("vendor", "text", "Django's name of the vendor"),
            Field("server", "text", "product and version"),
            Field("plan", "list of objects", "the migrations, as in the report, as far as known"),
            Field("options", "object", "what was asked of the run"),
            Field("rollback_of", "text", "the id of the run that this one undoes"),
            Field("fingerprint", "text", "of the plan", always=False),
            Field("applied_before", "list of texts", "the applied migrations", always=False),
            Field("who", "text", "the user of the operating system"),
            Field("host", "text", "the machine"),
            Field("pid", "integer", "the process"),
            Field("command", "text", "as typed"),
            Field("release", "text", "the release that is being deployed"),
            Field("versions", "object", "Python, Django, this package"),
        ),
    ),
    events.STAGE_STARTED: Line("A stage begins.", (_STAGE,)),
    events.WAITING: Line(
        "The run waits for the server's condition before anything is touched; repeated now and then.",
        (
            _STAGE,
            Field("seconds", "number", "how long it has waited"),
            Field("limit", "number", "after how many seconds it gives up"),
            Field("reasons", "list of objects", "`rule` and `message` of what it waits for"),
        ),
    ),
    events.WAITED: Line(
        "It waits no longer.",
        (
            _STAGE,
            Field("seconds", "number", "how long it waited"),
            Field("rules", "list of texts", "for what"),
            Field("gave_up", "truth", "whether the limit was reached"),
        ),
    ),
    events.FINDING_NOTICED: Line(
        "Something is noticed.",
        (
            Field("stage", "text", "the stage in which, empty before all of them"),
            Field("finding", "object", "as in `findings` of the report"),
        ),
    ),
    events.BACKUP_CREATED: Line(
        "A backup is made and verified, proven, or restored.",
        (Field("receipt", "object", "what is known of it; `backup` of the report is part of it"),),
    ),
    events.STEP_REHEARSED: Line(
        "A migration is done on the copy, or has failed there.",
        (
            _INDEX,
            Field("rehearsed", "text", "the pass over the copy: `plan`, `back` or `again`"),
            Field("status", "text", "as in `migrations` of the report"),
            _SECONDS,
        ),
    ),
    events.STEP_STARTED: Line(
        "A migration begins, or begins again.",
        (_INDEX, Field("attempt", "integer", "1 for the first attempt at it")),
    ),
    events.OPERATION_STARTED: Line(
        "An operation of a migration begins.", (_INDEX, _OPERATION, _DESCRIPTION)
    ),
    events.OPERATION_FAILED: Line(
        "It raised, or a signal stopped it.",
        (
            _INDEX,
            _OPERATION,
            _DESCRIPTION,
            Field(
                "left_nothing",
                "truth",
                "whether it is proven that nothing of it is in the database",
            ),
        ),
    ),
    events.OPERATION_FINISHED: Line(
        "It is done. One that failed has no such line.",
        (
            _INDEX,
            _OPERATION,
            _DESCRIPTION,
            _SECONDS,
            Field("statements", "list of objects", "as in the report: SQL without parameters"),
            Field("tables", "list of texts", "the tables that they name"),
        ),
    ),
    events.ATTEMPT_FAILED: Line(
        "A lock was not had in time, and is tried for again.",
        (
            _INDEX,
            Field("attempt", "integer", "the number of the attempt that failed"),
            Field("error", "text", "what the server said, without values"),
            Field("wait", "number or null", "seconds until the next attempt", always=False),
            Field(
                "scope",
                "text",
                "what is tried again: `statement`, `operation` or `migration`",
                always=False,
            ),
            dataclasses.replace(_BLOCKERS, always=False),
        ),
    ),
    events.BLOCKED: Line(
        "The run has waited for a lock for about a second.",
        (_INDEX, Field("seconds", "number", "how long it has waited"), _BLOCKERS),
    ),
    events.BLOCKER_ENDED: Line(
        "A session in the way was ended, as `--terminate-blockers` asked.",
        (_INDEX, Field("blocker", "object", "the session")),
    ),
    events.MONITORED: Line(
        "What the monitor sees: about once in a second, after a minute once in five.",
        (
            _INDEX,
            Field("waiting", "integer", "sessions that wait because of the run now"),
            Field("longest_wait_now_seconds", "number", "the longest of these waits until now"),
            Field("longest_wait_seconds", "number", "the longest wait of the whole run"),
            Field("most_waiting", "integer", "the most sessions that waited at once"),
            Field("response_seconds", "number", "how long the smallest query takes"),
            Field(
                "progress",
                "object or null",
                "how far the statement is, where the server tells: `what`, `phase`, `share` (0 to 1), `left_seconds` of the phase",
            ),
        ),
    ),
    events.BREAKER_OPENED: Line(
        "A circuit breaker holds the plan before its next operation, or stops it.",
        (
            Field("breaker", "text", "its name in the settings"),
            Field("action", "text", "`pause` or `stop`"),
            Field("reason", "text", "what it saw"),
            Field("paused_seconds", "number or null", "how long the pause was that became a stop"),
        ),
    ),
    events.BREAKER_CLOSED: Line(
        "The pause is over.",
        (
            Field("breaker", "text", "its name in the settings"),
            Field("seconds", "number", "how long it was"),
        ),
    ),
    events.STEP_FINISHED: Line(
        "A migration is done, has failed, or was undone after the plan had failed (`reverted`).",
        (
            _INDEX,
            Field("status", "text", "as in `migrations` of the report"),
            _SECONDS,
            Field("error", "text", "why it failed", always=False),
        ),
    ),
    events.POSITION_RECORDED: Line(
        "Where the database's log is, before the first migration and after each.",
        (
            Field(
                "index",
                "integer or null",
                "the migration after whose commit, `null` before the first",
            ),
            Field("position", "object", "as in `point_in_time` of the report"),
        ),
    ),
    events.STAGE_FINISHED: Line(
        "A stage ends.",
        (
            _STAGE,
            Field("status", "text", "`passed`, `failed` or `skipped`"),
            _SECONDS,
            Field("detail", "object", "the stage's own measurements"),
        ),
    ),
    events.NOTICE: Line("A remark.", (Field("message", "text", "a sentence or two"),)),
    events.RUN_FINISHED: Line(
        "The run ends.",
        (
            Field("status", "text", "`succeeded`, `failed` or `interrupted`"),
            Field("exit_code", "integer", "the exit status of the command"),
            Field("error", "object or null", "as `failure` of the report"),
        ),
    ),
    as_json.PROGRESS: Line(
        "Only of `migrate_status --watch`: how far the run is.",
        (Field("progress", "object", "as in `under_way` of the status"),),
    ),
    as_json.REPORT: Line(
        "The last line, always.",
        (
            Field(
                "exit_code",
                "integer or null",
                "the exit status of the command that carries the run out; `null` when it was killed, or when nothing is watched",
            ),
            Field("failure", "object or null", "why it did not succeed, as in the report"),
            Field(
                "report", "object or null", "the report, the document below; `null` without a run"
            ),
        ),
    ),
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a line."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of JSON written while a run goes on",
        "oneOf": [_schema(name, line) for name, line in LINES.items()],
    }


def _schema(name: str, line: Line) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "event": {"const": name},
            "run": {"type": "string"},
            "at": {"type": "string"},
            **{field.name: _KINDS[field.kind] for field in line.fields},
        },
        "required": ["event", "run", "at", *(one.name for one in line.fields if one.always)],
    }
