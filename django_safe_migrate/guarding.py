"""What guards a run from the outside: the conditions that it looks at again just before it executes, and the circuit breakers meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from django_safe_migrate import conf, environment
from django_safe_migrate.conf import breakers as names
from django_safe_migrate.environment import Waiting
from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.execution.breakers.asking import (
    Functions,
    HealthChecks,
    import_functions,
)
from django_safe_migrate.execution.breakers.guard import Sparing
from django_safe_migrate.execution.breakers.local import DiskFree, StopFile, WindowEnd
from django_safe_migrate.execution.breakers.server import ActiveConnections, ReplicaLag
from django_safe_migrate.execution.breakers.watch import Watch
from django_safe_migrate.execution.stop import Stop
from django_safe_migrate.verification.health import FAILED, run_checks

if TYPE_CHECKING:
    from django_safe_migrate.conf import BreakerSettings
    from django_safe_migrate.execution.breakers.breaker import Breaker
    from django_safe_migrate.findings import Finding
    from django_safe_migrate.run import Run


# --- before it executes -----------------------------------------------------------------------------------------------------------


def wait_again(run: Run) -> tuple[Finding, ...]:
    """
    Look once more for what preflight looked for, and wait for it: a backup may have taken hours since then. Return what blocks now.

    Nothing is looked for on a way back after a failure, which was not assessed, nor where steps are only recorded.
    """
    if run.options.fake or run.record.stage("preflight") is None:
        return ()
    context = run.environment()
    allowed = run.options.allow | {
        one.rule for one in run.record.findings if one.is_blocking or one.allowed
    }
    if run.options.force:
        allowed |= environment.RULES
    waited = Waiting(context, "execute", run.emit, allowed).wait()
    found = environment.conditions_again(context, waited)
    return tuple(one for one in found if one.is_blocking and one.rule not in allowed)


def refusal(run: Run, findings: tuple[Finding, ...]) -> UnsafePlan:
    """Return the error that says why nothing is begun after all."""
    messages = " ".join(dict.fromkeys(finding.message for finding in findings))
    hints = " ".join(dict.fromkeys(finding.hint for finding in findings))
    command = "migrate_rollback ..." if run.options.kind == "rollback" else "safemigrate"
    return UnsafePlan(
        f"The plan was not begun: {messages} {hints}",
        next_command=f"{command}{run.database_option}   (when that is over)",
    )


# --- while it executes ------------------------------------------------------------------------------------------------------------


def check_breakers(settings: conf.Settings) -> None:
    """Raise ``ImproperlyConfigured`` when a breaker names a function or a database that does not exist."""
    if names.CALLABLE in settings.breakers:
        import_functions(settings.breakers[names.CALLABLE].options["paths"])
    if names.REPLICA_LAG in settings.breakers:
        for alias in settings.breakers[names.REPLICA_LAG].options["replicas"]:
            if alias not in connections:
                raise ImproperlyConfigured(
                    f'{conf.SETTING}["BREAKERS"]["REPLICA_LAG"]["REPLICAS"] names {alias!r}, and DATABASES has no such alias; '
                    f"use one of: {', '.join(sorted(connections))}."
                )


class Guarding:
    """The breakers of a run, and the stop that they ask for; a way back after a failure has none, for it must come to its end."""

    def __init__(self, run: Run) -> None:
        is_guarded = not run.options.fake and run.record.stage("preflight") is not None
        cancel = Sparing(run.database.statement_canceller())
        self.stop = Stop(cancel)
        breakers = list(_breakers(run)) if is_guarded else []
        self._watch = Watch(breakers, run.database, self.stop, run.emit, cancel)

    @contextmanager
    def watching(self, detail: dict[str, Any]) -> Iterator[None]:
        """Look at the breakers while the block runs, and write down what happened, however the block ends."""
        self._watch.start()
        try:
            yield
        finally:
            seen = self._watch.end()
            if seen:
                detail["breakers"] = seen


def _breakers(run: Run) -> Iterator[Breaker]:
    for settings in run.settings.breakers.values():
        breaker = _MAKERS[settings.name](settings, run)
        if breaker is not None:
            yield breaker


def _disk_free(settings: BreakerSettings, run: Run) -> Breaker:
    return DiskFree(settings, settings.options["path"] or run.database.data_folder())


def _stop_file(settings: BreakerSettings, run: Run) -> Breaker | None:
    path = conf.stop_file(run.settings)
    return None if path is None else StopFile(settings, path)


def _health_checks(settings: BreakerSettings, run: Run) -> Breaker:
    before = {one.name: one.status for one in run.baseline.health} if run.baseline else {}

    def failing() -> Mapping[str, str]:
        results = run_checks(run.settings.health_checks)
        # What failed before the run says nothing of the run.
        failed = (one for one in results if one.status == FAILED)
        return {one.name: one.reason for one in failed if before.get(one.name) != FAILED}

    return HealthChecks(settings, failing)


_MAKERS: dict[str, Callable[[BreakerSettings, Run], Breaker | None]] = {
    names.REPLICA_LAG: lambda settings, run: ReplicaLag(settings),
    names.DISK_FREE: _disk_free,
    names.ACTIVE_CONNECTIONS: lambda settings, run: ActiveConnections(settings),
    names.HEALTH_CHECKS: _health_checks,
    names.CALLABLE: lambda settings, run: Functions(
        settings, import_functions(settings.options["paths"]), run.database.alias
    ),
    names.STOP_FILE: _stop_file,
    names.WINDOW_END: lambda settings, run: WindowEnd(settings, run.settings.maintenance_windows),
}
