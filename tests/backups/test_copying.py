"""Copies of backups as settings, runs and commands know them."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_safe_migrate import conf
from django_safe_migrate.backups import BackupBackend, get_backend
from django_safe_migrate.backups.storage import open_copies, open_storage
from tests.backups.conftest import Elsewhere, Shop
from tests.management.commands.shop import ADD_COLOUR, installed
from tests.projects import Project


@pytest.mark.vendors("sqlite")
def test_a_storage_that_refuses_is_a_finding(copied_to: Callable[..., Elsewhere]) -> None:
    for required, severity in ((True, "ERROR"), (False, "WARNING")):
        there = copied_to("offsite", "RefusingStorage", COPIES_REQUIRED=required)
        found = there.backend.check(there.shop.database)
        (finding,) = [one for one in found if one.rule == "backup_copies_unusable"]
        assert finding.severity.name == severity
        assert finding.message == (
            'STORAGES["RefusingStorage"], for copies of backups, cannot be used. The storage for backups '
            "(RefusingStorage shop-backups) could not store a small file: PermissionError: [Errno 13] Access Denied"
        )


@pytest.mark.vendors("sqlite")
def test_wrong_settings_are_named(shop: Shop, copied_to: Callable[..., Elsewhere]) -> None:
    copied_to("offsite")
    where = 'SAFE_MIGRATE["BACKUP"]["COPIES"]'
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        (
            {"COPIES": ["ofsite"]},
            f"{where} has 'ofsite', and STORAGES has no such alias. Did you mean 'offsite'? "
            "Known aliases: default, offsite, staticfiles.",
        ),
        (
            {"COPIES": ["dbbackup"]},
            f"{where} has 'dbbackup', where the backups themselves are kept. Known aliases: default, offsite, staticfiles.",
        ),
        ({"COPIES": ["offsite", "offsite"]}, f"{where} has 'offsite' twice."),
        ({"COPIES": "offsite"}, f"{where} is 'offsite'; it must be a list of aliases of STORAGES."),
    )
    for backup, message in wrong:
        with (
            override_settings(SAFE_MIGRATE={"BACKUP": backup}),
            pytest.raises(ImproperlyConfigured) as caught,
        ):
            conf.load()
        assert str(caught.value) == message
    other = {"COPIES": ["offsite"], "BACKEND": f"{__name__}.Snapshots"}
    with (
        override_settings(SAFE_MIGRATE={"BACKUP": other}),
        pytest.raises(ImproperlyConfigured) as caught,
    ):
        get_backend()
    assert str(caught.value) == (
        f"{where} is ['offsite'], and {__name__}.Snapshots does not keep its backups where they can be copied from; "
        "that needs django_safe_migrate.backups.dbbackup.DbBackupBackend or a subclass of it."
    )
    same = {**django_settings.STORAGES, "offsite": django_settings.STORAGES["dbbackup"]}
    with (
        override_settings(STORAGES=same),
        pytest.raises(ImproperlyConfigured, match="where the backups themselves are"),
    ):
        open_copies("offsite")
    assert open_storage().folder == shop.folder


class Snapshots(BackupBackend):
    """A backend that keeps no files, of which only the class counts here."""


Snapshots.__abstractmethods__ = frozenset()


FILES = "django.core.files.storage.FileSystemStorage"


def configure(project: Project, backend: str, **backup: Any) -> None:
    """Copy the backups of a project into a storage of this class, in the folder `offsite`."""
    folder = project.folder
    project.settings(
        STORAGES={
            "dbbackup": {"BACKEND": FILES, "OPTIONS": {"location": str(folder / "backups")}},
            "offsite": {"BACKEND": backend, "OPTIONS": {"location": str(folder / "offsite")}},
        },
        SAFE_MIGRATE={"BACKUP": {"COPIES": ["offsite"], **backup}},
    )


STALLING_STORAGE = """
import time
from pathlib import Path
from django.core.files.storage import FileSystemStorage

