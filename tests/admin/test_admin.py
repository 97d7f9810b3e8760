from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Permission, User
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from django_safe_migrate.admin import MigrationRunAdmin
from django_safe_migrate.history import History
from django_safe_migrate.models import Backup, MigrationRun
from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports import as_json, build, markdown
from tests.history.conftest import make_tables
from tests.records import PLAN, RECEIPT, START, Story, failed, succeeded, under_way, with_steps

RUNS = "admin:django_safe_migrate_migrationrun_changelist"
EVIL = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _journals(tmp_path: Path, settings: Any) -> None:
    settings.SAFE_MIGRATE = {"JOURNAL_DIR": str(tmp_path / "journal")}


@pytest.fixture
def viewer(db: None) -> Client:
    """Somebody who may look at everything of ours, and at nothing else."""
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="django_safe_migrate", codename__startswith="view_"
        )
    )
    client = Client()
    client.force_login(user)
    return client


def save(story: Story | RunRecord) -> RunRecord:
    record = story.record() if isinstance(story, Story) else story
    assert History().save(record) == ""
    return record


def page(run_id: str, name: str = "change") -> str:
    return reverse(f"admin:django_safe_migrate_migrationrun_{name}", args=[run_id])


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# --- the list -----------------------------------------------------------------------------------


def test_the_list_shows_each_run(viewer: Client) -> None:
    save(succeeded(started=START))
    save(failed())
    save(succeeded(kind="rollback"))
    save(under_way())
    html = text_of(viewer.get(reverse(RUNS)))
    assert (
        html.count('<span class="safe-migrate-badge safe-migrate-succeeded">succeeded</span>') == 2
    )
    assert html.count('<span class="safe-migrate-badge safe-migrate-failed">failed</span>') == 1
    assert html.count('<span class="safe-migrate-badge safe-migrate-rollback">rollback</span>') == 1
    assert html.count('<span class="safe-migrate-badge safe-migrate-running">running</span>') == 1
    assert f'<span title="{RECEIPT["name"]}">12.3 MB</span>' in html
    assert '<td class="field-migrations">2</td>' in html
    assert '<td class="field-duration">9.50 s</td>' in html
    assert '<td class="field-duration">-</td>' in html
    assert "Add migration run" not in html
    assert 'name="action"' not in html


@pytest.mark.parametrize(
    "query",
    [
        {"status__exact": "failed"},
        {"database": "other"},
        {"kind__exact": "rollback"},
        {"q": "9999_odd"},
        {"q": "somebody"},
        {"q": "pod-7"},
        {"q": "v77"},
        {"q": "77777777-7777"},
    ],
)
def test_filters_and_search_find_one_run(viewer: Client, query: dict[str, str]) -> None:
    save(succeeded())
    odd = failed(
        "77777777-7777-4777-8777-777777777777",
        database="other",
        kind="rollback",
        who="somebody",
        host="pod-7",
        release="v77",
        plan=[{"app_label": "shop", "name": "9999_odd"}, PLAN[1]],
    )
    save(odd)
    html = text_of(viewer.get(reverse(RUNS), query))
    assert "1 migration run\n" in html
    assert page(odd.run_id) in html


def test_the_list_can_be_narrowed_by_date(viewer: Client) -> None:
    save(succeeded(started=START))
    save(succeeded(started=START.replace(year=2025)))
    assert "1 migration run\n" in text_of(viewer.get(reverse(RUNS), {"started_at__year": "2025"}))


def test_queries_do_not_grow_with_runs_or_steps(viewer: Client) -> None:
    def count(url: str) -> int:
        with CaptureQueriesContext(_connection()) as queries:
            assert viewer.get(url).status_code == 200
        return len(queries)

    small = save(with_steps(1))
    # The first page of all fills Django's cache of content types, whatever it shows.
    viewer.get(page(small.id))
    short_list = count(reverse(RUNS))
    short_page = count(page(small.id))
    large = save(with_steps(50))
    for _ in range(5):
        save(succeeded())
    assert count(reverse(RUNS)) == short_list
    assert count(page(large.id)) == short_page
    assert short_list <= 14
    assert short_page <= 9


def test_the_list_does_not_read_reports(viewer: Client) -> None:
    save(with_steps(3))
    with CaptureQueriesContext(_connection()) as queries:
        viewer.get(reverse(RUNS))
    listing = [
        query["sql"]
        for query in queries
        if "migrationrun" in query["sql"] and "seconds" in query["sql"]
    ]
    assert listing
    assert not any("report" in sql or "receipt" in sql for sql in listing)


def _connection() -> BaseDatabaseWrapper:
    from django.db import connection

    return connection


# --- the page of a run --------------------------------------------------------------------------


