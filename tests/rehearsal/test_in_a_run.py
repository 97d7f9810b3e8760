"""``safemigrate --rehearse``: one backup for both, the report with both side by side, and a stop when the real thing takes far longer."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.projects import Project
from tests.rehearsal.conftest import after, rehearsed, scratch_left

pytestmark = pytest.mark.slow

NOTE = "migrations.AddField('item', 'note', models.TextField(null=True)),"
#: Waits for as long as a file is there; on the copy it was not.
WAIT = """
import pathlib, time
def wait(apps, schema_editor):
    flag = pathlib.Path({!r})
    flag.with_suffix(".reached").touch()
    while flag.exists():
        schema_editor.connection.cursor().execute("SELECT 1")
        time.sleep(0.05)
"""
DEADLINE = 90.0


@pytest.mark.vendors("postgresql", "sqlite")
def test_a_run_rehearses_first_and_reports_both(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_note": after("0001_initial", NOTE)})
    backups = shop.folder / "backups"
    result = shop.manage("safemigrate", "--noinput", "--rehearse", "--format", "json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    told = [one for one in events if one["event"] == "step_rehearsed"]
    assert [(one["rehearsed"], one["status"]) for one in told] == [
        ("plan", "applied"),
        ("back", "unapplied"),
        ("again", "applied"),
    ]
    report = events[-1]["report"]
    stages = {one["name"]: one for one in report["stages"]}
    assert list(stages) == ["preflight", "backup", "rehearse", "execute", "verify"]
    rehearsal = stages["rehearse"]["detail"]["rehearsal"]
    assert rehearsal["fingerprint"] == report["run"]["fingerprint"]
    assert rehearsal["backup"] == report["backup"]["name"]
    assert len([one for one in backups.iterdir() if one.suffix != ".metadata"]) == 1
    (locks,) = stages["execute"]["detail"]["locks"].values()
    mode = {"postgresql": ("shop_item", "ACCESS EXCLUSIVE"), "sqlite": ("", "RESERVED")}
    assert [(one["table"], one["mode"]) for one in locks] == [mode[shop.server.name]]

    # What fails on the copy ends the run before anything is touched.
    before = shop.snapshot(exclude=["django_safe_migrate_*"])
    fails = "migrations.RunSQL('SELECT 1 FROM nothing_like_this', migrations.RunSQL.noop),"
    shop.write_app("shop", migrations={"0003_fails": after("0002_note", fails)})
    report_file = shop.folder / "report.md"
    result = shop.manage(
        "safemigrate", "--noinput", "--rehearse=forwards", "--report", str(report_file), check=False
    )
    assert result.returncode == 5
    assert "shop.0003_fails failed on the copy (as planned)" in result.stderr
    assert "Next: python manage.py safemigrate --rehearse" in result.stderr
    assert before.difference(shop.snapshot(exclude=["django_safe_migrate_*"])) == []
    written = report_file.read_text()
    assert "| Migration | Rehearsed | Actual | On the copy | Locks held |" in written
    assert "| `shop.0003_fails` |" in written
    assert scratch_left(shop) == []

    never = shop.manage("safemigrate", "--rehearse", "--backup", "never", check=False)
    assert never.returncode == 1
    assert "--rehearse restores the run's backup" in never.stderr


@pytest.mark.vendors("sqlite")
def test_a_run_says_whether_an_earlier_rehearsal_was_of_its_plan(shop: Project) -> None:
    shop.add_database("other")
    arguments = ("safemigrate", "--noinput", "--database", "other", "--format", "json")
    first = json.loads(shop.manage(*arguments, "--rehearse").stdout.splitlines()[-1])["report"]
    skipped = next(stage for stage in first["stages"] if stage["name"] == "rehearse")
    assert skipped["status"] == "skipped"
    assert skipped["detail"]["reason"] == "Not rehearsed: the database is empty."
    files = {"0002_note": after("0001_initial", NOTE)}
    shop.write_app("shop", migrations=files)
    # The default database is one that the rehearsal of the other one must not reach.
    shop.settings(SAFE_MIGRATE={"EXACT_COUNT_BELOW": 1})
    receipt = rehearsed(shop, "--database", "other")
    assert "django_content_type" in receipt["comparison"]["not_compared"]
    assert "shop_item" not in receipt["comparison"]["not_compared"]
    told = json.loads(shop.manage(*arguments).stdout.splitlines()[-1])["report"]["notices"]
    assert any("UTC was of this very plan, which took" in one for one in told)

    shop.manage("migrate", "shop", "0001", "--database", "other", "-v", "0")
    shop.write_app("shop", migrations={"0002_note": files["0002_note"] + "# changed\n"})
    told = json.loads(shop.manage(*arguments).stdout.splitlines()[-1])["report"]["notices"]
    assert any("UTC does not cover this plan: it was of another one" in one for one in told)
    assert scratch_left(shop) == []


@pytest.mark.vendors("postgresql")
def test_a_step_that_takes_far_longer_than_on_the_copy_is_stopped(shop: Project) -> None:
    flag = shop.folder / "slow"
    code = WAIT.format(str(flag))
    call = "migrations.RunPython(wait, migrations.RunPython.noop),"
    shop.write_app("shop", migrations={"0002_wait": after("0001_initial", call, before=code)})
    rehearse = {"WHEN": "always", "EXTENT": "forwards", "MAX_RATIO": 2, "FLOOR": 1}
    shop.settings(SAFE_MIGRATE={"REHEARSE": rehearse})
    # Receivers of pre_migrate are called on the copy as well; the flag goes up with the second time.
    shop.write(
        "shop/management/__init__.py",
        f"""
        import pathlib
        from django.db import connection
        from django.db.models.signals import pre_migrate

        def raise_flag(**kwargs):
            if "safe_migrate_restore" not in str(connection.settings_dict["NAME"]):
                pathlib.Path({str(flag)!r}).touch()

        pre_migrate.connect(raise_flag, dispatch_uid="flag")
        """,
    )
    try:
        result = shop.manage("safemigrate", "--noinput", check=False)
    finally:
        flag.unlink(missing_ok=True)
    assert result.returncode == 7, result.stderr
    assert "more than REHEARSE's MAX_RATIO of 2 and its FLOOR of 1 s allow" in result.stderr
    assert ("shop", "0002_wait") not in shop.applied_migrations()


@pytest.mark.vendors("postgresql", "sqlite")
def test_killed_at_the_rehearsal_nothing_stays_but_what_the_next_one_drops(shop: Project) -> None:
    (shop.folder / "slow").touch()
    code = WAIT.format(str(shop.folder / "slow"))
    call = "migrations.RunPython(wait, migrations.RunPython.noop),"
    shop.write_app("shop", migrations={"0002_wait": after("0001_initial", call, before=code)})
    before = shop.snapshot(exclude=["django_safe_migrate_*"])

    with rehearsing(shop) as (parent, child):
        parent.kill()
        # Without a parent, the child has no orders.
        child.wait(DEADLINE)
        assert len(scratch_left(shop)) == 1

    # The child alone: told, and nothing is left; nor of the one before, which this one has dropped.
    with rehearsing(shop) as (parent, child):
        child.kill()
        assert parent.wait(DEADLINE) == 5
    assert "The process that rehearses was killed by signal 9" in printed_by(shop)
    assert scratch_left(shop) == []

    # Asked to stop: the parent takes everything with it.
    with rehearsing(shop) as (parent, child):
        parent.terminate()
        assert parent.wait(DEADLINE) != 0
        child.wait(DEADLINE)
    assert scratch_left(shop) == []
    assert before.difference(shop.snapshot(exclude=["django_safe_migrate_*"])) == []


@contextlib.contextmanager
def rehearsing(project: Project) -> Iterator[tuple[psutil.Popen, psutil.Process]]:
    """Start a rehearsal, and give it with the process that rehearses once that is in the migration; both are gone afterwards."""
    reached = project.folder / "slow.reached"
    reached.unlink(missing_ok=True)
    with (project.folder / "printed.txt").open("w") as file:
        parent = psutil.Popen(
            [sys.executable, "manage.py", "migrate_rehearse"],
            cwd=project.folder,
            env=project.environment(),
            stdout=file,
            stderr=file,
        )
    children: list[psutil.Process] = []
    try:
        deadline = time.monotonic() + DEADLINE
        while not reached.exists():
            assert parent.poll() is None, printed_by(project)
            assert time.monotonic() < deadline, printed_by(project)
            time.sleep(0.1)
        children = [
            one for one in parent.children() if "django_safe_migrate.rehearsal" in one.cmdline()
        ]
        (child,) = children
        yield parent, child
    finally:
        for one in (parent, *children):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        parent.wait(DEADLINE)


def printed_by(project: Project) -> str:
    return (project.folder / "printed.txt").read_text()


@pytest.mark.vendors("sqlite")
def test_a_dry_run_tells_whether_and_how_the_plan_is_rehearsed(shop: Project) -> None:
    index = "migrations.AddIndex('item', models.Index(fields=['sku'], name='item_sku')),"
    shop.write_app("shop", migrations={"0002_index": after("0001_initial", index)})
    told = shop.manage("safemigrate", "--dry-run", "--rehearse=full").stdout
    assert told.rstrip().endswith(
        "Rehearsal: Before anything is touched, on a restored copy: there, back, and there again, with every table compared."
    )
    shop.settings(SAFE_MIGRATE={"REHEARSE": "destructive"})
    told = shop.manage("safemigrate", "--dry-run").stdout
    assert told.rstrip().endswith("Rehearsal: Not rehearsed: the plan cannot lose data.")
    shop.settings(SAFE_MIGRATE={})
    assert "Rehearsal:" not in shop.manage("safemigrate", "--dry-run").stdout
    assert scratch_left(shop) == []
