from __future__ import annotations

import pytest

from django_safe_migrate.databases import Database, Replication
from django_safe_migrate.environment.replication import check, lagging_replicas


class Replicated(Database):
    """A server whose state of replication is given."""

    state = Replication()

    def replication(self):
        return self.state


def found(make_context, connection, state):
    database = Replicated(connection)
    database.state = state
    context = make_context(database=database, replication_lag=10.0)
    return [(finding.rule, finding.severity.label, finding.message) for finding in check(context)]


def test_a_server_of_its_own(make_context):
    assert list(check(make_context())) == []
    assert list(lagging_replicas(make_context())) == []


@pytest.mark.vendors("sqlite")
def test_replica(make_context, connection):
    assert found(make_context, connection, Replication(is_replica=True)) == [
        (
            "is_replica",
            "error",
            "The server of database 'default' is a replica, which refuses changes or drifts away from its primary.",
        )
    ]


@pytest.mark.vendors("sqlite")
def test_replicas_that_are_behind(make_context, connection):
    database = Replicated(connection)
    database.state = Replication(lags=(("near", 9.0), ("far", 61.0)))
    context = make_context(database=database, replication_lag=10.0)
    assert [(one.who, one.matters, one.message) for one in lagging_replicas(context)] == [
        (
            "far",
            True,
            "Replica far is 61 seconds behind, and reads old rows and the old schema for so long.",
        )
    ]
