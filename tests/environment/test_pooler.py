from __future__ import annotations

import pytest

from django_safe_migrate.databases import get_database
from django_safe_migrate.environment.pooler import check
from tests.poolers import pooler


def test_a_direct_connection(make_context):
    assert list(check(make_context())) == []


@pytest.mark.vendors("postgresql")
def test_a_pooler_in_transaction_mode(make_context, connection, vendor_server):
    with pooler(vendor_server, "transaction") as entry:
        pooled = connection.copy()
        pooled.settings_dict.update(entry)
        try:
            [finding] = check(make_context(database=get_database(pooled)))
        finally:
            pooled.close()
    assert (finding.rule, finding.severity.label) == ("transaction_pooler", "error")
    assert finding.message == (
        "Database 'default' is reached through a connection pooler in transaction mode, which gives a session to somebody else after each "
        "transaction: neither the run lock nor lock timeouts can be relied on."
    )
    assert finding.hint == (
        "Run migrations on a connection that leads to the server itself, or to a pool in session mode: another HOST and PORT in DATABASES "
        "for this command, or a second alias chosen with --database."
    )


@pytest.mark.vendors("postgresql")
def test_a_pooler_in_session_mode(make_context, connection, vendor_server):
    with pooler(vendor_server, "session") as entry:
        pooled = connection.copy()
        pooled.settings_dict.update(entry)
        try:
            assert list(check(make_context(database=get_database(pooled)))) == []
        finally:
            pooled.close()
