"""The forecast of a pending migration of the small shop, on a vendor that nobody is asked about, or on a live database."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations.base import Operation

from django_safe_migrate import conf, values
from django_safe_migrate.analysis import Forecast, assess
from django_safe_migrate.databases import Database
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor

LABEL = "shop.0002_change"
#: The oldest version that Django supports differs from one Django to the next.
TARGETS = {"mysql": "mysql 8.4"}


def forecast(
    ops: Sequence[Operation], *, on: str = "postgresql", backwards: bool = False, **attributes: Any
) -> Forecast:
    """Return what is foretold without asking anybody."""
    with vendor(on):
        return live_forecast(ops, None, backwards=backwards, target=TARGETS.get(on), **attributes)


def live_forecast(
    ops: Sequence[Operation],
    database: Database | None,
    *,
    backwards: bool = False,
    target: str | None = None,
    **attributes: Any,
) -> Forecast:
    """Return what is foretold of the shop in a database."""
    assessment = assess(
        plan_of(migration(ops, **attributes), backwards=backwards),
        database,
        state_after(initial()),
        dataclasses.replace(conf.load(), target_version=values.target_version(target)),
    )
    return assessment.forecasts[LABEL]


def locks(made: Forecast) -> list[tuple[str, str, str, bool]]:
    """Return table, mode, how long, and whether to the end of the transaction, of each lock."""
    return [(one.lock.table, one.lock.mode, one.lasting.label, one.held) for one in made.locks]
