from __future__ import annotations

import pytest

from django_safe_migrate.environment.connection import check


def test_reachable(make_context):
    assert list(check(make_context())) == []


@pytest.mark.vendors("postgresql", "mariadb")
def test_unreachable(make_context, connection):
    context = make_context()
    connection.close()
    connection.settings_dict["PORT"] = "1"
    connection.settings_dict["HOST"] = "127.0.0.1"
    [finding] = check(context)
    assert finding.rule == "unreachable_database"
    assert finding.is_blocking
    assert finding.message.startswith(
        f"Database 'default' ({connection.settings_dict['NAME']}) cannot be reached: "
    )
    assert str(connection.settings_dict["PASSWORD"]) not in finding.message