def test_the_page_shows_the_report(viewer: Client) -> None:
    record = save(succeeded())
    html = text_of(viewer.get(page(record.id)))
    shown = words_of(html)
    for text in (
        "Execution time 9.50 s",
        "default PostgreSQL 16.14",
        f"{RECEIPT['name']} (12.3 MB, verified: read back and restored)",
        "Affected tables shop_order",
        "applied shop.0002_order_total 3 statements; 1,200 rows written; shop_order 0.50 s",
        "ALTER TABLE &quot;shop_order&quot; ADD &quot;total&quot; integer",
        "Database response time after 3.00 ms",
        "shop_order : the column note and its 12 values are lost.",
        "Stop using the column one release earlier.",
        "undoing shop.0003_drop_note loses data.",
        f"python manage.py migrate_rollback --run {record.id} --dry-run",
        f"python manage.py migrate_backup restore {RECEIPT['name']}",
        "manage.py safemigrate --noinput",
    ):
        assert text in shown
    assert "<code>note</code>" in html


def test_a_failed_run_says_what_happened(viewer: Client) -> None:
    record = save(failed())
    shown = words_of(text_of(viewer.get(page(record.id))))
    assert "What happened Applying shop.0003_drop_note failed: boom" in shown
    assert (
        "Was the database changed The database was changed: 1 of 2 planned migrations are applied."
        in shown
    )
    assert f"Next command python manage.py migrate_rollback --run {record.id}" in shown


def test_a_run_under_way_is_shown_as_far_as_it_is_known(viewer: Client) -> None:
    record = save(under_way())
    assert MigrationRun.objects.get().report == {}
    shown = words_of(text_of(viewer.get(page(record.id))))
    assert "Status running" in shown
    assert "shop.0002_order_total" in shown
    assert "The run is under way" in shown


def test_a_report_of_another_version_is_built_anew(viewer: Client) -> None:
    record = save(succeeded())
    MigrationRun.objects.update(report={"schema_version": 99})
    assert "Execution time 9.50 s" in words_of(text_of(viewer.get(page(record.id))))


def test_a_run_its_backup_and_its_rollback_are_linked(viewer: Client) -> None:
    first = save(succeeded())
    second = save(succeeded(kind="rollback", rollback_of=first.id))
    backup = Backup.objects.get()
    backup_page = reverse("admin:django_safe_migrate_backup_change", args=[backup.pk])
    html = text_of(viewer.get(page(first.id)))
    assert f'<a href="{page(second.id)}">{second.id}</a>' in html
    assert f'href="{backup_page}"' in html
    assert f'<a href="{page(first.id)}">{first.id}</a>' in text_of(viewer.get(page(second.id)))
    of_backup = text_of(viewer.get(backup_page))
    assert page(first.id) in of_backup
    assert page(second.id) in of_backup
    assert f"python manage.py migrate_backup restore {RECEIPT['name']}" in of_backup


def test_an_undone_run_that_is_not_known_is_named_without_a_link(viewer: Client) -> None:
    unknown = "99999999-9999-4999-8999-999999999999"
    html = text_of(viewer.get(page(save(succeeded(rollback_of=unknown)).id)))
    assert unknown in html
    assert page(unknown) not in html


def test_a_backup_that_was_deleted_since_is_said_to_be(viewer: Client) -> None:
    record = save(succeeded())
    History().mark_pruned([str(RECEIPT["name"])], "default")
    assert "(deleted since)" in text_of(viewer.get(page(record.id)))
    backup_page = reverse("admin:django_safe_migrate_backup_change", args=[Backup.objects.get().pk])
    assert "migrate_backup restore" not in text_of(viewer.get(backup_page))


def test_when_a_backup_was_proven_and_how_long_ago_that_is(viewer: Client) -> None:
    save(succeeded())
    backups = reverse("admin:django_safe_migrate_backup_changelist")
    backup_page = reverse("admin:django_safe_migrate_backup_change", args=[Backup.objects.get().pk])
    assert '<td class="field-proven">never</td>' in text_of(viewer.get(backups))
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3, hours=1)
    proven = {
        **RECEIPT,
        "proven_at": moment.isoformat(),
        "proof": "restored into a scratch database",
    }
    assert History().save_backup(proven, "default") == ""
    assert "(3\xa0days, 1\xa0hour ago)" in text_of(viewer.get(backups))
    of_backup = text_of(viewer.get(backup_page))
    assert "(3\xa0days, 1\xa0hour ago)" in of_backup
    assert "restored into a scratch database" in of_backup


