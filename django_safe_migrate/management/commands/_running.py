"""Showing or carrying out a plan for a command. Imported only when there is one: with nothing to do, a command pays for nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases import get_database
from django_safe_migrate.management.commands._console import Console
from django_safe_migrate.management.commands._rehearse_arguments import rehearsed_before
from django_safe_migrate.pipeline import REHEARSED_STAGES, STAGES, Request
from django_safe_migrate.preview import Preview, preview
from django_safe_migrate.recovery import carry_out_with_recovery
from django_safe_migrate.repair.resuming import RULE, resume_first, resumptions

if TYPE_CHECKING:
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.surroundings import Surroundings
    from django_safe_migrate.execution.targets import Planned
    from django_safe_migrate.management.commands._lines import RunCommand
    from django_safe_migrate.run import RunOptions


def show_or_carry_out(
    command: RunCommand,
    options: dict[str, Any],
    run_options: RunOptions,
    *,
    executor: SafeMigrationExecutor,
    planned: Planned,
    planner: Callable[[SafeMigrationExecutor], Planned],
    surroundings: Surroundings,
    amend: Callable[[Request], Request] = lambda request: request,
    skipped: tuple[str, ...] = (),
) -> bool:
    """
    Show the plan when ``--dry-run`` asks for that, else carry it out, after what an earlier run left half done of it.

    Returns whether there was anything to do: another run can have done it while we waited for the run lock. ``amend`` changes the request
    before it is carried out; ``skipped`` is what the plan does not undo.
    """
    console = Console(command, options)
    if options["dry_run"]:
        shown = preview(executor, planned, run_options, surroundings)
        shown = dataclasses.replace(shown, skipped=skipped)
        console.show(_with_resumptions(shown, run_options, planned, executor))
        return True
    request = Request(
        options=run_options,
        planner=planner,
        surroundings=surroundings,
        listener=console.listen,
        waiting=console.waiting,
        ask=console.ask,
        executor=executor,
        stages=REHEARSED_STAGES if run_options.rehearse else STAGES,
        notices=rehearsed_before(planned, run_options),
        first=lambda request, database, lock: resume_first(request, database, lock, console.agree),
    )
    with console.reporting():
        # What was half done may have been all there was to do.
        return carry_out_with_recovery(amend(request)) is not None or console.has_record


def _with_resumptions(
    shown: Preview, options: RunOptions, planned: Planned, executor: SafeMigrationExecutor
) -> Preview:
    """Say of half-done migrations that they are carried on from where they stand, or why they are not."""
    if not any(finding.rule == RULE for finding in shown.findings):
        return shown
    work = {
        one.label: one for one in resumptions(options, planned, get_database(executor.connection))
    }
    carried_on = bool(work) and not any(one.reason for one in work.values())
    findings = tuple(
        dataclasses.replace(finding, message=work[finding.migration].words, allowed=carried_on)
        if finding.rule == RULE and finding.migration in work
        else finding
        for finding in shown.findings
    )
    return dataclasses.replace(shown, findings=findings)
