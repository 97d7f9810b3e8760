"""The history tables."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Backup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                ("name", models.CharField(max_length=255, verbose_name="name")),
                ("size", models.BigIntegerField(default=0, verbose_name="size")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                (
                    "created_at",
                    models.DateTimeField(
                        blank=True, db_index=True, null=True, verbose_name="created"
                    ),
                ),
                (
                    "verified_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="verified"),
                ),
                (
                    "verification",
                    models.CharField(blank=True, max_length=255, verbose_name="verification"),
                ),
                ("storage", models.CharField(blank=True, max_length=255, verbose_name="storage")),
                ("pruned_at", models.DateTimeField(blank=True, null=True, verbose_name="pruned")),
                ("receipt", models.JSONField(blank=True, default=dict, verbose_name="receipt")),
            ],
            options={
                "required_db_features": ("supports_json_field",),
                "verbose_name": "backup",
                "verbose_name_plural": "backups",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("database", "name"), name="safe_migrate_backup_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MigrationRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        editable=False, primary_key=True, serialize=False, verbose_name="run"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("migrate", "migrate"),
                            ("rollback", "rollback"),
                            ("restore", "restore"),
                            ("repair", "repair"),
                        ],
                        default="migrate",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("database", models.CharField(max_length=100, verbose_name="database")),
                ("vendor", models.CharField(blank=True, max_length=50, verbose_name="vendor")),
                ("server", models.CharField(blank=True, max_length=100, verbose_name="server")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "running"),
                            ("succeeded", "succeeded"),
                            ("failed", "failed"),
                            ("interrupted", "interrupted"),
                            ("crashed", "crashed"),
                        ],
                        default="running",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                ("seconds", models.FloatField(default=0.0, verbose_name="duration")),
                (
                    "exit_code",
                    models.SmallIntegerField(blank=True, null=True, verbose_name="exit code"),
                ),
                ("who", models.CharField(blank=True, max_length=255, verbose_name="who")),
                ("host", models.CharField(blank=True, max_length=255, verbose_name="host")),
                ("pid", models.BigIntegerField(default=0, verbose_name="process")),
                ("command", models.TextField(blank=True, verbose_name="command")),
                ("release", models.CharField(blank=True, max_length=255, verbose_name="release")),
                (
                    "fingerprint",
                    models.CharField(blank=True, max_length=64, verbose_name="plan fingerprint"),
                ),
                ("versions", models.JSONField(blank=True, default=dict, verbose_name="versions")),
                ("options", models.JSONField(blank=True, default=dict, verbose_name="options")),
                (
                    "applied_before",
                    models.JSONField(blank=True, default=list, verbose_name="applied before"),
                ),
                ("stages", models.JSONField(blank=True, default=list, verbose_name="stages")),
                ("error", models.JSONField(blank=True, null=True, verbose_name="error")),
                ("notices", models.JSONField(blank=True, default=list, verbose_name="notices")),
                ("report", models.JSONField(blank=True, default=dict, verbose_name="report")),
                (
                    "backup",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="runs",
                        to="django_safe_migrate.backup",
                        verbose_name="backup",
                    ),
                ),
                (
                    "rollback_of",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="rollbacks",
                        to="django_safe_migrate.migrationrun",
                        verbose_name="rollback of",
                    ),
                ),
            ],
            options={
                "required_db_features": ("supports_json_field",),
                "verbose_name": "migration run",
                "verbose_name_plural": "migration runs",
                "ordering": ["-started_at", "-pk"],
                "get_latest_by": "started_at",
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                ("rule", models.CharField(max_length=255, verbose_name="rule")),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "info"), ("warning", "warning"), ("error", "error")],
                        max_length=20,
                        verbose_name="severity",
                    ),
                ),
                ("message", models.TextField(verbose_name="message")),
                ("hint", models.TextField(blank=True, verbose_name="hint")),
                (
                    "migration",
                    models.CharField(blank=True, max_length=511, verbose_name="migration"),
                ),
                ("operation", models.TextField(blank=True, verbose_name="operation")),
                ("file", models.TextField(blank=True, verbose_name="file")),
                ("line", models.PositiveIntegerField(default=0, verbose_name="line")),
                ("tables", models.JSONField(blank=True, default=list, verbose_name="tables")),
                ("allowed", models.BooleanField(default=False, verbose_name="allowed")),
                ("estimate", models.JSONField(blank=True, null=True, verbose_name="estimate")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="django_safe_migrate.migrationrun",
                        verbose_name="run",
                    ),
                ),
            ],
            options={
                "required_db_features": ("supports_json_field",),
                "verbose_name": "finding",
                "verbose_name_plural": "findings",
                "ordering": ["run", "position"],
            },
        ),
        migrations.CreateModel(
            name="MigrationStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                ("app_label", models.CharField(max_length=255, verbose_name="app")),
                ("name", models.CharField(max_length=255, verbose_name="migration")),
                (
                    "direction",
                    models.CharField(
                        choices=[("forwards", "forwards"), ("backwards", "backwards")],
                        default="forwards",
                        max_length=20,
                        verbose_name="direction",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("running", "running"),
                            ("applied", "applied"),
                            ("unapplied", "unapplied"),
                            ("faked", "faked"),
                            ("failed", "failed"),
                            ("reverted", "reverted"),
                        ],
                        default="planned",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("seconds", models.FloatField(default=0.0, verbose_name="duration")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("atomic", models.BooleanField(default=True, verbose_name="atomic")),
                ("error", models.TextField(blank=True, verbose_name="error")),
                (
                    "operations",
                    models.JSONField(blank=True, default=list, verbose_name="operations"),
                ),
                ("tables", models.JSONField(blank=True, default=list, verbose_name="tables")),
                (
                    "irreversible",
                    models.JSONField(blank=True, default=list, verbose_name="irreversible"),
                ),
                ("lossy", models.JSONField(blank=True, default=list, verbose_name="lossy")),
                (
                    "source",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="digest of the source"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="django_safe_migrate.migrationrun",
                        verbose_name="run",
                    ),
                ),
            ],
            options={
                "required_db_features": ("supports_json_field",),
                "verbose_name": "migration step",
                "verbose_name_plural": "migration steps",
                "ordering": ["run", "position"],
            },
        ),
        migrations.AddIndex(
            model_name="migrationrun",
            index=models.Index(fields=["started_at"], name="safe_migrate_run_started"),
        ),
        migrations.AddIndex(
            model_name="migrationrun",
            index=models.Index(fields=["database", "started_at"], name="safe_migrate_run_database"),
        ),
        migrations.AddIndex(
            model_name="migrationrun",
            index=models.Index(fields=["status", "started_at"], name="safe_migrate_run_status"),
        ),
        migrations.AddIndex(
            model_name="migrationrun",
            index=models.Index(fields=["kind", "started_at"], name="safe_migrate_run_kind"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                fields=("run", "position"), name="safe_migrate_finding_position"
            ),
        ),
        migrations.AddIndex(
            model_name="migrationstep",
            index=models.Index(fields=["name"], name="safe_migrate_step_name"),
        ),
        migrations.AddConstraint(
            model_name="migrationstep",
            constraint=models.UniqueConstraint(
                fields=("run", "position"), name="safe_migrate_step_position"
            ),
        ),
    ]