class Stalling(FileSystemStorage):
    def _save(self, name, content):
        name = super()._save(name, content)
        if content.size > 1000:
            with open(self.path(name), "r+b") as file:
                file.truncate(1000)
            Path(self.path("stalled")).touch()
            time.sleep(600)
        return name
"""


@pytest.mark.vendors("sqlite")
def test_a_backup_survives_the_kill_of_its_upload(project: Project) -> None:
    installed(project)
    project.write("stalling.py", STALLING_STORAGE)
    configure(project, "stalling.Stalling")
    process = project.popen("migrate_backup", "create")
    deadline = time.monotonic() + 120
    while not (project.folder / "offsite" / "stalled").exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (project.folder / "offsite" / "stalled").unlink()

    configure(project, FILES)
    (backup,) = json.loads(project.manage("migrate_backup", "list", "--format", "json").stdout)[
        "backups"
    ]
    assert backup["copies"] == []
    verified = project.manage("migrate_backup", "verify", "latest").stdout
    assert verified.startswith(f"Backup {backup['name']} is whole and unchanged")
    assert [one.name for one in (project.folder / "offsite").iterdir()] == [backup["name"]]
    project.manage("migrate_backup", "delete", backup["name"], "--noinput")
    assert list((project.folder / "offsite").iterdir()) == []


LOSING_STORAGE = """
from django.core.files.storage import FileSystemStorage

class Losing(FileSystemStorage):
    def _save(self, name, content):
        name = super()._save(name, content)
        if content.size > 1000 and not name.endswith(".metadata"):
            with open(self.path(name), "r+b") as file:
                file.truncate(1000)
        return name
"""


@pytest.mark.vendors("sqlite")
def test_a_run_and_the_commands(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.write("losing.py", LOSING_STORAGE)
    configure(project, "losing.Losing")
    before = project.snapshot(exclude=["django_safe_migrate_*"])
    stopped = project.manage("safemigrate", "--noinput", check=False)
    assert stopped.returncode == 4
    assert "not every copy of it could be made" in stopped.stdout + stopped.stderr
    assert before.difference(project.snapshot(exclude=["django_safe_migrate_*"])) == []

    configure(project, "losing.Losing", COPIES_REQUIRED=False)
    went_on = project.manage("safemigrate", "--noinput")
    assert 'There is no sound copy in STORAGES["offsite"].' in went_on.stdout

    configure(project, FILES)
    name = project.manage("migrate_backup", "create").stdout.split()[1]
    assert "; copy in offsite: verified " in project.manage("migrate_backup", "list").stdout
    assert 'Copied to STORAGES["offsite"]' in (
        project.manage("migrate_backup", "verify", name).stdout
    )
    shutil.rmtree(project.folder / "backups")
    assert "ONLY A COPY" in project.manage("migrate_backup", "list").stdout
    assert project.manage("migrate_backup", "verify", name, check=False).returncode == 4
    proven = project.manage("migrate_backup", "verify", "latest", "--restore")
    assert proven.stderr.startswith(f"There is no backup {name} in the storage (")
    assert (
        f"The copy of backup {name} in FileSystemStorage {project.folder / 'offsite'} is whole"
        in (proven.stdout)
    )
    assert f'Backup {name} is proven: of the copy {name} in STORAGES["offsite"]: restored' in (
        proven.stdout
    )
    restored = project.manage("migrate_backup", "restore", "latest", "--noinput").stdout
    assert restored.startswith(f"Database 'default' was restored from {name} in ")
    assert "Notice: The backup itself could not be used; its copy" in restored


@pytest.mark.vendors("sqlite")
def test_a_rehearsal_takes_a_copy_and_says_so(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    configure(project, FILES)
    name = project.manage("migrate_backup", "create").stdout.split()[1]
    shutil.rmtree(project.folder / "backups")
    told = project.manage("migrate_rehearse", "--backup", name).stdout
    assert (
        f'Notice: The backup itself could not be used; its copy {name} in STORAGES["offsite"] was restored.'
        in told
    )
    assert "shop.0002_colour" in told
