"""The conditions that a run may wait for before it starts: each is reported, waited for, or a reason to stop, as ``BEFORE_START`` says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.environment.indexes import INVALID_INDEX, invalid_indexes
from django_safe_migrate.environment.obstacle import Obstacle
from django_safe_migrate.environment.replication import REPLICATION_LAG, lagging_replicas
from django_safe_migrate.environment.sessions import (
    LONG_TRANSACTION,
    PREPARED_TRANSACTION,
    long_transactions,
    prepared_transactions,
)
from django_safe_migrate.environment.vacuums import ANTI_WRAPAROUND_VACUUM, wraparound_vacuums
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.environment.context import EnvironmentContext
    from django_safe_migrate.values import StartAction

WAIT, STOP = "wait", "stop"


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """What to look for, the name of its findings, and the field of ``StartSettings`` that says what a run makes of it."""

    rule: str
    setting: str
    look: Callable[[EnvironmentContext], Iterator[Obstacle]]

    def action(self, context: EnvironmentContext) -> StartAction:
        """Return what the settings say."""
        action: StartAction = getattr(context.settings.before_start, self.setting)
        return action


CONDITIONS = (
    Condition(LONG_TRANSACTION, "long_transaction", long_transactions),
    Condition(PREPARED_TRANSACTION, "prepared_transaction", prepared_transactions),
    Condition(ANTI_WRAPAROUND_VACUUM, "anti_wraparound_vacuum", wraparound_vacuums),
    Condition(REPLICATION_LAG, "replication_lag", lagging_replicas),
    Condition(INVALID_INDEX, "invalid_index", invalid_indexes),
)
RULES = frozenset(condition.rule for condition in CONDITIONS)


@dataclasses.dataclass(frozen=True, slots=True)
class Waited:
    """How long a run waited before it started; ``gave_up`` says that something was still in its way."""

    seconds: float = 0.0
    gave_up: bool = False


def check(context: EnvironmentContext, waited: Waited | None) -> Iterator[Finding]:
    """
    Yield a finding for whatever is in the way, and a warning for what is only there.

    ``waited`` is None of a plan that is only looked at: a run would wait first.
    """
    for condition in CONDITIONS:
        action = condition.action(context)
        for obstacle in condition.look(context):
            # What came when the waiting was over is left to the lock timeouts.
            waits_in_vain = action.action == WAIT and waited is not None and waited.gave_up
            stops = obstacle.matters and (action.action == STOP or waits_in_vain)
            yield Finding(
                rule=condition.rule,
                severity=Severity.ERROR if stops else Severity.WARNING,
                message=obstacle.message + _after(action, obstacle, waited),
                hint=obstacle.hint,
            )


def _after(action: StartAction, obstacle: Obstacle, waited: Waited | None) -> str:
    """What was made of it, or would be."""
    if action.action != WAIT or not obstacle.matters:
        return ""
    if waited is None:
        return f" A run waits for that up to {action.limit:g} seconds, and then stops."
    return f" The run has waited for {waited.seconds:.0f} seconds." if waited.gave_up else ""
