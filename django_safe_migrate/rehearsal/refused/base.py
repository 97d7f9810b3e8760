"""The backend as Django imports it; each use of its database raises, in every thread."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.dummy import base
from django.db.backends.dummy.features import DummyDatabaseFeatures


class RefusedDatabase(ImproperlyConfigured):
    """Code of a migration wanted a database that is not the one rehearsed."""


class _Features(DummyDatabaseFeatures):
    # Asked before a transaction begins; the answer comes with the connection that is refused.
    supports_transactions = True


class DatabaseWrapper(base.DatabaseWrapper):
    """Has no connection, and says why."""

    features_class = _Features

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RefusedDatabase(
            f"Database {self.alias!r} is not reached from a rehearsal, which would write to the real one. "
            f"To permit it: SAFE_MIGRATE['REHEARSE'] = {{'REACH': [{self.alias!r}]}}"
        )

    # What Django's own "dummy" backend refuses, with other words.
    connect = _refuse
    ensure_connection = _refuse
    get_connection_params = _refuse
    get_new_connection = _refuse
    is_usable = _refuse
    _cursor = _refuse
    _commit = _refuse
    _rollback = _refuse
    _savepoint = _refuse
    _savepoint_commit = _refuse
    _savepoint_rollback = _refuse
    _set_autocommit = _refuse

    def close(self) -> None:
        """There is nothing to close."""
