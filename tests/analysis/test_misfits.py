"""What is said of a value that does not fit is what a server does with it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DataError, models, transaction
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.analysis.misfits import CUT, FAILS, ROUNDED, ROUNDED_OR_FAILS
from django_safe_migrate.databases import get_database
from tests.analysis.lint import migration, plan_of, state_after

TEXT = models.TextField()
SHORT = models.CharField(max_length=3)
BIG = models.BigIntegerField()
MONEY = models.DecimalField(max_digits=8, decimal_places=2)


class Refused:
    """In place of the value that is there afterwards: the statement fails."""


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    ("old", "new", "said", "after"),
    [
        (TEXT, SHORT, CUT, {"abcd": "abc"}),
        (models.CharField(max_length=4), SHORT, FAILS, {"abcd": Refused}),
        (models.CharField(max_length=4), models.SlugField(max_length=3), CUT, {"abcd": "abc"}),
        (BIG, SHORT, CUT, {1234: "123"}),
        (models.UUIDField(), SHORT, CUT, {"12345678123456781234567812345678": "123"}),
        (TEXT, models.JSONField(), FAILS, {"{": Refused}),
        (TEXT, models.IntegerField(), FAILS, {"1.5": Refused, "3000000000": Refused}),
        (TEXT, models.UUIDField(), FAILS, {"1": Refused, "1" * 33: Refused}),
        (TEXT, models.GenericIPAddressField(), FAILS, {"127.0.0.1.1": Refused}),
        (TEXT, models.BooleanField(), FAILS, {"truer": Refused}),
        (BIG, models.IntegerField(), FAILS, {3_000_000_000: Refused}),
        (
            MONEY,
            models.DecimalField(max_digits=8, decimal_places=4),
            FAILS,
            {Decimal("10000.01"): Refused},
        ),
        (BIG, MONEY, FAILS, {1_000_000: Refused}),
        (
            MONEY,
            models.DecimalField(max_digits=8, decimal_places=1),
            ROUNDED,
            {Decimal("1.06"): Decimal("1.1"), Decimal("999999.99"): Decimal("1000000.0")},
        ),
        (
            MONEY,
            models.DecimalField(max_digits=7, decimal_places=1),
            ROUNDED_OR_FAILS,
            {Decimal("1.06"): Decimal("1.1"), Decimal("999999.99"): Refused},
        ),
        (MONEY, models.IntegerField(), ROUNDED, {Decimal("1.6"): 2}),
        (models.FloatField(), models.IntegerField(), ROUNDED_OR_FAILS, {1.6: 2, 1e10: Refused}),
        (models.FloatField(), MONEY, ROUNDED_OR_FAILS, {1.006: Decimal("1.01"), 1e7: Refused}),
        (
            models.DateTimeField(),
            models.DateField(),
            CUT,
            {dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC): dt.date(2026, 1, 2)},
        ),
    ],
    ids=lambda given: given.get_internal_type() if isinstance(given, models.Field) else "",
)
def test_what_is_said_happens(connection, old, new, said, after):
    made = [
        operations.CreateModel(
            "Thing", [("id", models.BigAutoField(primary_key=True)), ("value", old)]
        )
    ]
    change = migration([operations.AlterField("Thing", "value", new)])
    with connection.schema_editor() as editor:
        before = migration(made, "0001_initial").apply(ProjectState(), editor)
    found = analyse(plan_of(change), get_database(connection), state_after(made), conf.load())
    [finding] = [one for one in found if one.rule == "narrow_column"]
    assert f": a value that does not fit {said}" in finding.message

    for value, expected in after.items():
        assert _altered(connection, before, change, value) == expected


def _altered(connection, before, change, value):
    """The value after the migration, which is then undone."""
    try:
        with transaction.atomic():
            before.apps.get_model("shop", "Thing").objects.create(value=value)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with connection.schema_editor() as editor:
                state = change.apply(before.clone(), editor)
            kept = state.apps.get_model("shop", "Thing").objects.get().value
            transaction.set_rollback(True)
            return kept
    except DataError:
        return Refused
