"""The checks of the environment, in the order they are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from django_safe_migrate.environment import (
    connection,
    disk,
    history,
    models,
    permissions,
    replication,
    sessions,
    window,
)
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.environment.context import EnvironmentContext

#: The severity that silences a finding.
OFF = "off"

Check = Callable[["EnvironmentContext"], Iterator[Finding]]

#: Each check with the names of the findings that it can give; those after the connection need one.
CHECKS: tuple[tuple[Check, frozenset[str]], ...] = (
    (window.check, window.RULES),
    (connection.check, connection.RULES),
    (permissions.check, permissions.RULES),
    (history.check, history.RULES),
    (models.check, models.RULES),
    (disk.check, disk.RULES),
    (sessions.check, sessions.RULES),
    (replication.check, replication.RULES),
)

RULES: frozenset[str] = frozenset().union(*(rules for _, rules in CHECKS))


def assess(context: EnvironmentContext) -> list[Finding]:
    """
    Return what the environment has to say against a run now; nothing is written anywhere.

    ``RULES`` of the settings decide how much each finding matters, as they do for the analysis.
    """
    settled = (_settled(found, context.settings.rules) for found in _found(context))
    return [finding for finding in settled if finding is not None]


def _found(context: EnvironmentContext) -> Iterator[Finding]:
    for check, rules in CHECKS:
        found = list(check(context))
        yield from found
        if found and rules is connection.RULES:
            return


def _settled(finding: Finding, severities: Mapping[str, str]) -> Finding | None:
    label = severities.get(finding.rule)
    if label is None:
        return finding
    if label == OFF:
        return None
    return dataclasses.replace(finding, severity=Severity.from_label(label))
