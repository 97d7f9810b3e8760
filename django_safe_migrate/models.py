"""
The history tables: what admins see of runs, their steps, findings and backups.

Only ``history.py`` writes here. No table refers to another app, since ours may be the first migrations that are ever applied, and
a run's rows hold everything that its record holds, so that the record can be made from them again.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

#: Said once for all tables. Without it, Django 6.1 asks each database whether it has JSON in every system check, and so `makemigrations`
#: of a project that has no JSON column of its own would fail where the file of a SQLite database cannot be opened.
NEEDED_OF_THE_DATABASE = ("supports_json_field",)


class Backup(models.Model):
    """A backup as its receipt describes it; ``pruned_at`` is set once the artefact was deleted."""

    database = models.CharField(_("database"), max_length=100)
    name = models.CharField(_("name"), max_length=255)
    size = models.BigIntegerField(_("size"), default=0)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), null=True, blank=True, db_index=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    verification = models.CharField(_("verification"), max_length=255, blank=True)
    storage = models.CharField(_("storage"), max_length=255, blank=True)
    pruned_at = models.DateTimeField(_("pruned"), null=True, blank=True)
    receipt = models.JSONField(_("receipt"), default=dict, blank=True)

    class Meta:
        required_db_features = NEEDED_OF_THE_DATABASE
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["database", "name"], name="safe_migrate_backup_name")
        ]

    def __str__(self) -> str:
        return self.name


class MigrationRun(models.Model):
    """One run; ``report`` is the document of the finished run, empty while it goes on."""

    class Kind(models.TextChoices):
        """What a run does."""

        MIGRATE = "migrate", _("migrate")
        ROLLBACK = "rollback", _("rollback")
        RESTORE = "restore", _("restore")
        REPAIR = "repair", _("repair")

    class Status(models.TextChoices):
        """How far a run came."""

        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        INTERRUPTED = "interrupted", _("interrupted")
        CRASHED = "crashed", _("crashed")

    id = models.UUIDField(_("run"), primary_key=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.MIGRATE)
    database = models.CharField(_("database"), max_length=100)
    vendor = models.CharField(_("vendor"), max_length=50, blank=True)
    server = models.CharField(_("server"), max_length=100, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.RUNNING
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    seconds = models.FloatField(_("duration"), default=0.0)
    exit_code = models.SmallIntegerField(_("exit code"), null=True, blank=True)
    who = models.CharField(_("who"), max_length=255, blank=True)
    host = models.CharField(_("host"), max_length=255, blank=True)
    pid = models.BigIntegerField(_("process"), default=0)
    command = models.TextField(_("command"), blank=True)
    release = models.CharField(_("release"), max_length=255, blank=True)
    fingerprint = models.CharField(_("plan fingerprint"), max_length=64, blank=True)
    # Without a constraint: the run that was undone may be known only to a journal on another machine.
    rollback_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="rollbacks",
        verbose_name=_("rollback of"),
    )
    backup = models.ForeignKey(
        Backup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
        verbose_name=_("backup"),
    )
    versions = models.JSONField(_("versions"), default=dict, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    applied_before = models.JSONField(_("applied before"), default=list, blank=True)
    stages = models.JSONField(_("stages"), default=list, blank=True)
    error = models.JSONField(_("error"), null=True, blank=True)
    notices = models.JSONField(_("notices"), default=list, blank=True)
    report = models.JSONField(_("report"), default=dict, blank=True)

    class Meta:
        required_db_features = NEEDED_OF_THE_DATABASE
        verbose_name = _("migration run")
        verbose_name_plural = _("migration runs")
        ordering = ["-started_at", "-pk"]
        get_latest_by = "started_at"
        indexes = [
            models.Index(fields=["started_at"], name="safe_migrate_run_started"),
            models.Index(fields=["database", "started_at"], name="safe_migrate_run_database"),
            models.Index(fields=["status", "started_at"], name="safe_migrate_run_status"),
            models.Index(fields=["kind", "started_at"], name="safe_migrate_run_kind"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class MigrationStep(models.Model):
    """One migration of a run, in one direction; ``operations`` holds the SQL as it was executed."""

    class Direction(models.TextChoices):
        """Whether a migration was to be applied or unapplied."""

        FORWARDS = "forwards", _("forwards")
        BACKWARDS = "backwards", _("backwards")

    class Status(models.TextChoices):
        """How far a step came."""

        PLANNED = "planned", _("planned")
        RUNNING = "running", _("running")
        APPLIED = "applied", _("applied")
        UNAPPLIED = "unapplied", _("unapplied")
        FAKED = "faked", _("faked")
        FAILED = "failed", _("failed")
        REVERTED = "reverted", _("reverted")

    run = models.ForeignKey(
        MigrationRun, on_delete=models.CASCADE, related_name="steps", verbose_name=_("run")
    )
    position = models.PositiveIntegerField(_("position"))
    app_label = models.CharField(_("app"), max_length=255)
    name = models.CharField(_("migration"), max_length=255)
    direction = models.CharField(
        _("direction"), max_length=20, choices=Direction.choices, default=Direction.FORWARDS
    )
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.PLANNED
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    seconds = models.FloatField(_("duration"), default=0.0)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    atomic = models.BooleanField(_("atomic"), default=True)
    error = models.TextField(_("error"), blank=True)
    operations = models.JSONField(_("operations"), default=list, blank=True)
    tables = models.JSONField(_("tables"), default=list, blank=True)
    irreversible = models.JSONField(_("irreversible"), default=list, blank=True)
    lossy = models.JSONField(_("lossy"), default=list, blank=True)
    source = models.CharField(_("digest of the source"), max_length=64, blank=True)

    class Meta:
        required_db_features = NEEDED_OF_THE_DATABASE
        verbose_name = _("migration step")
        verbose_name_plural = _("migration steps")
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="safe_migrate_step_position")
        ]
        indexes = [models.Index(fields=["name"], name="safe_migrate_step_name")]

    def __str__(self) -> str:
        return f"{self.app_label}.{self.name}"


class Finding(models.Model):
    """Something noticed before or after a run."""

    class Severity(models.TextChoices):
        """How much a finding matters."""

        INFO = "info", _("info")
        WARNING = "warning", _("warning")
        ERROR = "error", _("error")

    run = models.ForeignKey(
        MigrationRun, on_delete=models.CASCADE, related_name="findings", verbose_name=_("run")
    )
    position = models.PositiveIntegerField(_("position"))
    rule = models.CharField(_("rule"), max_length=255)
    severity = models.CharField(_("severity"), max_length=20, choices=Severity.choices)
    message = models.TextField(_("message"))
    hint = models.TextField(_("hint"), blank=True)
    migration = models.CharField(_("migration"), max_length=511, blank=True)
    operation = models.TextField(_("operation"), blank=True)
    file = models.TextField(_("file"), blank=True)
    line = models.PositiveIntegerField(_("line"), default=0)
    tables = models.JSONField(_("tables"), default=list, blank=True)
    allowed = models.BooleanField(_("allowed"), default=False)
    estimate = models.JSONField(_("estimate"), null=True, blank=True)

    class Meta:
        required_db_features = NEEDED_OF_THE_DATABASE
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "position"], name="safe_migrate_finding_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"
