"""Assess environment and plan; stop before anything is touched when a finding blocks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from django_safe_migrate import environment, events
from django_safe_migrate.analysis import Assessment, assess
from django_safe_migrate.environment import Waited, Waiting
from django_safe_migrate.exceptions import BackupFailed, UnsafePlan
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.guarding import check_breakers
from django_safe_migrate.run import ROLLBACK, Run, RunOptions, StageResult
from django_safe_migrate.sql import OperationSQL
from django_safe_migrate.status import half_done_work

CollectedSQL = Mapping[str, tuple[OperationSQL, ...]]

#: Findings that no flag can make possible; the stop file would end the run at once.
IMPOSSIBLE = frozenset({"irreversible_operation", "stop_file", "transaction_pooler"})
#: Findings of this stage itself, as ``--allow`` names them; ``--force`` alone does not go over them.
RULES = frozenset({"half_done_migration"})


def preflight(run: Run) -> StageResult:
    """
    Collect every finding about environment, backup and plan; blocking ones that nobody allowed fail the stage.

    What each migration will do is recorded too, but of the first ones on an empty database, which do nothing to anybody. Findings are emitted here, not returned, so that they are seen before the question whether to go on is asked.
    """
    check_breakers(run.settings)
    on_backup = _assess_backup(run)
    assessment = _assess_plan(run)
    run.forecasts = assessment.forecasts
    waited, conditions = _wait(run, (*on_backup, *assessment.findings))
    findings = (*on_backup, *assessment.findings, *conditions)
    for finding in findings:
        run.emit(events.FINDING_NOTICED, stage="preflight", finding=finding.to_json())
    for message in _on_data(run):
        run.emit(events.NOTICE, message=message)
    blocking = [finding for finding in findings if finding.is_blocking]
    detail = {
        "backup": run.backup_reason,
        "findings": len(findings),
        "blocking": len(blocking),
        "forecasts": _recorded(run),
        "waited_seconds": waited.seconds,
    }
    if any(finding.is_blocking for finding in on_backup):
        return StageResult("failed", detail=detail, error=_no_backup(run, on_backup))
    if run.ask(run, findings):
        _note_confirmation(run, blocking)
        return StageResult("passed", detail=detail)
    return StageResult("failed", detail=detail, error=_refusal(run, blocking))


def _on_data(run: Run) -> Iterator[str]:
    """What is kept of what the plan destroys, what is not, and what is brought back."""
    if run.foresight is not None:
        for step in run.plan.steps:
            yield from (f"{step.label}: {words}" for words in run.foresight.words(step.label))


def _recorded(run: Run) -> dict[str, Any]:
    """The forecasts as plain data; hundreds of those of a first install would only make the record long."""
    if run.is_first_install:
        return {}
    return {label: forecast.to_json() for label, forecast in run.forecasts.items()}


def _wait(run: Run, found: tuple[Finding, ...]) -> tuple[Waited, tuple[Finding, ...]]:
    """Wait until nothing is in the way, unless the plan will not be carried out anyway; return what is there then."""
    if not _has_conditions(run, found):
        return Waited(), ()
    context = run.environment()
    waited = Waited()
    if not any(finding.is_blocking for finding in found):
        waited = Waiting(context, "preflight", run.emit, _allowed(run.options)).wait()
    look = environment.conditions_again if waited.seconds else environment.conditions_before_start
    return waited, tuple(_with_allowance(one, run.options) for one in look(context, waited))


def _has_conditions(run: Run, found: tuple[Finding, ...]) -> bool:
    """Whether the run waits for anything: what is only recorded needs no table, and a database that is gone tells nothing."""
    return not run.options.fake and all(one.rule != "unreachable_database" for one in found)


def _allowed(options: RunOptions) -> frozenset[str]:
    """The conditions that this run does not wait for."""
    return environment.RULES - IMPOSSIBLE if options.force else options.allow


def _note_confirmation(run: Run, blocking: list[Finding]) -> None:
    """Write down that somebody went on although findings blocked."""
    if blocking:
        rules = ", ".join(sorted({finding.rule for finding in blocking}))
        run.emit(events.NOTICE, message=f"Confirmed at the terminal by {run.record.who}: {rules}.")


def assess_run(run: Run, sql: CollectedSQL | None = None) -> Assessment:
    """
    Return the findings about backup, environment and plan, those that this run allows marked so, and what each migration will do.

    ``sql`` is the collected SQL by migration, when it is at hand; what of it is unavailable is a finding too.
    """
    assessment = _assess_plan(run, sql)
    run.forecasts = assessment.forecasts
    found = assessment.findings
    if _has_conditions(run, found):
        conditions = environment.conditions_before_start(run.environment())
        found = (*found, *(_with_allowance(one, run.options) for one in conditions))
    return Assessment((*_assess_backup(run), *found), assessment.forecasts)


def _assess_backup(run: Run) -> tuple[Finding, ...]:
    """What stands in the way of the backup that the run needs; no flag but ``--backup`` can allow that."""
    return tuple(run.backup_backend().check(run.database)) if run.needs_backup else ()


def _assess_plan(run: Run, sql: CollectedSQL | None = None) -> Assessment:
    state = run.state_without_plan
    found = list(environment.assess(run.environment()))
    of_plan = Assessment()
    if not run.options.fake:
        graph = run.executor.loader.graph
        of_plan = assess(run.plan, run.database, state, run.settings, sql=sql, graph=graph)
        found += (*_half_done(run), *of_plan.findings)
    relieved = run.foresight.relieved(found) if run.foresight else found
    findings = tuple(_with_allowance(finding, run.options) for finding in relieved)
    return Assessment(findings, of_plan.forecasts)


def _half_done(run: Run) -> Iterator[Finding]:
    """Find what an earlier run left in the middle: going on from there, or back around it, would not end where it should."""
    planned = {step.label for step in run.plan.steps}
    for work in half_done_work(run.database):
        # Going back around it would look complete, and leave its operations behind.
        if work.migration in planned or run.options.kind == ROLLBACK:
            ways = "\n".join(f"python manage.py {one.command}" for one in work.next_commands[:3])
            yield Finding(
                rule="half_done_migration",
                severity=Severity.ERROR,
                message=f"{work.explanation} Run {work.run_id} left it so.",
                hint=f"See what is there: python manage.py migrate_status{run.database_option}\n"
                f"Then one of:\n{ways}",
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
        way = (
            " No --allow helps; --force goes back past it, and says what stays."
            if run.options.kind == ROLLBACK and not run.options.force
            else " No flag can allow that."
        )
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
