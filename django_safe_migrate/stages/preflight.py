"""Assess environment and plan; stop before anything is touched when a finding blocks."""

from __future__ import annotations

import dataclasses

from django_safe_migrate import events
from django_safe_migrate.analysis.engine import analyse
from django_safe_migrate.environment import EnvironmentContext, assess
from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.findings import Finding
from django_safe_migrate.run import ROLLBACK, Run, RunOptions, StageResult

#: Findings that no flag can make possible.
IMPOSSIBLE = frozenset({"irreversible_operation"})


def preflight(run: Run) -> StageResult:
    """
    Collect every finding about environment, backup and plan; blocking ones that nobody allowed fail the stage.

    Findings are emitted here, not returned, so that they are seen before the question whether to go on is asked.
    """
    findings = assess_run(run)
    blocking = [finding for finding in findings if finding.is_blocking]
    for finding in findings:
        run.emit(events.FINDING_NOTICED, stage="preflight", finding=finding.to_json())
    detail = {"backup": run.backup_reason, "findings": len(findings), "blocking": len(blocking)}
    if run.ask(run, findings):
        return StageResult("passed", detail=detail)
    return StageResult("failed", detail=detail, error=_refusal(run, blocking))


def assess_run(run: Run) -> tuple[Finding, ...]:
    """Return the findings about environment, backup and plan, those that this run allows marked so."""
    return tuple(_with_allowance(finding, run.options) for finding in _collect(run))


def _collect(run: Run) -> list[Finding]:
    context = EnvironmentContext(
        database=run.database,
        plan=run.plan,
        loader=run.executor.loader,
        settings=run.settings,
        first_install=run.is_first_install,
    )
    found = assess(context)
    if run.needs_backup:
        found += run.backup_backend().check(run.database)
    if not run.options.fake:
        found += analyse(run.plan, run.database, run.executor.state_without(run.plan), run.settings)
    return found


def _with_allowance(finding: Finding, options: RunOptions) -> Finding:
    forced = options.force and finding.rule not in IMPOSSIBLE
    if forced or finding.rule in options.allow:
        return dataclasses.replace(finding, allowed=True)
    return finding


def _refusal(run: Run, blocking: list[Finding]) -> UnsafePlan:
    rules = sorted({finding.rule for finding in blocking})
    if not rules:
        return _not_confirmed(run)
    flags = " ".join(f"--allow {rule}" for rule in rules)
    one = len(blocking) == 1
    return UnsafePlan(
        f"{len(blocking)} blocking finding{'' if one else 's'} ({', '.join(rules)}): see above for the harm and what to write instead. "
        f"To carry the plan out all the same: {flags}",
        next_command=f"safemigrate --dry-run --database {run.options.database}",
    )


def _not_confirmed(run: Run) -> UnsafePlan:
    if run.options.kind == ROLLBACK:
        return UnsafePlan(
            "The rollback was not confirmed. Without a terminal it needs --force.",
            next_command="migrate_rollback --dry-run ...   (shows what would be lost)",
        )
    return UnsafePlan("The run was not confirmed.", next_command="safemigrate --dry-run")
