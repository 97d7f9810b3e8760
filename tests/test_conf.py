from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_safe_migrate import conf


def message(**settings: Any) -> str:
    with override_settings(SAFE_MIGRATE=settings), pytest.raises(ImproperlyConfigured) as error:
        conf.load()
    return str(error.value)


@override_settings(SAFE_MIGRATE={})
def test_every_key_is_optional() -> None:
    loaded = conf.load()
    assert loaded.backup.when == "always"
    assert loaded.lock_timeout == 2.0
    assert loaded.statement_timeout is None
    assert loaded.retry == conf.RetrySettings(attempts=30, max_wait=600.0)
    assert loaded.on_failure == "stop"


def test_settings_are_read_at_call_time() -> None:
    with override_settings(SAFE_MIGRATE={"LOCK_TIMEOUT": "500ms"}):
        assert conf.load().lock_timeout == 0.5
    with override_settings(SAFE_MIGRATE={"LOCK_TIMEOUT": None}):
        assert conf.load().lock_timeout is None


def test_an_unknown_key_is_named_with_a_suggestion() -> None:
    text = message(LOCK_TIMOUT="2s")
    assert text.startswith(
        "SAFE_MIGRATE has an unknown key 'LOCK_TIMOUT'. Did you mean 'LOCK_TIMEOUT'? Known keys: APPS, ARCHIVE_WAIT, BACKUP, "
    )


