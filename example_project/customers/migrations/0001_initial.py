"""Know customers and where they live."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("full_name", models.CharField(blank=True, default="", max_length=200)),
                ("phone", models.CharField(blank=True, max_length=30)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={"ordering": ["email"]},
        ),
        migrations.CreateModel(
            name="Address",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(default="Home", max_length=40)),
                ("street", models.CharField(max_length=200)),
                ("postcode", models.CharField(max_length=12)),
                ("city", models.CharField(max_length=100)),
                (
                    "country",
                    models.CharField(help_text="Two letters, as in ISO 3166.", max_length=2),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="addresses",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "addresses",
                "indexes": [
                    models.Index(fields=["country", "postcode"], name="customers_address_area_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "label"), name="customers_address_label_once"
                    )
                ],
            },
        ),
    ]
