"""What a migration can reach while it is rehearsed: the copy, and nothing else."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate.rehearsal import isolation
from django_safe_migrate.rehearsal.isolation import Isolation
from tests.projects import Project
from tests.rehearsal.conftest import after, rehearsed, scratch_left

#: Everything that code of a migration could touch; each file tells afterwards whether it was.
TOUCH = """
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import connection


def touch(apps, schema_editor):
    send_mail("subject", "body", "a@example.org", ["b@example.org"])
    cache.set("touched", True)
    if default_storage.exists("kept.txt"):
        assert default_storage.open("kept.txt").read() == b"as it was"
        default_storage.delete("kept.txt")
    assert not default_storage.exists("kept.txt")
    name = default_storage.save("new.txt", ContentFile(b"new"))
    assert default_storage.open(name).read() == b"new"
    apps.get_model("shop", "Item").objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_item")
"""
CALL = "migrations.RunPython(touch, migrations.RunPython.noop),"
OTHER = """
def touch(apps, schema_editor):
    from django.db import connections
    with connections["other"].cursor() as cursor:
        cursor.execute("CREATE TABLE touched (id int)")
"""


@pytest.mark.slow
@pytest.mark.vendors("sqlite")
def test_nothing_but_the_copy_is_reached(shop: Project) -> None:
    folder = shop.folder
    (folder / "media").mkdir()
    (folder / "media" / "kept.txt").write_bytes(b"as it was")
    shop.add_settings_code(
        """
        EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        EMAIL_FILE_PATH = str(BASE_DIR / "mail")
        CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(BASE_DIR / "cache")}}
        """
    )
    shop.write_app("shop", migrations={"0002_touch": after("0001_initial", CALL, before=TOUCH)})
    receipt = rehearsed(shop)
    assert receipt["failure"] is None
    assert receipt["comparison"]["tables"][0]["rows_after"] == 0
    assert sorted(path.name for path in (folder / "media").iterdir()) == ["kept.txt"]
    assert not (folder / "mail").exists()
    assert list((folder / "cache").glob("*")) == []
    assert shop.sql("SELECT count(*) FROM shop_item") == [(1200,)]

    # Another alias is refused, even one that leads to the real database under another name.
    shop.add_database("other")
    shop.write_app("shop", migrations={"0002_touch": after("0001_initial", CALL, before=OTHER)})
    receipt = rehearsed(shop, "--backup", "latest", status=5)
    assert "Database 'other' is not reached from a rehearsal" in receipt["failure"]["message"]
    assert "SAFE_MIGRATE['REHEARSE'] = {'REACH': ['other']}" in receipt["failure"]["message"]
    with pytest.raises(Exception, match="touched"):
        shop.sql("SELECT * FROM touched", alias="other")

    shop.settings(SAFE_MIGRATE={"REHEARSE": {"REACH": ["other"], "EXTENT": "forwards"}})
    assert rehearsed(shop, "--backup", "latest")["failure"] is None
    assert shop.sql("SELECT count(*) FROM touched", alias="other") == [(0,)]

    shop.databases["other"] = shop.databases["default"]
    shop.write_settings()
    refused = shop.manage("migrate_rehearse", check=False)
    assert "'other', which is the same database as 'default'" in refused.stderr
    shop.settings(SAFE_MIGRATE={"REHEARSE": {"REACH": ["missing"]}})
    refused = shop.manage("migrate_rehearse", check=False)
    assert "names 'missing', and DATABASES has no such alias; use one of" in refused.stderr
    assert scratch_left(shop) == []


def test_the_settings_are_those_of_the_process_that_rehearses_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(isolation.VARIABLE, raising=False)
    with pytest.raises(ImproperlyConfigured, match="manage.py migrate_rehearse"):
        Isolation.from_environment()
    told = Isolation("tests.settings.sqlite", "default", "copy.sqlite3", ("other",))
    for name, value in told.environment().items():
        monkeypatch.setenv(name, value)
    assert Isolation.from_environment() == told
    with pytest.raises(ImproperlyConfigured, match="has no database 'missing'"):
        isolation.isolated(Isolation("tests.settings.sqlite", "missing", "copy"))


def test_every_way_out_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.settings import sqlite

    changes = {
        "DATABASES": {
            **sqlite.DATABASES,
            "direct": sqlite.DATABASES["default"],
            "replica": {**sqlite.DATABASES["default"], "TEST": {"MIRROR": "default"}},
        },
        "DBBACKUP_CONNECTORS": {"default": {"HOST": "direct", "PASSWORD": "other"}},
        "TASKS": {"default": {"BACKEND": "project.tasks.Sender", "QUEUES": ["slow"]}},
        "CELERY_BROKER_URL": "redis://broker",
        "MAILERS": {"default": {"BACKEND": "project.mail.Sender"}},
    }
    for name, value in changes.items():
        monkeypatch.setattr(sqlite, name, value, raising=False)
    found = isolation.isolated(Isolation("tests.settings.sqlite", "default", "copy"))
    assert found["DATABASES"]["default"]["NAME"] == "copy"
    assert found["DATABASES"]["default"]["HOST"] == "direct"
    assert found["DATABASES"]["replica"]["NAME"] == "copy"
    assert found["DATABASES"]["direct"] == {"ENGINE": isolation.REFUSED, "NAME": "direct"}
    assert found["TASKS"]["default"] == {
        "BACKEND": "django.tasks.backends.dummy.DummyBackend",
        "QUEUES": ["slow"],
    }
    assert found["CELERY_BROKER_URL"] == "memory://"
    assert found["MAILERS"]["default"]["BACKEND"] == "django.core.mail.backends.dummy.EmailBackend"
    assert "EMAIL_BACKEND" not in found
    assert found["STORAGES"]["default"]["OPTIONS"]["original"] == sqlite.STORAGES["default"]
    assert found["STORAGES"]["staticfiles"] == sqlite.STORAGES["staticfiles"]
