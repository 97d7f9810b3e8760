"""The history in Django's admin: read-only, for users with view permission."""

from __future__ import annotations

import datetime
import shlex
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncYear
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from django_safe_migrate.admin.page import page_of, report_of
from django_safe_migrate.history import History
from django_safe_migrate.models import Backup, MigrationRun, MigrationStep
from django_safe_migrate.reports import as_json, markdown, units

__all__ = ["BackupAdmin", "MigrationRunAdmin"]

_FORMATS = {
    "md": (markdown.render, "text/markdown; charset=utf-8"),
    "json": (as_json.render, "application/json"),
}
_BADGE = '<span class="safe-migrate-badge safe-migrate-{}">{}</span>'
#: Columns that only the page of one run needs; they can be large.
_LARGE = ("report", "applied_before", "stages", "options", "notices", "error", "versions")

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class HistoryAdmin(ModelAdmin):
    """What is seen and never changed here: history has one writer."""

    actions = None

    class Media:
        css = {"all": ["django_safe_migrate/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds history."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes it."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read from where the history is kept."""
        return super().get_queryset(request).using(History().alias)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Leave the dates above the list away where the server cannot convert them: MySQL without its time zone tables."""
        changelist = super().get_changelist_instance(request)
        if changelist.date_hierarchy and not self._converts_time_zones(changelist.root_queryset):
            changelist.date_hierarchy = None
        return changelist

    def _converts_time_zones(self, rows: QuerySet[Any]) -> bool:
        field = str(self.date_hierarchy)
        dated = rows.order_by().exclude(**{field: None})
        try:
            dated.annotate(year=TruncYear(field)).values_list("year", flat=True).first()
        except ValueError:
            return False
        return True


@admin.register(MigrationRun)
class MigrationRunAdmin(HistoryAdmin):
    """Runs: what was migrated, when, by whom, how long it took, and how to go back."""

    list_display = (
        "started",
        "badges",
        "database",
        "migrations",
        "duration",
        "backup_size",
        "who",
    )
    list_display_links = ("started",)
    list_filter = ("status", "database", "kind", "started_at")
    search_fields = ("steps__app_label", "steps__name", "who", "host", "release", "id__istartswith")
    search_help_text = _("Search by migration, user, host, release or the beginning of a run's id.")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-pk")
    list_per_page = 50
    fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add what the list shows, in the same query."""
        counted = MigrationStep.objects.filter(run=OuterRef("pk")).order_by().values("run")
        count = Subquery(counted.annotate(count=Count("pk")).values("count"), IntegerField())
        runs = super().get_queryset(request).select_related("backup")
        annotated: QuerySet[Any] = runs.annotate(step_count=Coalesce(count, 0))
        return annotated

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Do not read reports and options for a list that shows neither."""
        changelist = super().get_changelist_instance(request)
        changelist.result_list = changelist.result_list.defer(*_LARGE, "backup__receipt")
        return changelist

    def get_urls(self) -> list[URLPattern]:
        """Add the downloads of a report."""
        download = path(
            "<path:object_id>/report.<str:kind>",
            self.admin_site.admin_view(self.download_view),
            name="django_safe_migrate_migrationrun_report",
        )
        return [download, *super().get_urls()]

    def download_view(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        """Return a run's report as a file."""
        run = self.get_object(request, object_id)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if run is None or kind not in _FORMATS:
            raise Http404
        render, content_type = _FORMATS[kind]
        disposition = f'attachment; filename="migration-report-{run.pk}.{kind}"'
        headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
        return HttpResponse(render(report_of(run)), content_type=content_type, headers=headers)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any | None = None,
    ) -> HttpResponse:
        """Show the report instead of a form."""
        if obj is not None:
            context["page"] = page_of(obj)
            context["may_see_backups"] = request.user.has_perm("django_safe_migrate.view_backup")
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("started"), ordering="started_at", empty_value="-")
    def started(self, run: MigrationRun) -> Any:
        """When the run began."""
        return run.started_at or str(run.pk)

    @admin.display(description=_("status"), ordering="status")
    def badges(self, run: MigrationRun) -> SafeString:
        """The status, coloured, and what kind of run it was unless it migrated."""
        status = format_html(_BADGE, run.status, run.get_status_display())
        if run.kind == MigrationRun.Kind.MIGRATE:
            return status
        return format_html("{} {}", status, format_html(_BADGE, run.kind, run.get_kind_display()))

    @admin.display(description=_("migrations"), ordering="step_count")
    def migrations(self, run: MigrationRun) -> int:
        """How many migrations were planned."""
        return int(run.step_count)  # type: ignore[attr-defined]

    @admin.display(description=_("duration"), ordering="seconds")
    def duration(self, run: MigrationRun) -> str:
        """How long it took."""
        return "" if run.status == MigrationRun.Status.RUNNING else units.duration(run.seconds)

    @admin.display(description=_("backup"), ordering="backup__size", empty_value="-")
    def backup_size(self, run: MigrationRun) -> SafeString | None:
        """The size of the run's backup; its name would not fit, and is shown when pointed at."""
        if run.backup is None:
            return None
        return format_html(
            '<span title="{}">{}</span>', run.backup.name, units.size(run.backup.size)
        )


@admin.register(Backup)
class BackupAdmin(HistoryAdmin):
    """Backups, as their receipts tell them."""

    list_display = (
        "name",
        "created_at",
        "database",
        "human_size",
        "verified_at",
        "proven",
        "pruned_at",
    )
    list_filter = ("database", "verified_at", "pruned_at")
    search_fields = ("name", "sha256")
    date_hierarchy = "created_at"
    list_per_page = 50
    fields = (
        "name",
        "database",
        "created_at",
        "human_size",
        "sha256",
        "storage",
        "verified_at",
        "verification",
        "proven",
        "proof",
        "pruned_at",
        "made_by",
        "restore_command",
    )

    @admin.display(description=_("size"), ordering="size")
    def human_size(self, backup: Backup) -> str:
        """The size for people."""
        return units.size(backup.size)

    @admin.display(description=_("proven"))
    def proven(self, backup: Backup) -> str:
        """When it was last restored into a scratch database, and how long ago that is."""
        try:
            moment = datetime.datetime.fromisoformat(str(backup.receipt["proven_at"]))
        except (KeyError, TypeError, ValueError):
            return str(_("never"))
        when = formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
        return _("%(when)s (%(age)s ago)") % {"when": when, "age": timesince(moment)}

    @admin.display(description=_("proof"), empty_value="-")
    def proof(self, backup: Backup) -> str | None:
        """What was compared then."""
        return str(backup.receipt.get("proof") or "") or None

    @admin.display(description=_("runs"))
    def made_by(self, backup: Backup) -> SafeString | str:
        """The runs that name this backup."""
        runs = MigrationRun.objects.using(History().alias).filter(backup=backup)
        links = (
            (
                reverse(
                    "admin:django_safe_migrate_migrationrun_change",
                    args=[run.pk],
                    current_app=self.admin_site.name,
                ),
                run.pk,
                run.get_status_display(),
            )
            for run in runs.only("pk", "status")
        )
        return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a> ({})', links) or "-"

    @admin.display(description=_("to restore"))
    def restore_command(self, backup: Backup) -> SafeString | str:
        """The command that puts it back."""
        if backup.pruned_at is not None:
            return "-"
        command = f"python manage.py migrate_backup restore {shlex.quote(backup.name)}"
        return format_html('<code class="safe-migrate-command">{}</code>', command)
