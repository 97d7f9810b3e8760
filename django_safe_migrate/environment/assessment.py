"""The checks of the environment, in the order they are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from django_safe_migrate.environment import (
    archiving,
    broken_off,
    conditions,
    connection,
    history,
    models,
    permissions,
    pooler,
    replication,
    stop_file,
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
    (stop_file.check, stop_file.RULES),
    (window.check, window.RULES),
    (connection.check, connection.RULES),
    (pooler.check, pooler.RULES),
    (permissions.check, permissions.RULES),
    (history.check, history.RULES),
    (broken_off.check, broken_off.RULES),
    (models.check, models.RULES),
    (replication.check, replication.RULES),
    (archiving.check, archiving.RULES),
)

RULES: frozenset[str] = conditions.RULES.union(*(rules for _, rules in CHECKS))


def assess(context: EnvironmentContext) -> list[Finding]:
    """
    Return what the environment has to say against a run now; nothing is written anywhere.

    ``RULES`` of the settings decide how much each finding matters, as they do for the analysis.
    """
    return settled(context, _found(context))


def settled(context: EnvironmentContext, found: Iterable[Finding]) -> list[Finding]:
    """Return the findings as ``RULES`` of the settings want them, without those that are off."""
    every = (_settled(finding, context.settings.rules) for finding in found)
    return [finding for finding in every if finding is not None]


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
