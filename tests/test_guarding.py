from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_safe_migrate import conf
from django_safe_migrate.guarding import check_breakers


def test_a_replica_that_no_alias_names() -> None:
    given = {"REPLICA_LAG": {"ABOVE": "30s", "REPLICAS": ["far"]}}
    with override_settings(SAFE_MIGRATE={"BREAKERS": given}):
        settings = conf.load()
    with pytest.raises(ImproperlyConfigured, match=r"REPLICAS\"\] names 'far', and DATABASES has"):
        check_breakers(settings)


def test_a_function_that_does_not_exist() -> None:
    with override_settings(SAFE_MIGRATE={"BREAKERS": {"CALLABLE": "os.nothing"}}):
        settings = conf.load()
    with pytest.raises(ImproperlyConfigured, match="cannot be imported"):
        check_breakers(settings)


def test_settings_that_name_nothing_wrong() -> None:
    given = {"CALLABLE": "os.path.exists", "REPLICA_LAG": "30s"}
    with override_settings(SAFE_MIGRATE={"BREAKERS": given}):
        check_breakers(conf.load())
