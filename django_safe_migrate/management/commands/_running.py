"""Showing or carrying out a plan for a command. Imported only when there is one: with nothing to do, a command pays for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.management.commands._console import Console
from django_safe_migrate.pipeline import Request
from django_safe_migrate.preview import preview
from django_safe_migrate.recovery import carry_out_with_recovery

if TYPE_CHECKING:
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.surroundings import Surroundings
    from django_safe_migrate.execution.targets import Planned
    from django_safe_migrate.management.commands._base import SafeMigrateCommand
    from django_safe_migrate.run import RunOptions


def show_or_carry_out(
    command: SafeMigrateCommand,
    options: dict[str, Any],
    run_options: RunOptions,
    *,
    executor: SafeMigrationExecutor,
    planned: Planned,
    planner: Callable[[SafeMigrationExecutor], Planned],
    surroundings: Surroundings,
) -> bool:
    """
    Show the plan when ``--dry-run`` asks for that, else carry it out.

    Returns whether there was anything to do: another run can have done it while we waited for the run lock.
    """
    console = Console(command, options)
    if options["dry_run"]:
        console.show(preview(executor, planned, run_options, surroundings))
        return True
    request = Request(
        options=run_options,
        planner=planner,
        surroundings=surroundings,
        listener=console.listen,
        waiting=console.waiting,
        ask=console.ask,
        executor=executor,
    )
    with console.reporting():
        return carry_out_with_recovery(request) is not None