def test_an_unknown_nested_key_is_named_with_its_place() -> None:
    assert message(BACKUP={"WEN": "never"}) == (
        "SAFE_MIGRATE[\"BACKUP\"] has an unknown key 'WEN'. Did you mean 'WHEN'? "
        "Known keys: BACKEND, CHECKSUM_BELOW, COPIES, COPIES_REQUIRED, KEEP, OPTIONS, PROVE, WHEN."
    )


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"LOCK_TIMEOUT": "soon"},
            "SAFE_MIGRATE[\"LOCK_TIMEOUT\"] is 'soon'; it must be seconds, a duration such as '2s', or None.",
        ),
        (
            {"TARGET_VERSION": "oracle 19"},
            "SAFE_MIGRATE[\"TARGET_VERSION\"] is 'oracle 19'; it must be a version such as '16', or a product and its version such as "
            "'mariadb 10.11', 'mysql 8.4' or 'postgresql 16', or None.",
        ),
        (
            {"BACKUP": {"WHEN": "sometimes"}},
            "SAFE_MIGRATE[\"BACKUP\"][\"WHEN\"] is 'sometimes'; it must be 'always', 'destructive' or 'never'.",
        ),
        (
            {"BACKUP": {"KEEP": 0}},
            'SAFE_MIGRATE["BACKUP"]["KEEP"] is 0; it must be a whole number of at least 1.',
        ),
        (
            {"RULES": {"drop_column": "fatal"}},
            "SAFE_MIGRATE[\"RULES\"] is {'drop_column': 'fatal'}; "
            "it must be a dictionary of rule names and 'error', 'warning', 'info' or 'off'.",
        ),
        (
            {"MAINTENANCE_WINDOWS": ["at night"]},
            "SAFE_MIGRATE[\"MAINTENANCE_WINDOWS\"] is ['at night'] (cannot read 'at night'); "
            "it must be a list such as ['Sat 02:00-04:00', '22:00-23:30'], in TIME_ZONE.",
        ),
        ({"BACKUP": "never"}, "SAFE_MIGRATE[\"BACKUP\"] is 'never'; it must be a dictionary."),
        (
            {"BEFORE_START": {"LONG_TRANSACTION": "wait a bit"}},
            "SAFE_MIGRATE[\"BEFORE_START\"][\"LONG_TRANSACTION\"] is 'wait a bit'; it must be 'report', 'stop', or 'wait' with a duration "
            "such as 'wait 10min'.",
        ),
        (
            {"BREAKERS": {"REPLICA_LAG": "soon"}},
            'SAFE_MIGRATE["BREAKERS"]["REPLICA_LAG"]["ABOVE"] is \'soon\'; it must be seconds or a duration such as \'30s\'.',
        ),
        (
            {"BREAKERS": {"DISK_FREE": {"ACTION": "pause"}}},
            'SAFE_MIGRATE["BREAKERS"]["DISK_FREE"]["BELOW"] is missing; it must be bytes, a size such as \'5GB\' or a percentage such '
            "as '10%'.",
        ),
        (
            {"BREAKERS": {"DISK_FREE": {"BELOW": "5GB", "ACTION": "cry"}}},
            "SAFE_MIGRATE[\"BREAKERS\"][\"DISK_FREE\"][\"ACTION\"] is 'cry'; it must be 'pause' or 'stop'.",
        ),
        (
            {"BREAKERS": {"WINDOW_END": {}}},
            'SAFE_MIGRATE["BREAKERS"] has \'WINDOW_END\', which needs SAFE_MIGRATE["MAINTENANCE_WINDOWS"], and that is empty.',
        ),
        (
            {"BREAKERS": {"HEALTH_CHECKS": 3}},
            'SAFE_MIGRATE["BREAKERS"] has \'HEALTH_CHECKS\', which needs SAFE_MIGRATE["HEALTH_CHECKS"], and that is empty.',
        ),
        (
            {"BREAKERS": {"DISK_FREI": "5GB"}},
            "SAFE_MIGRATE[\"BREAKERS\"] has an unknown key 'DISK_FREI'. Did you mean 'DISK_FREE'? Known keys: ACTIVE_CONNECTIONS, "
            "CALLABLE, DISK_FREE, HEALTH_CHECKS, REPLICA_LAG, STOP_FILE, WINDOW_END.",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_accepted(settings: dict[str, Any], text: str) -> None:
    assert message(**settings) == text


@override_settings(SAFE_MIGRATE=["LOCK_TIMEOUT"])
def test_the_setting_itself_must_be_a_dictionary() -> None:
    with pytest.raises(ImproperlyConfigured, match="must be a dictionary"):
        conf.load()


def test_the_settings_of_the_project_are_not_changed() -> None:
    settings = {"BACKUP": {"OPTIONS": {}}, "RULES": {}}
    with override_settings(SAFE_MIGRATE=settings):
        conf.load()
    assert settings == {"BACKUP": {"OPTIONS": {}}, "RULES": {}}


def test_the_state_directory_is_below_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(BASE_DIR=tmp_path):
        assert conf.state_directory() == tmp_path / ".safe_migrate"
    monkeypatch.chdir(tmp_path)
    with override_settings(BASE_DIR=None):
        assert conf.state_directory() == tmp_path.resolve() / ".safe_migrate"


def test_every_key_becomes_a_field() -> None:
    fields = set(conf.Settings.__dataclass_fields__)
    assert fields == {name.lower() for name in conf.KEYS}
    assert set(conf.BackupSettings.__dataclass_fields__) == {
        name.lower() for name in conf.BACKUP_KEYS
    }
    assert set(conf.RetrySettings.__dataclass_fields__) == {
        name.lower() for name in conf.RETRY_KEYS
    }
    assert set(conf.StartSettings.__dataclass_fields__) == {
        name.lower() for name in conf.START_KEYS
    }


@override_settings(SAFE_MIGRATE={})
def test_only_the_stop_file_is_a_breaker_by_itself() -> None:
    loaded = conf.load()
    assert set(loaded.breakers) == {"STOP_FILE"}
    assert loaded.breakers["STOP_FILE"].action == "stop"
    assert conf.stop_file(loaded) == conf.state_directory() / "journal" / "stop"


def test_a_breaker_is_its_limit_or_a_dictionary() -> None:
    given = {"REPLICA_LAG": "30s", "DISK_FREE": {"BELOW": "10%", "EVERY": "5s"}, "STOP_FILE": None}
    with override_settings(SAFE_MIGRATE={"BREAKERS": given}):
        loaded = conf.load()
    lag, disk = loaded.breakers["REPLICA_LAG"], loaded.breakers["DISK_FREE"]
    assert set(loaded.breakers) == {"REPLICA_LAG", "DISK_FREE"}
    assert (lag.action, lag.pause_limit, lag.every, lag.cancel) == ("pause", 600.0, 1.0, True)
    assert lag.options == {"above": 30.0, "replicas": ()}
    assert (disk.action, disk.every) == ("stop", 5.0)
    assert conf.stop_file(loaded) is None


def test_where_the_stop_file_is(tmp_path: Path) -> None:
    with override_settings(SAFE_MIGRATE={"JOURNAL_DIR": tmp_path}):
        assert conf.stop_file(conf.load()) == tmp_path / "stop"
    settings = {"BREAKERS": {"STOP_FILE": "var/halt"}}
    with override_settings(BASE_DIR=tmp_path, SAFE_MIGRATE=settings):
        assert conf.stop_file(conf.load()) == tmp_path / "var" / "halt"
