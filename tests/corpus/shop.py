"""The tables that exist when a migration of the corpus is pending: large, busy, and of another release of the code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.db import models
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from django_safe_migrate.sql.states import advance_migration
from tests.analysis.lint import migration


def big_key() -> models.BigAutoField:
    """The usual primary key."""
    return models.BigAutoField(primary_key=True)


def shop() -> list[Operation]:
    """The tables of the app ``shop``."""
    return [
        operations.CreateModel(
            "Customer",
            [
                ("id", big_key()),
                ("name", models.CharField(max_length=100)),
                ("email", models.CharField(max_length=254)),
                ("phone", models.CharField(max_length=20, null=True)),
                ("country", models.CharField(max_length=2)),
                ("level", models.IntegerField(db_default=0)),
                ("notes", models.TextField(default="")),
                ("referrer", models.ForeignKey("shop.Customer", models.SET_NULL, null=True)),
            ],
        ),
        operations.CreateModel(
            "Product",
            [
                ("id", big_key()),
                ("sku", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("price", models.DecimalField(max_digits=10, decimal_places=2)),
                ("stock", models.IntegerField(default=0)),
                ("weight", models.FloatField(null=True)),
                ("active", models.BooleanField(default=True)),
                (
                    "gross",
                    models.GeneratedField(
                        expression=models.F("price") * Decimal("1.2"),
                        output_field=models.DecimalField(max_digits=12, decimal_places=2),
                        db_persist=True,
                    ),
                ),
            ],
        ),
        operations.CreateModel(
            "Tag",
            [
                ("id", models.AutoField(primary_key=True)),
                ("label", models.CharField(max_length=50)),
            ],
        ),
        operations.CreateModel(
            "Order",
            [
                ("id", big_key()),
                ("number", models.IntegerField()),
                ("state", models.IntegerField(default=0)),
                ("note", models.TextField(null=True)),
                ("title", models.CharField(max_length=100)),
                ("code", models.CharField(max_length=20, db_column="order_code")),
                ("created", models.DateTimeField()),
                ("placed_on", models.DateField(null=True)),
                ("quantity", models.PositiveIntegerField(default=1)),
                ("total", models.DecimalField(max_digits=8, decimal_places=2)),
                ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
                (
                    "billed_to",
                    models.ForeignKey(
                        "shop.Customer",
                        models.SET_NULL,
                        null=True,
                        related_name="+",
                        db_constraint=False,
                    ),
                ),
                ("tags", models.ManyToManyField("shop.Tag")),
            ],
            options={
                "indexes": [models.Index(fields=["title"], name="title_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(total__gte=0), name="total_not_negative"
                    ),
                    models.UniqueConstraint(
                        fields=["number", "customer"], name="number_of_customer"
                    ),
                ],
            },
        ),
        operations.CreateModel(
            "Line",
            [
                ("id", big_key()),
                ("order", models.ForeignKey("shop.Order", models.CASCADE)),
                ("product", models.ForeignKey("shop.Product", models.PROTECT)),
                ("quantity", models.IntegerField()),
                ("position", models.IntegerField()),
            ],
            options={"unique_together": {("order", "position")}},
        ),
        operations.AddField(
            "Order", "products", models.ManyToManyField("shop.Product", through="shop.Line")
        ),
        operations.CreateModel(
            "Event",
            [
                ("id", big_key()),
                ("kind", models.CharField(max_length=30)),
                ("at", models.DateTimeField()),
                ("payload", models.JSONField(null=True)),
            ],
            options={"db_table": "event_log"},
        ),
        operations.CreateModel(
            "Legacy",
            [("id", big_key()), ("value", models.TextField())],
            options={"managed": False, "db_table": "legacy_values"},
        ),
        operations.CreateModel("BigOrder", [], options={"proxy": True}, bases=("shop.Order",)),
    ]


def billing() -> list[Operation]:
    """The tables of the app ``billing``, which nothing in the shop points to."""
    return [
        operations.CreateModel(
            "Invoice",
            [
                ("id", big_key()),
                ("order_number", models.IntegerField()),
                ("paid", models.BooleanField(db_default=False)),
            ],
        )
    ]


def applied(
    extra: tuple[Operation, ...] = (),
) -> Iterator[tuple[tuple[str, str], Sequence[Operation]]]:
    """Yield the operations of the migrations that are applied already, by app label and name."""
    yield ("shop", "0001_initial"), shop()
    yield ("billing", "0001_initial"), billing()
    if extra:
        yield ("shop", "0002_before"), extra


def state_before(extra: tuple[Operation, ...] = ()) -> ProjectState:
    """Return the project state that a pending migration finds."""
    state = ProjectState()
    for (app_label, name), made in applied(extra):
        state = advance_migration(state, migration(made, name, app_label))
    return state
