"""Waiting, before a plan is carried out, until what is in its way is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from django_safe_migrate import events
from django_safe_migrate.environment import stop_file, window
from django_safe_migrate.environment.assessment import OFF, settled
from django_safe_migrate.environment.conditions import CONDITIONS, WAIT, Condition, Waited, check
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.environment.context import EnvironmentContext
    from django_safe_migrate.environment.obstacle import Obstacle
    from django_safe_migrate.events import Emit

#: Seconds between two looks, and between two times that it is said that nothing has changed.
LOOK_EVERY = 1.0
REMIND_EVERY = 60.0

Held = tuple[Condition, "Obstacle"]


def conditions_before_start(
    context: EnvironmentContext, waited: Waited | None = None
) -> list[Finding]:
    """Return findings about what is in the way of a plan, before or after waiting; ``RULES`` of the settings decide how much each matters."""
    return settled(context, check(context, waited))


def conditions_again(context: EnvironmentContext, waited: Waited) -> list[Finding]:
    """Return findings about what may have changed since a plan was assessed: what is in its way, the hour, the stop file."""
    again = (*stop_file.check(context), *window.check(context))
    return settled(context, (*again, *check(context, waited)))


class Waiting:
    """
    Waits for the conditions that are to be waited for.

    Args:
        context: the plan with its locks, and the database.
        stage: the stage that waits, which is told with ``emit``.
        emit: is told whom the run waits for, when that changes and every minute, and how long it has waited.
        allowed: rules that do not matter to this run.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        context: EnvironmentContext,
        stage: str,
        emit: Emit,
        allowed: Collection[str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._context = context
        self._stage = stage
        self._emit = emit
        self._sleep = sleep
        self._conditions = [
            condition
            for condition in CONDITIONS
            if condition.action(context).action == WAIT
            and condition.rule not in allowed
            and context.settings.rules.get(condition.rule, "") not in _HARMLESS
        ]
        self._told: frozenset[tuple[str, str]] = frozenset()
        self._told_at = 0.0

    def wait(self) -> Waited:
        """Wait until nothing is in the way, a limit is reached or the stop file appears."""
        started, gave_up = time.monotonic(), False
        rules: dict[str, None] = {}
        while held := self._held():
            passed = time.monotonic() - started
            gave_up = self._is_over(held, passed)
            if gave_up:
                break
            rules |= {condition.rule: None for condition, _ in held}
            self._tell(held, passed)
            self._sleep(LOOK_EVERY)
        seconds = time.monotonic() - started
        if rules:
            self._emit(
                events.WAITED,
                stage=self._stage,
                seconds=seconds,
                rules=list(rules),
                gave_up=gave_up,
            )
        return Waited(seconds if rules else 0.0, gave_up)

    def _held(self) -> list[Held]:
        return [
            (condition, obstacle)
            for condition in self._conditions
            for obstacle in condition.look(self._context)
            if obstacle.matters
        ]

    def _is_over(self, held: list[Held], passed: float) -> bool:
        limits = (condition.action(self._context).limit for condition, _ in held)
        return passed >= min(limits) or any(True for _ in stop_file.check(self._context))

    def _tell(self, held: list[Held], passed: float) -> None:
        who = frozenset((condition.rule, obstacle.who) for condition, obstacle in held)
        now = time.monotonic()
        if who == self._told and now - self._told_at < REMIND_EVERY:
            return
        self._told, self._told_at = who, now
        self._emit(
            events.WAITING,
            stage=self._stage,
            seconds=passed,
            limit=min(condition.action(self._context).limit for condition, _ in held),
            reasons=[
                {"rule": condition.rule, "message": obstacle.message}
                for condition, obstacle in held
            ],
        )


#: Severities of the settings under which nothing is worth a wait.
_HARMLESS = {OFF, Severity.INFO.label, Severity.WARNING.label}
