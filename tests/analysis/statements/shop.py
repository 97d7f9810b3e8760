"""A shop with every kind of relation, and operations that change it in every way that Django knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.models import F, Q
from django.db.models.functions import Lower, Now, Random

KEY = ("id", models.BigAutoField(primary_key=True))


def shop() -> list[Operation]:
    """The shop before each of the operations."""
    return [
        operations.CreateModel("Tag", [KEY, ("label", models.CharField(max_length=30))]),
        operations.CreateModel(
            "Customer",
            [
                KEY,
                ("name", models.TextField()),
                ("code", models.CharField(max_length=20, unique=True)),
            ],
        ),
        operations.CreateModel(
            "Profile",
            [("customer", models.OneToOneField("shop.Customer", models.CASCADE, primary_key=True))],
        ),
        operations.CreateModel(
            "Badge", [KEY, ("profile", models.ForeignKey("shop.Profile", models.CASCADE))]
        ),
        operations.CreateModel(
            "Pinned",
            [KEY, ("tags", models.ManyToManyField("shop.Tag", related_name="+"))],
            options={"db_table": "legacy"},
        ),
        operations.CreateModel(
            "Order",
            [
                KEY,
                ("number", models.IntegerField()),
                ("count", models.PositiveIntegerField(default=0)),
                ("note", models.TextField(null=True)),
                ("title", models.CharField(max_length=100)),
                ("slug", models.SlugField(max_length=40)),
                ("short", models.CharField(max_length=20, null=True)),
                ("code", models.CharField(max_length=20, db_column="order_code", unique=True)),
                ("indexed", models.IntegerField(null=True, db_index=True)),
                ("total", models.DecimalField(max_digits=8, decimal_places=2)),
                ("created", models.DateTimeField(null=True)),
                ("rank", models.IntegerField(db_default=0)),
                ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
                (
                    "buyer",
                    models.ForeignKey(
                        "shop.Customer",
                        models.CASCADE,
                        to_field="code",
                        null=True,
                        related_name="+",
                    ),
                ),
                (
                    "loose",
                    models.ForeignKey(
                        "shop.Tag", models.CASCADE, null=True, db_constraint=False, related_name="+"
                    ),
                ),
                ("parent", models.ForeignKey("self", models.CASCADE, null=True)),
                ("tags", models.ManyToManyField("shop.Tag")),
                ("similar", models.ManyToManyField("self")),
            ],
            options={
                "indexes": [models.Index(fields=["title"], name="title_idx")],
                "unique_together": {("number", "title")},
                "constraints": [
                    models.CheckConstraint(condition=Q(number__gte=0), name="number_check"),
                    models.UniqueConstraint(fields=["total", "number"], name="total_unique"),
                ],
            },
        ),
    ]


def add(name: str, field: Any, **options: Any) -> Operation:
    return operations.AddField("Order", name, field, **options)


def alter(name: str, field: Any) -> Operation:
    return operations.AlterField("Order", name, field)


def _customer(**options: Any) -> Any:
    return models.ForeignKey("shop.Customer", models.CASCADE, **options)


CASES: dict[str, Callable[[], Operation]] = {
    # models
    "create": lambda: operations.CreateModel(
        "Plain", [KEY, ("name", models.TextField(db_index=True))]
    ),
    "create_related": lambda: operations.CreateModel(
        "Line",
        [
            KEY,
            ("order", models.ForeignKey("shop.Order", models.CASCADE)),
            ("customers", models.ManyToManyField("shop.Customer")),
            ("count", models.PositiveIntegerField()),
        ],
        options={
            "unique_together": {("order", "count")},
            "indexes": [models.Index(fields=["count"], name="line_count_idx")],
        },
    ),
    "delete": lambda: operations.DeleteModel("Badge"),
    "delete_with_many_to_many": lambda: operations.DeleteModel("Order"),
    "rename_model": lambda: operations.RenameModel("Customer", "Client"),
    "rename_model_with_many_to_many": lambda: operations.RenameModel("Order", "Purchase"),
    "rename_target_of_many_to_many": lambda: operations.RenameModel("Tag", "Label"),
    "rename_model_only": lambda: operations.RenameModel("Pinned", "Fixed"),
    "alter_model_table": lambda: operations.AlterModelTable("Customer", "clients"),
    "alter_model_table_with_many_to_many": lambda: operations.AlterModelTable("Order", "orders"),
    "table_comment": lambda: operations.AlterModelTableComment("Order", "All orders"),
    "options": lambda: operations.AlterModelOptions("Order", {"verbose_name": "x"}),
    "order_with_respect_to": lambda: operations.AlterOrderWithRespectTo("Order", "customer"),
    # new fields
    "add_nullable": lambda: add("x", models.IntegerField(null=True)),
    "add_default": lambda: add("x", models.IntegerField(default=3)),
    "add_one_off_default": lambda: add("x", models.IntegerField(default=3), preserve_default=False),
    "add_nullable_with_default": lambda: add("x", models.IntegerField(null=True, default=3)),
    "add_default_none": lambda: add("x", models.IntegerField(null=True, default=None)),
    "add_empty_text": lambda: add("x", models.TextField(blank=True)),
    "add_text_default": lambda: add("x", models.TextField(default="some")),
    "add_text_default_empty": lambda: add("x", models.TextField(default="")),
    "add_char_blank": lambda: add("x", models.CharField(max_length=5, blank=True)),
    "add_auto_now": lambda: add("x", models.DateTimeField(auto_now_add=True)),
    "add_db_default": lambda: add("x", models.IntegerField(db_default=3)),
    "add_db_default_now": lambda: add("x", models.DateTimeField(db_default=Now())),
    "add_db_default_random": lambda: add("x", models.FloatField(db_default=Random())),
    "add_positive": lambda: add("x", models.PositiveIntegerField(null=True)),
    "add_json": lambda: add("x", models.JSONField(null=True)),
    "add_uuid": lambda: add("x", models.UUIDField(null=True)),
    "add_unique": lambda: add("x", models.IntegerField(null=True, unique=True)),
    "add_unique_text": lambda: add("x", models.CharField(max_length=9, null=True, unique=True)),
    "add_indexed": lambda: add("x", models.IntegerField(null=True, db_index=True)),
    "add_indexed_text": lambda: add("x", models.CharField(max_length=9, null=True, db_index=True)),
    "add_comment": lambda: add("x", models.IntegerField(null=True, db_comment="what it is")),
    "add_generated_stored": lambda: add(
        "x",
        models.GeneratedField(
            expression=F("number") + 1, output_field=models.IntegerField(), db_persist=True
        ),
    ),
    "add_foreign_key": lambda: add("x", _customer(null=True, related_name="+")),
    "add_foreign_key_to_field": lambda: add(
        "x", _customer(null=True, related_name="+", to_field="code")
    ),
    "add_foreign_key_without_constraint": lambda: add(
        "x", _customer(null=True, related_name="+", db_constraint=False)
    ),
    "add_foreign_key_without_index": lambda: add(
        "x", _customer(null=True, related_name="+", db_index=False)
    ),
    "add_one_to_one": lambda: add(
        "x", models.OneToOneField("shop.Customer", models.CASCADE, null=True, related_name="+")
    ),
    "add_many_to_many": lambda: add("x", models.ManyToManyField("shop.Tag", related_name="+")),
    # fields that go away or get another name
    "remove": lambda: operations.RemoveField("Order", "note"),
    "remove_indexed": lambda: operations.RemoveField("Order", "indexed"),
    "remove_foreign_key": lambda: operations.RemoveField("Order", "parent"),
    "remove_loose_key": lambda: operations.RemoveField("Order", "loose"),
    "remove_many_to_many": lambda: operations.RemoveField("Order", "tags"),
    "rename": lambda: operations.RenameField("Order", "note", "remark"),
    "rename_checked": lambda: operations.RenameField("Order", "count", "amount"),
    "rename_foreign_key": lambda: operations.RenameField("Badge", "profile", "owner"),
    "rename_many_to_many": lambda: operations.RenameField("Order", "tags", "labels"),
    # fields that are altered
    "nothing": lambda: alter("note", models.TextField(null=True, help_text="x")),
    "python_default": lambda: alter("number", models.IntegerField(default=7)),
    "python_default_of_key": lambda: operations.AlterField(
        "Badge", "profile", models.ForeignKey("shop.Profile", models.CASCADE, default=1)
    ),
    "longer": lambda: alter("short", models.CharField(max_length=40, null=True)),
    "shorter": lambda: alter("title", models.CharField(max_length=50)),
    "to_text": lambda: alter("short", models.TextField(null=True)),
    "slug_to_char": lambda: alter("slug", models.CharField(max_length=40)),
    "slug_to_longer": lambda: alter("slug", models.SlugField(max_length=60)),
    "slug_to_number": lambda: alter("slug", models.IntegerField(db_index=True)),
    "bigger": lambda: alter("number", models.BigIntegerField()),
    "more_digits": lambda: alter("total", models.DecimalField(max_digits=10, decimal_places=2)),
    "positive": lambda: alter("number", models.PositiveIntegerField()),
    "positive_to_any": lambda: alter("count", models.IntegerField(default=0)),
    "positive_to_bigger": lambda: alter("count", models.PositiveBigIntegerField(default=0)),
    "to_date": lambda: alter("created", models.DateField(null=True)),
    "not_null": lambda: alter("short", models.CharField(max_length=20)),
    "not_null_with_default": lambda: alter("short", models.CharField(max_length=20, default="x")),
    "not_null_with_db_default": lambda: alter(
        "short", models.CharField(max_length=20, db_default="x")
    ),
    "not_null_blank": lambda: alter("short", models.CharField(max_length=20, blank=True)),
    "not_null_and_longer": lambda: alter("short", models.CharField(max_length=30, default="x")),
    "null": lambda: alter("title", models.CharField(max_length=100, null=True)),
    "db_default": lambda: alter("number", models.IntegerField(db_default=5)),
    "no_db_default": lambda: alter("rank", models.IntegerField(default=0)),
    "index": lambda: alter("number", models.IntegerField(db_index=True)),
    "index_text": lambda: alter("short", models.CharField(max_length=20, null=True, db_index=True)),
    "no_index": lambda: alter("indexed", models.IntegerField(null=True)),
    "no_index_text": lambda: alter("slug", models.SlugField(max_length=40, db_index=False)),
    "unique": lambda: alter("number", models.IntegerField(unique=True)),
    "unique_text": lambda: alter("short", models.CharField(max_length=20, null=True, unique=True)),
    "unique_instead_of_index": lambda: alter(
        "indexed", models.IntegerField(null=True, unique=True)
    ),
    "not_unique": lambda: alter("code", models.CharField(max_length=20, db_column="order_code")),
    "column": lambda: alter("note", models.TextField(null=True, db_column="remark")),
    "column_and_type": lambda: alter("number", models.BigIntegerField(db_column="no")),
    "comment": lambda: alter("note", models.TextField(null=True, db_comment="what it is")),
    "key_to_smaller": lambda: operations.AlterField(
        "Customer", "id", models.AutoField(primary_key=True)
    ),
    "key_not_counted": lambda: operations.AlterField(
        "Tag", "id", models.BigIntegerField(primary_key=True)
    ),
    "target_of_key_longer": lambda: operations.AlterField(
        "Customer", "code", models.CharField(max_length=30, unique=True)
    ),
    "foreign_key_not_null": lambda: alter(
        "parent", models.ForeignKey("self", models.CASCADE, default=1)
    ),
    "foreign_key_null": lambda: operations.AlterField(
        "Badge", "profile", models.ForeignKey("shop.Profile", models.CASCADE, null=True)
    ),
    "foreign_key_elsewhere": lambda: operations.AlterField(
        "Badge", "profile", models.ForeignKey("shop.Tag", models.CASCADE)
    ),
    "foreign_key_without_constraint": lambda: operations.AlterField(
        "Badge", "profile", models.ForeignKey("shop.Profile", models.CASCADE, db_constraint=False)
    ),
    "foreign_key_with_constraint": lambda: alter(
        "loose", models.ForeignKey("shop.Tag", models.CASCADE, null=True, related_name="+")
    ),
    "number_to_foreign_key": lambda: alter(
        "indexed",
        models.ForeignKey(
            "shop.Tag", models.CASCADE, null=True, db_column="indexed", related_name="+"
        ),
    ),
    "foreign_key_to_one_to_one": lambda: operations.AlterField(
        "Badge", "profile", models.OneToOneField("shop.Profile", models.CASCADE)
    ),
    "many_to_many_elsewhere": lambda: alter("tags", models.ManyToManyField("shop.Customer")),
    "self_many_to_many_elsewhere": lambda: alter(
        "similar", models.ManyToManyField("shop.Tag", related_name="+")
    ),
    "many_to_many_table": lambda: alter(
        "tags", models.ManyToManyField("shop.Tag", db_table="labels")
    ),
    # indexes and constraints
    "add_index": lambda: operations.AddIndex("Order", models.Index(fields=["number"], name="i")),
    "add_index_of_expression": lambda: operations.AddIndex(
        "Order", models.Index(Lower("title"), name="i")
    ),
    "add_partial_index": lambda: operations.AddIndex(
        "Order", models.Index(fields=["number"], condition=Q(total__gt=0), name="i")
    ),
    "remove_index": lambda: operations.RemoveIndex("Order", "title_idx"),
    "rename_index": lambda: operations.RenameIndex("Order", "j", old_name="title_idx"),
    "unique_together": lambda: operations.AlterUniqueTogether("Order", {("number", "total")}),
    "no_unique_together": lambda: operations.AlterUniqueTogether("Order", set()),
    "add_check": lambda: operations.AddConstraint(
        "Order", models.CheckConstraint(condition=Q(total__gte=0), name="total_check")
    ),
    "remove_check": lambda: operations.RemoveConstraint("Order", "number_check"),
    "add_unique_constraint": lambda: operations.AddConstraint(
        "Order", models.UniqueConstraint(fields=["number", "title"], name="u")
    ),
    "remove_unique_constraint": lambda: operations.RemoveConstraint("Order", "total_unique"),
    "add_partial_unique": lambda: operations.AddConstraint(
        "Order",
        models.UniqueConstraint(fields=["number"], condition=Q(total__gt=0), name="u"),
    ),
    "add_unique_expression": lambda: operations.AddConstraint(
        "Order", models.UniqueConstraint(Lower("title"), name="u")
    ),
    "add_deferrable_unique": lambda: operations.AddConstraint(
        "Order",
        models.UniqueConstraint(
            fields=["number", "rank"], deferrable=models.Deferrable.DEFERRED, name="u"
        ),
    ),
}