@pytest.mark.parametrize("status", ["failed", "running"])
def test_everything_from_outside_is_escaped(viewer: Client, status: str) -> None:
    plan = [{"app_label": "shop", "name": EVIL, "lossy": [EVIL]}, PLAN[1]]
    finding = {
        "rule": EVIL,
        "severity": "error",
        "message": f"{EVIL} `{EVIL}`",
        "hint": EVIL,
        "file": EVIL,
    }
    evil = {
        "host": EVIL,
        "who": EVIL,
        "release": EVIL,
        "command": EVIL,
        "server": EVIL,
        "database": EVIL,
    }
    story = Story().start(plan=plan, versions={EVIL: EVIL}, **evil).preflight(finding)
    story.backup({**RECEIPT, "name": EVIL}).say("notice", message=EVIL).step(0, description=EVIL)
    record = save(story.fail(EVIL) if status == "failed" else story)
    backup_page = reverse("admin:django_safe_migrate_backup_change", args=[Backup.objects.get().pk])
    for url in (page(record.id), reverse(RUNS), backup_page):
        html = text_of(viewer.get(url))
        assert EVIL not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_page_obeys_a_strict_policy(viewer: Client) -> None:
    """No script and no style of ours stands in the page itself, and nothing is loaded from elsewhere."""
    html = text_of(viewer.get(page(save(failed()).id)))
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", html)
    assert not re.search(r"<style|\bstyle=|\bon\w+=\"", html)
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", html)
    assert not [url for url in loaded if url.startswith(("http:", "https:", "//"))]


# --- downloads ----------------------------------------------------------------------------------


def test_downloads_are_the_same_report(viewer: Client) -> None:
    record = save(succeeded())
    for kind, render, content_type in (
        ("md", markdown.render, "text/markdown; charset=utf-8"),
        ("json", as_json.render, "application/json"),
    ):
        response = viewer.get(
            reverse("admin:django_safe_migrate_migrationrun_report", args=[record.id, kind])
        )
        assert text_of(response) == render(build(record))
        assert response["Content-Type"] == content_type
        assert (
            response["Content-Disposition"]
            == f'attachment; filename="migration-report-{record.id}.{kind}"'
        )
        assert response["X-Content-Type-Options"] == "nosniff"
    assert json.loads(text_of(response))["run"]["id"] == record.id


def test_downloads_of_what_is_not_there(viewer: Client) -> None:
    record = save(succeeded())
    name = "admin:django_safe_migrate_migrationrun_report"
    for arguments in (
        [record.id, "exe"],
        ["99999999-9999-4999-8999-999999999999", "md"],
        ["nonsense", "md"],
    ):
        assert viewer.get(reverse(name, args=arguments)).status_code == 404


# --- permissions --------------------------------------------------------------------------------


@pytest.mark.parametrize("is_staff", [True, False])
def test_without_the_permission_nothing_is_seen(db: None, is_staff: bool) -> None:
    record = save(succeeded())
    client = Client()
    client.force_login(User.objects.create_user("nobody", is_staff=is_staff))
    backup = reverse("admin:django_safe_migrate_backup_change", args=[Backup.objects.get().pk])
    report = reverse("admin:django_safe_migrate_migrationrun_report", args=[record.id, "md"])
    for url in (reverse(RUNS), page(record.id), backup, report):
        assert client.get(url).status_code == (403 if is_staff else 302)


def test_whoever_may_not_see_backups_gets_no_link_to_them(db: None) -> None:
    user = User.objects.create_user("runs only", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_migrationrun"))
    client = Client()
    client.force_login(user)
    html = text_of(client.get(page(save(succeeded()).id)))
    assert str(RECEIPT["name"]) in html
    assert "/backup/" not in html


def test_not_even_a_superuser_changes_history(admin_client: Client) -> None:
    record = save(succeeded())
    before = MigrationRun.objects.values().get()
    assert admin_client.post(page(record.id), {"who": "somebody else"}).status_code == 403
    assert admin_client.get(page(record.id, "delete")).status_code == 403
    assert admin_client.post(page(record.id, "delete"), {"post": "yes"}).status_code == 403
    assert (
        admin_client.get(reverse("admin:django_safe_migrate_migrationrun_add")).status_code == 403
    )
    assert MigrationRun.objects.values().get() == before
    html = text_of(admin_client.get(page(record.id)))
    assert 'name="_save"' not in html
    assert "deletelink" not in html


def test_dates_are_left_out_where_the_server_cannot_convert_them(
    connection: BaseDatabaseWrapper, settings: Any
) -> None:
    """MySQL and MariaDB know time zones only once an administrator has loaded their tables."""
    settings.TIME_ZONE = "Europe/Vienna"
    make_tables()
    runs = MigrationRunAdmin(MigrationRun, site)
    assert runs._converts_time_zones(MigrationRun.objects.all()) is True
    save(succeeded())
    with connection.cursor() as cursor:
        loaded = True
        if connection.vendor == "mysql":
            cursor.execute("SELECT CONVERT_TZ('2026-01-01 12:00:00', 'UTC', 'Europe/Vienna')")
            loaded = cursor.fetchone()[0] is not None
    assert runs._converts_time_zones(MigrationRun.objects.all()) is loaded
