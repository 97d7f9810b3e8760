"""Assess environment and plan; stop before anything is touched when a finding blocks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from django_safe_migrate import events
from django_safe_migrate.analysis import analyse, rewritten_tables
from django_safe_migrate.environment import EnvironmentContext, assess
from django_safe_migrate.exceptions import BackupFailed, UnsafePlan
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.run import ROLLBACK, Run, RunOptions, StageResult
from django_safe_migrate.sql import OperationSQL
from django_safe_migrate.status import half_done_work

CollectedSQL = Mapping[str, tuple[OperationSQL, ...]]

#: Findings that no flag can make possible.
IMPOSSIBLE = frozenset({"irreversible_operation"})
#: Findings of this stage itself, as ``--allow`` names them; ``--force`` alone does not go over them.
RULES = frozenset({"half_done_migration"})


def preflight(run: Run) -> StageResult:
    """
    Collect every finding about environment, backup and plan; blocking ones that nobody allowed fail the stage.

    Findings are emitted here, not returned, so that they are seen before the question whether to go on is asked.
    """
    on_backup = _assess_backup(run)
    findings = (*on_backup, *_assess_plan(run))
    for finding in findings:
        run.emit(events.FINDING_NOTICED, stage="preflight", finding=finding.to_json())
    blocking = [finding for finding in findings if finding.is_blocking]
    detail = {
        "backup": run.backup_reason,
        "findings": len(findings),
        "blocking": len(blocking),
    }
    if any(finding.is_blocking for finding in on_backup):
        return StageResult("failed", detail=detail, error=_no_backup(run, on_backup))
    if run.ask(run, findings):
        _note_confirmation(run, blocking)
        return StageResult("passed", detail=detail)
    return StageResult("failed", detail=detail, error=_refusal(run, blocking))


def _note_confirmation(run: Run, blocking: list[Finding]) -> None:
    """Write down that somebody went on although findings blocked."""
    if blocking:
        rules = ", ".join(sorted({finding.rule for finding in blocking}))
        run.emit(events.NOTICE, message=f"Confirmed at the terminal by {run.record.who}: {rules}.")


def assess_run(run: Run, sql: CollectedSQL | None = None) -> tuple[Finding, ...]:
    """
    Return the findings about backup, environment and plan, those that this run allows marked so.

    ``sql`` is the collected SQL by migration, when it is at hand; what of it is unavailable is a finding too.
    """
    return (*_assess_backup(run), *_assess_plan(run, sql))


def _assess_backup(run: Run) -> tuple[Finding, ...]:
    """What stands in the way of the backup that the run needs; no flag but ``--backup`` can allow that."""
    return tuple(run.backup_backend().check(run.database)) if run.needs_backup else ()


def _assess_plan(run: Run, sql: CollectedSQL | None = None) -> tuple[Finding, ...]:
    state = run.state_without_plan
    context = EnvironmentContext(
        database=run.database,
        plan=run.plan,
        loader=run.executor.loader,
        settings=run.settings,
        first_install=run.is_first_install,
        rewritten_tables=rewritten_tables(run.plan, state, run.database),
    )
    found = assess(context)
    if not run.options.fake:
        found += _half_done(run)
        found += analyse(run.plan, run.database, state, run.settings, sql=sql)
    return tuple(_with_allowance(finding, run.options) for finding in found)


def _half_done(run: Run) -> Iterator[Finding]:
    """Find what an earlier run left in the middle: going on from there, or back around it, would not end where it should."""
    planned = {step.label for step in run.plan.steps}
    for work in half_done_work(run.database):
        # Going back around it would look complete, and leave its operations behind.
        if work.migration in planned or run.options.kind == ROLLBACK:
            first = work.next_commands[0].command if work.next_commands else "migrate_status"
            yield Finding(
                rule="half_done_migration",
                severity=Severity.ERROR,
                message=f"{work.explanation} Run {work.run_id} left it so.",
                hint=f"See what is there: python manage.py migrate_status{run.database_option}\n"
                f"Then for instance: python manage.py {first}",
                migration=work.migration,
            )


def _with_allowance(finding: Finding, options: RunOptions) -> Finding:
    forced = options.force and finding.rule not in IMPOSSIBLE | RULES
    if forced or finding.rule in options.allow:
        return dataclasses.replace(finding, allowed=True)
    return finding


def _no_backup(run: Run, findings: tuple[Finding, ...]) -> BackupFailed:
    reasons = " ".join(finding.message for finding in findings if finding.is_blocking)
    return BackupFailed(
        f"No backup can be made: {reasons}",
        next_command=f"safemigrate{run.database_option} --backup never   (to go without one)",
    )


def _refusal(run: Run, blocking: list[Finding]) -> UnsafePlan:
    rules = sorted({finding.rule for finding in blocking})
    if not rules:
        return _not_confirmed(run)
    if possible := [rule for rule in rules if rule not in IMPOSSIBLE]:
        flags = " ".join(f"--allow {rule}" for rule in possible)
        way = f" To carry the plan out all the same: {flags}"
    else:
        way = " No flag can allow that."
    number = f"{len(blocking)} blocking finding{'' if len(blocking) == 1 else 's'}"
    return UnsafePlan(
        f"{number} ({', '.join(rules)}): see above for the harm and what to do instead.{way}",
        next_command=f"{_command(run)} --dry-run{run.database_option}   (shows the whole plan)",
    )


def _not_confirmed(run: Run) -> UnsafePlan:
    if run.options.kind == ROLLBACK:
        return UnsafePlan(
            "The rollback was not confirmed; without a terminal it needs --force.",
            next_command=f"migrate_rollback --dry-run ...{run.database_option}   (shows what would be lost)",
        )
    return UnsafePlan(
        "The run was not confirmed.",
        next_command=f"safemigrate --dry-run{run.database_option}   (shows the whole plan)",
    )


def _command(run: Run) -> str:
    return "migrate_rollback ..." if run.options.kind == ROLLBACK else "safemigrate"
