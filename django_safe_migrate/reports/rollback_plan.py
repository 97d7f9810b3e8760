"""How to go back from where a run ended: what comes back, what does not, and the commands to type."""

from __future__ import annotations

import shlex

from django_safe_migrate.record import RUNNING, RunRecord, StepRecord
from django_safe_migrate.reports import point_in_time, units
from django_safe_migrate.reports.document import (
    CAPABILITIES,
    IRREVERSIBLE,
    LOSSLESS,
    LOSSY,
    NOTHING,
    BackupFacts,
    RecoveryCommand,
    RollbackPlan,
    WayBack,
)

PROGRAM = "python manage.py"


def plan_rollback(record: RunRecord, backup: BackupFacts | None) -> RollbackPlan:
    """Return what can be undone of a run, from what its record tells."""
    steps = tuple(_way_back(step) for step in reversed(record.steps_done))
    capability = max((step.capability for step in steps), key=CAPABILITIES.index, default=NOTHING)
    part_way = [step.label for step in record.steps if not step.is_done and _may_be_part_way(step)]
    return RollbackPlan(
        capability=capability,
        summary=_summary(record, capability, steps, part_way),
        steps=steps,
        commands=tuple(_commands(record, capability, backup, part_way)),
    )


def _way_back(step: StepRecord) -> WayBack:
    if step.direction == "backwards":
        details = tuple(
            f"Applying it again does not bring back what undoing it cost: {loss}"
            for loss in step.lossy
        )
        return WayBack(
            migration=step.label, capability=LOSSY if details else LOSSLESS, details=details
        )
    if step.irreversible:
        return WayBack(
            migration=step.label, capability=IRREVERSIBLE, details=tuple(step.irreversible)
        )
    return WayBack(
        migration=step.label,
        capability=LOSSY if step.lossy else LOSSLESS,
        details=tuple(step.lossy),
    )


def _may_be_part_way(step: StepRecord) -> bool:
    """Whether a step that did not reach its end may have left something; its transaction may have undone it all the same."""
    return step.status in {"failed", RUNNING} and any(
        operation.finished for operation in step.operations
    )


def _summary(
    record: RunRecord, capability: str, steps: tuple[WayBack, ...], part_way: list[str]
) -> str:
    if record.status == RUNNING:
        return "The run is under way; what can be undone is known when it ends."
    if record.kind == "restore":
        return "The notices above say where the database as it was before the restore is kept."
    ending = (
        f" {units.listed(part_way)} did not reach its end: migrate_status tells whether it left anything."
        if part_way
        else ""
    )
    if capability == NOTHING:
        return ending.strip() or "Nothing was carried out, so there is nothing to undo."
    count = units.number(len(steps), "migration")
    if capability == LOSSLESS:
        return f"{count} can be undone, and nothing is lost by it.{ending}"
    if capability == LOSSY:
        losing = [step.migration for step in steps if step.capability == LOSSY]
        return f"{count} can be undone; undoing {units.listed(losing)} loses data.{ending}"
    stuck = [step.migration for step in steps if step.capability == IRREVERSIBLE]
    return f"{units.listed(stuck)} cannot be undone; only a backup brings back what was before.{ending}"


def _commands(
    record: RunRecord, capability: str, backup: BackupFacts | None, part_way: list[str]
) -> list[RecoveryCommand]:
    alias = "" if record.database == "default" else f" --database {shlex.quote(record.database)}"
    if record.status == RUNNING:
        return [_command(f"migrate_status{alias}", "Shows how far the run is.")]
    if record.kind == "restore":
        return [_command(f"migrate_status{alias}", "Shows which migrations are applied now.")]
    commands = []
    if part_way:
        commands.append(
            _command(f"migrate_status{alias}", "Shows what is applied and what is half done.")
        )
    else:
        commands += _undoing(record, capability, alias)
    if backup and (capability != NOTHING or part_way):
        commands.append(
            _command(
                f"migrate_backup restore {shlex.quote(backup.name)}",
                "Puts back the database as it was when this run began; what was written since then is lost.",
            )
        )
        commands += _to_the_point(record, backup, alias)
    return commands


def _to_the_point(record: RunRecord, backup: BackupFacts, alias: str) -> list[RecoveryCommand]:
    """A backup that knows its place in the log can be brought forward to the very moment before the run."""
    knows_place = bool(((record.backup or {}).get("log_position") or {}).get("at"))
    if not knows_place or point_in_time.before(record) is None:
        return []
    return [
        _command(
            f"migrate_backup restore {shlex.quote(backup.name)} --before {record.id}{alias}",
            "Gives the commands that go to the moment before the first migration, with all that was written until then; it restores nothing.",
        )
    ]


def _undoing(record: RunRecord, capability: str, alias: str) -> list[RecoveryCommand]:
    if capability in {NOTHING, IRREVERSIBLE}:
        return []
    if any(step.direction == "backwards" for step in record.steps_done):
        return [_command(f"safemigrate{alias}", "Applies the unapplied migrations again.")]
    undo = f"migrate_rollback --run {record.id}{alias}"
    loss = " It asks before it loses data." if capability == LOSSY else ""
    return [
        _command(f"{undo} --dry-run", "Shows what undoing this run would do, and changes nothing."),
        _command(undo, f"Unapplies what this run applied, in the opposite order.{loss}"),
    ]


def _command(arguments: str, purpose: str) -> RecoveryCommand:
    return RecoveryCommand(command=f"{PROGRAM} {arguments}", purpose=purpose)
