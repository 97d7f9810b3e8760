"""The system checks of our configuration: whole messages, and silence where all is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import Error, Info, Warning, run_checks

from django_safe_migrate import conf
from django_safe_migrate.checks import TAG, check_commands, check_settings

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def test_registered_and_silent() -> None:
    assert run_checks(tags=[TAG]) == []


def test_settings_that_are_not_accepted(settings: Any) -> None:
    settings.SAFE_MIGRATE = {"LOCK_TIMOUT": "2s"}
    found = check_settings(None)
    assert [type(one) for one in found] == [Error]
    assert found[0].id == "safe_migrate.E001"
    assert found[0].msg.startswith(
        "SAFE_MIGRATE has an unknown key 'LOCK_TIMOUT'. Did you mean 'LOCK_TIMEOUT'?"
    )


def test_extra_rules_that_cannot_be_imported(settings: Any) -> None:
    settings.SAFE_MIGRATE = {"EXTRA_RULES": ["shop.no_such_rules"]}
    found = check_settings(None)
    assert [one.id for one in found] == ["safe_migrate.E001"]
    assert "'shop.no_such_rules'" in found[0].msg


def test_history_database_without_an_alias(settings: Any) -> None:
    settings.SAFE_MIGRATE = {"HISTORY_DATABASE": "histroy"}
    assert check_settings(None) == [
        Error(
            "SAFE_MIGRATE[\"HISTORY_DATABASE\"] is 'histroy', and DATABASES has no such alias.",
            hint="Use one of: default.",
            id="safe_migrate.E002",
        )
    ]


def test_rule_that_does_not_exist(settings: Any) -> None:
    settings.SAFE_MIGRATE = {"RULES": {"drop_colum": "warning", "drop_column": "warning"}}
    assert check_settings(None) == [
        Warning(
            "SAFE_MIGRATE[\"RULES\"] gives a severity to 'drop_colum', and there is no such rule.",
            hint="Did you mean 'drop_column'?",
            id="safe_migrate.W002",
        )
    ]


def test_no_storage_for_backups(settings: Any) -> None:
    settings.STORAGES = STORAGES
    assert check_settings(None) == [
        Info(
            "STORAGES has no 'dbbackup' entry, so backups are kept on this machine, "
            f"below {conf.state_directory()}.",
            hint='Add STORAGES["dbbackup"] with a storage that outlives this machine, such as a bucket.',
            id="safe_migrate.I001",
        )
    ]


@pytest.mark.parametrize("backup", [{"WHEN": "never"}, {"BACKEND": "shop.backups.Ours"}])
def test_storage_that_nobody_uses(settings: Any, backup: dict[str, str]) -> None:
    settings.STORAGES = STORAGES
    settings.SAFE_MIGRATE = {"BACKUP": backup}
    assert check_settings(None) == []


@pytest.fixture
def other_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installable app with a `safemigrate` command."""
    name = f"other_{tmp_path.name.replace('-', '_')}"
    commands = tmp_path / name / "management" / "commands"
    commands.mkdir(parents=True)
    for folder in (commands, commands.parent, commands.parent.parent):
        (folder / "__init__.py").touch()
    (commands / "safemigrate.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_other_app_with_our_command_before_us(settings: Any, other_app: str) -> None:
    settings.INSTALLED_APPS = [other_app, *django_settings.INSTALLED_APPS]
    assert check_commands(None) == [
        Warning(
            f"The command 'safemigrate' is in both 'django_safe_migrate' and '{other_app}'; "
            f"manage.py runs that of '{other_app}'.",
            hint=f"Put 'django_safe_migrate' before '{other_app}' in INSTALLED_APPS.",
            id="safe_migrate.W001",
        )
    ]


def test_other_app_with_our_command_after_us(settings: Any, other_app: str) -> None:
    settings.INSTALLED_APPS = [*django_settings.INSTALLED_APPS, other_app]
    assert check_commands(None) == [
        Warning(
            f"The command 'safemigrate' is in both 'django_safe_migrate' and '{other_app}'; "
            "manage.py runs that of 'django_safe_migrate'.",
            hint=f"'django_safe_migrate' is before '{other_app}' in INSTALLED_APPS, as it must be. "
            f"Remove '{other_app}' once nothing needs it, or add 'safe_migrate.W001' to SILENCED_SYSTEM_CHECKS.",
            id="safe_migrate.W001",
        )
    ]


def test_which_command_wins_is_what_django_says(settings: Any, other_app: str) -> None:
    from django.core.management import get_commands

    ours = list(django_settings.INSTALLED_APPS)
    for installed, winner in (
        ([other_app, *ours], other_app),
        ([*ours, other_app], "django_safe_migrate"),
    ):
        settings.INSTALLED_APPS = installed
        get_commands.cache_clear()
        assert get_commands()["safemigrate"] == winner
        assert apps.is_installed(other_app)
    get_commands.cache_clear()
